//! Rooms made through the store itself: for races and figures that need many people at once.

use domain::message::Message;
use domain::room::{
    Access, Change, Description, Draft, Kind, MemberLimit, NewMember, Role, RoomName, SeatChange,
    SettingsChange,
};
use domain::{RoomId, UserId};
use store::{Act, FoundRoom, Origin, RoomEvent, Store};

use crate::Hall;
use crate::rest::fresh_id;

/// A small generator of choices: the same seed, the same test.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("a small number")
    }
}

/// What makes a room of `kind` for `limit` people.
#[must_use]
pub fn draft(kind: Kind, limit: i64) -> Draft {
    let name = format!("room {}", fresh_id());
    Draft {
        name: RoomName::parse(&name).expect("a name"),
        description: Description::default(),
        kind,
        member_limit: MemberLimit::new(limit).expect("a limit"),
        settings: SettingsChange::default(),
        members: vec![],
    }
}

/// A plain member to be added.
#[must_use]
pub fn member(user: UserId) -> NewMember {
    NewMember {
        user,
        role: Role::Member,
        access: Some(Access::Full),
    }
}

impl Hall {
    /// `actor` doing something to `room`, now.
    #[must_use]
    pub fn act_in(&self, room: RoomId, actor: UserId) -> Act<'static> {
        Act {
            company: self.company,
            room,
            actor,
            id: fresh_id(),
            origin: Origin {
                at: app::clock::now(),
                address: "127.0.0.1",
                user_agent: "",
                request_id: "test",
            },
        }
    }

    /// A room of the first person's; answers its id and first event.
    pub async fn chatroom(&self, store: &Store, draft: &Draft) -> (RoomId, RoomEvent) {
        let room = RoomId(fresh_id());
        let act = self.act_in(room, self.people[0]);
        let made = store.create_room(&act, draft).await;
        let made = made.expect("Postgres answers");
        (room, made.expect("the first person may").1)
    }

    /// The room as `user` finds it.
    pub async fn found(&self, room: RoomId, user: UserId) -> FoundRoom {
        let found = self.store.room(self.company, user, room).await;
        found.expect("Postgres answers").expect("visible")
    }

    /// Says `text` in `room`, if `user` may.
    pub async fn say(&self, store: &Store, room: RoomId, user: UserId, text: &str) {
        let message = Message {
            room,
            ..self.message(user, text)
        };
        drop(self.append(store, &message).await);
    }

    /// Something that `user` may or may not do to `room`: refusals are part of it.
    pub async fn shake(&self, store: &Store, room: RoomId, user: UserId, dice: &mut Dice) {
        let act = self.act_in(room, user);
        let creator = self.act_in(room, self.people[0]);
        match dice.roll(8) {
            0 | 1 => done(store.join_room(&act)).await,
            2 => done(store.leave_room(&act)).await,
            3 => done(store.remove_member(&creator, user)).await,
            4 => {
                let change = SeatChange {
                    role: Some(Role::ALL[dice.roll(3)]),
                    access: Some(Access::ALL[dice.roll(2)]),
                };
                done(store.change_member(&creator, user, change)).await;
            }
            5 => {
                let description = Description::parse(&dice.roll(99).to_string());
                let change = Change {
                    description: description.ok(),
                    ..Change::default()
                };
                done(store.change_room(&creator, &change, None)).await;
            }
            6 => {
                done(store.archive_room(&creator)).await;
                let creator = self.act_in(room, self.people[0]);
                done(store.restore_room(&creator)).await;
            }
            _ => self.say(store, room, user, "hello").await,
        }
    }
}

/// Waits for a change, made or refused.
async fn done<T>(change: impl Future<Output = Result<T, store::Error>>) {
    drop(change.await.expect("Postgres answers"));
}
