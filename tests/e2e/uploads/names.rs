//! R-U1: names that people and attackers type; each comes back safe and the same everywhere, or is refused by name.

use support::sender::{bytes, start, upload};

use super::{desk, fetch};

#[tokio::test]
async fn r_u1_names_are_kept_or_refused() {
    let desk = desk().await;
    let long = "🎬".repeat(255);
    for (name, kept) in [
        ("a\u{202e}gpj.exe.txt", "agpj.exe.txt"),
        ("nul\u{0}byte.txt", "nulbyte.txt"),
        ("line\nbreak\r\t.txt", "linebreak.txt"),
        (&*long, &*long),
        ("CON", "CON"),
        ("\u{1112}\u{116c}\u{110b}\u{1174}.pdf", "회의.pdf"),
        ("\"; filename=\"evil.txt", "\"; filename=\"evil.txt"),
        ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        ("'; drop table files; --", "'; drop table files; --"),
        (" ...hidden ", "...hidden"),
    ] {
        let file = upload(&desk.person, &desk.room, name, bytes(3, 1)).await;
        assert_eq!(file["name"], kept, "{name:?}");
        let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
        assert_eq!(desk.person.get(&path).await.ok()["name"], kept);
        let download = desk.person.get(&format!("{path}/download")).await.ok();
        assert_eq!(fetch(&download["url"]).await, bytes(3, 1));
    }
    let too_long = "가".repeat(256);
    for name in [
        "..", ".", "../a", "a/b", "a\\b", "", " ", "\u{0}", "\u{202e}", &*too_long,
    ] {
        let answer = desk
            .person
            .post("/v1/uploads", start(&desk.room, name, 3, "none"))
            .await;
        let fields = [("name".to_owned(), "bad_name".to_owned())];
        assert_eq!(answer.fields(), fields, "{name:?}");
    }
    let lone = r#"{"room_id":"ROOM","name":"a\ud800b","size":1,"checksum":"none"}"#;
    let lone = lone.replace("ROOM", &desk.room);
    let answer = desk.person.call(http::Method::POST, "/v1/uploads");
    let answer = answer.raw("application/json", lone).await;
    assert!(answer.status.is_client_error(), "{answer:#?}");
}
