//! R-M1: files and uploads that are attached to messages.

use serde_json::{Value, json};
use support::sender::{Sender, bytes, let_in, room, start, upload};
use support::{Answer, Socket};

use super::{Desk, desk};

impl Desk {
    async fn say(&self, attachments: Value) -> Answer {
        let path = format!("/v1/chatrooms/{}/messages", self.room);
        let body = json!({"content": "첨부", "attachments": attachments});
        self.person.post(&path, body).await
    }
}

fn changed(event: &Value) -> bool {
    event["type"] == "attachment.changed"
}

#[tokio::test]
async fn r_m1_a_message_carries_files_and_uploads_that_become_files() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let file = upload(&desk.person, &desk.room, "a.pdf", bytes(10, 1)).await;
    let sender = Sender::begin(&desk.person, &desk.room, "b.mp4", bytes(20, 2)).await;
    let lost = Sender::begin(&desk.person, &desk.room, "c.mp4", bytes(30, 3)).await;
    let said = desk
        .say(json!([{"file_id": file["id"]}, {"upload_id": sender.id}, {"upload_id": lost.id}]))
        .await
        .ok();
    let states = |message: &Value| -> Vec<String> {
        let list = message["attachments"].as_array().expect("a list").iter();
        list.map(|it| it["state"].as_str().expect("a state").to_owned())
            .collect()
    };
    assert_eq!(states(&said), ["available", "uploading", "uploading"]);
    assert_eq!(said["attachments"][1]["name"], "b.mp4");
    assert_eq!(said["attachments"][1]["size"], 20);
    let created = socket.event(|event| event["type"] == "message.created");
    assert_eq!(created.await["data"], said);

    sender.send_all(&desk.person).await;
    let there = sender.complete(&desk.person).await.ok();
    let event = socket.event(changed).await;
    assert_eq!(event["data"]["message_id"], said["id"]);
    assert_eq!(event["data"]["message_seq"], said["seq"]);
    assert_eq!(event["data"]["attachments"][1]["file_id"], there["id"]);
    assert_eq!(
        states(&event["data"]),
        ["available", "available", "uploading"]
    );
    assert!(event["seq"].is_u64());
    let path = format!("/v1/uploads/{}", lost.id);
    assert_eq!(desk.person.delete(&path).await.status, 204);
    let event = socket.event(changed).await;
    assert_eq!(states(&event["data"]), ["available", "available", "failed"]);

    let path = format!("/v1/messages/{}", said["id"].as_str().expect("an id"));
    let now = desk.person.get(&path).await.ok();
    assert_eq!(now["attachments"], event["data"]["attachments"]);
    let path = format!("/v1/chatrooms/{}/messages", desk.room);
    let page = desk.person.get(&path).await.ok();
    assert_eq!(page["items"][0], now);
}

#[tokio::test]
async fn r_m1_only_what_is_here_and_mine_can_be_attached() {
    let desk = desk().await;
    let elsewhere = room(&desk.person, "다른 방").await;
    let far = upload(&desk.person, &elsewhere, "a", bytes(10, 1)).await;
    let member = desk.stack.person_in(&desk.person).await;
    let_in(&desk.person, &desk.room, &member, "full").await;
    let theirs = Sender::begin(&member, &desk.room, "b", bytes(10, 2)).await;
    let given_up = Sender::begin(&desk.person, &desk.room, "c", bytes(10, 3)).await;
    let path = format!("/v1/uploads/{}", given_up.id);
    assert_eq!(desk.person.delete(&path).await.status, 204);
    let nothing = json!({"file_id": uuid::Uuid::nil()});
    for bad in [
        json!({"file_id": far["id"]}),
        json!({"upload_id": theirs.id}),
        json!({"upload_id": given_up.id}),
        nothing,
    ] {
        let refused = desk.say(json!([bad])).await;
        let fields = [("attachments[0]".to_owned(), "not_found".to_owned())];
        assert_eq!(refused.fields(), fields, "{bad}");
    }
    let both = json!({"file_id": far["id"], "upload_id": theirs.id});
    let fields = [("attachments[0]".to_owned(), "one_of".to_owned())];
    assert_eq!(desk.say(json!([both])).await.fields(), fields);
    let many: Vec<Value> = (0..11_u128)
        .map(|n| json!({"file_id": uuid::Uuid::from_u128(n)}))
        .collect();
    let fields = [("attachments".to_owned(), "too_many".to_owned())];
    assert_eq!(desk.say(json!(many)).await.fields(), fields);
}

#[tokio::test]
async fn r_m2_the_same_client_id_with_other_attachments_is_another_message() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a", bytes(10, 1)).await;
    let other = upload(&desk.person, &desk.room, "b", bytes(10, 2)).await;
    let path = format!("/v1/chatrooms/{}/messages", desk.room);
    let send = async |attachments: Value| {
        let body = json!({"content": "x", "client_id": "one", "attachments": attachments});
        desk.person.post(&path, body).await
    };
    let first = send(json!([{"file_id": file["id"]}])).await.ok();
    let again = send(json!([{"file_id": file["id"]}])).await.ok();
    assert_eq!(first, again);
    for reused in [json!([]), json!([{"file_id": other["id"]}])] {
        assert_eq!(send(reused).await.refusal(), (409, "client_id_reused"));
    }
    // Over a socket it is the same use case.
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let data = json!({"room_id": desk.room, "content": "x", "client_id": "one",
        "attachments": [{"file_id": file["id"]}]});
    let answer = socket.send("message.send", data).await;
    assert_eq!(answer["data"], first);
}

