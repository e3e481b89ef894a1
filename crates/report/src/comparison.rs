//! The page that compares several runs.

use anergy_data::schema::CouplingSummary;
use anergy_data::schema::columns::{convergence, timeseries};
use anergy_data::schema::files::CONFIG;

use super::axis::duration;
use super::figure::{Colour, Figure, Line, Panel, Plot, Style, XAxis};
use super::figures::{Grain, durations, number};
use super::flows::flows;
use super::headline::{Headline, Quantity, cost_parts, is_nothing, shown};
use super::page::{Block, Cell, Page, Section, Table};
use super::run::RunResults;
use super::run_page::badge;

/// The number of rows above which the table of settings is folded at first.
const MOST_SETTINGS: usize = 25;
/// The largest number of names of runs in a title.
const NAMED: usize = 3;

/// Returns the page that compares several runs.
#[must_use]
pub fn comparison_page(runs: &[RunResults]) -> Page {
    let headlines: Vec<Headline> = runs.iter().map(|run| Headline::of(run, &flows(run))).collect();
    let sections = [
        Section::of(
            "headline",
            "At a glance",
            vec![
                other_times(runs).map(Block::Text),
                Some(Block::Table(values_table(runs, &headlines))),
                difference_table(runs, &headlines).map(Block::Table),
                costs(runs).map(Block::Figure),
            ],
        ),
        Section::of(
            "verdict",
            "Can they be trusted?",
            vec![Some(Block::Table(verdict_table(runs))), gaps(runs).map(Block::Figure)],
        ),
        Section::of(
            "loop",
            "Water loop",
            vec![temperatures(runs).map(Block::Figure), duration_curves(runs).map(Block::Figure)],
        ),
        Section::of("cops", "Heat pumps", vec![cops(runs).map(Block::Figure)]),
        Section::of("settings", "What was set otherwise", vec![Some(settings(runs))]),
    ];
    let names: Vec<&str> = runs.iter().take(NAMED).map(|run| run.name.as_str()).collect();
    let more = if runs.len() > NAMED { format!(" and {} more", runs.len() - NAMED) } else { String::new() };
    Page {
        title: format!("{}{more}", names.join(", ")),
        subtitle: format!("{} runs side by side; differences are to {}", runs.len(), names.first().unwrap_or(&"")),
        badge: None,
        sections: sections.into_iter().flatten().collect(),
    }
    .with_own_ids()
}

/// Returns a warning where the runs have different times, so that amounts are not comparable; `None` otherwise.
fn other_times(runs: &[RunResults]) -> Option<String> {
    let hours = |run: &RunResults| run.axis.step_hours() * run.axis.len as f64;
    let first = runs.first()?;
    let other = runs.iter().find(|run| hours(run) != hours(first))?;
    let (a, b) = (number(hours(first)), number(hours(other)));
    Some(format!(
        "Runs of different length: {} has {a} h, {} has {b} h. Amounts of energy and money do not compare.",
        first.name, other.name
    ))
}

fn heads(first: &[&str], runs: &[RunResults]) -> Vec<String> {
    first.iter().map(|head| (*head).to_owned()).chain(runs.iter().map(|run| run.name.clone())).collect()
}

/// Returns the quantities of all runs in the order of their first occurrence: name and unit.
fn quantities(headlines: &[Headline]) -> Vec<(&str, &'static str)> {
    let mut names: Vec<(&str, &'static str)> = Vec::new();
    for quantity in headlines.iter().flat_map(|headline| &headline.figures) {
        if !names.contains(&(quantity.name.as_str(), quantity.unit)) {
            names.push((&quantity.name, quantity.unit));
        }
    }
    names
}

fn find<'h>(headline: &'h Headline, name: &str) -> Option<&'h Quantity> {
    headline.figures.iter().find(|quantity| quantity.name == name)
}

fn values_table(runs: &[RunResults], headlines: &[Headline]) -> Table {
    let row = |(name, unit): (&str, &str)| {
        let names = [name, unit].map(|text| Cell::Text(text.to_owned()));
        let values = headlines.iter().map(|headline| Cell::Number(find(headline, name).map(shown).unwrap_or_default()));
        names.into_iter().chain(values).collect()
    };
    Table {
        caption: "Headline figures".to_owned(),
        heads: heads(&["Figure", "Unit"], runs),
        rows: quantities(headlines).into_iter().map(row).collect(),
        is_folded: false,
    }
}

