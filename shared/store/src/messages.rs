//! Messages: sending into a room's log, and reading back.
//!
//! Every statement here is one round trip and checks for itself that the person is active and may read the room.

use domain::history::{History, Place, Window};
use domain::message::{Attachment, Attachments, Kind, Message, Refusal};
use domain::room::Action;
use domain::{CompanyId, MessageId, RoomId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::rule::Words;
use crate::{Error, Store};

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It stands in the log now.
    Sent(Message),
    /// It had been sent before under the same `client_id`; this is how it stands now.
    Known(Message),
    /// It was turned away.
    Refused(Refusal),
}

/// What came of asking for a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// The page.
    Page(History),
    /// No such room, or none that this person may read.
    NoRoom,
    /// The message to start from is not in this room.
    NoPlace,
}

const APPEND: &str =
    "select * from append_message_3($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10, $11, $12, $13,
        $14)";

const ONE: &str =
    "select m.id, m.room_id, m.seq, m.author_id, m.kind, m.content, m.reply_to, m.metadata,
        m.client_id, m.created_at, m.edited_at, m.deleted_at,
        case when m.attachment_count > 0 then attachments_2(m.id) else '[]'::jsonb end as attachments
    from messages m
    join rooms r on r.company_id = $1 and r.id = m.room_id
    join users u on u.company_id = $1 and u.id = $2
    left join room_members mine on mine.room_id = r.id and mine.user_id = u.id
    where m.company_id = $1 and m.id = $3 and r.status <> 'deleted' and u.status = 'active'
      and (mine.user_id is not null or (r.type = 'public' and u.role <> 'guest'))";

const PAGE: &str = "select * from message_page_2($1, $2, $3, $4, $5, $6, $7, $8)";

impl Store {
    /// Appends `message` (its number does not matter) to its room's log, if its author may.
    ///
    /// `payload` is the event's data as clients read it, in JSON; the database puts in the number, and `attachments` as
    /// they stand. The room is locked before anything is checked, so that what follows a removal or an archive in the
    /// log has seen it.
    ///
    /// # Errors
    /// When Postgres does not answer or the stored row makes no sense.
    pub async fn append_message(
        &self,
        company: CompanyId,
        message: Message,
        attachments: &Attachments,
        payload: &str,
    ) -> Result<Appended, Error> {
        let row = match self
            .try_append(company, &message, attachments, payload)
            .await
        {
            // Two retries at once that both missed each other: the second look finds the first message.
            Err(error) if error.constraint() == Some("messages_client_id_key") => {
                self.try_append(company, &message, attachments, payload)
                    .await?
            }
            done => done?,
        };
        appended(&row, message)
    }

    /// One message, if `user` may read its room.
    ///
    /// # Errors
    /// As [`Store::append_message`].
    pub async fn message(
        &self,
        company: CompanyId,
        user: UserId,
        id: MessageId,
    ) -> Result<Option<Message>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
        ];
        self.db()
            .await?
            .row(ONE, &params)
            .await?
            .as_ref()
            .map(message)
            .transpose()
    }

    /// A page of at most `limit` messages, if `user` may read the room.
    ///
    /// Walks the index of the room's order from the place on: as fast in the oldest room as in a new one.
    ///
    /// # Errors
    /// As [`Store::append_message`].
    pub async fn history(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
        window: Window,
        limit: i64,
    ) -> Result<Read, Error> {
        let (read_older, read_newer) = window.reads(limit);
        let (seq, anchor) = match window.place() {
            None => (None, None),
            // One below the largest, so that one may be added to it.
            Some(Place::Seq(seq)) => (Some(seq.min(i64::MAX - 1)), None),
            Some(Place::Message(id)) => (None, Some(id.0)),
        };
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&room.0 as _, Type::UUID),
            (&seq as _, Type::INT8),
            (&anchor as _, Type::UUID),
            (&i64::from(window.includes_place()) as _, Type::INT8),
            (&read_older as _, Type::INT8),
            (&read_newer as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(PAGE, &params).await?;
        page(&rows, window, limit)
    }

    async fn try_append(
        &self,
        company: CompanyId,
        message: &Message,
        attachments: &Attachments,
        payload: &str,
    ) -> Result<Row, Error> {
        let attachments = serde_json::to_value(attachments.as_slice())
            .map_err(|error| Error::Corrupt(error.to_string()))?;
        let author = message.author.map(|author| author.0);
        let reply_to = message.reply_to.map(|id| id.0);
        let rule = Words::from(Action::Write.rule());
        let params = [
            (&company.0 as _, Type::UUID),
            (&message.room.0 as _, Type::UUID),
            (&author as _, Type::UUID),
            (&message.id.0 as _, Type::UUID),
            (&message.client_id as _, Type::TEXT),
            (&message.content as _, Type::TEXT),
            (&reply_to as _, Type::UUID),
            (&message.metadata as _, Type::JSONB),
            (&payload as _, Type::TEXT),
            (&message.created_at as _, Type::TIMESTAMPTZ),
            (&rule.roles as _, Type::TEXT_ARRAY),
            (&rule.accesses as _, Type::TEXT_ARRAY),
            (&rule.statuses as _, Type::TEXT_ARRAY),
            (&attachments as _, Type::JSONB),
        ];
        let row = self.db().await?.row(APPEND, &params).await?;
        row.ok_or_else(|| Error::Corrupt("append_message_3 answered nothing".into()))
    }
}

