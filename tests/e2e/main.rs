//! End-to-end tests, against one running stack; each test has a company of its own.

mod auth;
mod contract;
mod lifecycle;
mod strangers;
