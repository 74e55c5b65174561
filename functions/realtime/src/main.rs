//! Starts the realtime function.

fn main() -> Result<(), app::Error> {
    app::start(fn_realtime::run())
}
