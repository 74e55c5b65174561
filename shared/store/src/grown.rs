//! What rooms' logs gained a moment ago, whoever's they are: for looking after announcements that were lost.

use domain::{CompanyId, RoomId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;

use crate::events::{Logged, some_logged};
use crate::{Error, Store};

/// A room whose log grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grown {
    /// Its company.
    pub company: CompanyId,
    /// The room.
    pub room: RoomId,
    /// The last number that it gained in the time asked for.
    pub seq: i64,
}

/// The inner one is kept apart, so that it walks the log by time and not by room.
const GROWN: &str = "with lately as materialized (
        select company_id, room_id, seq, at from room_events where at >= $1 and at < $2
    )
    select company_id, room_id, max(seq) as seq from lately
    group by company_id, room_id order by min(at) limit $3";

const PART: &str = "select room_id, seq, type, actor_id, payload, at from room_events
    where company_id = $1 and room_id = $2 and seq > $3 and seq <= $4 order by seq";

impl Store {
    /// Rooms whose logs grew from `from` to `upto`, those that grew first before the others; at most `limit`.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn grown(
        &self,
        from: OffsetDateTime,
        upto: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Grown>, Error> {
        let params = [
            (&from as _, Type::TIMESTAMPTZ),
            (&upto as _, Type::TIMESTAMPTZ),
            (&limit as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(GROWN, &params).await?;
        let read = |row: &tokio_postgres::Row| {
            Ok(Grown {
                company: CompanyId(row.try_get("company_id")?),
                room: RoomId(row.try_get("room_id")?),
                seq: row.try_get("seq")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// What a room's log says after the number `after`, up to the one in `grown`.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn log_of(&self, grown: &Grown, after: i64) -> Result<Vec<Logged>, Error> {
        let params = [
            (&grown.company.0 as _, Type::UUID),
            (&grown.room.0 as _, Type::UUID),
            (&after as _, Type::INT8),
            (&grown.seq as _, Type::INT8),
        ];
        some_logged(&self.db().await?.rows(PART, &params).await?)
    }
}
