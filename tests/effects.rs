//! The effects of each quirk of the published case; skipped without its data.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::switches::Preset;
use anergy::config::{Case, LoopSource, Request};
use anergy::cosim::solver;
use anergy::run::{run_case, summarise};
use anergy::study::effects::{Effects, EffectsError};
use anergy::study::reproduce::Window;

use common::published_data;

fn effects(window: &Window, wanted: &[&str], known: Option<Effects>) -> Option<(Effects, usize)> {
    let data = published_data()?;
    let mut kept = 0;
    let keep = |_: &Effects| -> Result<(), EffectsError> {
        kept += 1;
        Ok(())
    };
    let effects = Effects::run(&data, window, wanted, known, &mut (), keep).unwrap();
    assert_eq!(effects.effects.len(), wanted.len());
    Some((effects, kept))
}

#[test]
fn finished_variants_are_not_run_again_and_results_are_equal() {
    let window = Window::Between("2015-01-01".into(), "2015-01-02".into());
    let all: Vec<&str> = Effects::variants().collect();
    let Some((whole, ran)) = effects(&window, &all, None) else { return };
    assert_eq!(ran, whole.effects.len());
    let mut interrupted: Effects = serde_json::from_str(&serde_json::to_string(&whole).unwrap()).unwrap();
    interrupted.effects.truncate(10);
    let (resumed, ran) = effects(&window, &all, Some(interrupted.clone())).unwrap();
    assert_eq!((ran, &resumed), (3, &whole));
    assert_eq!(resumed.table().to_csv(), whole.table().to_csv());
    // Results of another window are not used.
    interrupted.of.push('x');
    let (again, ran) = effects(&window, &all, Some(interrupted)).unwrap();
    assert_eq!((ran, again), (13, whole));
}

/// The row of a variant that converges has the figures of the summary of the same run: costs at the COPs that its plan
/// leads to.
#[test]
fn the_corrected_case_has_the_cost_of_its_run() {
    let dates = ["2015-01-05".to_owned(), "2015-01-07".to_owned()];
    let window = Window::Between(dates[0].clone(), dates[1].clone());
    let Some((found, _)) = effects(&window, &["corrected"], None) else { return };
    let case = Case::load(&Request {
        model: published_data().unwrap().join("smarti/model_op.yaml"),
        scenario: Some("zero_alt_storage".to_owned()),
        water_loop: Some(LoopSource::Published),
        preset: Some(Preset::Corrected),
        window: Some(dates),
        ..Request::default()
    })
    .unwrap();
    let run = run_case(&case, solver(&case.district), &mut ()).unwrap();
    let summary = summarise(&case, &run);
    let effect = &found.effects[0];
    assert_eq!(effect.cost_eur, summary.cost.total_eur);
    let grid = summary.technologies.iter().filter(|known| known.technology == "grid");
    assert!((effect.grid_kwh - grid.map(|known| known.delivered_kwh).sum::<f64>()).abs() < 1e-9);
    assert!((effect.unmet_kwh - summary.unmet_kwh).abs() < 1e-9);
    // The cost at the planned COPs is different.
    let coupling = run.coupling.unwrap();
    assert_ne!(coupling.records[coupling.answer].cost.cost_eur, effect.cost_eur);
}

#[test]
#[ignore = "heavy: the published year with each switch flipped"]
fn the_year_has_the_costs_of_independent_runs() {
    let known = [
        ("published", 1_444_287.0),
        ("initial_cop_dispatch", 1_436_916.0),
        ("store_temperature", 1_442_062.0),
        ("loop_limit", 1_446_998.0),
        ("cooling_lift", 1_460_528.0),
        ("commercial_store_capacity", 1_444_533.0),
    ];
    let Some((found, _)) = effects(&Window::Year, &known.map(|(variant, _)| variant), None) else { return };
    for (variant, cost_eur) in known {
        let ours = found.effects.iter().find(|effect| effect.variant == variant).unwrap();
        let share = (ours.cost_eur - cost_eur) / cost_eur;
        println!("{variant}: {:.0} EUR, {share:+.1e}", ours.cost_eur);
        assert!(share.abs() <= 5e-5, "{variant}: {} EUR, not {cost_eur}", ours.cost_eur);
        assert_eq!(ours.mean_over, [7, 11]);
    }
}
