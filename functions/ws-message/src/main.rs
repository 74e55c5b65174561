//! Starts the ws-message function.

#[global_allocator]
static ALLOCATOR: app::Allocator = app::Allocator;

fn main() -> Result<(), app::Error> {
    app::start(fn_ws_message::run())
}
