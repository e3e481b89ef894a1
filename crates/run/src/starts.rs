//! Runs of the same case from several initial points, and the spread of their solutions.

use anergy_config::Case;
use anergy_cosim::CosimResult;
use anergy_cosim::coupling::{CopSeries, InitialCopDispatch, Observer, SchemeChoice, Verdict};
use anergy_data::results::{Column, Table};
use anergy_data::schema::columns::starts as column;
use anergy_data::schema::{Beginning, NOT_SERVED_KWH, Spread};
use anergy_lp::Backend;
use anergy_thermal::heat_pump::LoopWater;
use ndarray::Array1;

use super::run_case;

/// The lowest initial COP of a heat pump.
const LEAST_COP: f64 = 1.0;

/// Returns the loop temperature, degrees Celsius, from which the COPs (with empty stores) of initial point `index` of
/// `of` follow: evenly spaced from the lowest to the highest temperature of the loop. `None` for the first one, which
/// is the case's own.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "beginnings are few")]
pub fn loop_c(case: &Case, index: usize, of: usize) -> Option<f64> {
    let [low, high] = case.coupled.as_ref()?.water_loop.limits_c();
    let intervals = of.saturating_sub(2).max(1);
    (index > 0).then(|| low + (high - low) * (index - 1) as f64 / intervals as f64)
}

/// Returns the case with other initial COPs, those of a loop at `loop_c`.
#[must_use]
pub fn beginning_at(case: &Case, loop_c: Option<f64>) -> Case {
    let mut case = case.clone();
    if let (Some(coupled), Some(loop_c)) = (&mut case.coupled, loop_c) {
        coupled.settings.initial_cop_dispatch = InitialCopDispatch::Start;
        if coupled.settings.scheme == Some(SchemeChoice::Anticipative) {
            // The anticipative scheme adds a second plan to the equilibrium; only equilibria are compared.
            coupled.settings.scheme = Some(SchemeChoice::Auto);
        }
        for (index, pump) in coupled.pumps.iter_mut().enumerate() {
            let (spread_k, _) = coupled.water_loop.widest_spread_k(index);
            let water = LoopWater { inlet_c: loop_c, spread_k };
            pump.start_cop = pump.pump.cop(water, 0.0).max(LEAST_COP);
        }
    }
    case
}

/// The part of a solution that is compared.
struct ComparedSolution {
    temp_c: Array1<f64>,
    cop: CopSeries,
}

/// Runs a case from other initial points, `of` in all with its own, of which `first` is the result; `None` if there is
/// nothing to compare.
pub fn spread(
    case: &Case,
    first: &CosimResult,
    of: usize,
    backend: &'static dyn Backend,
    observer: &mut dyn Observer,
) -> Option<Spread> {
    let begun = judged(first, None)?;
    let (mut beginnings, mut answers, mut problems) = (vec![begun.0], vec![begun.1], Vec::new());
    for index in 1..of {
        if observer.wants_to_stop() {
            break;
        }
        let loop_c = loop_c(case, index, of);
        match run_case(&beginning_at(case, loop_c), backend, observer) {
            Ok(run) => {
                // The iterate of an interrupted run says nothing about its solution.
                let ended = run.coupling.as_ref().is_some_and(|coupling| coupling.verdict != Verdict::Interrupted);
                if let Some((beginning, answer)) = judged(&run, loop_c).filter(|_| ended) {
                    beginnings.push(beginning);
                    answers.push(answer);
                }
            }
            Err(error) => {
                let begun_at = loop_c.map_or_else(String::new, |loop_c| format!("begun at {loop_c:.1} C: "));
                problems.push(format!("{begun_at}{error}"));
            }
        }
    }
    let spread = of_answers(case, beginnings, &answers);
    Some(Spread { asked: of, problems, ..spread })
}

fn judged(run: &CosimResult, loop_c: Option<f64>) -> Option<(Beginning, ComparedSolution)> {
    let coupling = run.coupling.as_ref()?;
    let beginning = Beginning {
        loop_c,
        verdict: coupling.verdict.name().to_owned(),
        iterations: coupling.records.len() - 1,
        gap: coupling.gap.map(|gap| gap.relative),
        unmet_gap: coupling.gap.map(|gap| gap.unmet_relative),
        cost_eur: run.total_eur(),
        unmet_kwh: run.account.unmet_kwh(),
    };
    Some((
        beginning,
        ComparedSolution { temp_c: coupling.response.temp_c.clone(), cop: coupling.response.signal.cops.clone() },
    ))
}

