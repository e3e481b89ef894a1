//! Collection of segments into one table: each case once, in the order of the cases, with the same bytes for any
//! distribution of the work.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anergy_data::results::{Column, ParquetTable, ResultsError, Table, write_file};
use anergy_data::schema::columns::sweep::{ERROR, ID, INDEX, SCALARS, STATUS, VERDICT};
use anergy_data::schema::files::{SWEEP_TABLE, SWEEP_TABLE_PARQUET};

use super::SweepError;
use super::collect_series::collect_series;
use super::manifest::{BLOCK, Manifest, PlannedCases, Shard};
use super::progress::missing_shards;
use super::segment::{Segment, SeriesFiles, keys, segments};

/// The largest number of rows that stay in memory, of segments that several blocks need.
const MOST_ROWS_IN_MEMORY: usize = 1 << 19;
/// The text columns of a segment: how a case ended.
const TEXT_COLUMNS: [&str; 3] = [STATUS, VERDICT, ERROR];

/// The result of a collection.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Collected {
    /// The number of cases of the sweep.
    pub cases: usize,
    /// The number of rows of the table.
    pub rows: usize,
    /// The number of repeated rows, all equal.
    pub duplicates: usize,
    /// The number of damaged segments, which were left out.
    pub broken_segments: usize,
    /// The number of rows of cases outside the sweep, which were left out.
    pub foreign: usize,
    /// The shards with missing cases, for the requested number of shards.
    pub missing_shards: Vec<usize>,
    /// The paths of the tables.
    pub tables: [PathBuf; 2],
    /// The path of the series; `None` where the sweep stores none.
    pub series: Option<PathBuf>,
}

/// The segments that can be collected.
struct ReadableSegments {
    /// The segments with rows of this sweep.
    segments: Vec<Segment>,
    /// The files of their series.
    series: Vec<Segment>,
    /// The names of all results in them, in the order of the table.
    names: Vec<String>,
    /// The number of damaged segments, or segments with damaged series.
    broken: usize,
    /// The number of rows in segments without any row of this sweep.
    foreign: usize,
}

/// A segment that is being read.
struct OpenSegment {
    segment: Segment,
    table: Table,
    /// For each text column of the result table, the index of the segment's column.
    texts: [usize; 3],
    scalars: Vec<Option<usize>>,
}

/// A block of consecutive cases whose rows are being collected.
struct CaseBlock {
    from: usize,
    present: Vec<bool>,
    texts: [Vec<String>; 3],
    scalars: Vec<Vec<f64>>,
}

