//! The whole of Maru on one machine, from template.yaml: for development and tests only.
#![expect(
    clippy::disallowed_methods,
    reason = "this crate is the machine around the functions: clock, environment and identity are its business"
)]

pub mod banner;
pub mod children;
pub mod commands;
pub mod control;
pub mod data;
pub mod demo;
pub mod dynamodb;
mod error;
pub mod faults;
pub mod function;
pub mod gateway;
pub mod install;
pub mod lambda;
pub mod logs;
pub mod loopback;
pub mod openapi;
pub mod options;
pub mod pages;
pub mod people;
pub mod ports;
pub mod postgres;
pub mod ready;
pub mod redis_server;
pub mod s3;
pub mod say;
pub mod secrets;
pub mod signals;
pub mod stack;
pub mod template;

use std::process::ExitCode;

use clap::Parser;
pub use error::Error;
use options::{Command, Options, Place};

/// Does what the command line says; the whole of the program.
#[must_use]
pub fn main() -> ExitCode {
    let command = Options::parse().command();
    if let Command::Function { name } = &command {
        // An instance makes a runtime of its own, as it does when deployed.
        return match function::run(name) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&Error::Said(error.to_string())),
        };
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Error::io("start")(error)),
    };
    let outcome = runtime.block_on(run(command));
    // A thread may still be waiting for input that never comes.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| failed(&error))
}

async fn run(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Up(up) => Box::pin(stack::up(up)).await?,
        Command::Status { place, json } => commands::status(&folder(&place), json)?,
        Command::Logs {
            name,
            follow,
            place,
        } => logs::run(&folder(&place), name.as_deref(), follow).await?,
        Command::Psql { place, args } => commands::psql(&folder(&place), &args)?,
        Command::Function { name } => {
            return Err(Error::Said(format!("`{name}` runs without this runtime")));
        }
        Command::Demo(demo) => {
            let held = demo::run(&demo, &folder(&demo.place)).await?;
            return Ok(if held {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        Command::Uploader => demo::child::run().await?,
        Command::Openapi { check } => openapi::write(&root(), check)?,
        Command::Guard(guard) => return children::guard::run(guard).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the project stands: beside template.yaml.
fn root() -> std::path::PathBuf {
    let template = data::template();
    template
        .parent()
        .map_or_else(Default::default, std::path::Path::to_path_buf)
}

fn folder(place: &Place) -> std::path::PathBuf {
    data::folder(place.data.as_deref(), &data::template())
}

fn failed(error: &Error) -> ExitCode {
    say::note(format_args!("maru-local: {}", error.chain()));
    ExitCode::FAILURE
}
