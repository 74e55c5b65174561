//! Rooms over REST: making them, changing them, archiving them, listing them.

use domain::company::CompanyRole;
use serde_json::{Value, json};
use support::{Person, Stack};

/// Makes a room named `name` with `more` fields; answers its view.
pub(crate) async fn make(person: &Person, name: &str, more: Value) -> Value {
    let mut body = json!({"name": name});
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    person.post("/v1/chatrooms", body).await.ok()
}

/// The path of a room, with `rest` behind it.
pub(crate) fn path(room: &Value, rest: &str) -> String {
    let id = room["id"].as_str().expect("a room has an id");
    format!("/v1/chatrooms/{id}{rest}")
}

#[tokio::test]
async fn r_c1_a_room_is_made_with_its_first_members() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let guest = stack.person_as(&minji, CompanyRole::Guest).await;
    let more = json!({
        "description": "무엇이든", "type": "private", "settings": {"slow_mode_s": 5},
        "members": [{"user_id": juno.id, "role": "admin"}, {"user_id": guest.id}],
    });
    let made = make(&minji, "  신제품 회의 <b>1</b> ", more).await;
    assert_eq!(made["name"], "신제품 회의 <b>1</b>");
    assert_eq!(
        (&made["type"], &made["status"], &made["member_count"]),
        (&json!("private"), &json!("active"), &json!(3))
    );
    assert_eq!(made["settings"]["slow_mode_s"], 5);
    assert_eq!(made["settings"]["edit_window_s"], 86_400);
    assert_eq!(made["my"]["role"], "creator");
    assert_eq!(made["last_message"]["kind"], "system");

    let seen = juno.get(&path(&made, "")).await.ok();
    assert_eq!(seen["my"]["role"], "admin");
    let members = juno.get(&path(&made, "/members")).await.ok();
    let access = |n: usize| members["items"][n]["access"].clone();
    assert_eq!((access(1), access(2)), (json!("full"), json!("read_only")));
}

#[tokio::test]
async fn r_c1_names_are_unique_in_a_company_whatever_the_case() {
    let stack = Stack::get().await;
    let (minji, other) = (Person::register(stack).await, Person::register(stack).await);
    make(&minji, "Général", json!({})).await;
    let again = json!({"name": " GÉNÉRAL "});
    let refused = minji.post("/v1/chatrooms", again.clone()).await;
    assert_eq!(refused.refusal(), (409, "name_taken"));
    other.post("/v1/chatrooms", again).await.ok();
    let second = make(&minji, "Second", json!({})).await;
    let renamed = minji.patch(&path(&second, ""), json!({"name": "GE\u{301}NE\u{301}RAL"}));
    assert_eq!(renamed.await.code(), "name_taken");
}

#[tokio::test]
async fn r_c1_wrong_fields_and_unknown_people_are_named_at_once() {
    let stack = Stack::get().await;
    let (minji, stranger) = (Person::register(stack).await, Person::register(stack).await);
    let refused = minji
        .post(
            "/v1/chatrooms",
            json!({"name": "ab", "member_limit": 1, "description": "x".repeat(501)}),
        )
        .await;
    assert_eq!(refused.refusal(), (422, "invalid"));
    let fields: Vec<String> = refused.fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(fields, ["name", "description", "member_limit"]);
    let members = json!([{"user_id": stranger.id}]);
    let refused = minji.post(
        "/v1/chatrooms",
        json!({"name": "with a stranger", "members": members}),
    );
    assert_eq!(
        refused.await.fields(),
        [("members[0].user_id".to_owned(), "not_found".to_owned())]
    );
}

