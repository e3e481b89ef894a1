//! The page of a sweep: its table, results by case, and the verdicts.

use std::fs;
use std::path::Path;

use anergy_data::schema::columns::sweep::{self as column, Status};
use anergy_data::schema::files::{SWEEP_MANIFEST, SWEEP_TABLE, SWEEP_TABLE_PARQUET};
use serde::Deserialize;

use super::ReportError;
use super::figure::{Colour, Explorer, Figure, Plot};
use super::figures::{extremes, levels, number};
use super::frame::Frame;
use super::headline::is_nothing;
use super::page::{Block, Cell, Page, Section, Table, Tile, Tone};

/// The largest number of rows of the table; the first ones are shown.
const MOST_ROWS: usize = 200;
/// The largest number of points of a figure; above it, every n-th case is shown.
const MOST_POINTS: usize = 3000;
/// The largest number of results to choose from in a figure.
const MOST_RESULTS: usize = 24;
/// The largest number of values of a parameter for a heat map.
const MOST_LEVELS: usize = 60;

/// The part of a sweep's manifest that is read.
#[derive(Debug, Deserialize)]
struct Manifest {
    name: Option<String>,
    cases: usize,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
}

/// A parameter of a sweep in its table.
struct SweepParameter {
    name: String,
    /// Its values as text, as in the table.
    texts: Vec<String>,
    /// Its values as numbers; a text becomes its position in the order of first occurrence.
    values: Vec<f64>,
    /// Its name, with the positions of its texts.
    label: String,
}

/// The table of a sweep with its parameters.
struct Sweep {
    manifest: Manifest,
    frame: Frame,
    parameters: Vec<SweepParameter>,
    /// The results that differ between cases.
    results: Vec<(String, Vec<f64>)>,
    statuses: Vec<String>,
    verdicts: Vec<String>,
}

/// Reads a sweep's folder and returns its page.
///
/// # Errors
/// [`ReportError`].
pub fn sweep_page(folder: &Path, name: &str) -> Result<Page, ReportError> {
    let sweep = Sweep::read(folder)?;
    let sections = [
        Section::of("headline", "At a glance", vec![Some(Block::Tiles(sweep.tiles()))]),
        Section::of(
            "verdicts",
            "How the cases ended",
            vec![sweep.verdict_bars().map(Block::Figure), sweep.failures().map(Block::Table)],
        ),
        Section::of(
            "cases",
            "Cases against each other",
            vec![sweep.explorer(false).map(Block::Figure), sweep.explorer(true).map(Block::Figure)],
        ),
        Section::of("table", "Table", vec![sweep.note(), Some(Block::Table(sweep.table()))]),
    ];
    let page = Page {
        title: sweep.manifest.name.clone().unwrap_or_else(|| name.to_owned()),
        subtitle: format!("{} of {} cases, in {name}", sweep.frame.rows(), sweep.manifest.cases),
        badge: None,
        sections: sections.into_iter().flatten().collect(),
    };
    Ok(page.with_own_ids())
}

