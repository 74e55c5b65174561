//! Starts the inspect function.

fn main() -> Result<(), app::Error> {
    app::start(fn_inspect::run())
}
