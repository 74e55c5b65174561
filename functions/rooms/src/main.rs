//! Starts the rooms function.

fn main() -> Result<(), app::Error> {
    app::start(fn_rooms::run())
}
