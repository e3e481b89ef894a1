//! Duration of the report of a year of the smart district in hourly steps: reading files, making the page, writing the
//! page, and drawing its figures as images.
//!
//! `cargo bench --bench report`

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anergy::report::{Page, RunResults, html, print, run_page};
use divan::{Bencher, black_box};
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Returns the run folder, which is made once.
fn year() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let district = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/smart_district.yaml");
        let run = Command::new(env!("CARGO_BIN_EXE_anergy"))
            .args(["run", district, "--quiet", "--name", "year", "--out"])
            .arg(folder.path())
            .output();
        assert!(run.unwrap().status.success());
        folder
    });
    folder.path().join("year")
}

fn page() -> Page {
    run_page(&RunResults::read(&year(), "year").unwrap())
}

#[divan::bench]
fn files_read(bencher: Bencher<'_, '_>) {
    let folder = year();
    bencher.bench_local(|| RunResults::read(black_box(&folder), "year").unwrap());
}

#[divan::bench]
fn page_made(bencher: Bencher<'_, '_>) {
    let run = RunResults::read(&year(), "year").unwrap();
    bencher.bench_local(|| run_page(black_box(&run)));
}

#[divan::bench]
fn page_written(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.bench_local(|| html(black_box(&page)).unwrap());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn pictures_svg(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.bench_local(|| page.figures().map(|figure| print::svg(black_box(figure)).len()).sum::<usize>());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn pictures_png(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.bench_local(|| page.figures().map(|figure| print::png(black_box(figure)).unwrap().len()).sum::<usize>());
}
