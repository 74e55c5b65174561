//! The first frame of a socket.

use domain::{ConnectionId, RoomId};
use live::Connection;
use store::Store;
use wire::problem::Code;
use wire::socket::Hello;

use crate::realtime::room_heads;
use crate::{Caller, Live, Problem};

/// How often a client pings. The gateway ends a socket after ten silent minutes.
const HEARTBEAT_S: u32 = 240;
/// How long events are kept.
const RESUME_WINDOW_S: u32 = 30 * 24 * 3_600;
/// Sockets are replaced within this span of their age; the gateway ends them at two hours.
const RECONNECT_S: std::ops::Range<u32> = 110 * 60..118 * 60;

/// Lets a socket hear of everything that its person may see, and answers where that stands.
///
/// Logs are read after the socket is listed: what is stored from then on is pushed, what was before
/// is in the answer.
///
/// # Errors
/// `token_invalid` when the person or the session is no longer active: the socket has to go.
pub async fn hello(
    store: &Store,
    live: &Live,
    caller: &Caller,
    connection: &Connection,
) -> Result<Hello, Problem> {
    // Written down again: only now is it sure that posts to it arrive.
    let (known, target) = tokio::join!(
        store.heads(caller.company, caller.user, caller.session),
        live.connected(connection)
    );
    let (known, target) = (known?.ok_or(Code::TokenInvalid)?, target?);
    let rooms: Vec<RoomId> = known.rooms.iter().map(|(room, _)| *room).collect();
    if let Err(error) = live.listen(caller.company, &target, &rooms).await {
        // The index is lost to everybody then, and whoever announces asks the stores that do not forget.
        tracing::warn!(error = ?error, "a socket is not indexed; its next ping tries again");
    }
    let heads = store
        .heads(caller.company, caller.user, caller.session)
        .await?
        .ok_or(Code::TokenInvalid)?;
    Ok(Hello {
        reconnect_after_s: reconnect_after(&connection.id),
        connection_id: connection.id.clone(),
        heartbeat_s: HEARTBEAT_S,
        resume_window_s: RESUME_WINDOW_S,
        rooms: room_heads(&heads.rooms),
        user_seq: heads.user,
    })
}

/// Spread evenly by the connection's own random name, so that a room never reconnects all at once.
fn reconnect_after(id: &ConnectionId) -> u32 {
    let mixed = id.0.bytes().fold(2_166_136_261_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    RECONNECT_S.start + mixed % (RECONNECT_S.end - RECONNECT_S.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_leave_one_by_one() {
        let times: std::collections::HashSet<u32> = (0..300)
            .map(|n| reconnect_after(&ConnectionId(format!("L0SM9cOFvHcCIh{n}="))))
            .collect();
        assert!(times.iter().all(|time| RECONNECT_S.contains(time)));
        assert!(times.len() > 150, "{}", times.len());
    }
}