/// Collects the finished cases of the sweep in `folder` into one Parquet and one CSV table; missing cases are reported
/// for `shards` shards.
///
/// Memory: the table of cases, a block of rows, and at most half a million rows of the segments that extend beyond the
/// block; of series, the files that extend into a row group.
///
/// # Errors
/// [`SweepError::Different`] when two rows of the same case differ; other errors when files cannot be read or written.
pub fn collect(folder: &Path, shards: usize) -> Result<Collected, SweepError> {
    let manifest = Manifest::load(folder)?;
    let cases = manifest.cases_of(folder, Shard::WHOLE)?;
    let ReadableSegments { segments: usable, series, names, broken, foreign } = usable(folder, &manifest, &cases)?;
    let tables = [SWEEP_TABLE_PARQUET, SWEEP_TABLE].map(|name| folder.join(name));
    let mut collected = Collected {
        cases: manifest.cases,
        rows: 0,
        duplicates: 0,
        broken_segments: broken,
        foreign,
        missing_shards: Vec::new(),
        tables: tables.clone(),
        series: None,
    };
    let mut seen = Vec::new();
    let [parquet, csv] = &tables;
    let mut failed: Option<SweepError> = None;
    // Both tables are written in one pass over the rows, each atomically.
    let written = write_file(parquet, |parquet| {
        write_file(csv, |csv| {
            let out = TableWriters { parquet, csv };
            match gather(&manifest, &cases, usable, &names, out, &mut collected) {
                Ok(there) => seen = there,
                Err(error) => {
                    failed = Some(error);
                    return Err(io::Error::other("the table was not collected"));
                }
            }
            Ok(())
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    written.map_err(SweepError::io(parquet, "write"))?;
    collected.missing_shards = missing_shards(&seen, shards);
    if !manifest.series.is_empty() {
        collected.series = Some(collect_series(folder, &manifest, series, &seen)?);
    }
    Ok(collected)
}

fn usable(folder: &Path, manifest: &Manifest, cases: &PlannedCases) -> Result<ReadableSegments, SweepError> {
    let mut found =
        ReadableSegments { segments: Vec::new(), series: Vec::new(), names: Vec::new(), broken: 0, foreign: 0 };
    let mut files = if manifest.series.is_empty() { None } else { Some(SeriesFiles::of(folder)?) };
    let mut names: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut taken = HashSet::new();
    for segment in segments(folder)? {
        let table = segment.read()?;
        let Some((table, keys)) = table.as_ref().and_then(|table| Some((table, keys(table)?))) else {
            found.broken += 1;
            continue;
        };
        if !keys.index.iter().zip(keys.id).any(|(&case, id)| cases.id.get(case) == Some(id)) {
            found.foreign += table.rows();
            continue;
        }
        if let (Some(files), hash) = (&mut files, keys.series.unwrap_or_default())
            && !taken.contains(hash)
        {
            if !files.has(Some(hash))? {
                found.broken += 1;
                continue;
            }
            taken.insert(hash.to_owned());
            found.series.extend(files.take(hash));
        }
        let numbers = table.columns().iter().filter(|(_, column)| matches!(column, Column::Number(_)));
        let place = |name: &String| SCALARS.iter().position(|known| known == name).unwrap_or(SCALARS.len());
        let new =
            numbers.map(|(name, _)| (place(name), name)).filter(|(at, name)| !names.contains(&(*at, (*name).clone())));
        let new: Vec<_> = new.map(|(at, name)| (at, name.clone())).collect();
        names.extend(new);
        found.segments.push(segment);
    }
    found.names = names.into_iter().map(|(_, name)| name).collect();
    found.series.sort_unstable();
    Ok(found)
}

/// The writers of the table.
struct TableWriters<'a> {
    parquet: &'a mut File,
    csv: &'a mut File,
}

/// Writes the table block by block; returns for each case whether the table has it.
fn gather(
    manifest: &Manifest,
    cases: &PlannedCases,
    usable: Vec<Segment>,
    names: &[String],
    out: TableWriters<'_>,
    collected: &mut Collected,
) -> Result<Vec<bool>, SweepError> {
    let parquet_failed = |error| SweepError::Results(ResultsError::Parquet(error));
    let path = PathBuf::from(SWEEP_TABLE);
    let csv_failed = |error: csv::Error| SweepError::Io { path: path.clone(), action: "write", source: error.into() };
    let head = CaseBlock::new(0, 0, names.len()).table(manifest, cases, names);
    let mut parquet = ParquetTable::begin(BufWriter::new(out.parquet), &head).map_err(parquet_failed)?;
    let mut csv = csv::Writer::from_writer(BufWriter::new(out.csv));
    csv.write_record(head.columns().iter().map(|(name, _)| name)).map_err(csv_failed)?;
    let mut seen = Vec::with_capacity(manifest.cases);
    let mut waiting = usable;
    let mut open: HashMap<PathBuf, OpenSegment> = HashMap::new();
    for from in (0..manifest.cases).step_by(BLOCK) {
        let to = (from + BLOCK).min(manifest.cases);
        let mut block = CaseBlock::new(from, to, names.len());
        let mut kept = 0;
        for segment in waiting.iter().take_while(|segment| segment.first < to) {
            let here = match open.remove(&segment.path) {
                Some(here) => here,
                None => match OpenSegment::of(segment.clone(), names)? {
                    Some(here) => here,
                    None => continue,
                },
            };
            block.take(&here, cases, collected)?;
            // A segment beyond the limit is read again for the next block.
            if segment.last >= to && kept < MOST_ROWS_IN_MEMORY {
                kept += here.table.rows();
                open.insert(segment.path.clone(), here);
            }
        }
        waiting.retain(|segment| segment.last >= to);
        seen.extend_from_slice(&block.present);
        let table = block.table(manifest, cases, names);
        collected.rows += table.rows();
        parquet.add(&table).map_err(parquet_failed)?;
        table.write_rows(&mut csv).map_err(csv_failed)?;
    }
    let mut parquet = parquet.end().map_err(parquet_failed)?;
    parquet.flush().map_err(SweepError::io(Path::new(SWEEP_TABLE_PARQUET), "write"))?;
    csv.flush().map_err(SweepError::io(&path, "write"))?;
    Ok(seen)
}

impl OpenSegment {
    fn of(segment: Segment, names: &[String]) -> Result<Option<Self>, SweepError> {
        let Some(table) = segment.read()? else { return Ok(None) };
        let place = |name: &str| table.columns().iter().position(|(known, _)| known == name);
        let scalars = names.iter().map(|name| place(name)).collect();
        let [Some(status), Some(verdict), Some(error)] = TEXT_COLUMNS.map(place) else { return Ok(None) };
        Ok(Some(Self { segment, texts: [status, verdict, error], scalars, table }))
    }

    fn text(&self, which: usize, row: usize) -> &str {
        match &self.table.columns()[self.texts[which]].1 {
            Column::Text(values) => &values[row],
            _ => "",
        }
    }

    fn scalar(&self, which: usize, row: usize) -> f64 {
        match self.scalars[which].map(|column| &self.table.columns()[column].1) {
            Some(Column::Number(values)) => values[row],
            _ => f64::NAN,
        }
    }
}

impl CaseBlock {
    fn new(from: usize, to: usize, scalars: usize) -> Self {
        let rows = to - from;
        Self {
            from,
            present: vec![false; rows],
            texts: [(); 3].map(|()| vec![String::new(); rows]),
            scalars: vec![vec![f64::NAN; rows]; scalars],
        }
    }

    /// Copies the rows of a segment that belong to this block.
    fn take(&mut self, open: &OpenSegment, cases: &PlannedCases, collected: &mut Collected) -> Result<(), SweepError> {
        let Some(keys) = keys(&open.table) else { return Ok(()) };
        let to = self.from + self.present.len();
        for (row, (&case, id)) in keys.index.iter().zip(keys.id).enumerate() {
            if case < self.from || case >= to {
                continue;
            }
            if cases.id[case] != *id {
                collected.foreign += 1;
                continue;
            }
            let at = case - self.from;
            if std::mem::replace(&mut self.present[at], true) {
                let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
                let alike = (0..TEXT_COLUMNS.len()).all(|which| self.texts[which][at] == open.text(which, row))
                    && self.scalars.iter().enumerate().all(|(which, values)| same(values[at], open.scalar(which, row)));
                if !alike {
                    return Err(SweepError::Different { case, segment: open.segment.path.clone() });
                }
                collected.duplicates += 1;
                continue;
            }
            for which in 0..TEXT_COLUMNS.len() {
                open.text(which, row).clone_into(&mut self.texts[which][at]);
            }
            for (which, values) in self.scalars.iter_mut().enumerate() {
                values[at] = open.scalar(which, row);
            }
        }
        Ok(())
    }

    /// Returns the collected rows with their parameters.
    fn table(self, manifest: &Manifest, cases: &PlannedCases, names: &[String]) -> Table {
        let there: Vec<usize> = (0..self.present.len()).filter(|&at| self.present[at]).collect();
        let from = self.from;
        let mut table = Table::default();
        table.push(INDEX, Column::Count(there.iter().map(|at| from + at).collect()));
        table.push(ID, Column::Text(there.iter().map(|at| cases.id[from + at].clone()).collect()));
        for (parameter, values) in manifest.parameters.iter().zip(&cases.values) {
            let values = match values {
                Column::Number(values) => Column::Number(there.iter().map(|at| values[from + at]).collect()),
                Column::Text(values) => Column::Text(there.iter().map(|at| values[from + at].clone()).collect()),
                Column::Fixed(_) | Column::Count(_) | Column::Time(_) => continue,
            };
            table.push(parameter.name.clone(), values);
        }
        for (name, mut texts) in TEXT_COLUMNS.into_iter().zip(self.texts) {
            table.push(name, Column::Text(there.iter().map(|&at| std::mem::take(&mut texts[at])).collect()));
        }
        for (name, values) in names.iter().zip(self.scalars) {
            table.push(name.clone(), Column::Number(there.iter().map(|&at| values[at]).collect()));
        }
        table
    }
}