#[tokio::test]
async fn r_c1_only_the_creator_turns_public_into_private_and_back() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (admin, outsider) = (stack.person_in(&minji).await, stack.person_in(&minji).await);
    let more = json!({"members": [{"user_id": admin.id, "role": "admin"}]});
    let room = make(&minji, "Turning", more).await;
    let private = json!({"type": "private"});
    let refused = admin.patch(&path(&room, ""), private.clone()).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    outsider.get(&path(&room, "")).await.ok();
    minji.patch(&path(&room, ""), private).await.ok();
    assert_eq!(outsider.get(&path(&room, "")).await.code(), "not_found");
    minji
        .patch(&path(&room, ""), json!({"type": "public"}))
        .await
        .ok();
    outsider.get(&path(&room, "")).await.ok();
}

#[tokio::test]
async fn r_c2_what_i_may_do_is_told_and_is_what_happens() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let people = [
        ("admin", "full"),
        ("moderator", "full"),
        ("member", "full"),
        ("admin", "read_only"),
    ];
    let mut members = vec![];
    let mut persons = vec![];
    for (role, access) in people {
        let person = stack.person_in(&minji).await;
        members.push(json!({"user_id": person.id, "role": role, "access": access}));
        persons.push(person);
    }
    let room = make(&minji, "Who may", json!({"members": members})).await;
    for person in &persons {
        let seen = person.get(&path(&room, "")).await.ok();
        let can = |action: &str| {
            let can = seen["my"]["can"].as_array();
            can.into_iter().flatten().any(|told| told == action)
        };
        let edit = person
            .patch(&path(&room, ""), json!({"description": "x"}))
            .await;
        assert_eq!(edit.status.is_success(), can("edit"), "{}", seen["my"]);
        let text = json!({"content": "hello"});
        let write = person.post(&path(&room, "/messages"), text).await;
        assert_eq!(write.status.is_success(), can("write"), "{}", seen["my"]);
        let extra = stack.person_in(&minji).await;
        let add = json!({"members": [{"user_id": extra.id}]});
        let add = person.post(&path(&room, "/members"), add).await;
        assert_eq!(add.status.is_success(), can("invite"), "{}", seen["my"]);
        person.get(&path(&room, "/members")).await.ok();
        assert!(can("read") && can("leave"));
    }
}

#[tokio::test]
async fn r_c5_an_archived_room_is_read_never_written_until_restored() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let (minji, juno) = (stack.person_in(&owner).await, stack.person_in(&owner).await);
    let more = json!({"type": "private", "members": [{"user_id": juno.id}]});
    let room = make(&minji, "Old things", more).await;
    assert_eq!(
        juno.post(&path(&room, "/archive"), json!({})).await.code(),
        "forbidden"
    );
    let archived = minji.post(&path(&room, "/archive"), json!({})).await.ok();
    assert_eq!(archived["status"], "archived");
    assert_eq!(archived["my"]["can"], json!(["read", "restore"]));
    for (method, rest, body) in [
        ("PATCH", "", json!({"name": "New things"})),
        ("POST", "/archive", json!({})),
        ("POST", "/messages", json!({"content": "hello"})),
        (
            "POST",
            "/members",
            json!({"members": [{"user_id": owner.id}]}),
        ),
    ] {
        let call = minji.call(method.parse().expect("a method"), &path(&room, rest));
        assert_eq!(
            call.json(&body).await.refusal(),
            (409, "room_archived"),
            "{rest}"
        );
    }
    let history = juno.get(&path(&room, "/messages")).await.ok();
    assert_eq!(history["items"][0]["metadata"]["event"], "room.archived");

    minji.post(&path(&room, "/restore"), json!({})).await.ok();
    let renamed = json!({"name": "New things"});
    minji.patch(&path(&room, ""), renamed).await.ok();
}

