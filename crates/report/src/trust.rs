//! The part of a run's page on the reliability of the solution: verdict, iterations, initial points, price of myopia.

use anergy_data::schema::columns::convergence as column;
use anergy_data::schema::files::STARTS;
use anergy_data::schema::{CostMoved, CouplingSummary, MyopiaSummary, NOT_SERVED_KWH, Spread, ViolationSummary};

use super::figures::{convergence, number};
use super::frame::Frame;
use super::page::{Block, Cell, Table};
use super::run::RunResults;

/// Returns the blocks on the verdict.
pub(super) fn verdict(run: &RunResults) -> Vec<Option<Block>> {
    let Some(coupling) = &run.summary.coupling else {
        return vec![Some(Block::Text("There is no loop: one dispatch, proven by its certificate below.".to_owned()))];
    };
    let schemes = coupling.schemes.iter().map(|ran| format!("{} {}", ran.scheme, ran.iterations));
    let residual = coupling.residual.as_ref().map_or_else(String::new, |residual| {
        format!(" The loop last moved by up to {:.3} K, by {:.4} K on average.", residual.max_k, residual.mean_k)
    });
    let balance = format!(
        "Energy of the loop: closed to {:.1e} of what was moved, in every step to {:.1e}.",
        coupling.loop_balance_residual, coupling.loop_step_balance_residual
    );
    vec![
        Some(Block::Text(sentence(&coupling.explanation))),
        Some(Block::Text(format!(
            "Iterations by scheme: {}.{residual} {balance}",
            schemes.collect::<Vec<_>>().join(", ")
        ))),
        coupling.cost_moved.as_ref().map(|moved| Block::Text(cost_moved_in_words(moved))),
        beyond_the_verdict(run, coupling).map(Block::Text),
        coupling.gap_missing.as_ref().map(|missing| Block::Text(format!("The gap is not known: {missing}"))),
        run.summary.starts.as_ref().map(|spread| Block::Text(starts_in_words(spread))),
        run.starts.as_ref().map(starts_table).map(Block::Table),
        run.summary.myopia.as_ref().map(|myopia| Block::Text(myopia_in_words(myopia))),
        convergence::convergence(run).map(Block::Figure),
        run.convergence.as_ref().map(iteration_table).map(Block::Table),
    ]
}

/// Columns of the table of iterations: the name in the file and the heading.
const ITERATION_COLUMNS: [(&str, &str); 12] = [
    (column::ITERATION, "Iteration"),
    (column::SCHEME, "Scheme"),
    (column::STEP, "Step"),
    (column::COST_EUR, "Planned, EUR"),
    (column::COST_AT_OWN_COPS_EUR, "At own COPs, EUR"),
    (column::RELATIVE_GAP, "Relative gap"),
    (column::RELATIVE_UNMET_GAP, "Unmet gap"),
    (column::MEAN_CHANGE_K, "Mean change, K"),
    (column::MAX_CHANGE_K, "Largest change, K"),
    (column::MAX_CHANGE_AT, "at"),
    (column::TEMP_MEAN_C, "Mean loop, °C"),
    (column::BALANCING_ENERGY_KWH, "Balancing energy, kWh"),
];

fn iteration_table(frame: &Frame) -> Table {
    let shown = |(name, head): (&'static str, &'static str)| {
        let texts = frame.texts(name)?;
        let cell = |(row, text): (usize, String)| match (name, frame.numbers(name).map(|values| values[row])) {
            (_, None) => Cell::Text(text),
            (_, Some(value)) if value.is_nan() => Cell::Number(String::new()),
            (column::ITERATION, Some(_)) => Cell::Number(text),
            (
                column::RELATIVE_GAP | column::RELATIVE_UNMET_GAP | column::MEAN_CHANGE_K | column::MAX_CHANGE_K,
                Some(value),
            ) => Cell::Number(format!("{value:.2e}")),
            (_, Some(value)) => Cell::Number(format!("{value:.2}")),
        };
        Some((head, texts.into_iter().enumerate().map(cell).collect::<Vec<Cell>>()))
    };
    let columns: Vec<(&str, Vec<Cell>)> = ITERATION_COLUMNS.into_iter().filter_map(shown).collect();
    Table {
        caption: "Iterations".to_owned(),
        heads: columns.iter().map(|(head, _)| (*head).to_owned()).collect(),
        rows: (0..frame.rows()).map(|row| columns.iter().map(|(_, cells)| cells[row].clone()).collect()).collect(),
        is_folded: true,
    }
}

