//! The committed series of the small district are those of its formulas.

#![allow(missing_docs, clippy::unwrap_used)]

use std::process::Command;

#[test]
fn the_committed_series_are_what_the_formulas_give() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // The example is built with the tests, so the profile is that of this very file.
    let mut example = std::env::current_exe().unwrap();
    example.pop();
    example.pop();
    example.push("examples/small_district");
    assert!(example.is_file(), "{} of {manifest} is built with the tests", example.display());
    let output = Command::new(example).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
