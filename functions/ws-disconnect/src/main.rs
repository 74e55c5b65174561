//! Starts the ws-disconnect function.

fn main() -> Result<(), app::Error> {
    app::start(fn_ws_disconnect::run())
}
