//! Starts the messages function.

fn main() -> Result<(), app::Error> {
    app::start(fn_messages::run())
}
