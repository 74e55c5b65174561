//! Starts the auth function.

fn main() -> Result<(), app::Error> {
    app::start(fn_auth::run())
}
