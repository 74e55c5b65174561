//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::demo;

/// The whole of Maru on this machine, for development and tests.
#[derive(Debug, Parser)]
#[command(
    name = "maru-local",
    version,
    about,
    args_conflicts_with_subcommands = true
)]
pub struct Options {
    /// What to do; `up` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `up`, when it is left out.
    #[command(flatten)]
    pub up: Up,
}

impl Options {
    /// What to do, said or not.
    #[must_use]
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Up(self.up))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything and keep it running until Ctrl-C.
    Up(Up),
    /// Tell whether a stack runs, and where.
    Status {
        /// Where it lives.
        #[command(flatten)]
        place: Place,
        /// As one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the log of one part (a function, postgres, redis); without a name: which there are.
    Logs {
        /// Which log.
        name: Option<String>,
        /// Go on printing what comes.
        #[arg(short, long)]
        follow: bool,
        /// Where the stack lives.
        #[command(flatten)]
        place: Place,
    },
    /// Open psql on the running stack's database, as its owner.
    Psql {
        /// Where the stack lives.
        #[command(flatten)]
        place: Place,
        /// Passed on to psql.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Do the main job once, before your eyes, and check it.
    Demo(demo::Options),
    /// Write docs/api from the code.
    Openapi {
        /// Only tell whether it is up to date.
        #[arg(long)]
        check: bool,
    },
    /// Be the demo's uploading client (the demo starts it, and kills it).
    #[command(hide = true)]
    Uploader,
    /// Be one instance of a function (the stack starts these).
    #[command(hide = true)]
    Function {
        /// Name of the function's folder.
        name: String,
    },
    /// Keep one server, and end it when the stack is gone (the stack starts these).
    #[command(hide = true)]
    Guard(Guard),
}

/// Where a stack keeps its data.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Folder of the data [default: .local beside template.yaml]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// How to start.
#[derive(Debug, Clone, Args)]
pub struct Up {
    /// Where the data lives.
    #[command(flatten)]
    pub place: Place,
    /// Forget all data first.
    #[arg(long)]
    pub reset: bool,
    /// Port of the REST API; the others follow it. 0 takes free ones.
    #[arg(long, default_value_t = 8080, value_name = "N")]
    pub port: u16,
    /// Instances of each function to start in advance and keep.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub keep_warm: usize,
    /// Print one line of JSON when ready, instead of addresses for people.
    #[arg(long)]
    pub json: bool,
    /// Seconds after which a silent socket is cut (API Gateway: 600).
    #[arg(long, default_value_t = 600, value_name = "S")]
    pub socket_idle_s: u64,
    /// Seconds after which any socket is cut (API Gateway: 7200).
    #[arg(long, default_value_t = 7_200, value_name = "S")]
    pub socket_age_s: u64,
    /// End when standard input ends: whoever holds the other end is gone.
    #[arg(long)]
    pub parent_pipe: bool,
    /// Put faults between the functions and Postgres and Redis on request, at the price of a detour.
    #[arg(long)]
    pub faults: bool,
    /// A parameter of the template, `NAME=VALUE`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    pub set: Vec<(String, String)>,
    /// Remove the data folder at the end.
    #[arg(long)]
    pub temporary: bool,
    /// Never install a missing server; say how to instead.
    #[arg(long)]
    pub no_install: bool,
    /// Run the release binaries that `cargo lambda build --release` left in this folder (`target/lambda`) instead of
    /// this program's own functions.
    #[arg(long, env = "MARU_BINARIES", value_name = "DIR")]
    pub binaries: Option<PathBuf>,
    /// Another template than the one found above the current folder.
    #[arg(long, value_name = "FILE", hide = true)]
    pub template: Option<PathBuf>,
    /// Use this server (an owner or superuser role) instead of a private one.
    #[arg(
        long,
        env = "MARU_POSTGRES_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub postgres_url: Option<String>,
    /// Use this Redis or Valkey cluster instead of a private one.
    #[arg(
        long,
        env = "MARU_REDIS_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub redis_url: Option<String>,
}

/// What a guard keeps.
#[derive(Debug, Clone, Args)]
pub struct Guard {
    /// Seconds an orderly end may take before the server is killed.
    #[arg(long)]
    pub grace_s: u64,
    /// User and group to run as, `UID:GID`.
    #[arg(long)]
    pub user: Option<String>,
    /// The program and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    pub command: Vec<String>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected NAME=VALUE".to_owned())
}
