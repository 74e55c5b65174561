//! What travels: REST bodies, socket frames, problem documents. No rules.

pub mod cursor;
pub mod event;
pub mod problem;
pub mod rest;
pub mod socket;
pub mod written;
