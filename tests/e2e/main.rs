//! End-to-end tests, against one running stack; each test has a company of its own.

mod auth;
mod contract;
mod curl;
mod disk_full;
mod edges;
mod files;
mod lifecycle;
mod message_log;
mod message_pages;
mod message_plans;
mod message_races;
mod messages;
mod operations;
mod pages;
mod realtime;
mod room_counts;
mod room_log;
mod room_members;
mod rooms;
mod starting;
mod strangers;
mod uploads;
mod uppy;
