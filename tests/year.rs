//! Years of two districts solved by two solvers: the same cost, the same unmet demand.

#![cfg(feature = "cbc")]
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::switches::Preset;
use anergy::config::{Case, LoopSource, Request};
use anergy::cosim::solver;
use anergy::dispatch::Dispatch;
use anergy::district::District;
use anergy::lp::{Backend, Cbc};

use common::{project, published_data};

/// Relative difference up to which cost and unmet demand are equal; for the cost, relative to at least a thousandth of
/// its absolute terms.
const TOLERANCE: f64 = 1e-8;
/// Largest accepted violation of an equation or bound, kW.
const LARGEST_MISS: f64 = 1e-6;

/// Cost and unmet demand, and the absolute terms of the cost, EUR and kWh.
#[derive(Debug)]
struct Figures {
    money_eur: f64,
    unmet_kwh: f64,
    terms_eur: f64,
}

/// COPs of heat pumps by site and technology.
type Cops<'a> = [(&'a str, &'a str, f64)];

fn figures(district: &District, cops: &Cops<'_>, backend: &dyn Backend) -> Figures {
    let mut dispatch = Dispatch::new(district.clone(), backend).unwrap();
    for &(site, technology, cop) in cops {
        let pump = dispatch.conversion(site, technology).unwrap();
        dispatch.set_efficiency(pump, (0..district.axis().len()).map(|_| cop));
    }
    let plan = dispatch.solve(backend).unwrap();
    let miss = plan.certificate.equation.max(plan.certificate.bound);
    assert!(miss <= LARGEST_MISS, "{} misses {miss:e} kW", backend.name());
    let account = dispatch.account(&plan.decisions);
    Figures { money_eur: account.operation_eur, unmet_kwh: account.unmet_kwh(), terms_eur: account.absolute_terms_eur }
}

fn same(what: &str, district: &District, cops: &Cops<'_>) {
    let (ours, right) = (figures(district, cops, solver(district)), figures(district, cops, &Cbc));
    println!("{what}: {ours:?}, by the reference {right:?}");
    let close = |ours: f64, right: f64, least: f64| (ours - right).abs() <= TOLERANCE * right.abs().max(least);
    assert!(close(ours.money_eur, right.money_eur, 1e-3 * ours.terms_eur), "{what}: {ours:?}, {right:?}");
    assert!(close(ours.unmet_kwh, right.unmet_kwh, 1e-3), "{what}: {ours:?}, {right:?}");
}

#[test]
#[ignore = "heavy: eight years by each solver"]
fn the_published_year_costs_the_same_with_both_solvers() {
    let Some(data) = published_data() else { return };
    for preset in [Preset::Published, Preset::EquilibriumReference] {
        for outlier in ["keep", "mend"] {
            let case = Case::load(&Request {
                model: data.join("smarti/model_op.yaml"),
                scenario: Some("zero_alt_storage".into()),
                water_loop: Some(LoopSource::File(project("networks/iccep2019.yaml").into())),
                preset: Some(preset),
                settings: vec![format!("switches.outlier={outlier}")],
                ..Request::default()
            })
            .unwrap();
            let pumps = &case.coupled.as_ref().unwrap().pumps;
            let start: Vec<_> = pumps.iter().map(|pump| (&*pump.site, &*pump.technology, pump.start_cop)).collect();
            same(&format!("{preset:?}, {outlier}, committed COPs"), &case.district, &[]);
            same(&format!("{preset:?}, {outlier}, start COPs"), &case.district, &start);
        }
    }
}

#[test]
#[ignore = "heavy: a year by each solver"]
fn the_own_district_costs_the_same_with_both_solvers() {
    let model = project("configs/smart_district.yaml").into();
    let case = Case::load(&Request { model, ..Request::default() }).unwrap();
    same("smart district", &case.district, &[]);
}
