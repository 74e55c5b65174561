//! How a person stands in a room: what the permission table is asked with.

use domain::room::{Access, Role, Status};
use domain::{CompanyId, RoomId, UserId};
use tokio_postgres::types::Type;

use crate::{Error, Store};

/// A member's role and access, and the state of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What they are there.
    pub role: Role,
    /// Whether they may write at all.
    pub access: Access,
    /// Whether the room is in use.
    pub status: Status,
}

impl Store {
    /// Whether a person and their company are active.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn is_active(&self, company: CompanyId, user: UserId) -> Result<bool, Error> {
        let sql = "select from users u
             join companies c on c.id = u.company_id and c.deleted_at is null
             where u.company_id = $1 and u.id = $2 and u.status = 'active'";
        let params = [(&company.0 as _, Type::UUID), (&user.0 as _, Type::UUID)];
        Ok(self.db().await?.row(sql, &params).await?.is_some())
    }

    /// How an active person stands in a room; `None` when they are no member, or there is no such room.
    ///
    /// For what is not stored. A change checks for itself, behind the room's lock.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn standing(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
    ) -> Result<Option<Standing>, Error> {
        let row = self
            .db()
            .await?
            .row(
                "select m.role, m.access, r.status
                 from room_members m
                 join rooms r on r.company_id = m.company_id and r.id = m.room_id and r.status <> 'deleted'
                 join users u on u.company_id = m.company_id and u.id = m.user_id and u.status = 'active'
                 where m.company_id = $1 and m.user_id = $2 and m.room_id = $3",
                &[
                    (&company.0, Type::UUID),
                    (&user.0, Type::UUID),
                    (&room.0, Type::UUID),
                ],
            )
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let odd = |word: &str| Error::Corrupt(format!("a member's {word}"));
        Ok(Some(Standing {
            role: Role::parse(row.try_get("role")?).ok_or_else(|| odd("role"))?,
            access: Access::parse(row.try_get("access")?).ok_or_else(|| odd("access"))?,
            status: Status::parse(row.try_get("status")?).ok_or_else(|| odd("room"))?,
        }))
    }
}
