//! Starts the ws-message function.
// Every action is a branch of one future; the compiler wants leave to look that deep.
#![recursion_limit = "256"]

fn main() -> Result<(), app::Error> {
    app::start(fn_ws_message::run())
}
