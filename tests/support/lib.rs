//! What tests and benchmarks share: the running stack, people of their own, a REST client.

#![expect(
    clippy::disallowed_methods,
    reason = "tests are an edge of their own: they make ids and read their environment"
)]

pub mod browser;
pub mod chatroom;
pub mod control;
pub mod craft;
pub mod hall;
pub mod launch;
pub mod person;
pub mod quiet;
pub mod records;
pub mod rest;
pub mod room_log;
pub mod sender;
pub mod socket;
pub mod stack;
pub mod tools;
pub mod uppy;
pub mod wire_counter;

pub use browser::Browser;
pub use hall::Hall;
pub use person::Person;
pub use quiet::quiet_live;
pub use rest::{Answer, Rest};
pub use room_log::RoomLog;
pub use socket::Socket;
pub use stack::Stack;
pub use wire_counter::WireCounter;
