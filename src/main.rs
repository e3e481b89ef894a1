//! The `anergy` command.

fn main() -> std::process::ExitCode {
    anergy::cli::main()
}
