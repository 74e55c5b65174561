//! `maru-bench FIGURE`: measures against a stack of its own (`MARU_STACK` names a running one instead), prints one
//! table and saves it as JSON.
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

mod bare;
mod cold;
mod cpu;
mod fanout;
mod files;
mod history;
mod memory;
mod previews;
mod quiet;
mod report;
mod rooms;
mod send;
mod sign;
mod sink;
mod sockets;
mod upload;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use live::Live;
use quiet::Quiet;
use support::Stack;

/// As the functions' whose routers it calls.
#[global_allocator]
static ALLOCATOR: app::Allocator = app::Allocator;

/// Figures of Maru, each in a table and as JSON.
#[derive(Debug, Parser)]
#[command(name = "maru-bench")]
struct Options {
    #[command(subcommand)]
    figure: Figure,
    /// Where to save the table as JSON [default: target/figures/FIGURE.json]
    #[arg(long, global = true, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Which figure to measure.
#[derive(Debug, Subcommand)]
enum Figure {
    /// Sending a message: time, processor, round trips.
    Send(send::Options),
    /// A page of history in a large room: time.
    History(history::Options),
    /// The list of rooms of a person in many: time.
    Rooms(rooms::Options),
    /// Cold starts and sizes of the binaries as they are deployed.
    Cold(cold::Options),
    /// Lists and searches of files: time.
    Files(files::Options),
    /// Signing a thousand parts: processor.
    Sign(sign::Options),
    /// A whole upload against a plain S3 client: time, control calls.
    Upload(upload::Options),
    /// Announcing to 1,000 and 10,000 connections: time, processor.
    Fanout(fanout::Options),
    /// A room full of sockets: who hears everything, and how soon.
    Sockets(sockets::Options),
    /// Previews of hostile files: memory, time.
    Previews(previews::Options),
    /// Be the other end of the pushes (`fanout` starts it).
    #[command(hide = true)]
    Sink(sink::Options),
}

/// Redis and DynamoDB of the stack, and no socket to tell anything.
pub(crate) fn live(stack: &Stack) -> Live {
    support::quiet_live(stack)
}

fn main() -> Result<(), app::Error> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // A sink tells its parent where it listens.
    let quiet = match options.figure {
        Figure::Sink(_) => None,
        _ => Some(Quiet::new()?),
    };
    // As a function does: what its lines cost is a part of what it costs.
    app::telemetry::init();
    let table = runtime.block_on(async {
        match &options.figure {
            Figure::Send(figure) => send::measure(figure).await,
            Figure::History(figure) => history::measure(figure).await,
            Figure::Rooms(figure) => rooms::measure(figure).await,
            Figure::Cold(figure) => cold::measure(figure),
            Figure::Files(figure) => files::measure(figure).await,
            Figure::Sign(figure) => sign::measure(figure).await,
            Figure::Upload(figure) => Box::pin(upload::measure(figure)).await,
            Figure::Fanout(figure) => fanout::measure(figure).await,
            Figure::Sockets(figure) => sockets::measure(figure).await,
            Figure::Previews(figure) => previews::measure(figure).await,
            Figure::Sink(sink) => match sink::serve(sink).await? {},
        }
    })?;
    drop(quiet);
    println!("{table}");
    let saved = table.save(options.out.as_deref())?;
    println!("saved as {}", saved.display());
    Ok(())
}
