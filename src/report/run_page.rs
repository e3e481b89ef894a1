//! The report of one run.

use super::figures::{
    Grain, carpet, convergence, dispatch, durations, map, number, prices, sankey, storage, temperature,
};
use super::flows::{Flow, account, flows};
use super::frame::Frame;
use super::headline::{Headline, cost_table};
use super::page::{Block, Cell, Page, Section, Table, Tone};
use super::run::RunResults;

/// The page of a run.
#[must_use]
pub fn run_page(run: &RunResults) -> Page {
    let flows = flows(run);
    let stored = run.series.names().filter(|name| name.ends_with("|level_kwh")).count();
    let priced = run.prices.iter().flat_map(Frame::names).filter(|name| name.ends_with("|price_eur_per_kwh")).count();
    let grain = Grain::of(flows.len() + 2 * stored + priced, run.axis.len, run.axis.steps_per_day());
    let summary = &run.summary;
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
                durations::durations(run).map(Block::Figure),
            ],
        ),
        Section::of("prices", "Prices", vec![Block::choice("Site", prices::prices(run, grain))]),
        Section::of(
            "published",
            "Published figures",
            vec![run.comparison.as_ref().map(comparison_table).map(Block::Table)],
        ),
        Section::of("findings", "What is worth a word", findings(run)),
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

/// The verdict in a word.
pub(super) fn badge(run: &RunResults) -> Option<(String, Tone)> {
    let coupling = run.summary.coupling.as_ref()?;
    let verdict = coupling.verdict.replace('_', " ");
    let (words, tone) = match (coupling.converged, verdict.as_str()) {
        (true, _) => (verdict, Tone::Good),
        (false, "stopped by paper rule") => (format!("{verdict}: not converged"), Tone::Warning),
        (false, _) => (verdict, Tone::Warning),
    };
    Some((words, tone))
}

/// Words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn coarse_note(grain: Grain) -> Option<Block> {
    (grain.block > 1).then(|| {
        let words = "To keep this page small, dispatch, stores and prices are shown in means over";
        Block::Text(format!("{words} {} steps; timeseries.csv has every step.", grain.block))
    })
}

fn verdict(run: &RunResults) -> Vec<Option<Block>> {
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
        coupling.gap_missing.as_ref().map(|missing| Block::Text(format!("The gap is not known: {missing}"))),
        convergence::convergence(run).map(Block::Figure),
        run.convergence.as_ref().map(iteration_table).map(Block::Table),
    ]
}

/// Columns of the table of iterations: of the file, and for people.
const ITERATION: [(&str, &str); 11] = [
    ("iteration", "Iteration"),
    ("scheme", "Scheme"),
    ("step", "Step"),
    ("cost_eur", "Planned, EUR"),
    ("cost_at_own_cops_eur", "At own COPs, EUR"),
    ("relative_gap", "Relative gap"),
    ("mean_change_k", "Mean change, K"),
    ("max_change_k", "Largest change, K"),
    ("max_change_at", "at"),
    ("temp_mean_c", "Mean loop, °C"),
    ("balancing_energy_kwh", "Balancing energy, kWh"),
];

fn iteration_table(frame: &Frame) -> Table {
    let known: Vec<(&str, &str)> = ITERATION.into_iter().filter(|(name, _)| frame.texts(name).is_some()).collect();
    let cell = |name: &str, row: usize| match (name, frame.numbers(name)) {
        (_, None) => Cell::Text(frame.texts(name).map_or_else(String::new, |texts| texts[row].clone())),
        (_, Some(values)) if values[row].is_nan() => Cell::Number(String::new()),
        ("iteration", Some(values)) => Cell::Number(format!("{}", values[row])),
        ("relative_gap" | "mean_change_k" | "max_change_k", Some(values)) => {
            Cell::Number(format!("{:.2e}", values[row]))
        }
        (_, Some(values)) => Cell::Number(format!("{:.2}", values[row])),
    };
    Table {
        caption: "Iterations".to_owned(),
        heads: known.iter().map(|(_, head)| (*head).to_owned()).collect(),
        rows: (0..frame.rows()).map(|row| known.iter().map(|(name, _)| cell(name, row)).collect()).collect(),
        is_folded: true,
    }
}

