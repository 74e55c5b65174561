//! What sockets do beside the use cases that they share with REST: greet, catch up, show who is writing.

mod catch_up;
mod event;
mod greet;
mod typing;

pub use catch_up::{ping, resume};
pub use event::{Frame, about, connection};
pub use greet::hello;
pub use live::limits::Rule;
pub use live::{Shard, Ticket};
pub use typing::{Writing, typing};
