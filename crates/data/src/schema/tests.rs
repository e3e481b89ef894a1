//! Every field that is written is read back, and summaries of older versions are still read.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

fn text(text: &str) -> String {
    text.to_owned()
}

fn technology(kind: TechnologyKind, service: Option<Service>, curtailed_kwh: Option<f64>) -> TechnologySummary {
    TechnologySummary {
        site: text("homes"),
        technology: text("machine"),
        kind,
        carrier: text("heat"),
        service,
        delivered_kwh: 12.5,
        taken_kwh: 3.25,
        peak_kw: 4.0,
        curtailed_kwh,
    }
}

fn excess(limit_c: Option<f64>, missing_kwh: Option<f64>) -> Excess {
    Excess {
        name: text("school"),
        what: text("inlet below"),
        limit_c,
        hours: 3.0,
        kelvin_hours: 1.5,
        worst_k: 0.75,
        worst_at: text("2019-01-14 03:00:00"),
        missing_kwh,
    }
}

fn validity(range: Option<ValidRange>) -> ValiditySummary {
    ValiditySummary {
        site: text("homes"),
        technology: text("pump"),
        range,
        below: 1,
        above: 2,
        running: 30,
        warming: 4,
    }
}

fn coupling(verdict: Verdict, stop: Stop, distance: Distance) -> CouplingSummary {
    let violation = |worst_at: Option<&str>| ViolationSummary {
        limit_c: 4.0,
        hours: 2.0,
        kelvin_hours: 0.5,
        worst_k: 0.25,
        worst_at: worst_at.map(text),
    };
    let rectangle = ValidRange::Temperatures { valid_source_c: [0.0, 20.0], valid_sink_c: [35.0, 65.0] };
    let lifts = ValidRange::Lift { valid_lift_k: [10.0, 60.0] };
    let unbounded = ValidRange::Lift { valid_lift_k: [f64::NEG_INFINITY, 5.0] };
    CouplingSummary {
        verdict,
        explanation: text("not converged"),
        converged: false,
        schemes: vec![SchemeSummary { scheme: text("picard"), iterations: 4 }],
        last_iteration: 7,
        answer: 6,
        tolerance: Some(Tolerance { stop, relative_gap: 0.001, temperature_k: 0.01 }),
        gap: Some(Gap {
            absolute_eur: 1.5,
            relative: 0.25,
            cost_eur: 1.25,
            unmet_kwh: 0.5,
            unmet_relative: 0.125,
            surplus_kwh: 2.0,
        }),
        gap_missing: Some(text("the solver gave up")),
        cost_moved: Some(CostMoved { iterations: 5, eur: 3.5, relative: 0.5, gaps: Some(2.0), unmet_kwh: 0.25 }),
        // The mean relative change is infinite where the loop was at 0 degrees Celsius; JSON writes it as `null`.
        residual: Some(Residual { mean_relative: f64::INFINITY, mean_k: 0.125, max_k: 0.5, at: 17 }),
        moved: Moved { moments: 3, most_at: vec![(text("2019-01-14 03:00:00"), 0.5)], distance },
        temp_c: [4.5, 9.5, 14.5],
        course_c: vec![4.5, 9.5, f64::NAN],
        limit_steps: [1, 2],
        created_kwh: [0.5, -0.5],
        ground_kwh: [7.5, -2.5],
        balancing_kwh: [10.5, -3.5],
        balancing_energy_kwh: 2.75,
        balancing_co2_kg: 0.75,
        violations: [violation(Some("2019-01-14 03:00:00")), violation(None)],
        loop_balance_residual: 0.5,
        loop_step_balance_residual: 0.25,
        validity: [Some(rectangle), Some(lifts), Some(unbounded), None].into_iter().map(validity).collect(),
    }
}

