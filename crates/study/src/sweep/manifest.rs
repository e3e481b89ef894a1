//! The plan of a sweep, which is written once and never changed.
//!
//! The id of a case is a hash of everything that determines its results: the parameters' values, the base case, the
//! content of all input files, and the version of the model. The same case has the same id on every machine and at any
//! time.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anergy_config::{Case, Input, InputCache, LoopSource, Request, sha256};
use anergy_cosim::solver;
use anergy_data::results::{Column, ParquetTable, Table, readable_by_all, sync_folder, write_file};
use anergy_data::schema::columns::sweep::{ID, INDEX};
use anergy_data::schema::files::SWEEP_MANIFEST;
use anergy_run::{run_case, timeseries_table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SweepError;
use super::design::put;
use super::row::StopFlag;
use super::{Cases, Parameter, Scalar, SweepFile, Values};

/// The version of the computation of a case; a new version gives every case a new id.
const MODEL_VERSION: u32 = 1;
/// The files and folders of a sweep's folder.
const CASES: &str = "cases.parquet";
/// The advice for a damaged plan.
const REMEDY: &str = "a copy of it may be put back, or the sweep planned anew under another --name";
/// The largest number of combinations of texts and files that are read when a sweep is planned.
const MOST_COMBINATIONS: usize = 2000;
pub(super) const SEGMENTS: &str = "segments";
pub(super) const SERIES: &str = "series";
/// The number of cases that are written, and collected, at a time.
pub(super) const BLOCK: usize = 1 << 16;

/// The plan of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The name of the sweep.
    pub name: String,
    /// The version of the model.
    pub model_version: u32,
    /// The base case, with absolute paths.
    pub base: Request,
    /// The number of cases.
    pub cases: usize,
    /// The parameters.
    pub parameters: Vec<PlannedParameter>,
    /// The columns of `timeseries.csv` that are stored for each case.
    pub series: Vec<String>,
    /// All files that the cases read, with their hashes.
    pub inputs: Vec<Input>,
    /// Hash of the table of cases.
    pub cases_sha256: String,
    /// Hash of all other fields: a plan that was changed by hand is refused.
    #[serde(default)]
    pub manifest_sha256: String,
}

/// A parameter of a planned sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedParameter {
    /// Dotted key, `scenario` or `window`.
    pub key: String,
    /// The column in the tables.
    pub name: String,
}

/// The cases of a shard.
#[derive(Debug, Default)]
pub struct PlannedCases {
    /// The numbers of the cases, ascending.
    pub index: Vec<usize>,
    /// The ids of the cases.
    pub id: Vec<String>,
    /// Values by parameter.
    pub values: Vec<Column>,
}

/// A shard: case k belongs to shard k modulo `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The index of the shard, from 0.
    pub index: usize,
    /// The number of shards.
    pub of: usize,
}

impl Shard {
    /// The shard of all cases.
    pub const WHOLE: Self = Self { index: 0, of: 1 };
}

impl Manifest {
    /// Plans a sweep: creates its folder `place` atomically; an existing folder of the same sweep is unchanged. Setting
    /// `stop` ends the planning without a folder.
    ///
    /// # Errors
    /// [`SweepError`]: an error in the sweep file or in the base case with the parameters of a case; another file or
    /// folder at `place`.
    pub fn plan(file: &SweepFile, place: &Path, stop: &AtomicBool) -> Result<Self, SweepError> {
        let base = absolute(file.request())?;
        let cases = file.cases()?;
        let inputs = read_representative(file, &base, &cases, stop)?;
        let common = common_hash(&base, &inputs);
        let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(parent).map_err(SweepError::io(parent, "create the folder"))?;
        let draft = tempfile::Builder::new().prefix(".anergy-draft-").tempdir_in(parent);
        let draft = draft.map_err(SweepError::io(parent, "create a folder in it"))?;
        let table = draft.path().join(CASES);
        write_cases(&table, &cases, &common)?;
        let parameters = cases
            .parameters
            .iter()
            .map(|parameter| PlannedParameter { key: parameter.key.clone(), name: parameter.name.clone() });
        let manifest = Self {
            name: file.name.clone(),
            model_version: MODEL_VERSION,
            base,
            cases: cases.len(),
            parameters: parameters.collect(),
            series: file.series.clone(),
            inputs,
            cases_sha256: hash_of(&table)?,
            manifest_sha256: String::new(),
        };
        let manifest = Self { manifest_sha256: manifest.own_hash(place)?, ..manifest };
        if place.exists() {
            return manifest.found_at(place);
        }
        manifest.put_at(place, draft)
    }

