//! The published figures of the smart district of ICCEP 2019.
//!
//! They are results of the published model in Calliope 0.6.3 with CBC, confirmed by an independent replica.

use anergy_cosim::{CosimResult, Coupling};

use super::reproduce::{Comparison, PUBLISHED_ITERATIONS, Scenario, Window};

/// The tolerance of the costs of the week, EUR.
const WEEK_COST_EUR: f64 = 0.01;
/// The tolerance of the costs of the year, EUR.
const YEAR_COST_EUR: f64 = 10.0;
/// The tolerance of the numbers of resets in the year.
const YEAR_RESETS: f64 = 1.0;
/// The tolerance of energies that were published rounded to a kWh, kWh.
const ROUNDED_KWH: f64 = 0.6;

/// The costs of the week's iterations 0 to 11, EUR.
const WEEK_COSTS: [f64; 12] = [
    29_976.281_05,
    29_604.353_82,
    29_584.226_20,
    29_590.446_89,
    29_589.980_27,
    29_589.541_31,
    29_589.946_97,
    29_590.470_27,
    29_590.578_15,
    29_590.439_69,
    29_589.981_23,
    29_589.541_22,
];

/// The mean relative change of the week's loop temperature, iterations 1 to 11.
const WEEK_CHANGES: [f64; 11] = [
    0.071_707_55,
    0.006_307_40,
    0.000_349_08,
    0.000_303_56,
    0.000_392_74,
    0.000_369_75,
    0.000_074_32,
    0.000_098_88,
    0.000_259_61,
    0.000_299_49,
    0.000_392_65,
];

/// Iteration, cost EUR, grid kWh of buildings and commercial, loop min/mean/max C, resets low/high, mean relative
/// change, largest change K of the year.
type YearRow = (usize, f64, [f64; 2], [f64; 3], [f64; 2], Option<[f64; 2]>);

const YEAR: [YearRow; 5] = [
    (0, 1_444_756.08, [281_223.0, 340_173.0], [10.000, 14.990, 19.997], [83.0, 158.0], None),
    (1, 1_443_734.22, [280_907.0, 340_176.0], [10.002, 15.001, 19.999], [87.0, 155.0], Some([0.133_05, 5.02])),
    (2, 1_444_119.22, [281_780.0, 340_295.0], [10.001, 14.891, 19.997], [87.0, 154.0], Some([0.082_69, 5.14])),
    (5, 1_444_277.80, [282_390.0, 340_383.0], [10.001, 14.928, 19.995], [87.0, 154.0], Some([0.039_87, 5.04])),
    (11, 1_444_296.47, [282_374.0, 340_378.0], [10.001, 14.995, 20.000], [87.0, 155.0], Some([0.048_00, 5.09])),
];

/// Site, heat pump, useful heat or cold and electricity of the year's iteration 11, kWh.
const YEAR_HEAT_PUMPS: [(&str, &str, f64, f64); 5] = [
    ("buildings", "hp_dhw", 1_576_104.0, 406_094.0),
    ("buildings", "hp_clim_hot", 1_204_823.0, 243_464.0),
    ("commercial", "hp_clim_hot", 179_923.0, 35_150.0),
    ("buildings", "hp_clim_cold", 2_263_203.0, 282_460.0),
    ("commercial", "hp_clim_cold", 923_820.0, 111_091.0),
];

/// Returns the published figures of a window and scenario beside those of a run; empty where nothing is published.
pub(super) fn figures(run: &CosimResult, window: &Window, scenario: Scenario) -> Vec<Comparison> {
    let mut figures = match (scenario, window, &run.coupling) {
        (Scenario::Baseline, Window::Week, _) => baseline_week(run),
        (Scenario::Smarti, Window::Week, Some(coupling)) => smarti_week(coupling),
        (Scenario::Smarti, Window::Year, Some(coupling)) => smarti_year(coupling),
        _ => Vec::new(),
    };
    if let (false, Some(coupling)) = (figures.is_empty(), &run.coupling) {
        #[expect(clippy::cast_precision_loss, reason = "iterations are few")]
        let (published, ours) = (PUBLISHED_ITERATIONS as f64, coupling.records.len() as f64);
        let figure = "iterations".to_owned();
        figures.push(Comparison { figure, iteration: None, published, ours, tolerance: Some(0.0) });
    }
    figures
}

