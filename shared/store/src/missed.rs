//! What somebody missed in all their logs at once: a resume.

use domain::{CompanyId, RoomId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::events::{Logged, MOST_BEHIND, known, some_logged};
use crate::{Error, Store};

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
