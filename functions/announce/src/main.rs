//! Starts the announce function.

fn main() -> Result<(), app::Error> {
    app::start(fn_announce::run())
}