fn baseline_week(run: &CosimResult) -> Vec<Comparison> {
    let figure = |figure: &str, published, ours, tolerance| Comparison {
        figure: figure.to_owned(),
        iteration: None,
        published,
        ours,
        tolerance: Some(tolerance),
    };
    let grid = |site| run.account.technology(site, "grid").map_or(f64::NAN, |totals| totals.delivered_kwh);
    vec![
        figure("cost, EUR", 31_310.88, run.account.cost_eur(), WEEK_COST_EUR),
        figure("grid buildings, kWh", 20_190.0, grid("buildings"), ROUNDED_KWH),
        figure("grid commercial, kWh", 9_688.0, grid("commercial"), ROUNDED_KWH),
        figure("surplus, kWh", 8_522.63, run.account.surplus_kwh(), 0.01),
        figure("unmet demand, kWh", 0.0, run.account.unmet_kwh(), 1e-3),
    ]
}

fn smarti_week(coupling: &Coupling) -> Vec<Comparison> {
    let mut figures = Vec::new();
    for (iteration, record) in coupling.records.iter().enumerate() {
        let mut add = |figure: &str, published: Option<&f64>, ours, tolerance| {
            if let Some(&published) = published {
                let (figure, iteration) = (figure.to_owned(), Some(iteration));
                figures.push(Comparison { figure, iteration, published, ours, tolerance });
            }
        };
        add("cost, EUR", WEEK_COSTS.get(iteration), record.cost.cost_eur, Some(WEEK_COST_EUR));
        let change = record.residual.map_or(f64::NAN, |residual| residual.mean_relative);
        add("mean relative change", iteration.checked_sub(1).and_then(|k| WEEK_CHANGES.get(k)), change, Some(1e-7));
    }
    if let Some(record) = coupling.records.last() {
        #[expect(clippy::cast_precision_loss, reason = "resets are few")]
        let resets = record.limit_steps.iter().sum::<usize>() as f64;
        let iteration = Some(record.iteration);
        let figure = "resets".to_owned();
        figures.push(Comparison { figure, iteration, published: 5.0, ours: resets, tolerance: Some(0.0) });
    }
    figures
}

fn smarti_year(coupling: &Coupling) -> Vec<Comparison> {
    let mut figures = Vec::new();
    for (iteration, cost, grid, temp_c, resets, change) in YEAR {
        let Some(record) = coupling.records.get(iteration) else { continue };
        let mut add = |figure: &str, published, ours, tolerance| {
            let (figure, iteration) = (figure.to_owned(), Some(iteration));
            figures.push(Comparison { figure, iteration, published, ours, tolerance });
        };
        add("cost, EUR", cost, record.cost.cost_eur, Some(YEAR_COST_EUR));
        let account = &coupling.accounts[iteration];
        for (site, published) in ["buildings", "commercial"].into_iter().zip(grid) {
            let ours = account.technology(site, "grid").map_or(f64::NAN, |totals| totals.delivered_kwh);
            add(&format!("grid {site}, kWh"), published, ours, None);
        }
        for (name, (published, ours)) in ["min", "mean", "max"].into_iter().zip(temp_c.into_iter().zip(record.temp_c)) {
            add(&format!("loop {name}, C"), published, ours, None);
        }
        for (name, (published, ours)) in ["low", "high"].into_iter().zip(resets.into_iter().zip(record.limit_steps)) {
            #[expect(clippy::cast_precision_loss, reason = "resets are few")]
            add(&format!("resets {name}"), published, ours as f64, Some(YEAR_RESETS));
        }
        if let (Some([relative, largest]), Some(residual)) = (change, record.residual) {
            add("mean relative change", relative, residual.mean_relative, None);
            add("largest change, K", largest, residual.max_k, None);
        }
        if iteration == 11 {
            for (site, pump, useful, electricity) in YEAR_HEAT_PUMPS {
                let totals = account.technology(site, pump);
                let (ours, input) = totals.map_or((f64::NAN, f64::NAN), |t| (t.delivered_kwh, t.taken_kwh));
                add(&format!("{pump} {site}, kWh"), useful, ours, None);
                add(&format!("{pump} {site} electricity, kWh"), electricity, input, None);
            }
        }
    }
    figures
}
