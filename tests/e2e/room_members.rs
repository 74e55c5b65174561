//! People in rooms over REST: coming in, going, being managed; and the wall between companies.

use domain::company::CompanyRole;
use serde_json::{Value, json};
use support::{Person, Stack};

use crate::rooms::{make, path};

fn of(room: &Value, person: &Person) -> String {
    path(room, &format!("/members/{}", person.id))
}

fn ids(members: &Value) -> Vec<String> {
    let members = members.as_array();
    let id = |member: &Value| member["user_id"].as_str().unwrap_or("").to_owned();
    members.into_iter().flatten().map(id).collect()
}

#[tokio::test]
async fn r_c3_people_are_added_in_a_batch_and_nobody_twice() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (juno, sora) = (stack.person_in(&minji).await, stack.person_in(&minji).await);
    let room = make(&minji, "Batch", json!({"type": "private"})).await;
    let add = |members: Value| minji.post(&path(&room, "/members"), json!({"members": members}));
    add(json!([{"user_id": juno.id, "role": "moderator"}]))
        .await
        .ok();
    let both = json!([{"user_id": juno.id}, {"user_id": sora.id, "access": "read_only"}]);
    let added = add(both.clone()).await.ok();
    assert_eq!(ids(&added["added"]), [sora.id.to_string()]);
    assert_eq!(added["already"], json!([juno.id]));
    let again = add(both).await.ok();
    assert_eq!(ids(&again["added"]), Vec::<String>::new());
    let seen = juno.get(&path(&room, "")).await.ok();
    assert_eq!(
        (&seen["member_count"], &seen["my"]["role"]),
        (&json!(3), &json!("moderator"))
    );
    assert_eq!(seen["last_seq"], 3, "what changed nothing is no event");
}

#[tokio::test]
async fn r_c3_anyone_but_guests_joins_a_public_room_and_nobody_a_private_one() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let (minji, juno) = (stack.person_in(&owner).await, stack.person_in(&owner).await);
    let guest = stack.person_as(&owner, CompanyRole::Guest).await;
    let open = make(&minji, "Open", json!({})).await;
    let closed = make(&minji, "Closed", json!({"type": "private"})).await;
    let join = |person: &Person, room: &Value| person.post(&path(room, "/join"), json!({}));
    let joined = join(&juno, &open).await.ok();
    assert_eq!(
        (&joined["my"]["role"], &joined["my"]["unread_count"]),
        (&json!("member"), &json!(0))
    );
    assert_eq!(
        join(&juno, &open).await.ok()["last_seq"],
        joined["last_seq"]
    );
    assert_eq!(join(&juno, &closed).await.code(), "not_found");
    assert_eq!(join(&guest, &open).await.code(), "not_found");
    // Administrators of the company see private rooms, and are still not in them.
    assert_eq!(join(&owner, &closed).await.code(), "forbidden");
}

#[tokio::test]
async fn r_c3_who_left_or_was_removed_is_out_at_once() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (juno, sora) = (stack.person_in(&minji).await, stack.person_in(&minji).await);
    let members = json!([{"user_id": juno.id}, {"user_id": sora.id}]);
    let room = make(
        &minji,
        "Going",
        json!({"type": "private", "members": members}),
    )
    .await;
    let left = juno.post(&path(&room, "/leave"), json!({})).await;
    assert_eq!(left.status, 204);
    assert_eq!(minji.delete(&of(&room, &sora)).await.status, 204);
    for person in [&juno, &sora] {
        assert_eq!(person.get(&path(&room, "")).await.code(), "not_found");
        let write = person.post(&path(&room, "/messages"), json!({"content": "still here?"}));
        assert_eq!(write.await.code(), "not_found");
    }
    let gone = minji.delete(&of(&room, &sora)).await;
    assert_eq!(gone.refusal(), (404, "not_found"));
    let history = minji.get(&path(&room, "/messages")).await.ok();
    let events: Vec<_> = (0..3)
        .map(|n| history["items"][n]["metadata"]["event"].clone())
        .collect();
    assert_eq!(events, ["member.removed", "member.left", "room.created"]);
}

#[tokio::test]
async fn r_c2_people_manage_only_those_below_them() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let mut people = vec![];
    let mut members = vec![];
    for role in ["admin", "admin", "moderator", "member"] {
        let person = stack.person_in(&minji).await;
        members.push(json!({"user_id": person.id, "role": role}));
        people.push(person);
    }
    let room = make(&minji, "Ranks", json!({"members": members})).await;
    let [admin, other_admin, moderator, member] = &people[..] else {
        panic!("four people")
    };
    for (actor, target, role, status) in [
        (member, moderator, "member", 403),
        (moderator, member, "moderator", 403),
        (admin, other_admin, "member", 403),
        (admin, &minji, "member", 403),
        (admin, admin, "member", 403),
        (admin, member, "admin", 403),
        (admin, member, "creator", 403),
        (admin, member, "moderator", 200),
        (&minji, member, "admin", 200),
        (&minji, member, "member", 200),
    ] {
        let changed = actor.patch(&of(&room, target), json!({"role": role})).await;
        assert_eq!(changed.status, status, "{changed:?}");
    }
    assert_eq!(admin.delete(&of(&room, &minji)).await.code(), "forbidden");
    let reader = admin
        .patch(&of(&room, member), json!({"access": "read_only"}))
        .await
        .ok();
    assert_eq!(reader["access"], "read_only");
    let write = member.post(&path(&room, "/messages"), json!({"content": "hello"}));
    assert_eq!(write.await.refusal(), (403, "read_only"));
}

