//! Starts the uploads function.

fn main() -> Result<(), app::Error> {
    app::start(fn_uploads::run())
}
