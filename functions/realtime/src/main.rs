//! Starts the realtime function.

#[global_allocator]
static ALLOCATOR: app::Allocator = app::Allocator;

fn main() -> Result<(), app::Error> {
    app::start(fn_realtime::run())
}
