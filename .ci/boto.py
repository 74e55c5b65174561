"""A client of another make: botocore puts the parts and gets them back, boto3 asks S3 itself what it has.

Run beside the stack of MARU_READY. Every line of it is what docs/uploading.md says; nothing of Maru is imported.
"""

import base64
import hashlib
import json
import os
import random
import sys

import boto3
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

with open(os.environ["MARU_READY"], encoding="utf-8") as said:
    READY = json.loads(said.readline())
HTTP = URLLib3Session()
TOKEN = None


def http(method, url, body=None, headers=None):
    """Sends exactly these bytes and headers; answers the bytes of a success."""
    request = AWSRequest(method, url, headers=headers or {}, data=body).prepare()
    answer = HTTP.send(request)
    if not 200 <= answer.status_code < 300:
        sys.exit(f"{method} {url}: {answer.status_code} {answer.text}")
    return answer.content


def call(method, path, body=None):
    """A call of the REST API."""
    headers = {"content-type": "application/json"}
    if TOKEN:
        headers["authorization"] = f"Bearer {TOKEN}"
    data = None if body is None else json.dumps(body).encode()
    answer = http(method, READY["rest"] + path, data, headers)
    return json.loads(answer) if answer else None


def sha256(data):
    """Its SHA-256 in base64."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def upload(room, name, content, checksum):
    """Sends `content` as a client does that knows its parts one by one; answers the file."""
    begun = call("POST", "/v1/uploads", {
        "room_id": room, "name": name, "size": len(content), "checksum": checksum,
    })["upload"]
    size = begun["part_size"]
    parts = [content[at:at + size] for at in range(0, max(len(content), 1), size)]
    assert len(parts) == begun["part_count"], begun
    wanted = [{"number": number} for number in range(1, len(parts) + 1)]
    if checksum == "sha256":
        for want, part in zip(wanted, parts):
            want["checksum"] = sha256(part)
    for leave in call("POST", f"/v1/uploads/{begun['id']}/parts/sign", {"parts": wanted}):
        part = parts[leave["number"] - 1]
        assert (leave["offset"], leave["length"]) == ((leave["number"] - 1) * size, len(part)), leave
        http("PUT", leave["url"], part, leave["headers"])
    return call("POST", f"/v1/uploads/{begun['id']}/complete", {}), parts


def main():
    """Two files, one with checksums and one without, there and back."""
    global TOKEN
    person = READY["people"][0]
    signed_in = call("POST", "/v1/auth/login", {"email": person["email"], "password": person["password"]})
    TOKEN = signed_in["access_token"]
    room = call("POST", "/v1/chatrooms", {"name": f"boto {random.getrandbits(64):x}", "type": "private"})["id"]
    s3 = boto3.client(
        "s3", endpoint_url=READY["s3"], region_name="ap-northeast-2",
        aws_access_key_id="local", aws_secret_access_key="local",
    )
    chance = random.Random(7)
    for checksum, length in (("sha256", 40 * 2**20 + 5), ("none", 17 * 2**20), ("none", 0)):
        content = chance.randbytes(length)
        before = {thing["Key"] for thing in s3.list_objects_v2(Bucket=READY["bucket"]).get("Contents", [])}
        file, parts = upload(room, "회의.bin", content, checksum)
        leave = call("GET", f"/v1/files/{file['id']}/download")
        assert http("GET", leave["url"]) == content, "what came back is not what was sent"

        # S3 as botocore sees it, with its own signatures and checks.
        listed = s3.list_objects_v2(Bucket=READY["bucket"])["Contents"]
        made = [thing for thing in listed if thing["Key"] not in before and thing["Size"] == length]
        assert len(made) == 1, made
        head = s3.head_object(Bucket=READY["bucket"], Key=made[0]["Key"], ChecksumMode="ENABLED")
        assert head["ContentLength"] == length, head
        if checksum == "sha256":
            whole = sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
            assert head["ChecksumSHA256"] == f"{whole}-{len(parts)}", head
        else:
            assert head["ChecksumType"] == "FULL_OBJECT" and head["ChecksumCRC64NVME"], head
        got = s3.get_object(Bucket=READY["bucket"], Key=made[0]["Key"], ChecksumMode="ENABLED")
        assert got["Body"].read() == content, "boto3 got something else"
        print(f"{checksum:>6} {length:>9} bytes in {len(parts)} parts: there and back")


main()
