//! Collection of the series of all cases into one file.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anergy_data::results::{Column, ParquetTable, ResultsError, Table, write_file};
use anergy_data::schema::columns::sweep_series;
use anergy_data::schema::files::SWEEP_SERIES_PARQUET;

use super::SweepError;
use super::manifest::{BLOCK, Manifest, SERIES};
use super::row::CaseRow;
use super::segment::Segment;

/// A segment that is being read, with the range of rows of each of its cases.
struct OpenSeries {
    last: usize,
    columns: Vec<Vec<f64>>,
    cases: Vec<(usize, std::ops::Range<usize>)>,
}

/// Collects the series of the cases that are `seen`: a row per step, ordered by case and step. The cases of a row group
/// have about 65,000 steps.
///
/// Memory: a row group, and the segments that extend into it.
pub(super) fn collect_series(
    folder: &Path,
    manifest: &Manifest,
    segments: Vec<Segment>,
    seen: &[bool],
) -> Result<PathBuf, SweepError> {
    let path = folder.join(SWEEP_SERIES_PARQUET);
    let mut failed = None;
    let written = write_file(&path, |file| {
        gather(manifest, seen, segments, file).map_err(|error| {
            failed = Some(error);
            io::Error::other("the series were not collected")
        })
    });
    match failed {
        Some(error) => Err(error),
        None => written.map(|()| path.clone()).map_err(SweepError::io(&path, "write")),
    }
}

fn gather(
    manifest: &Manifest,
    seen: &[bool],
    segments: Vec<Segment>,
    file: &mut std::fs::File,
) -> Result<(), SweepError> {
    let parquet = |error| SweepError::Results(ResultsError::Parquet(error));
    let names = &manifest.series;
    let mut out = ParquetTable::begin(BufWriter::new(file), &CaseRow::series_table(&[], names)).map_err(parquet)?;
    let mut waiting = segments.into_iter().peekable();
    let mut open: Vec<OpenSeries> = Vec::new();
    let (mut rows, mut steps) = (RowGroup::new(names), 0);
    for case in (0..manifest.cases).filter(|&case| seen[case]) {
        while let Some(segment) = waiting.next_if(|segment| segment.first <= case) {
            open.extend(OpenSeries::of(&segment, names)?);
        }
        open.retain(|open| open.last >= case);
        let found = open.iter().filter_map(|open| open.steps_of(case).map(|steps| (open, steps)));
        let mut found = found.collect::<Vec<_>>().into_iter();
        // A case without a plan has no series.
        let Some((first, at)) = found.next() else { continue };
        if found.any(|(other, steps)| !first.is_like(&at, other, &steps)) {
            return Err(SweepError::Different { case, segment: PathBuf::from(SERIES) });
        }
        steps += at.len();
        rows.add(case, first, at);
        if steps >= BLOCK {
            out.add(&std::mem::replace(&mut rows, RowGroup::new(names)).table(names)).map_err(parquet)?;
            steps = 0;
        }
    }
    out.add(&rows.table(names)).map_err(parquet)?;
    let mut file = out.end().map_err(parquet)?;
    file.flush().map_err(SweepError::io(Path::new(SWEEP_SERIES_PARQUET), "write"))
}

impl OpenSeries {
    /// Reads a segment; `None` if it is damaged.
    fn of(segment: &Segment, names: &[String]) -> Result<Option<Self>, SweepError> {
        let Some(table) = segment.read()? else { return Ok(None) };
        let (mut index, mut columns) = (Vec::new(), vec![Vec::new(); names.len()]);
        for (name, column) in table.into_columns() {
            match column {
                Column::Count(values) if name == sweep_series::INDEX => index = values,
                Column::Fixed(values) => {
                    if let Some(place) = names.iter().position(|known| *known == name) {
                        columns[place] = values;
                    }
                }
                _ => {}
            }
        }
        let mut from = 0;
        let cases = index.chunk_by(|a, b| a == b).map(|run| {
            from += run.len();
            (run[0], from - run.len()..from)
        });
        Ok(Some(Self { last: segment.last, cases: cases.collect(), columns }))
    }

    fn steps_of(&self, case: usize) -> Option<std::ops::Range<usize>> {
        let place = self.cases.binary_search_by_key(&case, |(known, _)| *known).ok()?;
        Some(self.cases[place].1.clone())
    }

    fn is_like(&self, at: &std::ops::Range<usize>, other: &Self, steps: &std::ops::Range<usize>) -> bool {
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        let mut columns = self.columns.iter().zip(&other.columns);
        at.len() == steps.len() && columns.all(|(a, b)| a[at.clone()].iter().zip(&b[steps.clone()]).all(same))
    }
}

/// A row group that is being filled.
struct RowGroup {
    index: Vec<usize>,
    step: Vec<usize>,
    columns: Vec<Vec<f64>>,
}

impl RowGroup {
    fn new(names: &[String]) -> Self {
        Self { index: Vec::new(), step: Vec::new(), columns: vec![Vec::new(); names.len()] }
    }

    fn add(&mut self, case: usize, open: &OpenSeries, at: std::ops::Range<usize>) {
        self.index.resize(self.index.len() + at.len(), case);
        self.step.extend(0..at.len());
        for (all, values) in self.columns.iter_mut().zip(&open.columns) {
            all.extend_from_slice(&values[at.clone()]);
        }
    }

    fn table(self, names: &[String]) -> Table {
        let mut table = Table::default();
        table.push(sweep_series::INDEX, Column::Count(self.index));
        table.push(sweep_series::STEP, Column::Count(self.step));
        for (name, values) in names.iter().zip(self.columns) {
            table.push(name.clone(), Column::Fixed(values));
        }
        table
    }
}
