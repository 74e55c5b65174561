//! The logs of rooms and people: reading on from where a client stopped.

use domain::{CompanyId, RoomId, UserId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Error, Store};

impl Store {
    /// Everyone who is in a room now; nobody when there is no such room.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn member_ids(&self, company: CompanyId, room: RoomId) -> Result<Vec<UserId>, Error> {
        let rows = self
            .db()
            .await?
            .rows(
                "select m.user_id
                 from room_members m
                 join rooms r on r.company_id = m.company_id and r.id = m.room_id
                 join users u on u.company_id = m.company_id and u.id = m.user_id
                 where m.company_id = $1 and m.room_id = $2 and r.status <> 'deleted' and u.status = 'active'",
                &[(&company.0, Type::UUID), (&room.0, Type::UUID)],
            )
            .await?;
        rows.iter()
            .map(|row| Ok(UserId(row.try_get::<_, Uuid>(0)?)))
            .collect()
    }
}
