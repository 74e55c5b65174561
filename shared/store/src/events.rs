//! The logs of rooms and people: reading on from where a client stopped.
//!
//! Every read is one round trip and checks for itself that the person is active and in the room.

use domain::{CompanyId, RoomId, SessionId, UserId};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Error, Store};

/// Further behind than this, a room is loaded anew instead of replayed.
pub const MOST_BEHIND: i64 = 5_000;

/// One entry of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// The room; none in a person's own log.
    pub room: Option<RoomId>,
    /// Its number in that log.
    pub seq: i64,
    /// What kind of event it is.
    pub kind: String,
    /// Who did it, if somebody did.
    pub actor: Option<UserId>,
    /// The event's data, as clients read it.
    pub payload: Value,
    /// When it was stored.
    pub at: OffsetDateTime,
}

/// A part of a room's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// What follows the cursor, oldest first; nothing when `reset`.
    pub events: Vec<Logged>,
    /// The last number of the log.
    pub last_seq: i64,
    /// What follows the cursor is too much or kept no longer.
    pub reset: bool,
}

/// How far everything that concerns a person has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// Their rooms, and the last number of each log.
    pub rooms: Vec<(RoomId, i64)>,
    /// The last number of their own log.
    pub user: i64,
}

/// What was missed in many logs at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Missed {
    /// At most as many as asked for, in order log by log; a person's own log comes last.
    pub events: Vec<Logged>,
    /// Rooms to load anew.
    pub reset: Vec<RoomId>,
    /// Whether the person's own things must be loaded anew.
    pub reset_user: bool,
    /// Rooms among those asked for that are the person's own.
    pub mine: Vec<RoomId>,
}

const MEMBERS: &str = "select m.user_id
    from room_members m
    join rooms r on r.company_id = m.company_id and r.id = m.room_id
    join users u on u.company_id = m.company_id and u.id = m.user_id
    where m.company_id = $1 and m.room_id = $2 and r.status <> 'deleted' and u.status = 'active'";

const AFTER: &str = "with room as (
        select r.id, r.last_seq,
            r.last_seq <> $4 and (r.last_seq - $4 not between 1 and $6 or not exists (
                select from room_events e where e.room_id = r.id and e.seq = $4 + 1)) as reset
        from rooms r
        join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
        left join room_members m on m.room_id = r.id and m.user_id = u.id
        where r.company_id = $1 and r.id = $3 and r.status <> 'deleted'
          and (m.user_id is not null or (r.type = 'public' and u.role <> 'guest'))
    )
    select room.id as room_id, room.last_seq, room.reset, e.seq, e.type, e.actor_id, e.payload, e.at
    from room left join lateral (
        select * from room_events e where e.room_id = room.id and e.seq > $4 and not room.reset
        order by e.seq limit $5) e on true
    order by e.seq";

const HEADS: &str = "select u.last_seq as user_seq, r.id, r.last_seq
    from users u
    join sessions s on s.company_id = u.company_id and s.id = $3 and s.user_id = u.id and s.revoked_at is null
    left join (room_members m join rooms r on r.company_id = m.company_id and r.id = m.room_id and r.status <> 'deleted')
        on m.company_id = u.company_id and m.user_id = u.id
    where u.company_id = $1 and u.id = $2 and u.status = 'active'";

/// How each of the rooms asked for stands. Shared by the two halves of a resume.
macro_rules! asked {
    () => {
        "asked as (
            select a.room_id, a.after, a.n, r.last_seq,
                a.after <> r.last_seq and (r.last_seq - a.after not between 1 and $5 or not exists (
                    select from room_events e where e.room_id = a.room_id and e.seq = a.after + 1)) as reset
            from unnest($3::uuid[], $4::int8[]) with ordinality as a (room_id, after, n)
            join room_members m on m.company_id = $1 and m.room_id = a.room_id and m.user_id = $2
            join rooms r on r.company_id = $1 and r.id = a.room_id and r.status <> 'deleted'
            join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
        )"
    };
}

const STATES: &str = concat!("with ", asked!(), " select room_id, reset from asked");

const MISSED: &str = concat!(
    "with ",
    asked!(),
    " select e.room_id, e.seq, e.type, e.actor_id, e.payload, e.at
    from asked a cross join lateral (
        select * from room_events e where e.room_id = a.room_id and e.seq > a.after order by e.seq limit $6) e
    where not a.reset and a.last_seq > a.after
    order by a.n, e.seq limit $6"
);

const OWN: &str = "with me as (
        select u.id, u.last_seq <> $3 and (u.last_seq - $3 not between 1 and $5 or not exists (
            select from user_events e where e.user_id = u.id and e.seq = $3 + 1)) as reset
        from users u where u.company_id = $1 and u.id = $2 and u.status = 'active'
    )
    select me.reset, null::uuid as room_id, e.seq, e.type, null::uuid as actor_id, e.payload, e.at
    from me left join lateral (
        select * from user_events e where e.user_id = me.id and e.seq > $3 and not me.reset
        order by e.seq limit $4) e on true
    order by e.seq";

