//! Results of some cases: a Parquet file that is whole or not there.
//!
//! A segment is called by the first and the last of its cases and by the hash of its bytes. Whoever writes the same bytes writes the same
//! file, and whoever writes others writes another: two workers on the same cases do each other no harm.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::SweepError;
use super::manifest::{SEGMENTS, SERIES};
use super::row::Row;
use crate::config::sha256;
use crate::results::{Column, Table, write_file};

/// Characters of a hash in a name: 128 bits.
const HASH: usize = 32;

/// A segment's file, as its name tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    /// The first and the last of its cases.
    pub(super) first: usize,
    pub(super) last: usize,
    hash: String,
    pub(super) path: PathBuf,
}

impl Segment {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".parquet")?;
        let (cases, hash) = name.rsplit_once('-')?;
        let (first, last) = cases.split_once('-')?;
        let (first, last, hash) = (first.parse().ok()?, last.parse().ok()?, hash.to_owned());
        (hash.len() == HASH).then_some(Self { first, last, hash, path })
    }

    /// What is in it; `None` where it is not what was written.
    pub(super) fn read(&self) -> Result<Option<Table>, SweepError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(SweepError::Io { path: self.path.clone(), action: "read", source }),
        };
        if sha256(&bytes)[..HASH] != self.hash {
            return Ok(None);
        }
        Ok(Table::from_parquet(bytes).ok())
    }
}

/// The segments of a sweep's folder, by their first case.
pub(super) fn segments(folder: &Path) -> Result<Vec<Segment>, SweepError> {
    segments_in(&folder.join(SEGMENTS))
}

/// The segments in a folder, by their first case.
pub(super) fn segments_in(folder: &Path) -> Result<Vec<Segment>, SweepError> {
    let entries = fs::read_dir(folder).map_err(SweepError::io(folder, "read"))?;
    let mut segments = Vec::new();
    for entry in entries {
        let entry = entry.map_err(SweepError::io(folder, "read"))?;
        segments.extend(Segment::of(entry.path()));
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Puts the results of some cases into a sweep's folder: first their series, so that a row's series are there when it is.
pub(super) fn commit(folder: &Path, rows: &mut [Row], series: &[String]) -> Result<(), SweepError> {
    rows.sort_by_key(|row| row.index);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let (first, last) = (first.index, last.index);
    if !series.is_empty() {
        write(&folder.join(SERIES), &Row::series_table(rows, series), first, last)?;
    }
    write(&folder.join(SEGMENTS), &Row::table(rows), first, last)
}

fn write(folder: &Path, table: &Table, first: usize, last: usize) -> Result<(), SweepError> {
    let bytes = table.to_parquet()?;
    let path = folder.join(format!("{first:09}-{last:09}-{}.parquet", &sha256(&bytes)[..HASH]));
    write_file(&path, |file| file.write_all(&bytes)).map_err(SweepError::io(&path, "write"))
}

/// Columns of a segment by their names.
pub(super) fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns().iter().find(|(known, _)| known == name).map(|(_, column)| column)
}

/// Numbers, ids and states of the cases in a segment.
pub(super) fn keys(table: &Table) -> Option<(&[usize], &[String], &[String])> {
    match (column(table, "index")?, column(table, "id")?, column(table, "status")?) {
        (Column::Count(index), Column::Text(id), Column::Text(status)) => Some((index, id, status)),
        _ => None,
    }
}