fn appended(row: &Row, draft: Message) -> Result<Appended, Error> {
    let refusal = match row.try_get("outcome")? {
        // It is stored as it came; these two only the database knows.
        "sent" => {
            return Ok(Appended::Sent(Message {
                seq: row.try_get("seq")?,
                attachments: attachments(row)?,
                ..draft
            }));
        }
        "known" => return Ok(Appended::Known(message(row)?)),
        "no_room" => Refusal::NoRoom,
        "inactive" => Refusal::Inactive,
        "not_member" => Refusal::NotMember,
        "client_id_reused" => Refusal::ClientIdReused,
        "role" => Refusal::Role,
        "read_only" => Refusal::ReadOnly,
        "archived" => Refusal::Archived,
        "slow_mode" => Refusal::SlowMode {
            wait_ms: row.try_get("wait_ms")?,
        },
        "no_reply_target" => Refusal::NoReplyTarget,
        "no_attachment" => Refusal::NoAttachment {
            place: usize::try_from(row.try_get::<_, i32>("place")?).unwrap_or_default(),
        },
        other => return Err(Error::Corrupt(format!("append_message_3: {other}"))),
    };
    Ok(Appended::Refused(refusal))
}

fn page(rows: &[Row], window: Window, limit: i64) -> Result<Read, Error> {
    let Some(first) = rows.first() else {
        return Ok(Read::NoRoom);
    };
    if first.try_get::<_, Option<i64>>("place")?.is_none() {
        return Ok(Read::NoPlace);
    }
    let (mut older, mut newer) = (Vec::new(), Vec::new());
    for row in rows {
        match row.try_get("older")? {
            Some(true) => older.push(message(row)?),
            Some(false) => newer.push(message(row)?),
            None => {}
        }
    }
    let limit = usize::try_from(limit).unwrap_or_default();
    Ok(Read::Page(window.cut(limit, older, newer)))
}

fn message(row: &Row) -> Result<Message, Error> {
    let kind: &str = row.try_get("kind")?;
    Ok(Message {
        id: MessageId(row.try_get("id")?),
        room: RoomId(row.try_get("room_id")?),
        seq: row.try_get("seq")?,
        author: row.try_get::<_, Option<_>>("author_id")?.map(UserId),
        kind: Kind::parse(kind).ok_or_else(|| Error::Corrupt(format!("message kind {kind}")))?,
        content: row.try_get("content")?,
        reply_to: row.try_get::<_, Option<_>>("reply_to")?.map(MessageId),
        metadata: row.try_get("metadata")?,
        attachments: attachments(row)?,
        client_id: row.try_get("client_id")?,
        created_at: row.try_get("created_at")?,
        edited_at: row.try_get("edited_at")?,
        deleted_at: row.try_get("deleted_at")?,
    })
}

fn attachments(row: &Row) -> Result<Vec<Attachment>, Error> {
    serde_json::from_value(row.try_get("attachments")?)
        .map_err(|error| Error::Corrupt(error.to_string()))
}
