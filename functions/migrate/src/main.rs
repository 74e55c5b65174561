//! Starts the migrate function.

fn main() -> Result<(), app::Error> {
    app::start(fn_migrate::run())
}
