//! What an upload becomes: the data of the events that its completion writes.

use domain::file::{File, Status};
use domain::message::{Kind, Message};
use domain::preview::Preview;
use domain::scan::ScanStatus;
use domain::search::index;
use domain::thread::{self, Description, Title};
use domain::upload::{FollowUp, Upload};
use domain::{FileId, MessageId, ThreadId};
use serde::Serialize;
use serde_json::Value;
use store::uploads::Made;
use time::OffsetDateTime;
use wire::rest::files::FileView;
use wire::rest::messages::MessageView;
use wire::rest::threads::{ThreadStatus, ThreadView};

use crate::{Problem, clock};

/// The file, and the message or the thread that follows it. Whether the room makes a thread by itself is decided where
/// it is stored, so one is prepared.
pub(super) fn made(upload: &Upload, at: OffsetDateTime) -> Result<Made, Problem> {
    let id = FileId(clock::id());
    let message = match &upload.then {
        Some(FollowUp::Message(text)) => Some(json(message(upload, text.as_str(), at))?),
        _ => None,
    };
    let thread = match &upload.then {
        Some(FollowUp::Nothing | FollowUp::Message(_)) => None,
        Some(FollowUp::Thread(draft)) => Some(thread(upload, draft, id, at)?),
        None => {
            let draft = thread::Draft {
                title: None,
                description: Description::default(),
                kind: thread::Kind::FileSharing,
            };
            Some(thread(upload, &draft, id, at)?)
        }
    };
    Ok(Made {
        id,
        indexed: index(&upload.name),
        file: json(FileView::from(file(upload, id, at)))?,
        message,
        thread,
        auto: upload.then.is_none(),
    })
}

/// What makes equal content equal. The size stands beside the checksum because together they say the plan, and so what
/// was hashed.
pub(super) fn identity(composite: &str, size: u64) -> String {
    format!("{composite}/{size}")
}

fn file(upload: &Upload, id: FileId, at: OffsetDateTime) -> File {
    File {
        id,
        room: upload.room,
        uploader: upload.uploader,
        upload: upload.id,
        name: upload.name.clone(),
        description: String::new(),
        metadata: None,
        content_type: upload.content_type.clone(),
        detected_type: None,
        size: upload.plan.size,
        status: Status::Available,
        blocked_as: None,
        scan: ScanStatus::default(),
        preview: Preview::default(),
        version: 1,
        revision: 1,
        sent_by: upload.uploader,
        sent_at: at,
        seq: 0,
        created_at: at,
        deleted: None,
    }
}

fn message(upload: &Upload, text: &str, at: OffsetDateTime) -> MessageView {
    MessageView::from(Message {
        id: MessageId(clock::id()),
        room: upload.room,
        seq: 0,
        author: Some(upload.uploader),
        kind: Kind::Text,
        content: text.to_owned(),
        reply_to: None,
        metadata: None,
        attachments: Vec::new(),
        client_id: None,
        created_at: at,
        edited_at: None,
        deleted_at: None,
    })
}

fn thread(
    upload: &Upload,
    draft: &thread::Draft,
    file: FileId,
    at: OffsetDateTime,
) -> Result<(Title, Value), Problem> {
    let title = draft.title.clone();
    let title = title.unwrap_or_else(|| Title::of_file(&upload.name));
    let view = ThreadView {
        id: ThreadId(clock::id()),
        room_id: upload.room,
        seq: 0,
        title: title.as_str().to_owned(),
        description: draft.description.as_str().to_owned(),
        kind: draft.kind.into(),
        status: ThreadStatus::Active,
        created_by: upload.uploader,
        file_id: Some(file),
        created_at: at,
    };
    Ok((title, json(view)?))
}

fn json(view: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(Problem::internal)
}