fn difference_table(runs: &[RunResults], headlines: &[Headline]) -> Option<Table> {
    let (first, others) = headlines.split_first()?;
    if others.is_empty() {
        return None;
    }
    let difference = |quantity: &Quantity, base: &Quantity| {
        let by = quantity.value - base.value;
        if is_nothing(quantity.unit, by) || by.abs() <= 1e-9 * base.value.abs() {
            return "0".to_owned();
        }
        let share = if base.value.abs() > 1e-3 && !matches!(quantity.unit, "°C" | "%") {
            format!(" ({:+.1} %)", 100.0 * by / base.value.abs())
        } else {
            String::new()
        };
        let sign = if by > 0.0 { "+" } else { "" };
        format!("{sign}{}{share}", number(by))
    };
    let row = |(name, unit): (&str, &str)| {
        let base = find(first, name)?;
        let names = [name, unit].map(|text| Cell::Text(text.to_owned()));
        let values = others.iter().map(|other| {
            let known = find(other, name);
            Cell::Number(known.map(|known| difference(known, base)).unwrap_or_default())
        });
        Some(names.into_iter().chain(values).collect())
    };
    Some(Table {
        caption: format!("Differences to {}", runs.first()?.name),
        heads: heads(&["Figure", "Unit"], &runs[1..]),
        rows: quantities(headlines).into_iter().filter_map(row).collect(),
        is_folded: false,
    })
}

fn verdict_table(runs: &[RunResults]) -> Table {
    let row = |run: &RunResults| {
        let coupling = run.summary.coupling.as_ref();
        let verdict = badge(run).map_or_else(|| "one dispatch, no loop".to_owned(), |(words, _)| words);
        let last = |of: &dyn Fn(&CouplingSummary) -> Option<f64>| {
            Cell::Number(coupling.and_then(of).map_or_else(String::new, |value| format!("{value:.2e}")))
        };
        let iterations: usize = coupling.map_or(0, |coupling| coupling.schemes.iter().map(|ran| ran.iterations).sum());
        vec![
            Cell::Text(run.name.clone()),
            Cell::Text(run.title()),
            Cell::Text(format!("{} to {}", run.summary.from, run.summary.to)),
            Cell::Text(verdict),
            Cell::Number(iterations.to_string()),
            last(&|coupling| coupling.gap.as_ref().map(|gap| gap.relative)),
            last(&|coupling| coupling.residual.as_ref().map(|residual| residual.max_k)),
            Cell::Text(run.summary.solver.clone()),
        ]
    };
    let heads = ["Run", "Case", "Time", "Verdict", "Iterations", "Relative gap", "Last change, K", "Solver"];
    Table {
        caption: "Verdicts".to_owned(),
        heads: heads.map(str::to_owned).to_vec(),
        rows: runs.iter().map(row).collect(),
        is_folded: false,
    }
}

fn costs(runs: &[RunResults]) -> Option<Figure> {
    let parts: Vec<[(&str, f64); 6]> = runs.iter().map(|run| cost_parts(&run.summary.cost)).collect();
    let series = (0..6).filter(|part| parts.iter().any(|run| run[*part].1 != 0.0)).enumerate().map(|(colour, part)| {
        let values = parts.iter().map(|run| run[part].1).collect();
        (parts[0][part].0.to_owned(), Colour::Nth(colour), values)
    });
    let series: Vec<_> = series.collect();
    let words = runs.iter().map(|run| format!("{} {}", run.name, number(run.summary.cost.total_eur)));
    let text = format!("Cost by parts, EUR: {}.", words.collect::<Vec<_>>().join(", "));
    let categories = runs.iter().map(|run| run.name.clone()).collect();
    let plot = Plot::Bars { is_stacked: true, categories, label: "EUR".to_owned(), series };
    Some(Figure { id: "costs".to_owned(), title: "Cost".to_owned(), text, plot })
}

fn gaps(runs: &[RunResults]) -> Option<Figure> {
    let positive =
        |values: &[f64]| values.iter().map(|gap| if *gap > 0.0 { *gap } else { f64::NAN }).collect::<Vec<_>>();
    let line = |(index, run): (usize, &RunResults)| {
        let values = positive(run.convergence.as_ref()?.numbers(convergence::RELATIVE_GAP)?);
        let any = values.iter().any(|gap| !gap.is_nan());
        any.then(|| Line { style: Style::Points, ..Line::new(run.name.clone(), Colour::Nth(index), values) })
    };
    let mut lines: Vec<Line> = runs.iter().enumerate().filter_map(line).collect();
    let longest = lines.iter().map(|line| line.values.len()).max()?;
    lines.iter_mut().for_each(|line| line.values.resize(longest, f64::NAN));
    let x = XAxis::Number { label: "iteration".to_owned(), values: (0..longest).map(|k| k as f64).collect() };
    let text = "Relative gap by iteration: the share of the money that a dispatcher could still save.".to_owned();
    let panels = vec![Panel { is_log: true, ..Panel::new("relative gap", lines) }];
    Some(Figure { id: "gaps".to_owned(), title: "Gap by iteration".to_owned(), text, plot: Plot::Lines { x, panels } })
}

fn temperature(run: &RunResults) -> Option<&[f64]> {
    run.series.numbers(timeseries::LOOP_TEMPERATURE_C)
}

