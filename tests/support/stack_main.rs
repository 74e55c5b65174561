//! `maru-local`, linked beside the tests so that they can start it.

fn main() -> std::process::ExitCode {
    local::main()
}