fn validity_table(run: &RunResults) -> Option<Table> {
    let validity = &run.summary.coupling.as_ref()?.validity;
    let left = validity.iter().filter(|pump| pump.below + pump.above > 0);
    let row = |pump: &super::summary::Validity| {
        let counts = [pump.running, pump.below, pump.above];
        let names = [&pump.technology, &pump.site].into_iter().map(|name| Cell::Text(name.clone()));
        names.chain(counts.map(|count| Cell::Number(count.to_string()))).collect()
    };
    let rows: Vec<Vec<Cell>> = left.map(row).collect();
    let heads = ["Heat pump", "Site", "Running steps", "Below the range", "Above it"].map(str::to_owned).to_vec();
    let caption = "Running steps outside the range of validity of the COP model".to_owned();
    (!rows.is_empty()).then_some(Table { caption, heads, rows, is_folded: false })
}

fn excess_table(run: &RunResults) -> Option<Table> {
    let network = run.summary.network.as_ref()?;
    let row = |excess: &super::summary::Excess| {
        let limit = excess.limit_c.map_or_else(String::new, |limit| format!("{limit}"));
        vec![
            Cell::Text(excess.name.clone()),
            Cell::Text(excess.what.clone()),
            Cell::Number(limit),
            Cell::Number(number(excess.hours)),
            Cell::Number(format!("{:.2}", excess.worst_k)),
            Cell::Text(excess.worst_at.clone()),
        ]
    };
    let rows: Vec<Vec<Cell>> = network.unmet.iter().chain(&network.limits).map(row).collect();
    let heads = ["Where", "What", "Limit, °C", "Hours", "Worst, K", "at"].map(str::to_owned).to_vec();
    (!rows.is_empty()).then_some(Table {
        caption: "Water outside its limits".to_owned(),
        heads,
        rows,
        is_folded: false,
    })
}

fn units_table(run: &RunResults) -> Option<Table> {
    let network = run.summary.network.as_ref()?;
    let row = |unit: &super::summary::Unit| {
        let numbers = [unit.heating_kwh, unit.cooling_kwh, unit.electricity_kwh, unit.most_kw];
        let name = Cell::Text(unit.name.clone());
        std::iter::once(name).chain(numbers.map(|value| Cell::Number(number(value)))).collect()
    };
    let pumps = vec![
        Cell::Text("circulation pumps".to_owned()),
        Cell::Number(String::new()),
        Cell::Number(String::new()),
        Cell::Number(number(network.pumps_kwh)),
        Cell::Number(String::new()),
    ];
    let heads = ["Unit", "Heat, kWh", "Cold, kWh", "Electricity, kWh", "Most, kW"].map(str::to_owned).to_vec();
    let rows = network.units.iter().map(row).chain([pumps]).collect();
    Some(Table { caption: "Plants and pumps of the network".to_owned(), heads, rows, is_folded: false })
}

fn technology_table(run: &RunResults) -> Table {
    let row = |known: &super::summary::Technology| {
        let text = |text: &str| Cell::Text(text.to_owned());
        let cop = match known.taken_kwh > 0.0 && known.service.is_some() {
            true => format!("{:.2}", known.delivered_kwh / known.taken_kwh),
            false => String::new(),
        };
        let curtailed = known.curtailed_kwh.map_or_else(String::new, number_of_energy);
        let numbers = [
            number_of_energy(known.delivered_kwh),
            number_of_energy(known.taken_kwh),
            number(known.peak_kw),
            cop,
            curtailed,
        ];
        let names = [text(&known.site), text(&known.technology), text(&known.carrier)];
        names.into_iter().chain(numbers.map(Cell::Number)).collect()
    };
    let heads =
        ["Site", "Technology", "Carrier", "Delivered, kWh", "Taken, kWh", "Peak, kW", "Seasonal COP", "Curtailed, kWh"];
    Table {
        caption: "Energy by technology".to_owned(),
        heads: heads.map(str::to_owned).to_vec(),
        rows: run.summary.technologies.iter().map(row).collect(),
        is_folded: false,
    }
}

/// Amounts that are nothing but rounding are nothing.
fn number_of_energy(kwh: f64) -> String {
    if kwh.abs() < 5e-4 { "0".to_owned() } else { number(kwh) }
}

