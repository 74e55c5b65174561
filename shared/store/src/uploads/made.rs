//! What travels between us and the database's own functions, as JSON.

use domain::company::Plan;
use domain::message::Content;
use domain::room::Action;
use domain::search::Indexed;
use domain::thread::{self, Description, Kind, Title};
use domain::upload::FollowUp;
use domain::{FileId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::By;
use super::row::corrupt;
use crate::files::upkeep::indexed;
use crate::rule::Words;
use crate::{Error, Logged};

/// What an upload becomes: the data of the events as clients read them, but for what only the database knows
/// (numbers, the state of the file, a title that had to be numbered).
#[derive(Debug, Clone)]
pub struct Made {
    /// The file's id.
    pub id: FileId,
    /// What the search keeps of its name.
    pub indexed: Indexed,
    /// Data of `file.created`.
    pub file: Value,
    /// Data of `message.created`, when a message follows.
    pub message: Option<Value>,
    /// The thread's title and the data of `thread.created`, when a thread follows or may.
    pub thread: Option<(Title, Value)>,
    /// Whether the thread is made only if the room makes one for each file.
    pub auto: bool,
}

/// What a change wrote into logs: to be announced.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Happened {
    /// Events of rooms, in order.
    pub events: Vec<Logged>,
    /// Events of people's own logs.
    pub told: Vec<(UserId, Logged)>,
}

#[derive(Deserialize)]
struct Written {
    room_id: Option<RoomId>,
    user_id: Option<UserId>,
    seq: i64,
    #[serde(rename = "type")]
    kind: String,
    actor: Option<UserId>,
    data: Value,
}

impl Made {
    /// What the search is told of a file called `name`.
    pub(super) fn named(&self, name: &str) -> Value {
        indexed(self.id, name, &self.indexed)
    }

    pub(super) fn json(&self) -> Value {
        let title = self.thread.as_ref().map(|(title, _)| title);
        json!({
            "file_id": self.id,
            "file": self.file,
            "message": self.message,
            "thread": self.thread.as_ref().map(|(_, data)| data),
            "title_key": title.map(Title::key),
            "stem": title.map(|title| title.stem().as_str().to_owned()),
            "stem_key": title.map(|title| title.stem().key()),
            "auto": self.auto,
        })
    }
}

impl Happened {
    /// Whether there is nothing to announce.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.told.is_empty()
    }

    /// Reads what a function of the database answered.
    pub(super) fn read(events: Value, told: Value, at: OffsetDateTime) -> Result<Self, Error> {
        let mut happened = Self::default();
        for written in written(events)?.into_iter().chain(written(told)?) {
            let logged = Logged {
                room: written.room_id,
                seq: written.seq,
                kind: written.kind,
                actor: written.actor,
                payload: written.data,
                at,
            };
            match written.user_id {
                Some(user) => happened.told.push((user, logged)),
                None => happened.events.push(logged),
            }
        }
        Ok(happened)
    }
}

/// Who may upload, from the table of permissions.
pub(super) fn rule() -> Value {
    let Words {
        roles,
        accesses,
        statuses,
    } = Action::Upload.rule().into();
    json!({ "roles": roles, "accesses": accesses, "statuses": statuses })
}

/// Every plan's largest file and its limit in all, by name.
pub(crate) fn plans() -> Value {
    let plans = Plan::ALL.into_iter().map(|plan| {
        let limits = plan.limits();
        let limits = json!({ "file": limits.max_file_bytes, "total": limits.storage_bytes });
        (plan.as_str().to_owned(), limits)
    });
    Value::Object(plans.collect::<Map<_, _>>())
}

/// A call, with the lines that it writes into the audit log and what else the function wants to know.
pub(super) fn call(by: &By<'_>, lines: &[Uuid], mut more: Value) -> Result<Value, Error> {
    more["at"] = time(by.origin.at)?;
    more["address"] = by.origin.address.into();
    more["request_id"] = by.origin.request_id.into();
    more["actor"] = json!(by.actor);
    more["lines"] = json!(lines);
    Ok(more)
}

/// A time that Postgres reads.
pub(super) fn time(at: OffsetDateTime) -> Result<Value, Error> {
    let text = at.format(&Rfc3339);
    Ok(text
        .map_err(|error| Error::Corrupt(error.to_string()))?
        .into())
}

/// What follows an upload, as it is stored.
pub(super) fn stored(then: &FollowUp) -> Value {
    match then {
        FollowUp::Nothing => json!({ "do": "nothing" }),
        FollowUp::Message(text) => json!({ "do": "message", "text": text.as_str() }),
        FollowUp::Thread(draft) => json!({
            "do": "thread",
            "title": draft.title.as_ref().map(Title::as_str),
            "description": draft.description.as_str(),
            "type": draft.kind.as_str(),
        }),
    }
}

/// The same, read back.
pub(super) fn follow_up(stored: &Value) -> Result<FollowUp, Error> {
    let text = |name: &str| stored[name].as_str();
    let odd = || corrupt("follow_up", &stored.to_string());
    Ok(match text("do").ok_or_else(odd)? {
        "nothing" => FollowUp::Nothing,
        "message" => {
            let text = text("text").map(Content::parse);
            FollowUp::Message(text.and_then(Result::ok).ok_or_else(odd)?)
        }
        "thread" => FollowUp::Thread(thread::Draft {
            title: text("title")
                .map(Title::parse)
                .transpose()
                .map_err(|_| odd())?,
            description: Description::parse(text("description").unwrap_or_default())
                .map_err(|_| odd())?,
            kind: text("type").and_then(Kind::parse).ok_or_else(odd)?,
        }),
        _ => return Err(odd()),
    })
}

fn written(list: Value) -> Result<Vec<Written>, Error> {
    serde_json::from_value(list).map_err(|error| Error::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_u9_what_follows_is_read_back() {
        let title = Title::parse("회의록 정리").unwrap();
        for then in [
            FollowUp::Nothing,
            FollowUp::Message(Content::parse("여기요").unwrap()),
            FollowUp::Thread(thread::Draft {
                title: Some(title),
                description: Description::default(),
                kind: Kind::Question,
            }),
        ] {
            assert_eq!(follow_up(&stored(&then)).unwrap(), then);
        }
        assert!(follow_up(&json!({ "do": "dance" })).is_err());
    }
}