impl Store {
    /// Everyone who is in a room now; nobody when there is no such room.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn member_ids(&self, company: CompanyId, room: RoomId) -> Result<Vec<UserId>, Error> {
        let params = [(&company.0 as _, Type::UUID), (&room.0 as _, Type::UUID)];
        let rows = self.db().await?.rows(MEMBERS, &params).await?;
        rows.iter()
            .map(|row| Ok(UserId(row.try_get::<_, Uuid>(0)?)))
            .collect()
    }

    /// At most `limit` events after `after`, if `user` may read the room; `None` when not.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn events_after(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
        after: i64,
        limit: i64,
    ) -> Result<Option<Excerpt>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&room.0 as _, Type::UUID),
            (&known(after) as _, Type::INT8),
            (&limit as _, Type::INT8),
            (&MOST_BEHIND as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(AFTER, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Excerpt {
            last_seq: first.try_get("last_seq")?,
            reset: first.try_get("reset")?,
            events: some_logged(&rows)?,
        }))
    }

    /// How far everything has come; `None` when the person is not active or the session has ended.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn heads(
        &self,
        company: CompanyId,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<Heads>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&session.0 as _, Type::UUID),
        ];
        let rows = self.db().await?.rows(HEADS, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let mut heads = Heads {
            rooms: Vec::with_capacity(rows.len()),
            user: first.try_get("user_seq")?,
        };
        for row in &rows {
            if let Some(room) = row.try_get::<_, Option<Uuid>>("id")? {
                heads.rooms.push((RoomId(room), row.try_get("last_seq")?));
            }
        }
        Ok(Some(heads))
    }

    /// At most `limit` events that follow the cursors of many rooms, and of the person's own log.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn missed(
        &self,
        company: CompanyId,
        user: UserId,
        cursors: &[(RoomId, i64)],
        own: Option<i64>,
        limit: i64,
    ) -> Result<Missed, Error> {
        let (rooms, after): (Vec<Uuid>, Vec<i64>) = cursors
            .iter()
            .map(|(room, seq)| (room.0, known(*seq)))
            .unzip();
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&rooms as _, Type::UUID_ARRAY),
            (&after as _, Type::INT8_ARRAY),
            (&MOST_BEHIND as _, Type::INT8),
            (&limit as _, Type::INT8),
        ];
        let db = self.db().await?;
        // Three statements that need nothing of each other, sent together: one round trip.
        let (states, events, own) = tokio::try_join!(
            db.rows(STATES, &params[..5]),
            db.rows(MISSED, &params),
            async {
                let Some(after) = own else {
                    return Ok(Vec::new());
                };
                let params = [
                    (&company.0 as _, Type::UUID),
                    (&user.0 as _, Type::UUID),
                    (&known(after) as _, Type::INT8),
                    (&limit as _, Type::INT8),
                    (&MOST_BEHIND as _, Type::INT8),
                ];
                db.rows(OWN, &params).await
            }
        )?;
        missed(&states, &events, &own, limit)
    }
}

/// A number that somebody claims to know a log up to, kept to what can be reckoned with: no log is so long, and each
/// number outside says the same, that it is none of ours.
fn known(seq: i64) -> i64 {
    const BEYOND: i64 = 1 << 53;
    seq.clamp(-1, BEYOND)
}

fn missed(states: &[Row], events: &[Row], own: &[Row], limit: i64) -> Result<Missed, Error> {
    let mut missed = Missed {
        events: some_logged(events)?,
        ..Missed::default()
    };
    for row in states {
        let room = RoomId(row.try_get("room_id")?);
        missed.mine.push(room);
        if row.try_get("reset")? {
            missed.reset.push(room);
        }
    }
    if let Some(first) = own.first() {
        missed.reset_user = first.try_get("reset")?;
        missed.events.extend(some_logged(own)?);
    }
    missed
        .events
        .truncate(usize::try_from(limit).unwrap_or_default());
    Ok(missed)
}

/// The entries in `rows`; an outer join's empty row holds none.
pub(crate) fn some_logged(rows: &[Row]) -> Result<Vec<Logged>, Error> {
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(seq) = row.try_get("seq")? else {
            continue;
        };
        entries.push(Logged {
            room: row.try_get::<_, Option<Uuid>>("room_id")?.map(RoomId),
            seq,
            kind: row.try_get("type")?,
            actor: row.try_get::<_, Option<Uuid>>("actor_id")?.map(UserId),
            payload: row.try_get("payload")?,
            at: row.try_get("at")?,
        });
    }
    Ok(entries)
}
