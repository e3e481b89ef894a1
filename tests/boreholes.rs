//! Fields of boreholes against closed forms, published tools and the sum over all loads.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

use std::f64::consts::{PI, TAU};

use anergy::water_loop::borehole::{BoreholeError, BoreholeField, BoreholeHistory, GFunction};

const HOUR: f64 = 3600.0;

fn field(columns: usize, rows: usize) -> BoreholeField {
    BoreholeField {
        positions_m: BoreholeField::rectangle(columns, rows, 7.5),
        length_m: 150.0,
        buried_m: 4.0,
        radius_m: 0.075,
        conductivity_w_m_k: 2.0,
        heat_capacity_j_m3_k: 2.0e6,
        resistance_m_k_w: 0.1,
        ground_c: 10.0,
    }
}

/// The exponential integral E1 (Abramowitz and Stegun 5.1.11), for arguments up to 2.
fn e1(x: f64) -> f64 {
    let mut term = 1.0;
    let sum: f64 = (1..60)
        .map(|n| {
            term *= -x / f64::from(n);
            -term / f64::from(n)
        })
        .sum();
    -0.577_215_664_901_532_9 - x.ln() + sum
}

#[test]
fn at_short_times_it_is_an_infinite_line() {
    let field = field(3, 2);
    let g = GFunction::of(&field, 20.0).unwrap();
    for hours in [3.0, 10.0, 50.0, 200.0] {
        let line = 0.5 * e1(0.075 * 0.075 / (4.0 * 1e-6 * hours * HOUR));
        let found = g.at(hours * HOUR);
        assert!((found / line - 1.0).abs() < 0.01, "{hours} h: {found} instead of {line}");
    }
}

/// Uniform wall temperatures with twelve segments a borehole, by pygfunction 2.3 with 60 times: after 30 days, 1 year, 20 years.
#[test]
fn fields_answer_as_published() {
    let published = [
        ((1, 1), [3.459_49, 4.675_67, 5.966_38]),
        ((2, 2), [3.460_19, 5.411_56, 9.857_23]),
        ((3, 2), [3.460_30, 5.584_62, 11.617_06]),
        ((6, 4), [3.460_59, 6.092_91, 20.567_4]),
        ((10, 10), [3.460_74, 6.393_94, 32.132_4]),
    ];
    println!("field     30 days          1 year           20 years         (ours, published)");
    for ((columns, rows), expected) in published {
        let g = GFunction::of(&field(columns, rows), 20.0).unwrap();
        let found = [30.0 * 24.0, 8760.0, 20.0 * 8760.0].map(|hours| g.at(hours * HOUR));
        let shown: Vec<String> = found.iter().zip(expected).map(|(a, b)| format!("{a:8.4} {b:8.4}")).collect();
        println!("{columns:>2} x {rows:<2}  {}", shown.join("  "));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 0.005, "{columns} x {rows}: {found} instead of {expected}");
        }
    }
}

/// Twenty years by the hour, heat taken out in winter and half of it put back in summer, against the sum over every single load.
#[test]
fn loads_may_be_put_together_as_they_age() {
    let field = field(6, 4);
    let g = GFunction::of(&field, 21.0).unwrap();
    let mut history = BoreholeHistory::with(&field, &g, 1.0, 21.0);
    let hours = 20 * 8760;
    let load_kw = |hour: usize| {
        let year = (hour as f64 / 8760.0 * TAU).cos();
        let day = (hour as f64 / 24.0 * TAU).sin();
        60.0 * (0.25 + 0.75 * year) + 20.0 * day
    };
    let per_length = |hour: usize| 1e3 * load_kw(hour) / field.total_length_m();
    let mut worst = 0.0_f64;
    for hour in 0..hours {
        let before_c = history.rested_c();
        let fluid_c = before_c - history.fluid_k_per_kw() * load_kw(hour);
        let [wall_c, found_c] = history.take(load_kw(hour));
        assert!((fluid_c - found_c).abs() < 1e-9);
        // A few hours of the first, the tenth and the last year.
        if !(hour % 8760 > 8000 && hour % 97 == 0 && [0, 9, 19].contains(&(hour / 8760))) {
            continue;
        }
        let fallen: f64 = (0..=hour)
            .map(|then| {
                let change = per_length(then) - if then == 0 { 0.0 } else { per_length(then - 1) };
                change * g.at((hour + 1 - then) as f64 * HOUR) / (2.0 * PI * field.conductivity_w_m_k)
            })
            .sum();
        worst = worst.max((wall_c - (field.ground_c - fallen)).abs());
    }
    println!("worst error of putting loads together: {worst:.4} K");
    assert!(worst < 0.1, "{worst}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut twice = field(2, 1);
    twice.positions_m[1] = [0.1, 0.0];
    assert!(matches!(GFunction::of(&twice, 1.0), Err(BoreholeError::TooNear { first: 0, second: 1, .. })));
    let flat = BoreholeField { length_m: 0.0, ..field(1, 1) };
    assert!(GFunction::of(&flat, 1.0).unwrap_err().to_string().contains("borehole_field.length_m is 0"));
    let none = BoreholeField { positions_m: Vec::new(), ..field(1, 1) };
    assert_eq!(GFunction::of(&none, 1.0), Err(BoreholeError::Empty));
}
