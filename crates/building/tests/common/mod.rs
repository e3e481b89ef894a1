//! What the tests of this crate share.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::io::Read;
use std::path::{Path, PathBuf};

use anergy_thermal::weather::{EpwDetails, Weather, epw_details_from_reader, epw_from_reader};
use flate2::read::GzDecoder;
use nalgebra::DMatrix;

/// A folder of the reference data beside the project: `None`, with a word on standard error, where it is not there.
/// With `ANERGY_REQUIRE_DATA=1` a missing folder fails the test.
pub fn reference_data(path: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference").join(path);
    if data.is_dir() {
        return Some(data);
    }
    let required = std::env::var_os("ANERGY_REQUIRE_DATA").is_some_and(|value| value == "1");
    assert!(!required, "ANERGY_REQUIRE_DATA=1, but the reference data are not at {}", data.display());
    eprintln!("SKIPPED: the reference data are not at {}", data.display());
    None
}

pub fn text(path: &Path) -> String {
    let mut text = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(file).read_to_end(&mut text).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_end(&mut text).unwrap();
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A matrix in a file without header.
pub fn matrix(path: &Path) -> DMatrix<f64> {
    let text = text(path);
    let rows: Vec<Vec<f64>> =
        text.lines().map(|line| line.split(',').map(|cell| cell.trim().parse().unwrap()).collect()).collect();
    DMatrix::from_fn(rows.len(), rows[0].len(), |row, column| rows[row][column])
}

/// The columns of a table with a header.
pub struct Table {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Table {
    pub fn read(path: &Path) -> Self {
        let text = text(path);
        let mut lines = text.lines();
        let names = lines.next().unwrap().split(',').map(str::to_owned).collect();
        let rows = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()).collect();
        Self { names, rows }
    }

    pub fn column(&self, name: &str) -> Vec<f64> {
        let position = self.names.iter().position(|known| known == name).unwrap();
        self.rows.iter().map(|row| row[position]).collect()
    }
}

pub fn weather(path: &Path) -> (Weather, EpwDetails) {
    let text = text(path);
    (epw_from_reader(path, text.as_bytes()).unwrap(), epw_details_from_reader(path, text.as_bytes()).unwrap())
}
