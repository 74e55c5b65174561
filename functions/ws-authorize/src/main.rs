//! Starts the ws-authorize function.

fn main() -> Result<(), app::Error> {
    app::start(fn_ws_authorize::run())
}