fn network() -> NetworkSummary {
    let names = || [text("school"), text("square")];
    NetworkSummary {
        pumps_kwh: 12.5,
        waste_heat_kwh: 6.5,
        units: vec![UnitSummary {
            name: text("plant boiler"),
            heating_kwh: 4.5,
            cooling_kwh: 0.5,
            electricity_kwh: 5.5,
            electricity_eur: 1.5,
            most_kw: 2.5,
        }],
        frozen: Some(excess(None, None)),
        start_miss_k: Some(0.5),
        short_ring_hours: Some(2.0),
        unmet: vec![excess(None, Some(8.5))],
        limits: vec![excess(Some(4.0), None)],
        pipes: vec![PipeWarning {
            pipe: text("main"),
            velocity_m_s: 2.5,
            velocity_at: text("2019-01-14 03:00:00"),
            loss_pa_m: 350.5,
            loss_at: text("2019-01-14 04:00:00"),
        }],
        map: Some(MapSummary {
            places: vec![PlaceSummary { name: text("square"), x_m: Some(1.5), y_m: None }],
            pipes: vec![PipeEnds { name: text("main"), from: text("square/warm"), to: text("hill/warm") }],
            substations: vec![names()],
            plants: vec![names()],
        }),
    }
}

fn whole_time() -> WholeTime {
    let capacity = |capacity_kw, capacity_kwh| CapacitySummary {
        site: text("homes"),
        technology: text("tank"),
        capacity_kw,
        capacity_kwh,
        most: 100.0,
        annualised_eur: 12.5,
    };
    WholeTime {
        capacities: vec![capacity(Some(5.5), None), capacity(None, Some(50.5))],
        peaks: vec![PeakSummary {
            site: text("homes"),
            technology: text("grid"),
            peak_kw: 3.5,
            demand_charge_eur: 7.5,
        }],
        import_limits: vec![ImportLimitSummary {
            site: text("homes"),
            technology: text("grid"),
            limit_kwh: 100.5,
            used_kwh: 99.5,
            shadow_price_eur_per_kwh: Some(0.25),
        }],
        co2_limit: Some(Co2LimitSummary { limit_kg: 10.5, used_kg: 9.5, shadow_price_eur_per_kg: None }),
    }
}

fn spread() -> Spread {
    Spread {
        asked: 3,
        problems: vec![text("begun at 4.0 C: infeasible")],
        beginnings: vec![Beginning {
            loop_c: Some(4.5),
            verdict: text("Converged"),
            iterations: 9,
            gap: Some(0.5),
            unmet_gap: None,
            cost_eur: 100.5,
            unmet_kwh: 0.5,
        }],
        cost_eur: 1.5,
        cost_relative: 0.25,
        unmet_kwh: 0.5,
        temp_k: 0.75,
        temp_at: text("2019-01-14 03:00:00"),
        temp_mean_k: 0.125,
        cop: 0.5,
        cop_at: text("pump at homes, 2019-01-14 03:00:00"),
    }
}

/// A summary with a value in every field.
fn full() -> Summary {
    let verdict = Verdict::Stalled { iterations: 15, best_gap: 0.5 };
    let distance = Distance::Extrapolated { distance_k: 0.5, rate: 0.25 };
    let beside = Beside { balancing_kwh: 1.5, balancing_eur: 2.5, unmet_kwh: 3.5, surplus_kwh: 4.5 };
    Summary {
        version: text("0.1.0"),
        case: text("Minimal"),
        scenario: Some(text("batteries")),
        from: text("2019-01-14 00:00:00"),
        to: text("2019-01-21 00:00:00"),
        clock: Some(text("UTC+01:00")),
        steps: 168,
        step_minutes: 60,
        solver: text("highs"),
        parts: vec![Part { name: text("homes"), columns: 10, rows: 5 }],
        exit_code: Some(3),
        coupling: Some(coupling(verdict, Stop::Gap, distance)),
        network: Some(network()),
        starts: Some(spread()),
        myopia: Some(MyopiaSummary {
            equilibrium_eur: 101.5,
            anticipative_eur: 100.5,
            price_eur: 1.0,
            price_relative: 0.5,
            gap_eur: Some(0.25),
            price_beyond_gap_eur: Some(0.75),
            beside: [beside, Beside::default()],
            lps: 12,
        }),
        myopia_missing: Some(text("the descent failed")),
        cost: Cost {
            total_eur: 100.5,
            operation_eur: 50.5,
            forced_supply_eur: 1.5,
            co2_eur: 2.5,
            annualised_eur: 3.5,
            demand_charge_eur: 4.5,
            balancing_eur: 5.5,
        },
        co2_kg: 6.5,
        unmet_kwh: 7.5,
        unmet_share: Some(0.5),
        whole_time: whole_time(),
        technologies: vec![
            technology(TechnologyKind::Import, None, None),
            technology(TechnologyKind::Source, None, Some(1.5)),
            technology(TechnologyKind::Export, None, None),
            technology(TechnologyKind::Storage, None, None),
            technology(TechnologyKind::HeatPump, Some(Service::Heating), None),
            technology(TechnologyKind::HeatPump, Some(Service::Cooling), None),
            technology(TechnologyKind::Conversion, None, None),
        ],
        stores: vec![StoreTemperature {
            site: text("homes"),
            store: text("tank"),
            at_empty_c: 35.5,
            kelvin_per_kwh: 0.5,
        }],
        links: vec![LinkSummary { link: text("line"), forward_kwh: 1.5, backward_kwh: 2.5 }],
        carriers: vec![CarrierSummary {
            site: text("homes"),
            carrier: text("heat"),
            unmet_kwh: 7.5,
            surplus_kwh: 8.5,
            residual_kw: 0.5,
        }],
        certificate: CertificateSummary { equation: 0.5, bound: 0.25, dispatch_gap: Some(0.125), tied_steps: Some(4) },
        findings: [Level::Default, Level::Note, Level::Warning, Level::Error]
            .map(|level| Finding { level, place: Some(text("a.yaml:1:2")), message: text("look here") })
            .to_vec(),
        inputs: vec![Input { path: PathBuf::from("a.yaml"), sha256: text("0123") }],
    }
}

