//! Starts the status function.

fn main() -> Result<(), app::Error> {
    app::start(fn_status::run())
}