/// Returns words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Returns the problems that the verdict does not include: unmet demand, violated limits, and created energy. `None`
/// without any.
fn beyond_the_verdict(run: &RunResults, coupling: &CouplingSummary) -> Option<String> {
    let mut words = Vec::new();
    let unmet_kwh = run.unmet_kwh();
    if unmet_kwh > NOT_SERVED_KWH {
        let share = run.unmet_share_in_words();
        words.push(format!("{} kWh of demand are not served{share}", number(unmet_kwh)));
    }
    for (violation, side) in
        coupling.violations.iter().zip(["below", "above"]).filter(|(violation, _)| violation.hours > 0.0)
    {
        let ViolationSummary { limit_c, hours, kelvin_hours, .. } = violation;
        words.push(format!("water was {side} {limit_c} °C for {} h ({} K h)", number(*hours), number(*kelvin_hours)));
    }
    let [appeared, vanished] = coupling.created_kwh;
    if appeared != 0.0 || vanished != 0.0 {
        let (appeared, vanished) = (number(appeared), number(vanished.abs()));
        words.push(format!("the loop's limits made {appeared} kWh out of nothing, and {vanished} kWh into nothing"));
    }
    (!words.is_empty()).then(|| format!("Not kept: {}.", words.join("; ")))
}

/// Returns the change of the cost over the last iterations in words.
fn cost_moved_in_words(moved: &CostMoved) -> String {
    let CostMoved { iterations, eur, relative, gaps, .. } = moved;
    let gaps = gaps.map_or_else(String::new, |gaps| format!(", {gaps:.1} gaps"));
    format!(
        "The cost moved by {} EUR ({relative:.1e} of it{gaps}) over the last {iterations} iterations. The gap is what \
         a dispatcher could still save at the COPs of the answer; it is no error of the cost.",
        number(*eur)
    )
}

/// Returns the spread of the solutions from several initial points in words.
fn starts_in_words(spread: &Spread) -> String {
    let unmet = match spread.unmet_kwh {
        unmet_kwh if unmet_kwh > NOT_SERVED_KWH => format!(", unmet demand {} kWh", number(unmet_kwh)),
        _ => String::new(),
    };
    format!(
        "From {} beginnings: costs are {} EUR apart ({:.1e}){unmet}, loop temperatures up to {:.3} K ({:.4} K on \
         average). Agreements of dispatch and loop need not be unique.",
        spread.asked,
        number(spread.cost_eur),
        spread.cost_relative,
        spread.temp_k,
        spread.temp_mean_k
    )
}

fn starts_table(frame: &Frame) -> Table {
    let columns: Vec<(&str, Vec<String>)> = frame.names().filter_map(|name| Some((name, frame.texts(name)?))).collect();
    let row = |row: usize| columns.iter().map(|(_, texts)| Cell::Text(texts[row].clone())).collect();
    Table {
        caption: format!("Beginnings ({STARTS})"),
        heads: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
        rows: (0..frame.rows()).map(row).collect(),
        is_folded: true,
    }
}

/// Returns the price of myopia in words.
fn myopia_in_words(myopia: &MyopiaSummary) -> String {
    let gap = match (myopia.gap_eur, myopia.price_beyond_gap_eur) {
        (Some(gap_eur), Some(beyond_eur)) => format!(
            " The gap of the equilibrium, {} EUR, is in that: a dispatcher could save it without knowing more; {} EUR \
             are beyond it.",
            number(gap_eur),
            number(beyond_eur)
        ),
        _ => " The gap of the equilibrium is in that, and not known.".to_owned(),
    };
    format!(
        "Price of myopia: {:.3} % ({} EUR). A dispatcher who knew what it does to the loop would pay {} EUR in place \
         of {} EUR.{gap}",
        100.0 * myopia.price_relative,
        number(myopia.price_eur),
        number(myopia.anticipative_eur),
        number(myopia.equilibrium_eur)
    )
}