fn temperatures(runs: &[RunResults]) -> Option<Figure> {
    let longest = runs.iter().max_by_key(|run| run.axis.len)?;
    let grain = Grain::of(runs.len(), longest.axis.len, longest.axis.steps_per_day());
    let line = |(index, run): (usize, &RunResults)| {
        let values = grain.values(temperature(run)?);
        Some(Line { axis: Some(grain.axis(&run.axis)), ..Line::new(run.name.clone(), Colour::Nth(index), values) })
    };
    let lines: Vec<Line> = runs.iter().enumerate().filter_map(line).collect();
    let axis = lines.first()?.axis?;
    let means =
        runs.iter().filter_map(|run| Some(format!("{} {:.2}", run.name, run.summary.coupling.as_ref()?.temp_c[1])));
    let coarse = if grain.block > 1 { format!(" Shown in means over {} steps.", grain.block) } else { String::new() };
    let text = format!("Loop temperature over time, °C; means: {}.{coarse}", means.collect::<Vec<_>>().join(", "));
    let plot = Plot::Lines { x: XAxis::Time(axis), panels: vec![Panel::new("°C", lines)] };
    Some(Figure { id: "loop-temperatures".to_owned(), title: "Loop temperature".to_owned(), text, plot })
}

fn duration_curves(runs: &[RunResults]) -> Option<Figure> {
    let hours = |run: &RunResults| run.axis.step_hours() * run.axis.len as f64;
    // The curves share an axis, so only runs of equal length are shown. A run keeps its colour from figure to figure.
    let with_loop = || runs.iter().enumerate().filter_map(|(index, run)| Some((index, run, temperature(run)?)));
    let (_, first, _) = with_loop().next()?;
    let alike = || with_loop().filter(|(_, run, _)| hours(run) == hours(first));
    let points = durations::points(alike().map(|(_, run, _)| run.axis.len).min()?);
    let curve = |(index, run, temp_c): (usize, &RunResults, &[f64])| {
        Line::new(run.name.clone(), Colour::Nth(index), duration(temp_c, points))
    };
    // A single step is not a curve.
    let lines: Vec<Line> = alike().map(curve).filter(|line| line.values.len() == points).collect();
    if lines.is_empty() {
        return None;
    }
    let text = "For how many hours the loop was at least so warm; of runs that are as long as the first.".to_owned();
    let plot = Plot::Lines { x: durations::hours(first, points), panels: vec![Panel::new("°C", lines)] };
    Some(Figure { id: "loop-durations".to_owned(), title: "Loop temperature, duration curves".to_owned(), text, plot })
}

fn cops(runs: &[RunResults]) -> Option<Figure> {
    let cop = |run: &RunResults| -> Vec<(String, f64)> {
        let pumps = run
            .summary
            .technologies
            .iter()
            .filter(|known| known.service.is_some() && !is_nothing("kWh", known.taken_kwh));
        pumps
            .map(|known| (format!("{} at {}", known.technology, known.site), known.delivered_kwh / known.taken_kwh))
            .collect()
    };
    let all: Vec<Vec<(String, f64)>> = runs.iter().map(cop).collect();
    let mut categories: Vec<String> = Vec::new();
    for (name, _) in all.iter().flatten() {
        if !categories.contains(name) {
            categories.push(name.clone());
        }
    }
    let values = |cops: &Vec<(String, f64)>| {
        let of = |name: &String| cops.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, cop)| *cop);
        categories.iter().map(of).collect::<Vec<_>>()
    };
    let series = runs
        .iter()
        .zip(&all)
        .enumerate()
        .map(|(index, (run, cops))| (run.name.clone(), Colour::Nth(index), values(cops)));
    let series: Vec<_> = series.collect();
    if categories.is_empty() {
        return None;
    }
    let text = "Seasonal COP: heat or cold delivered over the whole time, by electricity taken.".to_owned();
    let plot = Plot::Bars { is_stacked: false, categories, label: "seasonal COP".to_owned(), series };
    Some(Figure { id: "seasonal-cops".to_owned(), title: "Seasonal COP".to_owned(), text, plot })
}

/// Returns the keys of the resolved configurations whose values differ between runs.
fn settings(runs: &[RunResults]) -> Block {
    let mut keys: Vec<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let row = |key: &String| {
        let values: Vec<Option<&String>> = runs.iter().map(|run| run.settings.get(key)).collect();
        let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
        let cells = values.iter().map(|value| Cell::Text(value.map_or("–", String::as_str).to_owned()));
        differ.then(|| std::iter::once(Cell::Text(key.clone())).chain(cells).collect())
    };
    let rows: Vec<Vec<Cell>> = keys.into_iter().filter_map(row).collect();
    if rows.is_empty() {
        return Block::Text("Nothing: the resolved configurations are the same.".to_owned());
    }
    let caption = format!("{} keys of {CONFIG} that differ", rows.len());
    let is_folded = rows.len() > MOST_SETTINGS;
    Block::Table(Table { caption, heads: heads(&["Key"], runs), rows, is_folded })
}