    /// Returns the hash of all other fields, which shows that the file was changed by hand.
    fn own_hash(&self, place: &Path) -> Result<String, SweepError> {
        let others = Self { manifest_sha256: String::new(), ..self.clone() };
        let path = place.join(SWEEP_MANIFEST);
        let json =
            serde_json::to_vec(&others).map_err(|source| SweepError::Manifest { path, reason: source.to_string() })?;
        Ok(sha256(&json))
    }

    /// Returns this sweep if the folder `place` is its folder.
    fn found_at(self, place: &Path) -> Result<Self, SweepError> {
        let known = match Self::load(place) {
            Err(SweepError::NoSweep(_)) => return Err(SweepError::Occupied(place.to_owned())),
            known => known?,
        };
        if known == self {
            known.table_of_cases(place)?;
            return Ok(known);
        }
        let changed = self
            .inputs
            .iter()
            .find(|input| known.inputs.iter().any(|known| known.path == input.path && known.sha256 != input.sha256));
        let what = match changed {
            Some(input) => format!("this sweep was planned there before {} changed", input.path.display()),
            None => "another sweep was planned there".to_owned(),
        };
        Err(SweepError::PlannedOtherwise { folder: place.to_owned(), what })
    }

    /// Completes the folder of a plan and moves it to `place`.
    fn put_at(self, place: &Path, draft: tempfile::TempDir) -> Result<Self, SweepError> {
        let json = serde_json::to_vec_pretty(&self)
            .map_err(|source| SweepError::Manifest { path: place.join(SWEEP_MANIFEST), reason: source.to_string() })?;
        let path = draft.path().join(SWEEP_MANIFEST);
        write_file(&path, |out| out.write_all(&json)).map_err(SweepError::io(&path, "write"))?;
        for folder in [SEGMENTS, SERIES] {
            let folder = draft.path().join(folder);
            fs::create_dir(&folder).map_err(SweepError::io(&folder, "create"))?;
        }
        readable_by_all(draft.path()).map_err(SweepError::io(draft.path(), "open to others"))?;
        sync_folder(draft.path()).map_err(SweepError::io(draft.path(), "write"))?;
        match fs::rename(draft.path(), place) {
            Ok(()) => {
                let _ = draft.keep();
                let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty());
                sync_folder(parent.unwrap_or_else(|| Path::new("."))).map_err(SweepError::io(place, "write"))?;
                Ok(self)
            }
            // Another process may have planned the same sweep in the meantime.
            Err(_) if place.exists() => self.found_at(place),
            Err(source) => {
                Err(SweepError::Io { path: place.to_owned(), action: "put the folder in its place", source })
            }
        }
    }

    /// Reads the manifest of a sweep's folder.
    ///
    /// # Errors
    /// [`SweepError::NoSweep`] where there is none, [`SweepError::Manifest`] where it cannot be parsed.
    pub fn load(folder: &Path) -> Result<Self, SweepError> {
        let path = folder.join(SWEEP_MANIFEST);
        let bytes = fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SweepError::NoSweep(folder.to_owned()),
            _ => SweepError::Io { path: path.clone(), action: "read", source },
        })?;
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| {
            let reason = format!("is damaged ({error}); {REMEDY}");
            SweepError::Manifest { path: path.clone(), reason }
        })?;
        if manifest.model_version != MODEL_VERSION {
            let reason =
                format!("it was planned for model version {}, and this is {MODEL_VERSION}", manifest.model_version);
            return Err(SweepError::Manifest { path, reason });
        }
        if manifest.manifest_sha256 != manifest.own_hash(folder)? {
            return Err(SweepError::Manifest { path, reason: format!("is not what was planned; {REMEDY}") });
        }
        Ok(manifest)
    }

    /// Checks that the input files have not changed since the sweep was planned.
    ///
    /// # Errors
    /// [`SweepError::Changed`] with the first file that has changed.
    pub fn check_inputs(&self) -> Result<(), SweepError> {
        let changed = |input: &&Input| fs::read(&input.path).map_or(true, |bytes| sha256(&bytes) != input.sha256);
        match self.inputs.iter().find(changed) {
            None => Ok(()),
            Some(input) => Err(SweepError::Changed(input.path.clone())),
        }
    }

    /// Returns the bytes of the table of cases.
    fn table_of_cases(&self, folder: &Path) -> Result<Vec<u8>, SweepError> {
        let path = folder.join(CASES);
        match fs::read(&path) {
            Ok(bytes) if sha256(&bytes) == self.cases_sha256 => Ok(bytes),
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SweepError::Io { path, action: "read", source })
            }
            _ => Err(SweepError::Manifest {
                path,
                reason: format!("is not the table of cases that was planned; {REMEDY}"),
            }),
        }
    }

    /// Returns the cases of a shard.
    ///
    /// # Errors
    /// [`SweepError`] when the table of cases cannot be read or is not the planned one.
    pub fn cases_of(&self, folder: &Path, shard: Shard) -> Result<PlannedCases, SweepError> {
        let bytes = self.table_of_cases(folder)?;
        let mut cases = PlannedCases::default();
        for (place, (_, column)) in Table::from_parquet(bytes)?.into_columns().into_iter().enumerate() {
            match (place, column) {
                (0, Column::Count(index)) => cases.index = only(index, shard),
                (1, Column::Text(id)) => cases.id = only(id, shard),
                (_, Column::Number(values)) => cases.values.push(Column::Number(only(values, shard))),
                (_, Column::Text(values)) => cases.values.push(Column::Text(only(values, shard))),
                _ => {}
            }
        }
        let lengths = [cases.index.len(), cases.id.len()].into_iter().chain(cases.values.iter().map(Column::len));
        if cases.values.len() != self.parameters.len() || lengths.into_iter().any(|length| length != cases.index.len())
        {
            let reason = format!("is not the table of cases of this sweep; {REMEDY}");
            return Err(SweepError::Manifest { path: folder.join(CASES), reason });
        }
        Ok(cases)
    }

    /// Returns the request of a case, from the values of its parameters.
    #[must_use]
    pub(super) fn request(&self, values: impl Iterator<Item = String>) -> Request {
        let mut request = self.base.clone();
        for (parameter, value) in self.parameters.iter().zip(values) {
            put(&mut request, &parameter.key, &value);
        }
        request
    }
}