fn of_answers(case: &Case, beginnings: Vec<Beginning>, answers: &[ComparedSolution]) -> Spread {
    let axis = case.district.axis();
    let width = |of: &mut dyn Iterator<Item = f64>| {
        let [low, high] =
            of.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)]);
        (high - low, low)
    };
    let (cost_eur, cheapest) = width(&mut beginnings.iter().map(|beginning| beginning.cost_eur));
    let (unmet_kwh, _) = width(&mut beginnings.iter().map(|beginning| beginning.unmet_kwh));
    let temps =
        (0..answers[0].temp_c.len()).map(|at| (at, width(&mut answers.iter().map(|answer| answer.temp_c[at])).0));
    let temps: Vec<(usize, f64)> = temps.collect();
    let largest = |(at, most): (usize, f64), (now, k): &(usize, f64)| if *k > most { (*now, *k) } else { (at, most) };
    let (temp_at, temp_k) = temps.iter().fold((0, 0.0), largest);
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    let temp_mean_k = temps.iter().map(|(_, k)| k).sum::<f64>() / temps.len() as f64;
    let (mut cop, mut cop_at) = (0.0, String::new());
    for ((pump, step), _) in answers[0].cop.indexed_iter() {
        let difference = width(&mut answers.iter().map(|answer| answer.cop[[pump, step]])).0;
        if difference > cop {
            let names = case.coupled.as_ref().map(|coupled| &coupled.pumps[pump]);
            let name = names.map_or_else(String::new, |pump| format!("{} at {}", pump.technology, pump.site));
            (cop, cop_at) = (difference, format!("{name}, {}", axis.label(step)));
        }
    }
    let cost_relative = if cheapest == 0.0 { 0.0 } else { cost_eur / cheapest.abs() };
    let (asked, problems) = (beginnings.len(), Vec::new());
    Spread {
        asked,
        problems,
        beginnings,
        cost_eur,
        cost_relative,
        unmet_kwh,
        temp_k,
        temp_at: axis.label(temp_at),
        temp_mean_k,
        cop,
        cop_at,
    }
}

/// Returns the table `starts.csv`: one row per initial point.
#[must_use]
pub fn starts_table(spread: &Spread) -> Table {
    let of = &spread.beginnings;
    let number = |value: &dyn Fn(&Beginning) -> Option<f64>| {
        Column::Number(of.iter().map(|beginning| value(beginning).unwrap_or(f64::NAN)).collect())
    };
    let mut table = Table::default();
    table.push(column::START, Column::Count((1..=of.len()).collect()));
    table.push(column::LOOP_C, number(&|beginning| beginning.loop_c));
    table.push(column::VERDICT, Column::Text(of.iter().map(|beginning| beginning.verdict.clone()).collect()));
    table.push(column::ITERATIONS, Column::Count(of.iter().map(|beginning| beginning.iterations).collect()));
    table.push(column::RELATIVE_GAP, number(&|beginning| beginning.gap));
    table.push(column::RELATIVE_UNMET_GAP, number(&|beginning| beginning.unmet_gap));
    table.push(column::COST_EUR, number(&|beginning| Some(beginning.cost_eur)));
    table.push(column::UNMET_KWH, number(&|beginning| Some(beginning.unmet_kwh)));
    table
}

/// Returns the spread in words.
#[must_use]
pub fn spread_in_words(spread: &Spread) -> String {
    let Spread { asked, problems, beginnings, cost_eur, cost_relative, unmet_kwh, .. } = spread;
    let Spread { temp_k, temp_at, temp_mean_k, cop, cop_at, .. } = spread;
    let converged = beginnings.iter().filter(|beginning| beginning.verdict == Verdict::Converged.name()).count();
    let problems = problems.iter().map(|problem| format!("; {}", problem.replace('\n', " "))).collect::<String>();
    if beginnings.len() < 2 {
        return format!("1 of {asked} beginnings has an answer: nothing to compare{problems}");
    }
    let of = if beginnings.len() < *asked { format!("{} of {asked}", beginnings.len()) } else { asked.to_string() };
    let unmet = if *unmet_kwh > NOT_SERVED_KWH {
        format!(", of which one leaves {unmet_kwh:.1} kWh more unserved than another")
    } else {
        String::new()
    };
    let mut text = format!(
        "{of} beginnings, {converged} converged: costs {cost_eur:.2} EUR apart ({cost_relative:.1e}){unmet}, loop \
         temperatures up to {temp_k:.3} K ({temp_mean_k:.4} K on average"
    );
    if *temp_k > 0.0 {
        text.push_str(&format!("; most at {temp_at}"));
    }
    text.push_str(&format!("), COPs up to {cop:.3}"));
    if *cop > 0.0 {
        text.push_str(&format!(" ({cop_at})"));
    }
    text.push_str(&problems);
    text
}
