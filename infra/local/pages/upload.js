// One file, straight to S3 in signed parts: begun, sent four parts at a time, tried again, completed.

const AT_ONCE = 4;
const SIGNED_AT_ONCE = 50;
const TRIES = 5;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

// `show(bytes)` hears how much has arrived. Answers the file.
export async function upload(api, room, file, show) {
  const { upload } = await api.post('/v1/uploads', {
    room_id: room,
    name: file.name,
    size: file.size,
    content_type: file.type || 'application/octet-stream',
    checksum: 'sha256',
  });
  let arrived = 0;
  for (let answer; ; ) {
    const { missing } = await api.get(`/v1/uploads/${upload.id}`);
    const numbers = missing.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
    for (let at = 0; at < numbers.length; at += SIGNED_AT_ONCE) {
      const sent = send(api, upload, file, numbers.slice(at, at + SIGNED_AT_ONCE));
      for await (const length of sent) show((arrived += length));
    }
    answer = await api.post(`/v1/uploads/${upload.id}/complete`);
    // Only a file names the upload that it came from; anything else means: still joining.
    if (answer.upload_id) return answer;
    await pause(1000);
  }
}

async function* send(api, upload, file, numbers) {
  const slice = (number) => file.slice((number - 1) * upload.part_size, number * upload.part_size);
  const wanted = [];
  for (const number of numbers) {
    const digest = await crypto.subtle.digest('SHA-256', await slice(number).arrayBuffer());
    wanted.push({ number, checksum: base64(digest) });
  }
  const queue = await api.post(`/v1/uploads/${upload.id}/parts/sign`, { parts: wanted });
  const running = new Set();
  const hints = [];
  while (queue.length || running.size) {
    while (queue.length && running.size < AT_ONCE) {
      const part = queue.shift();
      const job = put(part, slice(part.number)).then(() => {
        running.delete(job);
        hints.push(hint(api, upload, part.number));
        return part.length;
      });
      running.add(job);
    }
    yield await Promise.race(running);
  }
  // One that came after the end would be refused.
  await Promise.all(hints);
}

async function put(part, bytes) {
  // The browser sets these itself, and lets no script do it.
  const { 'content-length': _length, host: _host, ...headers } = part.headers;
  for (let tries = 1; ; tries++) {
    const answer = await fetch(part.url, { method: 'PUT', headers, body: bytes }).catch(() => null);
    if (answer?.ok) return;
    if (tries === TRIES || answer?.status === 403) throw new Error(`part ${part.number} was not taken`);
    await pause(300 * tries);
  }
}

// Lets the room see the progress; it does not matter when one is lost.
function hint(api, upload, number) {
  return api.post(`/v1/uploads/${upload.id}/parts/${number}/done`).catch(() => {});
}
