//! Starts the ws-message function.

fn main() -> Result<(), app::Error> {
    app::start(fn_ws_message::run())
}
