//! Starts the ws-connect function.

fn main() -> Result<(), app::Error> {
    app::start(fn_ws_connect::run())
}
