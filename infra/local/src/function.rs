//! One instance of one function: what `maru-local function NAME` is.

use std::io::Read;

/// What the reader of the previews function is called: no function of its own, but a process that one starts.
const RENDER: &str = "previews-render";

/// Runs the function `name` until its instance is taken away.
///
/// # Errors
/// When there is no such function, or with what the function ended with.
pub fn run(name: &str) -> Result<(), app::Error> {
    // It speaks over standard input, and its parent ends it.
    if name == RENDER {
        return fn_previews::render();
    }
    end_with_the_stack()?;
    match name {
        "announce" => app::start(fn_announce::run()),
        "auth" => app::start(fn_auth::run()),
        "files" => app::start(fn_files::run()),
        "inspect" => app::start(fn_inspect::run()),
        "messages" => app::start(fn_messages::run()),
        "migrate" => app::start(fn_migrate::run()),
        "previews" => app::start(fn_previews::run(&["function", RENDER])),
        "realtime" => app::start(fn_realtime::run()),
        "reap" => app::start(fn_reap::run()),
        "rooms" => app::start(fn_rooms::run()),
        "status" => app::start(fn_status::run()),
        "uploads" => app::start(fn_uploads::run()),
        "ws-authorize" => app::start(fn_ws_authorize::run()),
        "ws-connect" => app::start(fn_ws_connect::run()),
        "ws-disconnect" => app::start(fn_ws_disconnect::run()),
        "ws-message" => app::start(fn_ws_message::run()),
        other => Err(format!("there is no function `{other}`").into()),
    }
}

/// Sees to it that no instance outlives the stack, however that ended.
///
/// The stack holds the other end of standard input. On Linux the kernel does it too, and also for
/// an instance that is frozen.
fn end_with_the_stack() -> Result<(), app::Error> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    std::thread::Builder::new()
        .name("parent".to_owned())
        .spawn(|| {
            let mut byte = [0];
            while matches!(std::io::stdin().read(&mut byte), Ok(1..)) {}
            std::process::exit(0);
        })?;
    Ok(())
}