impl PlannedCases {
    /// Returns the number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns whether there are no cases.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Returns the values of a case's parameters, as a user would write them.
    pub(super) fn texts(&self, at: usize) -> impl Iterator<Item = String> + '_ {
        self.values.iter().map(move |column| match column {
            Column::Number(values) => Scalar::Number(values[at]).setting(),
            Column::Text(values) => values[at].clone(),
            Column::Fixed(_) | Column::Count(_) | Column::Time(_) => String::new(),
        })
    }
}

fn only<T>(values: Vec<T>, shard: Shard) -> Vec<T> {
    if shard.of == 1 {
        return values;
    }
    values.into_iter().skip(shard.index).step_by(shard.of).collect()
}

/// Makes the paths of a request absolute, so that they are valid for every worker.
fn absolute(mut request: Request) -> Result<Request, SweepError> {
    let make = |path: &Path| std::path::absolute(path).map_err(SweepError::io(path, "find"));
    request.model = make(&request.model)?;
    if let Some(LoopSource::File(path)) = &mut request.water_loop {
        *path = make(path)?;
    }
    Ok(request)
}

/// Reads representative cases, so that errors are reported before any case is run and all input files are known. If
/// series are stored, the first case is run, to find the names of the series.
fn read_representative(
    file: &SweepFile,
    base: &Request,
    cases: &Cases,
    stop: &AtomicBool,
) -> Result<Vec<Input>, SweepError> {
    let cache = Arc::new(InputCache::default());
    let mut inputs: Vec<Input> = Vec::new();
    let mut known = HashSet::new();
    for at in representative(&cases.parameters) {
        if stop.load(Ordering::Relaxed) {
            return Err(SweepError::Stopped);
        }
        let case = Case::load_from(&cases.request(base, at), &cache).map_err(|source| SweepError::Case {
            case: at,
            values: cases.told(at),
            source: Box::new(file.place(source)),
        })?;
        if at == 0 && !file.series.is_empty() {
            let run = run_case(&case, solver(&case.district), &mut StopFlag(stop)).map_err(SweepError::FirstCase)?;
            let columns = timeseries_table(&case, &run).into_columns().into_iter().skip(1);
            file.check_series(&columns.map(|(name, _)| name).collect::<Vec<_>>())?;
        }
        inputs.extend(case.inputs.into_iter().filter(|input| known.insert(input.path.clone())));
    }
    Ok(inputs)
}

