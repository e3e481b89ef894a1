//! Segments: the results of some cases in a Parquet file that is written atomically.
//!
//! The name of a segment consists of the first and the last of its cases and the hash of its bytes. Workers that write
//! the same bytes write the same file, and workers that write different bytes write different files, so two workers on
//! the same cases do not interfere.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anergy_config::sha256;
use anergy_data::results::{Column, Table, write_file};
use anergy_data::schema::columns::sweep as names;

use super::SweepError;
use super::manifest::{SEGMENTS, SERIES};
use super::row::CaseRow;

/// The number of characters of a hash in a name: 128 bits.
const HASH: usize = 32;

/// The file of a segment, as described by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    /// The first and the last of its cases.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) hash: String,
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

    /// Returns whether the bytes match the hash in the name.
    pub(super) fn is_whole(&self) -> Result<bool, SweepError> {
        Ok(self.bytes()?.is_some())
    }

    /// Reads the segment; `None` if it is damaged.
    pub(super) fn read(&self) -> Result<Option<Table>, SweepError> {
        Ok(self.bytes()?.and_then(|bytes| Table::from_parquet(bytes).ok()))
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, SweepError> {
        let bytes = fs::read(&self.path).map_err(SweepError::io(&self.path, "read"))?;
        Ok((sha256(&bytes)[..HASH] == self.hash).then_some(bytes))
    }
}

/// Returns the segments of a sweep's folder, ordered by their first case.
pub(super) fn segments(folder: &Path) -> Result<Vec<Segment>, SweepError> {
    segments_in(&folder.join(SEGMENTS))
}

/// Returns the segments in a folder, ordered by their first case.
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

/// The files of series in a sweep's folder, by their hashes.
#[derive(Debug, Default)]
pub(super) struct SeriesFiles(HashMap<String, Segment>);

impl SeriesFiles {
    /// Returns the files in `folder`; none if the folder does not exist.
    pub(super) fn of(folder: &Path) -> Result<Self, SweepError> {
        let place = folder.join(SERIES);
        let files = if place.exists() { segments_in(&place)? } else { Vec::new() };
        Ok(Self(files.into_iter().map(|file| (file.hash.clone(), file)).collect()))
    }

    /// Returns whether the file of this hash exists and is not damaged; false where there is no hash.
    pub(super) fn has(&self, hash: Option<&str>) -> Result<bool, SweepError> {
        hash.and_then(|hash| self.0.get(hash)).map_or(Ok(false), Segment::is_whole)
    }

    /// Removes and returns the file of this hash.
    pub(super) fn take(&mut self, hash: &str) -> Option<Segment> {
        self.0.remove(hash)
    }
}

/// Writes the results of some cases into a sweep's folder: first their series, then the rows, which contain the hash of
/// the series' file.
pub(super) fn commit(folder: &Path, rows: &mut [CaseRow], series: &[String]) -> Result<(), SweepError> {
    rows.sort_by_key(|row| row.index);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let (first, last) = (first.index, last.index);
    let mut table = CaseRow::table(rows);
    if !series.is_empty() {
        let hash = write(&folder.join(SERIES), &CaseRow::series_table(rows, series), first, last)?;
        table.push(names::SERIES, Column::Text(vec![hash; rows.len()]));
    }
    write(&folder.join(SEGMENTS), &table, first, last).map(drop)
}

/// Writes a segment; returns its hash.
fn write(folder: &Path, table: &Table, first: usize, last: usize) -> Result<String, SweepError> {
    let bytes = table.to_parquet()?;
    fs::create_dir_all(folder).map_err(SweepError::io(folder, "create"))?;
    let hash = sha256(&bytes)[..HASH].to_owned();
    let path = folder.join(format!("{first:09}-{last:09}-{hash}.parquet"));
    write_file(&path, |file| file.write_all(&bytes)).map_err(SweepError::io(&path, "write"))?;
    Ok(hash)
}

/// Returns the column of this name.
pub(super) fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns().iter().find(|(known, _)| known == name).map(|(_, column)| column)
}

/// The columns of a segment that identify its cases.
pub(super) struct SegmentKeys<'a> {
    /// The numbers of the cases.
    pub(super) index: &'a [usize],
    /// The ids of the cases.
    pub(super) id: &'a [String],
    /// The names of the statuses.
    pub(super) status: &'a [String],
    /// The hash of the file with their series; `None` where the sweep stores none.
    pub(super) series: Option<&'a str>,
}

/// Returns the columns that identify the cases; `None` if the table is not a segment.
pub(super) fn keys(table: &Table) -> Option<SegmentKeys<'_>> {
    let series = match column(table, names::SERIES) {
        Some(Column::Text(hashes)) => hashes.first().map(String::as_str),
        _ => None,
    };
    match (column(table, names::INDEX)?, column(table, names::ID)?, column(table, names::STATUS)?) {
        (Column::Count(index), Column::Text(id), Column::Text(status)) => {
            Some(SegmentKeys { index, id, status, series })
        }
        _ => None,
    }
}