#[tokio::test]
async fn r_c2_the_creator_stays_until_the_room_is_handed_over() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = make(&minji, "Heirs", json!({"members": [{"user_id": juno.id}]})).await;
    let leave = || minji.post(&path(&room, "/leave"), json!({}));
    assert_eq!(leave().await.refusal(), (409, "conflict"));
    let heir = minji
        .patch(&of(&room, &juno), json!({"role": "creator"}))
        .await
        .ok();
    assert_eq!(heir["role"], "creator");
    let mine = minji.get(&path(&room, "")).await.ok();
    assert_eq!(mine["my"]["role"], "admin");
    assert_eq!(leave().await.status, 204);
}

#[tokio::test]
async fn r_c1_guests_make_no_rooms() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let guest = stack.person_as(&minji, CompanyRole::Guest).await;
    let refused = guest
        .post("/v1/chatrooms", json!({"name": "Guests only"}))
        .await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
}

#[tokio::test]
async fn r_c4_a_full_room_says_how_many_it_holds() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (juno, sora) = (stack.person_in(&minji).await, stack.person_in(&minji).await);
    let room = make(&minji, "Small", json!({"member_limit": 2})).await;
    juno.post(&path(&room, "/join"), json!({})).await.ok();
    let full = sora.post(&path(&room, "/join"), json!({})).await;
    assert_eq!(full.refusal(), (403, "member_limit"));
    assert_eq!(full.body["limit"], 2);
    minji
        .patch(&path(&room, ""), json!({"member_limit": 3}))
        .await
        .ok();
    sora.post(&path(&room, "/join"), json!({})).await.ok();
    let crowded = minji
        .patch(&path(&room, ""), json!({"member_limit": 2}))
        .await;
    assert_eq!(crowded.refusal(), (409, "conflict"));
}

#[tokio::test]
async fn r_c6_members_invite_where_the_settings_say_so() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (juno, sora) = (stack.person_in(&minji).await, stack.person_in(&minji).await);
    let room = make(
        &minji,
        "Come in",
        json!({"members": [{"user_id": juno.id}]}),
    )
    .await;
    let invite = |role: &str| {
        let members = json!({"members": [{"user_id": sora.id, "role": role}]});
        juno.post(&path(&room, "/members"), members)
    };
    assert_eq!(invite("member").await.code(), "forbidden");
    let settings = json!({"settings": {"members_invite": true}});
    minji.patch(&path(&room, ""), settings).await.ok();
    assert_eq!(invite("moderator").await.code(), "forbidden");
    invite("member").await.ok();
}

#[tokio::test]
async fn r_a8_a_foreign_room_answers_like_one_that_does_not_exist() {
    let stack = Stack::get().await;
    let (minji, stranger) = (Person::register(stack).await, Person::register(stack).await);
    let room = make(&minji, "Behind the wall", json!({})).await;
    let nowhere = json!({"id": stranger.id});
    let member = format!("/members/{}", minji.id);
    for (method, rest, body) in [
        ("GET", "", Value::Null),
        ("PATCH", "", json!({"name": "Mine now"})),
        ("POST", "/archive", json!({})),
        ("POST", "/restore", json!({})),
        ("POST", "/join", json!({})),
        ("POST", "/leave", json!({})),
        ("GET", "/members", Value::Null),
        (
            "POST",
            "/members",
            json!({"members": [{"user_id": stranger.id}]}),
        ),
        ("PATCH", member.as_str(), json!({"role": "member"})),
        ("DELETE", member.as_str(), Value::Null),
        ("PUT", "/read", json!({"seq": 1})),
    ] {
        let mut answers = vec![];
        for room in [&room, &nowhere] {
            let call = stranger.call(method.parse().expect("a method"), &path(room, rest));
            let call = if body.is_null() {
                call
            } else {
                call.json(&body)
            };
            let answer = call.await;
            assert_eq!(answer.refusal(), (404, "not_found"), "{method} {rest}");
            let mut body = answer.body;
            body["request_id"] = Value::Null;
            answers.push(body);
        }
        assert_eq!(answers[0], answers[1], "{method} {rest}");
    }
    // Nor can a stranger be brought in, or named among its members.
    let add = json!({"members": [{"user_id": stranger.id}]});
    let refused = minji.post(&path(&room, "/members"), add).await;
    assert_eq!(refused.refusal(), (422, "invalid"));
    assert_eq!(
        minji.delete(&of(&room, &stranger)).await.refusal(),
        (404, "not_found")
    );
}
