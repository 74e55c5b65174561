//! What tests and benchmarks share: the running stack, people of their own, a REST client.

pub mod hall;
pub mod person;
pub mod rest;
pub mod stack;
pub mod wire_counter;

pub use hall::Hall;
pub use person::Person;
pub use rest::{Answer, Rest};
pub use stack::Stack;
pub use wire_counter::WireCounter;