fn written(summary: &Summary) -> String {
    serde_json::to_string_pretty(summary).unwrap()
}

#[test]
fn every_field_that_is_written_is_read() {
    let bytes = written(&full());
    let read: Summary = serde_json::from_str(&bytes).unwrap();
    assert_eq!(written(&read), bytes);
    // Without numbers that are not finite, the structs are equal too.
    let mut finite = full();
    if let Some(CouplingSummary { residual: Some(residual), course_c, .. }) = &mut finite.coupling {
        residual.mean_relative = 0.5;
        course_c.truncate(2);
    }
    assert_eq!(serde_json::from_str::<Summary>(&written(&finite)).unwrap(), finite);
}

#[test]
fn every_verdict_rule_and_distance_is_read() {
    let verdicts = [
        Verdict::StoppedByPaperRule { cycle: Some(4) },
        Verdict::StoppedByPaperRule { cycle: None },
        Verdict::Converged,
        Verdict::Cycle { period: 4 },
        Verdict::Stalled { iterations: 15, best_gap: 0.5 },
        Verdict::Diverged { growth: f64::INFINITY },
        Verdict::BoundLimited { share: 0.75 },
        Verdict::Infeasible { iteration: 3 },
        Verdict::MaxIterations,
        Verdict::Interrupted,
    ];
    let distances = [
        Distance::Extrapolated { distance_k: 0.5, rate: 0.5 },
        Distance::WholeStep { distance_k: 2.0 },
        Distance::Unknown,
    ];
    for (index, verdict) in verdicts.into_iter().enumerate() {
        let stop = [Stop::Paper, Stop::Residual, Stop::Gap][index % 3];
        let summary = Summary { coupling: Some(coupling(verdict, stop, distances[index % 3])), ..full() };
        let read: Summary = serde_json::from_str(&written(&summary)).unwrap();
        assert_eq!(written(&read), written(&summary), "{verdict:?}");
        let value: Value = serde_json::from_str(&written(&summary)).unwrap();
        let tag = value["coupling"]["verdict"].as_str().unwrap();
        assert_eq!(tag.replace('_', " "), verdict.words());
    }
}

#[test]
fn a_summary_without_optional_parts_is_read() {
    let summary = Summary {
        scenario: None,
        exit_code: None,
        coupling: None,
        network: None,
        starts: None,
        myopia: None,
        myopia_missing: None,
        whole_time: WholeTime::default(),
        ..full()
    };
    let bytes = written(&summary);
    for absent in ["exit_code", "network", "starts", "myopia", "capacities", "peaks", "import_limits", "co2_limit"] {
        assert!(!bytes.contains(&format!("\"{absent}\"")), "{absent} is not written");
    }
    assert_eq!(serde_json::from_str::<Summary>(&bytes).unwrap(), summary);
}

