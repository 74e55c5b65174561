//! Postgres: every SQL statement of Maru, one file per aggregate.
