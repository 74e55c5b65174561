//! Starts the files function.

fn main() -> Result<(), app::Error> {
    app::start(fn_files::run())
}
