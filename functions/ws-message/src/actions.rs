//! The table of actions: each calls the use case that its REST twin calls.

use app::socket::{self, Frame, Writing};
use app::{Problem, messages, rooms, uploads};
use serde_json::json;
use wire::rest::messages::SendMessage;
use wire::rest::room_changes::MarkRead;
use wire::socket::{Name, PartsDone, Request, Typing, success};

use crate::{Deps, guard};

/// Does what a request asks, and writes its answer.
pub(crate) async fn perform(
    deps: &Deps,
    frame: &Frame,
    request: &Request,
) -> Result<String, Problem> {
    let Deps { store, live, .. } = deps;
    let Frame {
        caller, connection, ..
    } = frame;
    let id = &request.id;
    Ok(match request.action {
        Name::Hello => success(id, socket::hello(store, live, caller, connection).await?),
        Name::Ping => {
            let cursors = request.data()?;
            let behind = socket::ping(store, live, caller, connection, &cursors).await?;
            success(id, behind)
        }
        Name::Resume => {
            let cursors = request.data()?;
            success(
                id,
                socket::resume(store, live, caller, connection, cursors).await?,
            )
        }
        Name::MessageSend => {
            guard::message(deps, caller).await?;
            let data = request.in_room::<SendMessage>()?;
            let draft = data.body.parse()?;
            success(
                id,
                messages::send(store, live, caller, data.room, draft).await?,
            )
        }
        Name::ReadMark => {
            guard::write(deps, caller).await?;
            let data = request.in_room::<MarkRead>()?;
            let seq = data.body.parse()?;
            success(
                id,
                rooms::mark_read(store, live, caller, data.room, seq).await?,
            )
        }
        Name::UploadPartDone => {
            let data: PartsDone = request.data()?;
            let config = &deps.config.uploads;
            uploads::part_done(store, live, caller, config, data.upload_id, &data.parts).await?;
            success(id, json!({}))
        }
        Name::TypingStart => typing(deps, frame, request, Writing::Started).await?,
        Name::TypingStop => typing(deps, frame, request, Writing::Stopped).await?,
    })
}

async fn typing(
    deps: &Deps,
    frame: &Frame,
    request: &Request,
    writing: Writing,
) -> Result<String, Problem> {
    let data: Typing = request.data()?;
    socket::typing(
        &deps.store,
        &deps.live,
        &frame.caller,
        data.room_id,
        writing,
    )
    .await?;
    Ok(success(&request.id, json!({})))
}
