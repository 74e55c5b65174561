//! `cargo run`: the whole of Maru on this machine.

fn main() -> std::process::ExitCode {
    local::main()
}