#[test]
fn a_summary_of_an_older_version_is_read() {
    let old = json!({
        "version": "0.0.1", "case": "Old", "scenario": null, "from": "a", "to": "b", "steps": 2, "step_minutes": 60,
        "solver": "highs",
        "coupling": {
            "verdict": "stalled", "explanation": "not converged", "converged": false,
            "schemes": [{"scheme": "picard", "iterations": 3}], "answer": 2,
            "gap": {"relative": 0.5, "absolute_eur": 1.5}, "residual": {"mean_k": 0.5, "max_k": 1.5},
            "temp_c": [1.0, 2.0, 3.0], "created_kwh": [0.0, 0.0], "ground_kwh": [0.0, 0.0], "balancing_kwh": [0.0, 0.0],
            "balancing_energy_kwh": 0.0,
            "violations": [
                {"limit_c": 4.0, "hours": 0.0, "kelvin_hours": 0.0},
                {"limit_c": 20.0, "hours": 0.0, "kelvin_hours": 0.0}
            ],
            "loop_balance_residual": 0.0, "loop_step_balance_residual": 0.0,
            "validity": [{"site": "homes", "technology": "pump", "below": 0, "above": 0, "running": 2}]
        },
        "network": {"pumps_kwh": 1.0, "waste_heat_kwh": 0.0, "units": [], "limits": [], "unmet": []},
        "starts": {"asked": 2, "cost_eur": 0.5, "cost_relative": 0.5, "temp_k": 0.5, "temp_mean_k": 0.5},
        "myopia": {"equilibrium_eur": 2.0, "anticipative_eur": 1.0, "price_eur": 1.0, "price_relative": 0.5},
        "cost": {
            "total_eur": 1.0, "operation_eur": 1.0, "forced_supply_eur": 0.0, "co2_eur": 0.0, "annualised_eur": 0.0,
            "balancing_eur": 0.0
        },
        "co2_kg": 0.0,
        "technologies": [{"site": "homes", "technology": "grid", "delivered_kwh": 1.0, "taken_kwh": 0.0}],
        "carriers": [{"unmet_kwh": 0.0, "surplus_kwh": 0.0}], "certificate": {"equation": 0.0, "bound": 0.0},
        "findings": [{"level": "note", "message": "look here"}], "inputs": [{"path": "a.yaml", "sha256": "0123"}]
    });
    let read: Summary = serde_json::from_value(old).unwrap();
    let coupling = read.coupling.unwrap();
    assert_eq!(coupling.verdict, Verdict::Stalled { iterations: 0, best_gap: 0.0 });
    assert_eq!((coupling.tolerance, coupling.cost_moved, &coupling.validity[0].range), (None, None, &None));
    assert!(coupling.gap.unwrap().cost_eur.is_nan());
    assert_eq!((read.unmet_share, read.technologies[0].kind), (None, TechnologyKind::Unknown));
    assert_eq!((read.network.unwrap().map, read.starts.unwrap().beginnings), (None, Vec::new()));
}

#[test]
fn fields_of_every_version_are_required() {
    let mut value = serde_json::to_value(full()).unwrap();
    value["cost"].as_object_mut().unwrap().remove("total_eur");
    let refused = serde_json::from_value::<Summary>(value).unwrap_err();
    assert!(refused.to_string().contains("total_eur"), "{refused}");
}

#[test]
fn column_names_are_parsed_back_into_their_parts() {
    use super::columns::{network, prices, timeseries};
    let name = timeseries::name("homes", "tank", "heat", timeseries::LEVEL_KWH);
    assert_eq!(name, "homes|tank|heat|level_kwh");
    assert_eq!(timeseries::parts(&name), Some(["homes", "tank", "heat", timeseries::LEVEL_KWH]));
    assert!(timeseries::is_level(&name) && !timeseries::is_level(timeseries::LOOP_HEAT_KWH));
    assert_eq!(timeseries::of_balance("homes", "heat", timeseries::UNMET_KW), "homes||heat|unmet_kw");
    assert_eq!(timeseries::parts(&timeseries::efficiency("homes", "pump")), None);
    assert_eq!(timeseries::parts("a|b|c|d|e"), None);
    let price = prices::name("homes", "", "heat", prices::PRICE_EUR_PER_KWH);
    assert_eq!(prices::balance(&price), Some(("homes", "heat")));
    assert_eq!(prices::balance(&prices::name("homes", "tank", "heat", prices::STORED_EUR_PER_KWH)), None);
    let node = network::name(network::NODE, "square/warm", network::TEMPERATURE_C);
    assert_eq!(network::node_of_temperature(&node), Some("square/warm"));
    assert_eq!(network::node_of_temperature("substation|school|inlet_c"), None);
}
