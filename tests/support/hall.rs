//! A company with one room, made by SQL: for tests and figures of the store and the use cases themselves.

use app::{Caller, Client};
use domain::message::{Attachments, Content, Draft, Message};
use domain::{CompanyId, MessageId, RoomId, SessionId, UserId};
use serde_json::Value;
use store::{Act, Appended, Origin, Password, Store};
use tokio_postgres::NoTls;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;
use wire::rest::messages::MessageView;

use crate::rest::fresh_id;

/// A private room of a fresh company; the first person made it, the others are plain members.
pub struct Hall {
    /// The company.
    pub company: CompanyId,
    /// The room.
    pub room: RoomId,
    /// Who is in it.
    pub people: Vec<UserId>,
    /// A store of its own: one connection.
    pub store: Store,
    url: String,
    sql: tokio_postgres::Client,
}

impl Hall {
    /// Makes it with `count` people in the Postgres of `url`.
    pub async fn new(url: &str, count: usize) -> Self {
        let (sql, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .expect("Postgres answers");
        tokio::spawn(connection);
        let hall = Self {
            company: CompanyId(fresh_id()),
            room: RoomId(fresh_id()),
            people: (0..count).map(|_| UserId(fresh_id())).collect(),
            store: store(url),
            url: url.to_owned(),
            sql,
        };
        hall.seed().await;
        hall
    }

    /// Another store with a connection of its own, as another instance of a function has.
    #[must_use]
    pub fn another_store(&self) -> Store {
        store(&self.url)
    }

    /// A call by `user`, now.
    #[must_use]
    pub fn caller(&self, user: UserId) -> Caller {
        Caller {
            user,
            company: self.company,
            session: SessionId(fresh_id()),
            client: Client {
                at: app::clock::now(),
                address: "127.0.0.1".to_owned(),
                user_agent: String::new(),
                request_id: fresh_id().to_string(),
            }
            .into(),
        }
    }

    /// A message by `author`, ready to be appended.
    #[must_use]
    pub fn message(&self, author: UserId, content: &str) -> Message {
        let draft = Draft {
            content: Content::parse(content).expect("a sayable text"),
            client_id: None,
            reply_to: None,
            metadata: None,
            attachments: Attachments::default(),
        };
        draft.into_message(MessageId(fresh_id()), self.room, author, app::clock::now())
    }

    /// Appends it over `store`.
    pub async fn append(&self, store: &Store, message: &Message) -> Appended {
        let payload = payload(message).to_string();
        let none = Attachments::default();
        let appended = store.append_message(self.company, message.clone(), &none, &payload);
        appended.await.expect("Postgres answers")
    }

    /// Appends `count` messages of the first person, straight into the tables.
    pub async fn fill(&self, count: i64) {
        let mut left = count;
        while left > 0 {
            // As many as one statement may take the time for.
            let some = left.min(10_000);
            self.fill_some(some).await;
            left -= some;
        }
    }

    async fn fill_some(&self, count: i64) {
        self.run(
            "with room as (
                 update rooms set last_seq = last_seq + $4, message_count = message_count + $4
                 where company_id = $1 and id = $2 returning last_seq - $4 as seq, message_count - $4 as ordinal
             )
             insert into messages (company_id, id, room_id, seq, ordinal, author_id, content, created_at)
             select $1, gen_random_uuid(), $2, room.seq + n, room.ordinal + n, $3, 'message ' || n, now()
             from room, generate_series(1, $4) n",
            &[
                (&self.company.0, Type::UUID),
                (&self.room.0, Type::UUID),
                (&self.people[0].0, Type::UUID),
                (&count, Type::INT8),
            ],
        )
        .await;
    }

