//! Reading on in all rooms at once, from one small cursor.
//!
//! The cursor is a snapshot of the database: news is what it does not show. A room's row lock lets
//! its writers in one by one, so what a snapshot does not show is always the end of a log, and
//! finding where that begins walks back over the news only.

use domain::{CompanyId, RoomId, UserId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::events::{Logged, MOST_BEHIND, some_logged};
use crate::{Error, Store};

/// What was seen, in Postgres' own words: `xmin:xmax:running,…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(String);

/// A page of news.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// In order, room by room; a person's own log comes last.
    pub events: Vec<Logged>,
    /// Rooms to load anew.
    pub reset: Vec<RoomId>,
    /// What there was to see when the first page was read.
    pub upto: Snapshot,
    /// Where the next page begins; none when this was the last.
    pub next: Option<Position>,
}

/// Where a page begins: after this number of this room (nil: of none; all ones: of the person's own log).
pub type Position = (Uuid, i64);

/// How the person's own log is called in a position.
pub const OWN_LOG: Uuid = Uuid::max();

const NOW: &str = "select pg_current_snapshot()::text";

/// $3 what was seen, $4 up to where (null: now), $5 and $6 the position, $7 how many, $8 how far behind at most.
const NEWS: &str = "with upto as (
        select coalesce($4::text::pg_snapshot, pg_current_snapshot()) as snapshot
    ), mine as (
        select r.id, r.last_seq, exists (
            select from room_events e where e.room_id = r.id and e.seq = r.last_seq - $8
              and not pg_visible_in_snapshot(e.tx, $3::text::pg_snapshot)) as far
        from room_members m
        join rooms r on r.company_id = $1 and r.id = m.room_id and r.status <> 'deleted'
        join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
        where m.company_id = $1 and m.user_id = $2 and r.id >= $5
    ), begins as (
        select mine.*, coalesce(case when not far then (
            select e.seq from room_events e
            where e.room_id = mine.id and e.seq >= mine.last_seq - $8
              and pg_visible_in_snapshot(e.tx, $3::text::pg_snapshot)
            order by e.seq desc limit 1) end, 0) as seen
        from mine
    ), states as (
        select begins.*, far or (seen < last_seq and not exists (
            select from room_events e where e.room_id = begins.id and e.seq = seen + 1)) as reset
        from begins
    )
    select upto.snapshot::text as upto, news.* from upto
    join users me on me.company_id = $1 and me.id = $2 and me.status = 'active'
    left join lateral (
        (select states.id as room_id, states.reset, e.seq, e.type, e.actor_id, e.payload, e.at
         from states left join lateral (
            select * from room_events e
            where e.room_id = states.id and not states.reset
              and e.seq > greatest(states.seen, case when states.id = $5 then $6 else 0 end)
              and pg_visible_in_snapshot(e.tx, upto.snapshot)
            order by e.seq limit $7) e on true
         where e.seq is not null or (states.reset and (states.id, $6) <> ($5, 9223372036854775807))
         order by states.id, e.seq limit $7)
        union all
        (select null, false, e.seq, e.type, null, e.payload, e.at
         from user_events e
         where e.company_id = $1 and e.user_id = $2
           and e.seq > greatest(
             case when $5 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid then $6 else 0 end, coalesce((
             select s.seq from user_events s
             where s.user_id = $2 and pg_visible_in_snapshot(s.tx, $3::text::pg_snapshot)
             order by s.seq desc limit 1), 0))
           and pg_visible_in_snapshot(e.tx, upto.snapshot)
         order by e.seq limit $7)
    ) news on true
    order by news.room_id nulls last, news.seq limit $7";

impl Snapshot {
    /// Takes a cursor's text if it is written as a snapshot is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let bound = |part: Option<&str>| part?.parse::<u64>().ok().filter(|xid| *xid > 0);
        let (least, next) = (bound(parts.next())?, bound(parts.next())?);
        let running = parts.next()?;
        let mut last = 0;
        for xid in running.split(',').filter(|_| !running.is_empty()) {
            let xid = xid.parse::<u64>().ok()?;
            if xid < least || xid >= next || xid <= last {
                return None;
            }
            last = xid;
        }
        (least <= next && next < 1 << 63 && parts.next().is_none()).then(|| Self(text.to_owned()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Store {
    /// What there is to see now. Take it before reading what it stands for.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let row = self.db().await?.row(NOW, &[]).await?;
        let row = row.ok_or_else(|| Error::Corrupt("no snapshot".into()))?;
        Ok(Snapshot(row.try_get(0)?))
    }

    /// At most `limit` events of all rooms of `user` that `seen` did not show and `upto` (or now) does; `None` when the
    /// person is not active.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn news(
        &self,
        company: CompanyId,
        user: UserId,
        seen: &Snapshot,
        upto: Option<&Snapshot>,
        position: Position,
        limit: i64,
    ) -> Result<Option<News>, Error> {
        let upto = upto.map(Snapshot::as_str);
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&seen.0 as _, Type::TEXT),
            (&upto as _, Type::TEXT),
            (&position.0 as _, Type::UUID),
            (&position.1 as _, Type::INT8),
            (&limit as _, Type::INT8),
            (&MOST_BEHIND as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(NEWS, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let (mut reset, mut last, mut count) = (Vec::new(), None, 0);
        for row in &rows {
            // A row of nothing but the snapshot says that there is no news.
            let Some(is_reset) = row.try_get::<_, Option<bool>>("reset")? else {
                continue;
            };
            let room: Option<Uuid> = row.try_get("room_id")?;
            let seq: Option<i64> = row.try_get("seq")?;
            if is_reset {
                reset.extend(room.map(RoomId));
            }
            last = Some((room.unwrap_or(OWN_LOG), seq.unwrap_or(i64::MAX)));
            count += 1;
        }
        let full = count >= limit;
        Ok(Some(News {
            upto: Snapshot(first.try_get("upto")?),
            events: some_logged(&rows)?,
            reset,
            next: last.filter(|_| full),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_checked_before_postgres_sees_them() {
        for good in ["1:1:", "795:799:795,797", "10:20:"] {
            assert_eq!(Snapshot::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "1",
            "1:2",
            "2:1:",
            "a:b:",
            "795:799:800",
            "795:799:797,795",
            "1:2::",
            "0:0:",
            "1:9:;drop",
        ] {
            assert!(Snapshot::parse(bad).is_none(), "{bad}");
        }
    }
}