/// Returns representative cases: the first case; for each numeric parameter the cases with the smallest and the largest
/// value; and the first case of each combination of the other parameters, up to [`MOST_COMBINATIONS`].
fn representative(parameters: &[Parameter]) -> Vec<usize> {
    let mut representative = BTreeSet::from([0]);
    let mut words: Vec<(&Vec<u32>, &Parameter)> = Vec::new();
    for parameter in parameters {
        let values = &parameter.values;
        match values {
            Values::Choices { of_case, .. } if !values.is_numeric() => words.push((of_case, parameter)),
            _ => {
                let number = |case: usize| values.number(case).unwrap_or(f64::NAN);
                // The first case with the extreme value: in a grid only this parameter differs from the first case
                // there.
                representative.extend((0..values.len()).min_by(|a, b| number(*a).total_cmp(&number(*b))));
                representative.extend((0..values.len()).min_by(|a, b| number(*b).total_cmp(&number(*a))));
            }
        }
    }
    if let Some((first, _)) = words.first() {
        let mut seen = HashSet::new();
        for case in 0..first.len() {
            if seen.insert(words.iter().map(|(of_case, _)| of_case[case]).collect::<Vec<_>>()) {
                representative.insert(case);
            }
            if seen.len() >= MOST_COMBINATIONS {
                break;
            }
        }
    }
    representative.into_iter().collect()
}

/// Returns the hash of the inputs that all cases share.
fn common_hash(base: &Request, inputs: &[Input]) -> Sha256 {
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    };
    put(&format!("model version {MODEL_VERSION}"));
    put(&format!("{:?} {:?} {:?} {}", base.scenario, base.preset, base.window, base.ignore_unsupported));
    put(&format!("{:?}", base.water_loop.as_ref().map(|source| *source == LoopSource::Published)));
    base.settings.iter().for_each(|setting| put(setting));
    put(&format!("{} settings", base.settings.len()));
    // The files are hashed in the order of reading, without their paths and names.
    inputs.iter().for_each(|input| put(&input.sha256));
    hash
}

/// Returns the id of a case: 128 bits, hexadecimal.
fn id(common: &Sha256, cases: &Cases, by_key: &[usize], case: usize) -> String {
    let mut hash = common.clone();
    for &index in by_key {
        let parameter = &cases.parameters[index];
        let value = parameter.written(case);
        for text in [parameter.key.as_str(), value.as_str()] {
            hash.update(text.len().to_le_bytes());
            hash.update(text.as_bytes());
        }
    }
    hash.finalize()[..16].iter().fold(String::with_capacity(32), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes the table of cases, block by block.
fn write_cases(path: &Path, cases: &Cases, common: &Sha256) -> Result<(), SweepError> {
    let mut by_key: Vec<usize> = (0..cases.parameters.len()).collect();
    by_key.sort_by_key(|&index| &cases.parameters[index].key);
    let block = |from: usize| {
        let to = (from + BLOCK).min(cases.len());
        let mut table = Table::default();
        table.push(INDEX, Column::Count((from..to).collect()));
        table.push(ID, Column::Text((from..to).map(|case| id(common, cases, &by_key, case)).collect()));
        for parameter in &cases.parameters {
            let Parameter { name, values, .. } = parameter;
            let column = if values.is_numeric() {
                Column::Number((from..to).map(|case| values.number(case).unwrap_or(f64::NAN)).collect())
            } else {
                Column::Text((from..to).map(|case| parameter.written(case)).collect())
            };
            table.push(name.clone(), column);
        }
        table
    };
    let file = fs::File::create(path).map_err(SweepError::io(path, "create"))?;
    let first = block(0);
    let parquet = |error| SweepError::Results(anergy_data::results::ResultsError::Parquet(error));
    let mut out = ParquetTable::begin(BufWriter::new(file), &first).map_err(parquet)?;
    out.add(&first).map_err(parquet)?;
    for from in (BLOCK..cases.len()).step_by(BLOCK) {
        out.add(&block(from)).map_err(parquet)?;
    }
    let file = out.end().map_err(parquet)?.into_inner();
    let file = file.map_err(|error| error.into_error()).map_err(SweepError::io(path, "write"))?;
    file.sync_all().map_err(SweepError::io(path, "write"))
}

fn hash_of(path: &Path) -> Result<String, SweepError> {
    Ok(sha256(&fs::read(path).map_err(SweepError::io(path, "read"))?))
}
