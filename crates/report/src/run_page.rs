//! The page of one run.

use anergy_data::schema::columns::prices::balance;
use anergy_data::schema::columns::timeseries;
use anergy_data::schema::files::{CONFIG, TIMESERIES};
use anergy_data::schema::{Finding, Input, Level, NOT_SERVED_KWH, Verdict};

use super::figures::{Grain, carpet, dispatch, durations, map, number, prices, sankey, storage, temperature};
use super::flows::flows;
use super::frame::Frame;
use super::headline::{Headline, cost_table};
use super::page::{Block, Cell, Page, Section, Table, Tone};
use super::run::RunResults;
use super::tables::{
    balance_table, comparison_table, excess_table, loop_table, technology_table, units_table, validity_table,
};
use super::trust::verdict;

/// Returns the page of a run.
#[must_use]
pub fn run_page(run: &RunResults) -> Page {
    let flows = flows(run);
    let stored = run.series.names().filter(|name| timeseries::is_level(name)).count();
    let priced = run.prices.iter().flat_map(Frame::names).filter(|name| balance(name).is_some()).count();
    let summary = &run.summary;
    let pumps = summary.coupling.as_ref().map_or(0, |coupling| coupling.validity.len());
    let carpets = 1 + pumps.min(carpet::MOST_PUMPS);
    let series = flows.len() + 2 * stored + priced + carpets;
    let grain = Grain::of(series, run.axis.len, run.axis.steps_per_day());
    let sections = [
        Section::of(
            "headline",
            "At a glance",
            vec![
                Some(Block::Tiles(Headline::of(run, &flows).tiles())),
                Some(Block::Table(cost_table(&summary.cost))),
                coarse_note(grain),
            ],
        ),
        Section::of("verdict", "Can it be trusted?", verdict(run)),
        Section::of(
            "loop",
            "Water loop",
            vec![
                temperature::temperature(run).map(Block::Figure),
                Block::choice("Carpet of", carpet::carpets(run)),
                (pumps > carpet::MOST_PUMPS).then(|| {
                    Block::Text(format!("Carpets of the first {} of {pumps} heat pumps.", carpet::MOST_PUMPS))
                }),
                map::map(run).map(Block::Figure),
                validity_table(run).map(Block::Table),
                excess_table(run).map(Block::Table),
                units_table(run).map(Block::Table),
            ],
        ),
        Section::of(
            "dispatch",
            "Dispatch",
            vec![Block::choice("Carrier and site", dispatch::dispatch(run, &flows, grain))],
        ),
        Section::of("storage", "Stores", vec![Block::choice("Site", storage::storage(run, grain))]),
        Section::of(
            "energy",
            "Energy",
            vec![
                sankey::sankey(run, &flows).map(Block::Figure),
                Some(Block::Table(technology_table(run))),
                Some(Block::Table(balance_table(run, &flows))),
                loop_table(run).map(Block::Table),
                durations::durations(run).map(Block::Figure),
            ],
        ),
        Section::of("prices", "Prices", vec![Block::choice("Site", prices::prices(run, grain))]),
        Section::of(
            "published",
            "Published figures",
            vec![run.comparison.as_ref().map(comparison_table).map(Block::Table)],
        ),
        Section::of("findings", "Warnings and notes", findings(run)),
        Section::of("provenance", "Where it comes from", provenance(run)),
    ];
    Page {
        title: run.title(),
        subtitle: format!(
            "{} to {}, {} steps of {} min",
            summary.from, summary.to, summary.steps, summary.step_minutes
        ),
        badge: badge(run),
        sections: sections.into_iter().flatten().collect(),
    }
    .with_own_ids()
}

