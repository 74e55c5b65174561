//! What tests and benchmarks share: the running stack, people of their own, a REST client.

pub mod person;
pub mod rest;
pub mod stack;

pub use person::Person;
pub use rest::{Answer, Rest};
pub use stack::Stack;