    /// Makes `count` more rooms with everybody in and `messages` of the first person's in each, into the tables.
    pub async fn fill_rooms(&self, count: i64, messages: i64) {
        let company = (&self.company.0 as _, Type::UUID);
        let first = (&self.people[0].0 as _, Type::UUID);
        let messages = (&messages as _, Type::INT8);
        self.run(
            "insert into rooms (company_id, id, type, name, name_key, created_by, member_limit, member_count, last_seq,
                 message_count, last_activity_at, created_at)
             select $1, gen_random_uuid(), 'private', 'r' || n, 'r' || n, $2, 100000, 0, $4, $4,
                 now() - n * interval '1 s', now()
             from generate_series(1, $3) n",
            &[company.clone(), first.clone(), (&count, Type::INT8), messages.clone()],
        )
        .await;
        self.run(
            "insert into room_members (company_id, room_id, user_id, role, joined_at)
             select r.company_id, r.id, u.id, 'member', now() from rooms r, users u
             where r.company_id = $1 and u.company_id = $1 and r.name <> 'hall'",
            std::slice::from_ref(&company),
        )
        .await;
        self.run(
            "insert into messages (company_id, id, room_id, seq, ordinal, author_id, content, created_at)
             select r.company_id, gen_random_uuid(), r.id, n, n, $2, 'hello', now()
             from rooms r, generate_series(1, $3) n where r.company_id = $1 and r.name <> 'hall'",
            &[company, first, messages],
        )
        .await;
    }

    /// Runs a statement of the test's own.
    pub async fn run(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Vec<tokio_postgres::Row> {
        let rows = self.sql.query_typed(sql, params).await;
        rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The room's whole log: number, type and data of each event.
    pub async fn log(&self) -> Vec<(i64, String, Value)> {
        let events = self.run(
            "select seq, type, payload from room_events where company_id = $1 and room_id = $2 order by seq",
            &[(&self.company.0, Type::UUID), (&self.room.0, Type::UUID)],
        ).await;
        events
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect()
    }

    /// `caller` changing the room.
    #[must_use]
    pub fn act<'a>(&self, caller: &'a Caller) -> Act<'a> {
        Act {
            company: self.company,
            room: self.room,
            actor: caller.user,
            id: fresh_id(),
            origin: Origin {
                at: caller.client.at,
                address: &caller.client.address,
                user_agent: &caller.client.user_agent,
                request_id: &caller.client.request_id,
            },
        }
    }

    async fn seed(&self) {
        let company = (&self.company.0 as _, Type::UUID);
        let room = (&self.room.0 as _, Type::UUID);
        let people: Vec<Uuid> = self.people.iter().map(|user| user.0).collect();
        let people = (&people as _, Type::UUID_ARRAY);
        let count = i32::try_from(self.people.len()).expect("a few people");
        self.run(
            "insert into companies (id, name, created_at) values ($1, 'hall', now())",
            std::slice::from_ref(&company),
        )
        .await;
        self.run(
            "insert into users (company_id, id, email, full_name, handle, role, password_hash, created_at)
             select $1, id, id || '@example.com', 'Someone', id::text, case n when 1 then 'owner' else 'member' end, '', now()
             from unnest($2) with ordinality as people (id, n)",
            &[company.clone(), people.clone()],
        )
        .await;
        self.run(
            "insert into rooms (company_id, id, type, name, name_key, created_by, member_limit, member_count,
                 last_activity_at, created_at)
             values ($1, $2, 'private', 'hall', 'hall', ($3::uuid[])[1], 100000, $4, now(), now())",
            &[company.clone(), room.clone(), people.clone(), (&count, Type::INT4)],
        )
        .await;
        self.run(
            "insert into room_members (company_id, room_id, user_id, role, joined_at)
             select $1, $2, id, case n when 1 then 'creator' else 'member' end, now()
             from unnest($3) with ordinality as people (id, n)",
            &[company, room, people],
        )
        .await;
    }
}

/// The data of the event that tells of `message`.
#[must_use]
pub fn payload(message: &Message) -> Value {
    serde_json::to_value(MessageView::from(message.clone())).expect("a message is JSON")
}

fn store(url: &str) -> Store {
    Store::new(url, Password::InAddress).expect("an address of Postgres")
}
