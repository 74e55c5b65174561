//! Postgres: every SQL statement of Maru, one file per aggregate.
//!
//! One connection per function instance, opened at first use. Statements are unnamed
//! ([`Db::rows`]), so that RDS Proxy never pins; a change in a room is one flight
//! ([`flight!`]): lock, check, write and commit are sent together and cost one round trip.

mod db;
mod error;
mod events;
pub mod migrations;
mod signing_keys;

pub use db::{Db, Params, Password, Store, TokenFn};
pub use error::Error;
pub use signing_keys::SigningKey;
