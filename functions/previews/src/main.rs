//! Starts the previews function, or as `bootstrap render` the process that looks at one file for it.

fn main() -> Result<(), app::Error> {
    match std::env::args().nth(1).as_deref() {
        Some("render") => fn_previews::render(),
        _ => app::start(fn_previews::run(&["render"])),
    }
}
