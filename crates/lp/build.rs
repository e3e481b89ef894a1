//! Looks for the library that the feature `cbc` links, before minutes of building end at the linker.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// The library of COIN-OR CBC.
const LIBRARY: &str = "CbcSolver";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    for variable in ["LIBRARY_PATH", "PATH", "RUSTC_LINKER"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let asked = env::var_os("CARGO_FEATURE_CBC").is_some();
    // For another machine, the linker of this one says nothing.
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if !asked || !native || links() != Some(false) {
        return ExitCode::SUCCESS;
    }
    println!(
        "cargo::error=the feature `cbc` (and so --all-features) links the library lib{LIBRARY} of COIN-OR CBC, and the \
         linker does not find it. Install it (Debian, Ubuntu: apt install coinor-libcbc-dev; Fedora: dnf install \
         coin-or-Cbc-devel; macOS: brew install cbc), say where it is with LIBRARY_PATH, or build without the feature"
    );
    ExitCode::FAILURE
}

/// Returns whether a program links with the library; `None` where there is no compiler to ask.
fn links() -> Option<bool> {
    let folder = PathBuf::from(env::var_os("OUT_DIR")?);
    let source = folder.join("probe.c");
    std::fs::write(&source, "int main(void) { return 0; }\n").ok()?;
    let linked = |library: Option<&str>| {
        let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
        let mut command = Command::new(linker);
        command.arg(&source).arg("-o").arg(folder.join("probe")).args(library.map(|name| format!("-l{name}")));
        Some(command.stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?.success())
    };
    // A compiler that cannot link anything says nothing about the library.
    if !linked(None)? {
        return None;
    }
    linked(Some(LIBRARY))
}
