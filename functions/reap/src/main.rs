//! Starts the reap function.

fn main() -> Result<(), app::Error> {
    app::start(fn_reap::run())
}
