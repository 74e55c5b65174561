//! What happens when an upload is done.

use domain::message::Content;
use domain::thread;
use domain::upload::FollowUp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::threads::ThreadKind;
use crate::problem::FieldError;

/// What is to follow a file: it appears together with the file or not at all, as an event of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Then {
    /// Nothing, even if the room makes a thread for each file.
    Nothing,
    /// A message of the uploader's with the file attached.
    Message(ThenMessage),
    /// A thread about the file.
    Thread(ThenThread),
}

/// The message that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThenMessage {
    /// 1 to 4,000 characters.
    #[schema(min_length = 1, max_length = 4_000, example = "회의 녹화입니다.")]
    pub text: String,
}

/// The thread that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThenThread {
    /// 3 to 200 characters, in use by no other thread of the room; the file's name when absent.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 200)]
    pub title: Option<String>,
    /// At most 1,000 characters.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    pub description: String,
    /// What it is for; `file_sharing` when absent.
    #[serde(default, rename = "type")]
    pub kind: Option<ThreadKind>,
}

impl Then {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<FollowUp, Vec<FieldError>> {
        match self {
            Self::Nothing => Ok(FollowUp::Nothing),
            Self::Message(message) => Content::parse(&message.text)
                .map(FollowUp::Message)
                .map_err(|fault| {
                    let why = fault.to_string();
                    vec![FieldError::new("then.message.text", fault.code(), why)]
                }),
            Self::Thread(wanted) => wanted.parse().map(FollowUp::Thread),
        }
    }
}

impl ThenThread {
    fn parse(self) -> Result<thread::Draft, Vec<FieldError>> {
        let wrong = |field: &str, fault: thread::Fault| {
            let field = format!("then.thread.{field}");
            FieldError::new(field, "bad_length", fault.to_string())
        };
        let title = self.title.as_deref().map(thread::Title::parse).transpose();
        let description = thread::Description::parse(&self.description);
        match (title, description) {
            (Ok(title), Ok(description)) => Ok(thread::Draft {
                title,
                description,
                kind: self.kind.map_or(thread::Kind::FileSharing, Into::into),
            }),
            (title, description) => {
                let title = title.err().map(|fault| wrong("title", fault));
                let description = description.err().map(|fault| wrong("description", fault));
                Err(title.into_iter().chain(description).collect())
            }
        }
    }
}

impl From<FollowUp> for Then {
    fn from(then: FollowUp) -> Self {
        match then {
            FollowUp::Nothing => Self::Nothing,
            FollowUp::Message(text) => Self::Message(ThenMessage {
                text: text.as_str().to_owned(),
            }),
            FollowUp::Thread(draft) => Self::Thread(ThenThread {
                title: draft.title.map(|title| title.as_str().to_owned()),
                description: draft.description.as_str().to_owned(),
                kind: Some(draft.kind.into()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: serde_json::Value) -> Result<FollowUp, Vec<String>> {
        let then: Then = serde_json::from_value(json).map_err(|error| vec![error.to_string()])?;
        then.parse()
            .map_err(|errors| errors.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn r_u9_nothing_a_message_or_a_thread() {
        assert_eq!(read(json!("nothing")), Ok(FollowUp::Nothing));
        assert!(read(json!({"message": {"text": "여기요"}})).is_ok());
        let thread = json!({"thread": {"title": "회의록", "type": "question"}});
        let read_back = read(thread).unwrap();
        assert_eq!(Then::from(read_back.clone()).parse(), Ok(read_back));
        let FollowUp::Thread(draft) = read(json!({"thread": {}})).unwrap() else {
            panic!("a thread");
        };
        assert_eq!((draft.title, draft.kind), (None, thread::Kind::FileSharing));
    }

    #[test]
    fn r_u9_what_is_wrong_is_named() {
        let text = json!({"message": {"text": " "}});
        assert_eq!(read(text).unwrap_err(), ["then.message.text"]);
        let thread = json!({"thread": {"title": "ab", "description": "가".repeat(1_001)}});
        let fields = ["then.thread.title", "then.thread.description"];
        assert_eq!(read(thread).unwrap_err(), fields);
        assert!(read(json!({"thread": {"colour": 1}})).is_err());
        assert!(read(json!("everything")).is_err());
    }
}
