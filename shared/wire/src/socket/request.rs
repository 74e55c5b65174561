//! What clients send: `{"id": …, "action": …, "data": {…}}`, read strictly.

use std::collections::HashMap;

use domain::{RoomId, UploadId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::MAX_REQUEST;
use crate::problem::{Code, FieldError};

/// Longest `id` of a request, in bytes.
const MAX_ID: usize = 64;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What a client can ask for over a socket.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Name {
            $($(#[$doc])* $name,)*
        }

        impl Name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it stands in a frame.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            fn read(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

actions! {
    /// Begins: from now on events arrive. Answers where everything stands.
    Hello "hello";
    /// Still here; with cursors, answers what was missed.
    Ping "ping";
    /// Sends what was missed.
    Resume "resume";
    /// Sends a message.
    MessageSend "message.send";
    /// Moves the read marker of a room.
    ReadMark "read.mark";
    /// Says that parts of an upload have arrived in S3.
    UploadPartDone "upload.part_done";
    /// Shows the others that one is writing.
    TypingStart "typing.start";
    /// Shows them that one stopped.
    TypingStop "typing.stop";
}

/// A frame that could be read so far that it can be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Echoed in the answer: 1 to 64 bytes.
    pub id: String,
    /// What is wanted.
    pub action: Name,
    /// With what; read by [`Request::data`].
    data: Map<String, Value>,
}

/// Why a frame was turned away, and the id to answer under when it had a usable one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The frame's id, if it could be read.
    pub id: Option<String>,
    /// What is wrong.
    pub code: Code,
    /// The same in words.
    pub detail: String,
}

/// Where a client stands: the last seq that it applied of each room, and of its own log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cursors {
    /// By room.
    #[serde(default)]
    #[schema(value_type = HashMap<String, i64>)]
    pub rooms: HashMap<RoomId, i64>,
    /// Of the person's own log; absent when the client does not follow it.
    #[serde(default)]
    pub user: Option<i64>,
}

/// Data that names a room and says something in it: the REST body with `room_id` beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct InRoom<T> {
    /// The room.
    pub room: RoomId,
    /// What the REST route takes as its body.
    pub body: T,
}

/// Data of `typing.start` and `typing.stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// The room.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
}

/// Data of `upload.part_done`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartsDone {
    /// The upload.
    #[schema(value_type = uuid::Uuid)]
    pub upload_id: UploadId,
    /// The parts' numbers, from 1; up to 1,000.
    pub parts: Vec<u32>,
}

/// Reads a frame.
///
/// # Errors
/// [`Refused`]: too long, not JSON, not a request, or an action that does not exist.
pub fn parse(frame: &str) -> Result<Request, Refused> {
    let refuse = |id: Option<&str>, code, detail: &str| Refused {
        id: id.map(str::to_owned),
        code,
        detail: detail.to_owned(),
    };
    if frame.len() > MAX_REQUEST {
        let detail = "a frame has at most 32768 bytes";
        return Err(refuse(None, Code::FrameTooLarge, detail));
    }
    let value: Value = serde_json::from_str(frame)
        .map_err(|error| refuse(None, Code::MalformedJson, &error.to_string()))?;
    let Value::Object(mut fields) = value else {
        let detail = "a frame is an object with id, action and data";
        return Err(refuse(None, Code::MalformedRequest, detail));
    };
    let id = match fields.remove("id") {
        Some(Value::String(id)) if (1..=MAX_ID).contains(&id.len()) => id,
        _ => {
            let detail = "id must be a string of 1 to 64 bytes";
            return Err(refuse(None, Code::MalformedRequest, detail));
        }
    };
    let malformed = |detail| refuse(Some(&id), Code::MalformedRequest, detail);
    let Some(Value::String(action)) = fields.remove("action") else {
        return Err(malformed("action must be a string"));
    };
    let data = match fields.remove("data") {
        None => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(malformed("data must be an object")),
    };
    if let Some(unknown) = fields.keys().next() {
        return Err(malformed(&format!("there is no field {unknown:.40}")));
    }
    let Some(action) = Name::read(&action) else {
        let detail = format!("there is no action {action:.40}");
        return Err(refuse(Some(&id), Code::UnknownAction, &detail));
    };
    Ok(Request { id, action, data })
}