#[tokio::test]
async fn r_m1_what_waits_in_a_batch_can_be_attached() {
    let desk = desk().await;
    let files: Vec<Value> = (0..6)
        .map(|n| start(&desk.room, &format!("{n}"), 5, "none"))
        .collect();
    let begun = desk
        .person
        .post("/v1/uploads/batch", json!({ "uploads": files }))
        .await
        .ok();
    let last = &begun["results"][5]["started"]["upload"];
    let said = desk.say(json!([{"upload_id": last["id"]}])).await.ok();
    assert_eq!(said["attachments"][0]["state"], "uploading");
    let batch = begun["batch_id"].as_str().expect("an id");
    let batch = format!("/v1/uploads/batches/{batch}");
    assert_eq!(desk.person.delete(&batch).await.status, 204);
    let path = format!("/v1/messages/{}", said["id"].as_str().expect("an id"));
    let now = desk.person.get(&path).await.ok();
    assert_eq!(now["attachments"][0]["state"], "failed");
}

/// The one attachment of a message, as it is told by itself, in the history and with the list of rooms.
async fn attachment(desk: &Desk, message: &Value) -> Value {
    let id = message["id"].as_str().expect("an id");
    let alone = desk.person.get(&format!("/v1/messages/{id}")).await.ok();
    let path = format!("/v1/chatrooms/{}/messages", desk.room);
    let page = desk.person.get(&path).await.ok();
    assert_eq!(page["items"][0], alone);
    alone["attachments"][0].clone()
}

#[tokio::test]
async fn r_m1_a_file_shown_in_the_room_is_attached() {
    let desk = desk().await;
    let elsewhere = room(&desk.person, "다른 방").await;
    let far = upload(&desk.person, &elsewhere, "비밀.pdf", bytes(10, 1)).await;
    let path = |rest: &str| format!("/v1/files/{}{rest}", far["id"].as_str().expect("an id"));
    let attached = json!([{"file_id": far["id"]}]);
    let by_upload = json!([{"upload_id": far["upload_id"]}]);
    let not_here = [("attachments[0]".to_owned(), "not_found".to_owned())];
    assert_eq!(desk.say(attached.clone()).await.fields(), not_here);

    let place = path(&format!("/rooms/{}", desk.room));
    assert_eq!(desk.person.put(&place, json!({})).await.status, 204);
    drop(desk.say(by_upload.clone()).await.ok());
    let said = desk.say(attached.clone()).await.ok();
    let shown = said["attachments"][0].clone();
    assert_eq!(
        (&shown["name"], &shown["state"], &shown["size"]),
        (&json!("비밀.pdf"), &json!("available"), &json!(10))
    );
    assert_eq!(attachment(&desk, &said).await, shown);

    // Taken away from the room, nothing is told of it but the id by which it may come back.
    assert_eq!(desk.person.delete(&place).await.status, 204);
    let blank = json!({
        "file_id": far["id"], "upload_id": null, "name": "", "content_type": "application/octet-stream", "size": 0,
        "state": "deleted",
    });
    assert_eq!(attachment(&desk, &said).await, blank);
    for gone in [attached.clone(), by_upload] {
        assert_eq!(desk.say(gone).await.fields(), not_here);
    }
    assert_eq!(desk.person.put(&place, json!({})).await.status, 204);
    assert_eq!(attachment(&desk, &said).await, shown);

    // So it is with one that is deleted, in whatever room.
    assert_eq!(desk.person.delete(&path("")).await.status, 204);
    assert_eq!(attachment(&desk, &said).await, blank);
    assert_eq!(desk.say(attached.clone()).await.fields(), not_here);
    drop(desk.person.post(&path("/restore"), json!({})).await.ok());
    assert_eq!(attachment(&desk, &said).await, shown);
}

/// The event that tells of one attachment tells of all: also there, what is gone stays untold.
#[tokio::test]
async fn r_m1_an_attachment_that_is_gone_is_not_told_of_with_another() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let file = upload(&desk.person, &desk.room, "비밀.pdf", bytes(10, 1)).await;
    let sender = Sender::begin(&desk.person, &desk.room, "b.mp4", bytes(20, 2)).await;
    let attached = json!([{"file_id": file["id"]}, {"upload_id": sender.id}]);
    drop(desk.say(attached).await.ok());
    let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
    assert_eq!(desk.person.delete(&path).await.status, 204);
    sender.send_all(&desk.person).await;
    drop(sender.complete(&desk.person).await.ok());
    let told = socket.event(changed).await["data"]["attachments"].clone();
    assert_eq!(
        (&told[0]["name"], &told[0]["state"]),
        (&json!(""), &json!("deleted"))
    );
    assert_eq!(
        (&told[1]["name"], &told[1]["state"]),
        (&json!("b.mp4"), &json!("available"))
    );
}
