//! The small district: its committed series are those of its formulas, and its loop and dispatch agree within the
//! limits of averaging.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

/// The program that writes the series, included as a module because a single test does not build the examples.
#[path = "../examples/small_district.rs"]
#[allow(dead_code)]
mod formulas;

#[test]
fn the_committed_series_match_the_formulas() {
    for (path, text) in formulas::files() {
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{} is not what the formulas give", path.display());
    }
}

mod coupled {
    use anergy::config::{Case, LoopSource, Request};
    use anergy::cosim::Coupling;
    use anergy::coupling::{SchemeChoice, Verdict};
    use anergy::lp::default_backend;
    use anergy::run::{run_case, summarise, summary_text};
    use anergy::schema::Summary;

    use super::common::project;

    fn run(scheme: &str, gap_tolerance: &str) -> (Coupling, Summary, String) {
        let settings = [format!("coupling.scheme={scheme}"), format!("coupling.gap_tolerance={gap_tolerance}")];
        let case = Case::load(&Request { settings: settings.into(), ..small_district() }).unwrap();
        let run = run_case(&case, default_backend(), &mut ()).unwrap();
        let summary = summarise(&case, &run);
        let text = summary_text(&summary, &case);
        (run.coupling.unwrap(), summary, text)
    }

    fn small_district() -> Request {
        Request {
            model: project("configs/small_district/model.yaml").into(),
            water_loop: Some(LoopSource::File(project("networks/small_ring.yaml").into())),
            ..Request::default()
        }
    }

    #[test]
    fn averaging_converges_where_picard_does_not() {
        let (picard, ..) = run("picard", "5e-4");
        assert_eq!((picard.verdict, picard.records.len()), (Verdict::MaxIterations, 61));
        assert!(picard.records.iter().all(|record| record.step == 1.0 && record.scheme == "picard"));

        let (auto, _, text) = run("auto", "5e-4");
        assert_eq!(auto.verdict, Verdict::Converged);
        assert!(auto.gap.unwrap().relative <= 5e-4 && auto.gap.unwrap().relative >= -1e-9, "{:?}", auto.gap);
        assert!(auto.records.iter().all(|record| record.certificate < 1e-6), "an average is a plan like any other");
        assert_eq!(auto.records[2].scheme, "picard");
        assert!(auto.records[3..].iter().all(|record| record.step < 1.0), "then averages");
        assert!(text.contains("picard 3, self_regulated "), "{text}");
    }

    /// Newton's method finds the mixture of plans that averaging only approaches, and `auto` uses it when averaging
    /// stalls.
    #[test]
    fn newton_agrees_where_averaging_stalls() {
        let (newton, ..) = run("newton", "1e-6");
        assert_eq!(newton.verdict, Verdict::Converged);
        assert!(newton.gap.unwrap().relative.abs() <= 1e-6 && newton.records.len() < 10);
        let last = newton.records.last().unwrap();
        assert_eq!(last.scheme, "newton");
        assert!(last.certificate < 1e-6, "its plan satisfies every equation");
        // The plan's COPs are those that it leads to.
        assert!((last.cost.cost_eur - last.cost_at_own_cops_eur).abs() < 1e-6 * last.cost.cost_eur);
        let (auto, ..) = run("auto", "1e-5");
        assert_eq!(auto.verdict, Verdict::Converged);
        assert_eq!(auto.records.last().unwrap().scheme, "newton");
        // Equilibria are not unique: from other plans another one is found, of nearly the same cost.
        let apart = auto.plan.account.cost_eur() - newton.plan.account.cost_eur();
        assert!(apart.abs() < 1e-3 * newton.plan.account.cost_eur(), "{apart} EUR");
    }

    #[test]
    fn averaging_reports_that_it_stalled() {
        let (auto, summary, _) = run("auto", "1e-9");
        let Verdict::Stalled { best_gap, .. } = auto.verdict else { panic!("{:?}", auto.verdict) };
        assert!(auto.gap.unwrap().relative <= best_gap, "the answer is the iterate of the smallest gap");
        let explanation = summary.coupling.unwrap().explanation;
        assert!(explanation.starts_with("not converged: averaging has not brought the gap below"), "{explanation}");
        assert!(explanation.contains("Try scheme: self_regulated"), "{explanation}");
    }

    #[test]
    fn averaging_requires_a_gap_without_extra_cost() {
        let load = |settings: &[&str]| {
            let settings = settings.iter().map(|&setting| setting.into()).collect();
            Case::load(&Request { settings, ..small_district() })
        };
        let relaxed = ["coupling.relaxation=0.5", "switches.stop=residual"];
        let case = load(&relaxed).unwrap();
        assert_eq!(case.coupled.unwrap().settings.scheme, Some(SchemeChoice::Picard));
        assert_eq!(load(&[]).unwrap().coupled.unwrap().settings.scheme, Some(SchemeChoice::Auto));
        let error = load(&[&relaxed[..], &["coupling.scheme=msa"]].concat()).unwrap_err().to_string();
        assert!(
            error.contains("scheme: msa goes on from its own plans and needs") && error.contains("relaxation: 1"),
            "{error}"
        );
        let error = load(&["coupling.scheme=self_regulatd"]).unwrap_err().to_string();
        assert!(error.contains("self_regulated"), "{error}");
    }
}