impl Request {
    /// The data, read as what this action takes.
    ///
    /// # Errors
    /// The field that was wrong.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Vec<FieldError>> {
        read(Value::Object(self.data.clone()))
    }

    /// The data, read as a room and a REST body.
    ///
    /// # Errors
    /// The field that was wrong.
    pub fn in_room<T: DeserializeOwned>(&self) -> Result<InRoom<T>, Vec<FieldError>> {
        let mut data = self.data.clone();
        let room = data.remove("room_id").unwrap_or(Value::Null);
        let room = serde_json::from_value(room).map_err(|_| {
            vec![FieldError::new(
                "room_id",
                "invalid",
                "room_id must be the id of a room",
            )]
        })?;
        let body = read(Value::Object(data))?;
        Ok(InRoom { room, body })
    }
}

fn read<T: DeserializeOwned>(data: Value) -> Result<T, Vec<FieldError>> {
    serde_path_to_error::deserialize(data).map_err(|error| {
        let field = error.path().to_string();
        vec![FieldError::new(
            field,
            "invalid",
            error.into_inner().to_string(),
        )]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_request_is_read() {
        let request = parse(r#"{"id":"c1","action":"ping","data":{"user":3}}"#).unwrap();
        assert_eq!(request.action, Name::Ping);
        let cursors: Cursors = request.data().unwrap();
        assert_eq!(cursors.user, Some(3));
        assert!(parse(r#"{"id":"c1","action":"ping"}"#).is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_under_its_id() {
        let code = |frame: &str| {
            let refused = parse(frame).unwrap_err();
            (refused.id, refused.code)
        };
        let c1 = || Some("c1".to_owned());
        assert_eq!(code("not json"), (None, Code::MalformedJson));
        assert_eq!(code("[]"), (None, Code::MalformedRequest));
        assert_eq!(
            code(r#"{"id":7,"action":"ping"}"#),
            (None, Code::MalformedRequest)
        );
        assert_eq!(code(r#"{"id":"c1"}"#), (c1(), Code::MalformedRequest));
        assert_eq!(
            code(r#"{"id":"c1","action":"dance"}"#),
            (c1(), Code::UnknownAction)
        );
        assert_eq!(
            code(r#"{"id":"c1","action":"ping","more":1}"#),
            (c1(), Code::MalformedRequest)
        );
        assert_eq!(
            code(&" ".repeat(MAX_REQUEST + 1)),
            (None, Code::FrameTooLarge)
        );
    }

    #[test]
    fn a_rest_body_travels_beside_its_room() {
        let id = "0198f5a0-0000-7000-8000-000000000001";
        let frame =
            format!(r#"{{"id":"c1","action":"message.send","data":{{"room_id":"{id}","seq":1}}}}"#);
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            seq: i64,
        }
        let data: InRoom<Body> = parse(&frame).unwrap().in_room().unwrap();
        assert_eq!((data.room.to_string().as_str(), data.body.seq), (id, 1));
        let wrong = parse(r#"{"id":"c1","action":"message.send","data":{"seq":1}}"#).unwrap();
        assert_eq!(wrong.in_room::<Body>().unwrap_err()[0].field, "room_id");
    }

    proptest! {
        #[test]
        fn no_frame_panics(frame in ".{0,400}") {
            drop(parse(&frame));
        }

        #[test]
        fn no_object_panics(id in ".{0,80}", action in "[a-z.]{0,20}", extra in any::<i64>()) {
            let frame = serde_json::json!({"id": id, "action": action, "data": {"seq": extra}});
            drop(parse(&frame.to_string()));
        }
    }
}
