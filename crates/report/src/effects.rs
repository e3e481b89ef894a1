//! The page of the effects: the published case beside the corrected one, and the effect of each switch between them.

use std::path::Path;

use anergy_data::schema::columns::effects as column;
use anergy_data::schema::files::EFFECTS;

use super::ReportError;
use super::figure::{Colour, Figure, Plot};
use super::figures::number;
use super::frame::Frame;
use super::page::{Block, Cell, Page, Section, Table};

/// Columns of the table: the name in the file and the heading.
const COLUMNS: [(&str, &str); 9] = [
    (column::COST_EUR, "Cost, EUR"),
    (column::GRID_KWH, "Grid, kWh"),
    (column::UNMET_KWH, "Unmet, kWh"),
    (column::SURPLUS_KWH, "Surplus, kWh"),
    (column::LOOP_C, "Mean loop, °C"),
    (column::LOW_LIMIT_STEPS, "Steps at the low limit"),
    (column::HIGH_LIMIT_STEPS, "Steps at the high limit"),
    (column::CREATED_KWH, "Energy out of nothing, kWh"),
    (column::RELATIVE_GAP, "Relative gap"),
];

/// Reads `effects.csv` in a folder and returns its page.
///
/// # Errors
/// [`ReportError`].
pub fn effects_page(folder: &Path, name: &str) -> Result<Page, ReportError> {
    let path = folder.join(EFFECTS);
    let frame = Frame::read(&path)?.ok_or_else(|| ReportError::NotResults(folder.to_owned()))?;
    let missing =
        |column: &str| ReportError::Table { path: path.clone(), line: 1, message: format!("no column `{column}`") };
    let variants = frame.texts(column::VARIANT).ok_or_else(|| missing(column::VARIANT))?;
    let differences = column::COST_DIFFERENCE_EUR;
    let differences = frame.numbers(differences).ok_or_else(|| missing(differences))?;
    let sections = [
        Section::of("ends", "Published and corrected", vec![ends_table(&frame, &variants).map(Block::Table)]),
        Section::of(
            "switches",
            "What each switch does",
            vec![
                Some(Block::Text(
                    "Each variant is the published case with one of its quirks mended; `corrected` has all of them \
                 mended. Figures are means over the iterations that the table names."
                        .to_owned(),
                )),
                bars("cost", "Cost against the published case", "EUR", &variants, differences).map(Block::Figure),
                against(&frame, &variants, column::GRID_KWH).and_then(|grid| {
                    bars("grid", "Electricity from the grid against the published case", "kWh", &variants, &grid)
                        .map(Block::Figure)
                }),
                Some(Block::Table(switch_table(&frame, &variants))),
            ],
        ),
    ];
    let page = Page {
        title: "Published against corrected".to_owned(),
        subtitle: name.to_owned(),
        badge: None,
        sections: sections.into_iter().flatten().collect(),
    };
    Ok(page.with_own_ids())
}

/// Returns a column minus its value of the published variant.
fn against(frame: &Frame, variants: &[String], column: &str) -> Option<Vec<f64>> {
    let published = variants.iter().position(|variant| variant == column::PUBLISHED)?;
    let values = frame.numbers(column)?;
    Some(values.iter().map(|value| value - values[published]).collect())
}

fn ends_table(frame: &Frame, variants: &[String]) -> Option<Table> {
    let row_of = |wanted: &str| variants.iter().position(|variant| variant == wanted);
    let (published, corrected) = (row_of(column::PUBLISHED)?, row_of(column::CORRECTED)?);
    let row = |(column, head): (&str, &str)| {
        let values = frame.numbers(column)?;
        let (from, to) = (values[published], values[corrected]);
        let share = if from.abs() > 1e-3 && column.ends_with("_eur") | column.ends_with("_kwh") {
            format!("{:+.1}", 100.0 * (to - from) / from.abs())
        } else {
            String::new()
        };
        let numbers = [number(from), number(to), number(to - from), share];
        Some(std::iter::once(Cell::Text(head.to_owned())).chain(numbers.map(Cell::Number)).collect())
    };
    let mut rows: Vec<Vec<Cell>> = COLUMNS.into_iter().filter_map(row).collect();
    let verdicts = frame.texts(column::VERDICT)?;
    let verdict = [&verdicts[published], &verdicts[corrected]].map(|verdict| Cell::Number(verdict.clone()));
    let empty = || Cell::Number(String::new());
    rows.push(std::iter::once(Cell::Text("Verdict".to_owned())).chain(verdict).chain([empty(), empty()]).collect());
    let heads = ["Figure", "Published", "Corrected", "Difference", "%"].map(str::to_owned).to_vec();
    Some(Table {
        caption: "The case as published, and with every quirk mended".to_owned(),
        heads,
        rows,
        is_folded: false,
    })
}

fn bars(id: &str, title: &str, unit: &str, variants: &[String], values: &[f64]) -> Option<Figure> {
    let shown = || variants.iter().zip(values).filter(|(variant, _)| *variant != column::PUBLISHED);
    let words =
        shown().filter(|(_, value)| value.abs() >= 0.5).map(|(variant, value)| format!("{variant} {}", number(*value)));
    let words: Vec<String> = words.collect();
    let series = vec![(unit.to_owned(), Colour::Nth(0), shown().map(|(_, value)| *value).collect())];
    let categories: Vec<String> = shown().map(|(variant, _)| variant.clone()).collect();
    if categories.is_empty() {
        return None;
    }
    let text = format!(
        "{title}, {unit}: {}.",
        if words.is_empty() { format!("all below half a {unit}") } else { words.join(", ") }
    );
    let plot = Plot::Bars { is_stacked: false, categories, label: unit.to_owned(), series };
    Some(Figure { id: format!("effects-{id}"), title: title.to_owned(), text, plot })
}

fn switch_table(frame: &Frame, variants: &[String]) -> Table {
    let columns =
        [column::FLIPPED_TO, column::MEAN_FROM, column::MEAN_TO, column::VERDICT].map(|name| (name, frame.texts(name)));
    let text = |column: &str, row: usize| {
        let texts = columns.iter().find(|(name, _)| *name == column).and_then(|(_, texts)| texts.as_ref());
        texts.map_or_else(String::new, |texts| texts[row].clone())
    };
    let row = |row: usize| {
        let names = [variants[row].clone(), text(column::FLIPPED_TO, row)].map(Cell::Text);
        let values = COLUMNS.into_iter().map(|(column, _)| {
            let value = frame.numbers(column).map_or(f64::NAN, |values| values[row]);
            Cell::Number(if value.is_nan() { String::new() } else { number(value) })
        });
        let last = [
            Cell::Number(format!("{} to {}", text(column::MEAN_FROM, row), text(column::MEAN_TO, row))),
            Cell::Text(text(column::VERDICT, row)),
        ];
        names.into_iter().chain(values).chain(last).collect()
    };
    let heads =
        ["Switch", "Flipped to"].into_iter().chain(COLUMNS.map(|(_, head)| head)).chain(["Iterations", "Verdict"]);
    Table {
        caption: "The published case with one switch flipped".to_owned(),
        heads: heads.map(str::to_owned).collect(),
        rows: (0..frame.rows()).map(row).collect(),
        is_folded: false,
    }
}
