//! Postgres: every SQL statement of Maru, one file per aggregate.
//!
//! One connection per function instance, opened at first use. Statements are unnamed
//! ([`Db::rows`]), so that RDS Proxy never pins; a change in a room is one flight
//! ([`flight!`]): lock, check, write and commit are sent together and cost one round trip.

mod audit;
mod constraints;
mod db;
mod error;
mod events;
mod files;
mod grown;
mod inspection;
mod messages;
pub mod migrations;
mod missed;
mod people;
mod previews;
mod purge;
mod refresh;
mod rooms;
mod rule;
mod scans;
mod sessions;
mod sign_in;
mod signing_keys;
mod standing;
mod sync;
mod upkeep;
pub mod uploads;

pub use audit::Origin;
pub use constraints::Clash;
pub use db::{Db, Params, Password, Store, Target, TokenFn};
pub use error::Error;
pub use events::{Excerpt, Heads, Logged, MOST_BEHIND};
pub use files::{
    Content, Expired, FileAct, FileChanged, FileEvent, FoundFile, InRoom, NewLink, ToTier, Versions,
};
pub use grown::Grown;
pub use inspection::{Finding, Inspected};
pub use messages::{Appended, Read};
pub use missed::Missed;
pub use people::{Account, Added, NewCompany, NewPerson};
pub use previews::{Begun, News as FileNews};
pub use refresh::{Rotated, Rotation};
pub use rooms::{
    Act, Adding, Answer, Changed, FoundRoom, Members, RoomEvent, RoomsFilter, RoomsScope,
};
pub use sessions::{Ended, NewSession, Session};
pub use sign_in::{Admission, Door, Known};
pub use signing_keys::SigningKey;
pub use standing::Standing;
pub use sync::{News, OWN_LOG, Position, Snapshot};
pub use upkeep::{Difference, Orphan, Progressed, Reckoning};