#[tokio::test]
async fn r_c5_the_owner_of_the_company_restores_a_room_that_they_are_not_in() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let minji = stack.person_in(&owner).await;
    let room = make(&minji, "Old things", json!({"type": "private"})).await;
    minji.post(&path(&room, "/archive"), json!({})).await.ok();
    let restored = owner.post(&path(&room, "/restore"), json!({})).await.ok();
    assert_eq!(
        (&restored["status"], &restored["my"]["role"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(
        owner
            .post(&path(&room, "/restore"), json!({}))
            .await
            .refusal(),
        (409, "conflict")
    );
    assert_eq!(
        owner.get(&path(&room, "/messages")).await.code(),
        "not_found"
    );
}

/// The names of the rooms on a page.
fn names(page: &Value) -> Vec<Value> {
    let items = page["items"].as_array().into_iter().flatten();
    items.map(|room| room["name"].clone()).collect()
}

#[tokio::test]
async fn r_c8_lists_are_mine_with_unread_counts() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let with_juno = json!({"type": "private", "members": [{"user_id": juno.id}]});
    let secret = make(&minji, "비밀 회의", with_juno).await;
    make(&minji, "Open hall", json!({})).await;
    for text in ["하나", "둘"] {
        let message = json!({ "content": text });
        minji.post(&path(&secret, "/messages"), message).await.ok();
    }
    let mine = juno.get("/v1/chatrooms").await.ok();
    assert_eq!(names(&mine), ["비밀 회의"]);
    assert_eq!(mine["items"][0]["my"]["unread_count"], 2);
    assert_eq!(mine["items"][0]["last_message"]["content"], "둘");
    let read = json!({"seq": mine["items"][0]["last_seq"]});
    let marker = juno.put(&path(&secret, "/read"), read).await.ok();
    assert_eq!(marker["unread_count"], 0);
}

#[tokio::test]
async fn r_c8_lists_can_be_filtered_and_paged() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (juno, guest) = (
        stack.person_in(&minji).await,
        stack.person_as(&minji, CompanyRole::Guest).await,
    );
    make(&minji, "비밀 회의", json!({"type": "private"})).await;
    let open = make(&minji, "Open hall", json!({})).await;
    let joinable = juno.get("/v1/chatrooms?scope=joinable").await.ok();
    assert_eq!(names(&joinable), ["Open hall"]);
    assert_eq!(joinable["items"][0]["my"]["can"], json!(["read", "join"]));
    let for_guests = guest.get("/v1/chatrooms?scope=joinable").await.ok();
    assert_eq!(names(&for_guests), Vec::<Value>::new());
    let all = juno.get("/v1/chatrooms?scope=company").await;
    assert_eq!(all.refusal(), (403, "forbidden"));

    minji.post(&path(&open, "/archive"), json!({})).await.ok();
    for (filter, expected) in [
        ("scope=company", vec!["Open hall", "비밀 회의"]),
        ("q=OPEN", vec!["Open hall"]),
        ("type=private", vec!["비밀 회의"]),
        ("status=archived", vec!["Open hall"]),
    ] {
        let found = minji.get(&format!("/v1/chatrooms?{filter}")).await.ok();
        assert_eq!(names(&found), expected, "{filter}");
    }
    let first = minji.get("/v1/chatrooms?limit=1").await.ok();
    assert_eq!(names(&first), ["Open hall"]);
    let cursor = first["next_cursor"].as_str().expect("another page");
    let second = format!("/v1/chatrooms?limit=1&cursor={cursor}");
    let second = minji.get(&second).await.ok();
    assert_eq!(names(&second), ["비밀 회의"]);
    assert!(second.get("next_cursor").is_none());
}

#[tokio::test]
async fn a_change_of_something_older_is_refused() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let room = make(&minji, "Versions", json!({})).await;
    let answer = minji.get(&path(&room, "")).await;
    let tag = answer.header("etag").to_owned();
    let patch = |text: &str| minji.patch(&path(&room, ""), json!({"description": text}));
    let changed = patch("one").header("if-match", &tag).await;
    assert_ne!(changed.header("etag"), tag);
    let refused = patch("two").header("if-match", &tag).await;
    assert_eq!(refused.refusal(), (412, "version_mismatch"));
    patch("three").await.ok();
    let same = patch("three").await;
    let now = same.header("etag").to_owned();
    assert_eq!(
        patch("three").header("if-match", &now).await.header("etag"),
        now
    );
}