impl Sweep {
    fn read(folder: &Path) -> Result<Self, ReportError> {
        let path = folder.join(SWEEP_MANIFEST);
        let text = fs::read(&path).map_err(|source| ReportError::Io { path: path.clone(), source })?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|source| ReportError::Summary { path, source })?;
        let path = folder.join(SWEEP_TABLE);
        let frame = Frame::read(&path)?.ok_or_else(|| ReportError::NotResults(folder.to_owned()))?;
        let missing =
            |column: &str| ReportError::Table { path: path.clone(), line: 1, message: format!("no column `{column}`") };
        let statuses = frame.texts(column::STATUS).ok_or_else(|| missing(column::STATUS))?;
        let verdicts = frame.texts(column::VERDICT).ok_or_else(|| missing(column::VERDICT))?;
        let parameter = |parameter: &Parameter| {
            let name = parameter.name.clone();
            let texts = frame.texts(&name).ok_or_else(|| missing(&name))?;
            let (label, values) = match frame.numbers(&name) {
                Some(values) => (name.clone(), values.to_vec()),
                None => coded(&name, &texts),
            };
            Ok(SweepParameter { name, texts, values, label })
        };
        let parameters =
            manifest.parameters.iter().map(parameter).collect::<Result<Vec<SweepParameter>, ReportError>>()?;
        let after = frame.names().position(|name| name == column::ERROR).unwrap_or(0);
        let results = frame.names().skip(after + 1).filter_map(|name| {
            let values = frame.numbers(name)?;
            let [low, _, high] = extremes(values)?;
            (high - low > 1e-9 * high.abs().max(low.abs())).then(|| (name.to_owned(), values.to_vec()))
        });
        let results = results.collect();
        Ok(Self { manifest, parameters, results, statuses, verdicts, frame })
    }

    fn tiles(&self) -> Vec<Tile> {
        let count = |wanted: Status| self.statuses.iter().filter(|status| *status == wanted.name()).count();
        let tile = |label: &str, value: String, unit, note: String, tone| Tile {
            label: label.to_owned(),
            value,
            unit,
            note,
            tone,
        };
        let (ok, rows) = (count(Status::Ok), self.frame.rows());
        let missing = self.manifest.cases.saturating_sub(rows);
        let tone = if ok == rows && missing == 0 { Tone::Good } else { Tone::Warning };
        let mut tiles = vec![
            tile(
                "Cases with an answer",
                format!("{ok} of {}", self.manifest.cases),
                "",
                format!("{missing} not run"),
                tone,
            ),
            tile("Not converged", count(Status::NotConverged).to_string(), "", String::new(), Tone::Plain),
            tile("Infeasible", count(Status::Infeasible).to_string(), "", String::new(), Tone::Plain),
            tile("Failed", count(Status::Failed).to_string(), "", String::new(), Tone::Plain),
        ];
        for (name, label, unit) in [
            (column::COST_EUR, "Cost", "EUR"),
            (column::CO2_KG, "CO2", "kg"),
            (column::LOOP_MEAN_C, "Mean loop temperature", "°C"),
        ] {
            if let Some([low, _, high]) = self.frame.numbers(name).and_then(extremes) {
                tiles.push(tile(
                    label,
                    format!("{} to {}", number(low), number(high)),
                    unit,
                    String::new(),
                    Tone::Plain,
                ));
            }
        }
        tiles
    }

    /// Returns the cases by verdict, along the first parameter where it has few values.
    fn verdict_bars(&self) -> Option<Figure> {
        let mut kinds: Vec<&String> = self.ends().collect();
        kinds.sort_unstable();
        kinds.dedup();
        let first = self.parameters.first().map(|first| (first, levels(&first.values)));
        let few = first.filter(|(_, levels)| levels.len() <= MOST_LEVELS);
        let (categories, of_row): (Vec<String>, Vec<Option<usize>>) = match few {
            Some((first, levels)) => (
                levels.iter().map(|level| format!("{} {}", first.name, first.text(*level))).collect(),
                first.values.iter().map(|value| levels.iter().position(|level| level == value)).collect(),
            ),
            None => (vec!["all cases".to_owned()], vec![Some(0); self.frame.rows()]),
        };
        let counts = |kind: &String| {
            let mut counts = vec![0.0; categories.len()];
            for (end, category) in self.ends().zip(&of_row) {
                if let Some(category) = category.filter(|_| end == kind) {
                    counts[category] += 1.0;
                }
            }
            counts
        };
        let series: Vec<(String, Colour, Vec<f64>)> =
            kinds.iter().enumerate().map(|(index, kind)| ((*kind).clone(), Colour::Nth(index), counts(kind))).collect();
        let words = series.iter().map(|(name, _, counts)| format!("{name} {}", counts.iter().sum::<f64>()));
        let text = format!("Cases by how they ended: {}.", words.collect::<Vec<_>>().join(", "));
        let plot = Plot::Bars { is_stacked: true, categories, label: "cases".to_owned(), series };
        (self.frame.rows() > 0).then(|| Figure { id: "verdicts".to_owned(), title: "Verdicts".to_owned(), text, plot })
    }

    /// Returns the verdict of each case, or its status without one.
    fn ends(&self) -> impl Iterator<Item = &String> {
        self.verdicts
            .iter()
            .zip(&self.statuses)
            .map(|(verdict, status)| if verdict.is_empty() { status } else { verdict })
    }

    fn failures(&self) -> Option<Table> {
        let errors = self.frame.texts(column::ERROR)?;
        let rows = errors.iter().enumerate().filter(|(_, error)| !error.is_empty());
        let all = rows.clone().count();
        let rows: Vec<Vec<Cell>> = rows
            .take(MOST_ROWS)
            .map(|(row, error)| {
                vec![Cell::Text(self.name(row)), Cell::Text(self.statuses[row].clone()), Cell::Text(error.clone())]
            })
            .collect();
        let heads = ["Case", "Status", "Why"].map(str::to_owned).to_vec();
        (!rows.is_empty()).then(|| Table {
            caption: format!(
                "Cases without an answer: {}",
                if all > MOST_ROWS { format!("the first {MOST_ROWS} of {all}") } else { all.to_string() }
            ),
            heads,
            rows,
            is_folded: false,
        })
    }

    /// Returns the name of a case: the values of its parameters.
    fn name(&self, row: usize) -> String {
        let named = self.parameters.iter().map(|parameter| format!("{} = {}", parameter.name, parameter.texts[row]));
        named.collect::<Vec<_>>().join(", ")
    }

    /// Returns the cost over the first parameter as points, or over two parameters as cells of a heat map.
    fn explorer(&self, is_grid: bool) -> Option<Figure> {
        let few = |index: usize| self.parameters.get(index).is_some_and(|of| levels(&of.values).len() <= MOST_LEVELS);
        if self.parameters.is_empty() || self.results.is_empty() || is_grid && !(few(0) && few(1)) {
            return None;
        }
        let every = self.frame.rows().div_ceil(MOST_POINTS).max(1);
        let thin = |values: &[f64]| values.iter().copied().step_by(every).collect::<Vec<f64>>();
        let parameters = self.parameters.iter().map(|of| (of.label.clone(), thin(&of.values)));
        let results = self.results.iter().take(MOST_RESULTS).map(|(name, values)| (name.clone(), thin(values)));
        let columns: Vec<(String, Vec<f64>)> = parameters.chain(results).collect();
        let result = columns.iter().position(|(name, _)| name == column::COST_EUR).unwrap_or(self.parameters.len());
        let second = if self.parameters.len() > 1 { 1 } else { result };
        let first = if is_grid { [0, 1, result] } else { [0, result, second] };
        let [low, _, high] = extremes(&columns[result].1)?;
        let [x, y, z] = first.map(|index| columns[index].0.clone());
        let text = format!(
            "At first: {x} horizontally, {y} vertically, {z} as colour; choose any others. {} lies between {} and \
             {}.{}",
            columns[result].0,
            number(low),
            number(high),
            self.left_out(every, is_grid)
        );
        let explorer = Explorer {
            cases: (0..self.frame.rows()).step_by(every).map(|row| self.name(row)).collect(),
            verdicts: self.ends().step_by(every).cloned().collect(),
            columns,
            first,
            is_grid,
        };
        let (id, title) = if is_grid { ("heat-map", "Heat map") } else { ("scatter", "Scatter") };
        Some(Figure { id: id.to_owned(), title: title.to_owned(), text, plot: Plot::Explorer(explorer) })
    }

    /// Returns a note on the cases that a figure does not show; empty if it shows all.
    fn left_out(&self, every: usize, is_grid: bool) -> String {
        let mut words = String::new();
        if every > 1 {
            words += &format!(" One case of {every} is shown.");
        }
        if is_grid && self.parameters.len() > 2 {
            words += " Cells are means over the other parameters.";
        }
        if is_grid {
            words += " Cells without a number are empty.";
        }
        if self.results.len() > MOST_RESULTS {
            words += &format!(" The first {MOST_RESULTS} of {} results can be chosen.", self.results.len());
        }
        words
    }

    fn note(&self) -> Option<Block> {
        let rows = self.frame.rows();
        (rows > MOST_ROWS).then(|| {
            Block::Text(format!(
                "The first {MOST_ROWS} of {rows} rows; {SWEEP_TABLE} and {SWEEP_TABLE_PARQUET} have all."
            ))
        })
    }

    fn table(&self) -> Table {
        let parameters = self.manifest.parameters.iter().map(|parameter| parameter.name.as_str());
        let results = self.results.iter().take(MOST_RESULTS).map(|(name, _)| name.as_str());
        let names: Vec<&str> = parameters.chain([column::STATUS, column::VERDICT]).chain(results).collect();
        let columns: Vec<Vec<Cell>> = names.iter().filter_map(|name| self.cells(name)).collect();
        Table {
            caption: match self.results.len() {
                0..=MOST_RESULTS => "Cases with their parameters, and the results that differ".to_owned(),
                all => {
                    format!("Cases with their parameters, and the first {MOST_RESULTS} of {all} results that differ")
                }
            },
            heads: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: (0..self.frame.rows().min(MOST_ROWS))
                .map(|row| columns.iter().map(|column| column[row].clone()).collect())
                .collect(),
            is_folded: false,
        }
    }

    fn cells(&self, name: &str) -> Option<Vec<Cell>> {
        if let Some(parameter) = self.parameters.iter().find(|parameter| parameter.name == name) {
            return Some(parameter.texts.iter().take(MOST_ROWS).cloned().map(Cell::Number).collect());
        }
        let amount = ["_kwh", "_kw", "_eur", "_kg"].iter().any(|unit| name.ends_with(unit));
        let shown = |value: &f64| match *value {
            value if value.is_nan() => Cell::Number(String::new()),
            value if amount && is_nothing("kWh", value) => Cell::Number("0".to_owned()),
            value => Cell::Number(number(value)),
        };
        match self.frame.numbers(name) {
            Some(values) => Some(values.iter().take(MOST_ROWS).map(shown).collect()),
            None => Some(self.frame.texts(name)?.into_iter().take(MOST_ROWS).map(Cell::Text).collect()),
        }
    }
}

impl SweepParameter {
    /// Returns a value as text, as in the table.
    fn text(&self, level: f64) -> &str {
        let row = self.values.iter().position(|value| *value == level);
        row.map_or("", |row| &self.texts[row])
    }
}

/// Returns texts as numbers: their positions in the order of first occurrence, and the name with these positions.
fn coded(name: &str, texts: &[String]) -> (String, Vec<f64>) {
    let mut known: Vec<&String> = Vec::new();
    let mut codes = Vec::with_capacity(texts.len());
    for text in texts {
        let code = known.iter().position(|word| *word == text).unwrap_or_else(|| {
            known.push(text);
            known.len() - 1
        });
        codes.push(code as f64);
    }
    let words = known.iter().take(6).enumerate().map(|(code, word)| format!("{code}: {word}"));
    (format!("{name} ({})", words.collect::<Vec<_>>().join(", ")), codes)
}