fn balance_table(run: &RunResults, flows: &[Flow<'_>]) -> Table {
    let balances = account(run, flows);
    let kinds: Vec<_> = super::flows::What::all()
        .filter(|what| balances.iter().any(|balance| balance.parts.iter().any(|(known, _)| known == what)))
        .collect();
    let mut heads = vec!["Site".to_owned(), "Carrier".to_owned()];
    let sign = |what: &super::flows::What| if what.is_source() { '+' } else { '−' };
    heads.extend(kinds.iter().map(|what| format!("{} {}", sign(what), what.name())));
    heads.extend(["= residual".to_owned(), "worst step, kW".to_owned()]);
    let row = |balance: &super::flows::Balance<'_>| {
        let mut cells = vec![Cell::Text(balance.site.to_owned()), Cell::Text(balance.carrier.to_owned())];
        cells.extend(kinds.iter().map(|what| {
            let part = balance.parts.iter().find(|(known, _)| known == what);
            Cell::Number(part.map_or_else(String::new, |(_, kwh)| number_of_energy(*kwh)))
        }));
        cells.push(Cell::Number(format!("{:.1e}", balance.residual_kwh)));
        cells.push(Cell::Number(format!("{:.1e}", balance.worst_kw)));
        cells
    };
    Table {
        caption: "Energy balances, kWh, added up from timeseries.csv".to_owned(),
        heads,
        rows: balances.iter().map(row).collect(),
        is_folded: false,
    }
}

fn comparison_table(frame: &Frame) -> Table {
    let text = |name: &str, row: usize| frame.texts(name).map_or_else(String::new, |texts| texts[row].clone());
    let value = |name: &str, row: usize| {
        let value = frame.numbers(name).map_or(f64::NAN, |values| values[row]);
        Cell::Number(match value {
            value if value.is_nan() => String::new(),
            value if value.abs() < 1.0 => format!("{value:.3e}"),
            value => format!("{value:.3}"),
        })
    };
    let row = |row| {
        let names = [Cell::Text(text("figure", row)), Cell::Number(text("iteration", row))];
        let values = ["published", "ours", "difference", "tolerance"].map(|name| value(name, row));
        names.into_iter().chain(values).collect()
    };
    let heads = ["Figure", "Iteration", "Published", "Ours", "Difference", "Tolerance"].map(str::to_owned).to_vec();
    let rows = (0..frame.rows()).map(row).collect();
    Table {
        caption: "Against the published figures; without a tolerance they are only shown".to_owned(),
        heads,
        rows,
        is_folded: false,
    }
}

fn findings(run: &RunResults) -> Vec<Option<Block>> {
    let table = |caption: &str, is_default: bool| {
        let found = run.summary.findings.iter().filter(|finding| (finding.level == "default") == is_default);
        let row = |finding: &super::summary::Finding| {
            let place = finding.place.clone().unwrap_or_default();
            [finding.level.clone(), finding.message.clone(), place].map(Cell::Text).to_vec()
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
    let facts = [
        ("anergy", summary.version.clone()),
        ("Solver", summary.solver.clone()),
        ("Equations hold to", format!("{:.1e} kW or kWh, bounds to {:.1e}", certificate.equation, certificate.bound)),
        ("Proof of the dispatch", proof + &ties),
        ("config.resolved.yaml, SHA-256", run.config_sha256.clone().unwrap_or_else(|| "not there".to_owned())),
    ];
    let row = |(name, value): (&str, String)| vec![Cell::Text(name.to_owned()), Cell::Text(value)];
    let facts = Table {
        caption: "Version, solver and certificate".to_owned(),
        heads: vec!["What".to_owned(), "Value".to_owned()],
        rows: facts.into_iter().map(row).collect(),
        is_folded: false,
    };
    let input = |input: &super::summary::Input| [input.path.clone(), input.sha256.clone()].map(Cell::Text).to_vec();
    let inputs = Table {
        caption: "Files read".to_owned(),
        heads: vec!["File".to_owned(), "SHA-256".to_owned()],
        rows: summary.inputs.iter().map(input).collect(),
        is_folded: true,
    };
    vec![Some(Block::Table(facts)), Some(Block::Table(inputs))]
}
