//! What a person sees when everything is ready.

use crate::ready::Ready;
use crate::say;

/// Prints addresses, people and lines to paste.
pub fn print(ready: &Ready) {
    say::answer(format_args!(
        "\n{}\n\n{}\n\n{}\n\nFor development and tests on this machine only. Ctrl-C ends everything.\n",
        addresses(ready),
        people(ready),
        lines(ready)
    ));
}

/// One line for each address.
#[must_use]
pub fn addresses(ready: &Ready) -> String {
    let reference = format!("{}/reference", ready.pages);
    let logs = ready.data.join("logs");
    [
        ("try it", ready.pages.as_str()),
        ("REST", &ready.rest),
        ("reference", &reference),
        ("WebSocket", &ready.socket),
        ("S3", &ready.s3),
        ("DynamoDB", &ready.dynamodb),
        ("Postgres", "cargo run -- psql"),
        ("Redis", &ready.redis),
        ("control", &ready.control),
        ("logs", &logs.display().to_string()),
    ]
    .iter()
    .map(|(what, address)| format!("  {what:<12}{address}"))
    .collect::<Vec<_>>()
    .join("\n")
}

fn people(ready: &Ready) -> String {
    let people = ready.people.iter().map(|person| {
        format!(
            "\n  {:<12}{}  {}",
            person.full_name, person.email, person.password
        )
    });
    ["Two people of one company:".to_owned()]
        .into_iter()
        .chain(people)
        .collect()
}

fn lines(ready: &Ready) -> String {
    let (email, password) = ready.people.first().map_or(("you@example.com", ""), |it| {
        (it.email.as_str(), it.password.as_str())
    });
    let Ready { rest, socket, .. } = ready;
    format!(
        r#"To paste, in this order:
  TOKEN=$(curl -s {rest}/v1/auth/login -H 'content-type: application/json' -d '{{"email":"{email}","password":"{password}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  ROOM=$(curl -s {rest}/v1/chatrooms -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{{"name":"room '$(date +%s)'","type":"public"}}' | sed 's/^{{"id":"\([^"]*\)".*/\1/')
  curl -s {rest}/v1/chatrooms/$ROOM/messages -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{{"client_id":"'$(cat /proc/sys/kernel/random/uuid)'","content":"안녕하세요"}}'
  TICKET=$(curl -s -X POST {rest}/v1/realtime/tickets -H "authorization: Bearer $TOKEN" | sed 's/.*"ticket":"\([^"]*\)".*/\1/')
  npx wscat -s maru.v1 -c "{socket}?ticket=$TICKET"      # then type: {{"id":"c1","action":"hello","data":{{}}}}"#
    )
}