/// Returns the verdict as a badge, which also tells of unmet demand; `None` without a loop and unmet demand.
pub(super) fn badge(run: &RunResults) -> Option<(String, Tone)> {
    let unmet_kwh = run.unmet_kwh();
    if unmet_kwh <= NOT_SERVED_KWH {
        return verdict_badge(run);
    }
    let not_served = format!("{} kWh of demand not served", number(unmet_kwh));
    let words =
        verdict_badge(run).map_or_else(|| not_served.clone(), |(words, _)| format!("{words}, but {not_served}"));
    Some((words, Tone::Warning))
}

fn verdict_badge(run: &RunResults) -> Option<(String, Tone)> {
    let coupling = run.summary.coupling.as_ref()?;
    let words = coupling.verdict.words();
    Some(match (coupling.converged, coupling.verdict) {
        (true, _) => (words.to_owned(), Tone::Good),
        (false, Verdict::StoppedByPaperRule { .. }) => (format!("{words}: not converged"), Tone::Warning),
        (false, _) => (words.to_owned(), Tone::Warning),
    })
}

fn coarse_note(grain: Grain) -> Option<Block> {
    (grain.block > 1).then(|| {
        let words = "To keep this page small, dispatch, stores and prices are shown in means over";
        Block::Text(format!("{words} {} steps; {TIMESERIES} has every step.", grain.block))
    })
}

fn findings(run: &RunResults) -> Vec<Option<Block>> {
    let table = |caption: &str, is_default: bool| {
        let found = run.summary.findings.iter().filter(|finding| (finding.level == Level::Default) == is_default);
        let row = |finding: &Finding| {
            let place = finding.place.clone().unwrap_or_default();
            [finding.level.name().to_owned(), finding.message.clone(), place].map(Cell::Text).to_vec()
        };
        let rows: Vec<Vec<Cell>> = found.map(row).collect();
        let heads = ["Level", "Finding", "Place"].map(str::to_owned).to_vec();
        let table = Table { caption: caption.to_owned(), heads, rows, is_folded: is_default };
        (!table.rows.is_empty()).then_some(Block::Table(table))
    };
    let none = Block::Text("No warnings.".to_owned());
    let warnings = table("Warnings and notes", false).unwrap_or(none);
    vec![Some(warnings), table("What is left to its default, or set anew", true)]
}

fn provenance(run: &RunResults) -> Vec<Option<Block>> {
    let summary = &run.summary;
    let certificate = &summary.certificate;
    let proof = certificate.dispatch_gap.map_or_else(
        || "none: the solver tells no duals".to_owned(),
        |gap| format!("a dispatch at the answer's COPs is proven to be the cheapest to {gap:.1e}"),
    );
    let ties = certificate.tied_steps.filter(|steps| *steps > 0);
    let ties = ties.map_or_else(String::new, |steps| format!("; in {steps} steps something else would cost the same"));
    let config = format!("{CONFIG}, SHA-256");
    let facts = [
        ("anergy", summary.version.clone()),
        ("Solver", summary.solver.clone()),
        ("Equations hold to", format!("{:.1e} kW or kWh, bounds to {:.1e}", certificate.equation, certificate.bound)),
        ("Proof of the dispatch", proof + &ties),
        (config.as_str(), run.config_sha256.clone().unwrap_or_else(|| "not there".to_owned())),
    ];
    let row = |(name, value): (&str, String)| vec![Cell::Text(name.to_owned()), Cell::Text(value)];
    let facts = Table {
        caption: "Version, solver and certificate".to_owned(),
        heads: vec!["What".to_owned(), "Value".to_owned()],
        rows: facts.into_iter().map(row).collect(),
        is_folded: false,
    };
    let input = |input: &Input| [input.path.display().to_string(), input.sha256.clone()].map(Cell::Text).to_vec();
    let inputs = Table {
        caption: "Files read".to_owned(),
        heads: vec!["File".to_owned(), "SHA-256".to_owned()],
        rows: summary.inputs.iter().map(input).collect(),
        is_folded: true,
    };
    vec![Some(Block::Table(facts)), Some(Block::Table(inputs))]
}
