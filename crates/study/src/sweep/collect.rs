//! From segments to one table: in the order of the cases, each once, the same bytes however they were run.

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

/// Rows that are kept in memory of segments that more blocks need.
const KEPT_ROWS: usize = 1 << 19;
/// Columns of a segment that say which case and how it ended.
const TEXTS: [&str; 3] = [STATUS, VERDICT, ERROR];

/// What was collected.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Collected {
    /// Cases of the sweep.
    pub cases: usize,
    /// Rows of the table.
    pub rows: usize,
    /// Rows that were there more than once, all alike.
    pub duplicates: usize,
    /// Segments that are not what was written, and were left out.
    pub broken_segments: usize,
    /// Rows of cases that the sweep does not have, which were left out.
    pub foreign: usize,
    /// Shards with cases missing, of as many as were asked about.
    pub missing_shards: Vec<usize>,
    /// Where the tables are.
    pub tables: [PathBuf; 2],
    /// Where the series are, if any are kept.
    pub series: Option<PathBuf>,
}

/// What can be collected.
struct Usable {
    /// Segments with rows of this sweep.
    segments: Vec<Segment>,
    /// The files of their series.
    series: Vec<Segment>,
    /// The names of all results in them, in the order of the table.
    names: Vec<String>,
    /// Segments that are not what was written, or whose series are not.
    broken: usize,
    /// Rows in segments without any row of this sweep.
    foreign: usize,
}

/// A segment that is being read.
struct Open {
    segment: Segment,
    table: Table,
    /// For each column of the result table, that of the segment.
    texts: [usize; 3],
    scalars: Vec<Option<usize>>,
}

/// The rows of some cases in the making.
struct Block {
    from: usize,
    present: Vec<bool>,
    texts: [Vec<String>; 3],
    scalars: Vec<Vec<f64>>,
}

/// Collects what there is of the sweep in `folder` into one Parquet and one CSV table, looking at it as `shards` shards.
///
/// Memory: the table of cases, a block of rows, and of the segments that reach beyond it half a million rows at most; of series, the files
/// that reach into a row group.
///
/// # Errors
/// [`SweepError::Different`] when two rows of the same case are not alike; others when files cannot be read or written.
pub fn collect(folder: &Path, shards: usize) -> Result<Collected, SweepError> {
    let manifest = Manifest::load(folder)?;
    let cases = manifest.cases_of(folder, Shard::WHOLE)?;
    let Usable { segments: usable, series, names, broken, foreign } = usable(folder, &manifest, &cases)?;
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
    // Both at once: the rows are gathered once. Each appears whole or not at all.
    let written = write_file(parquet, |parquet| {
        write_file(csv, |csv| {
            let out = Out { parquet, csv };
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

fn usable(folder: &Path, manifest: &Manifest, cases: &PlannedCases) -> Result<Usable, SweepError> {
    let mut found = Usable { segments: Vec::new(), series: Vec::new(), names: Vec::new(), broken: 0, foreign: 0 };
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

/// Where the table goes.
struct Out<'a> {
    parquet: &'a mut File,
    csv: &'a mut File,
}

/// Writes the table block by block; returns which cases are in it.
fn gather(
    manifest: &Manifest,
    cases: &PlannedCases,
    usable: Vec<Segment>,
    names: &[String],
    out: Out<'_>,
    collected: &mut Collected,
) -> Result<Vec<bool>, SweepError> {
    let parquet_failed = |error| SweepError::Results(ResultsError::Parquet(error));
    let path = PathBuf::from(SWEEP_TABLE);
    let csv_failed = |error: csv::Error| SweepError::Io { path: path.clone(), action: "write", source: error.into() };
    let head = Block::new(0, 0, names.len()).table(manifest, cases, names);
    let mut parquet = ParquetTable::begin(BufWriter::new(out.parquet), &head).map_err(parquet_failed)?;
    let mut csv = csv::Writer::from_writer(BufWriter::new(out.csv));
    csv.write_record(head.columns().iter().map(|(name, _)| name)).map_err(csv_failed)?;
    let mut seen = Vec::with_capacity(manifest.cases);
    let mut waiting = usable;
    let mut open: HashMap<PathBuf, Open> = HashMap::new();
    for from in (0..manifest.cases).step_by(BLOCK) {
        let to = (from + BLOCK).min(manifest.cases);
        let mut block = Block::new(from, to, names.len());
        let mut kept = 0;
        for segment in waiting.iter().take_while(|segment| segment.first < to) {
            let here = match open.remove(&segment.path) {
                Some(here) => here,
                None => match Open::of(segment.clone(), names)? {
                    Some(here) => here,
                    None => continue,
                },
            };
            block.take(&here, cases, collected)?;
            // What goes beyond is read again.
            if segment.last >= to && kept < KEPT_ROWS {
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

impl Open {
    fn of(segment: Segment, names: &[String]) -> Result<Option<Self>, SweepError> {
        let Some(table) = segment.read()? else { return Ok(None) };
        let place = |name: &str| table.columns().iter().position(|(known, _)| known == name);
        let scalars = names.iter().map(|name| place(name)).collect();
        let [Some(status), Some(verdict), Some(error)] = TEXTS.map(place) else { return Ok(None) };
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

impl Block {
    fn new(from: usize, to: usize, scalars: usize) -> Self {
        let rows = to - from;
        Self {
            from,
            present: vec![false; rows],
            texts: [(); 3].map(|()| vec![String::new(); rows]),
            scalars: vec![vec![f64::NAN; rows]; scalars],
        }
    }

    /// Takes the rows of a segment that belong here.
    fn take(&mut self, open: &Open, cases: &PlannedCases, collected: &mut Collected) -> Result<(), SweepError> {
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
                let alike = (0..TEXTS.len()).all(|which| self.texts[which][at] == open.text(which, row))
                    && self.scalars.iter().enumerate().all(|(which, values)| same(values[at], open.scalar(which, row)));
                if !alike {
                    return Err(SweepError::Different { case, segment: open.segment.path.clone() });
                }
                collected.duplicates += 1;
                continue;
            }
            for which in 0..TEXTS.len() {
                open.text(which, row).clone_into(&mut self.texts[which][at]);
            }
            for (which, values) in self.scalars.iter_mut().enumerate() {
                values[at] = open.scalar(which, row);
            }
        }
        Ok(())
    }

    /// The rows that are there, with their parameters.
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
        for (name, mut texts) in TEXTS.into_iter().zip(self.texts) {
            table.push(name, Column::Text(there.iter().map(|&at| std::mem::take(&mut texts[at])).collect()));
        }
        for (name, values) in names.iter().zip(self.scalars) {
            table.push(name.clone(), Column::Number(there.iter().map(|&at| values[at]).collect()));
        }
        table
    }
}
