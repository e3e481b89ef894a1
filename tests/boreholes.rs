//! Borehole fields against analytical solutions, published tools and the superposition of all loads.
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

/// The infinite cylindrical source by numerical inversion (Talbot, 25 digits) of its Laplace transform K0(sqrt s) /
/// (s^1.5 K1(sqrt s)) (Carslaw and Jaeger 1959, 13.5): Fourier number, and fall of the wall temperature times 2 pi k
/// / q'.
const CYLINDER: [[f64; 2]; 8] = [
    [1e-4, 0.011_234_071_91],
    [0.01, 0.108_102_616],
    [0.1, 0.314_234_107_9],
    [0.5, 0.616_858_56],
    [1.0, 0.802_145_166_6],
    [3.0, 1.166_332_726],
    [10.0, 1.650_894_705],
    [100.0, 2.722_894_443],
];

#[test]
fn the_short_time_response_is_that_of_an_infinite_cylinder() {
    let mut compared = 0;
    for radius_m in [0.05, 0.075, 0.25, 0.6, 2.0] {
        let field = BoreholeField { radius_m, ..field(2, 1) };
        let g = GFunction::of(&field, 20.0).unwrap();
        for [fourier, cylinder] in CYLINDER {
            let seconds = fourier * radius_m * radius_m / 1e-6;
            // Without the first minute, and without times at which the boreholes' ends and neighbours have an effect.
            if !(60.0..20.0 * 86_400.0).contains(&seconds) {
                continue;
            }
            let found = g.at(seconds);
            assert!((found / cylinder - 1.0).abs() < 0.01, "{radius_m} m, {seconds} s: {found} instead of {cylinder}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

/// Checks bored piles and shafts as well as boreholes, long and short: a wall that gives heat never gets warmer.
#[test]
fn the_g_function_is_positive_and_rises_at_every_radius() {
    for radius_m in [1e-4, 0.01, 0.055, 0.2, 0.25, 0.3, 0.6, 1.5, 3.7, 10.0, 50.0] {
        for length_m in [1.0, 25.0, 150.0] {
            let positions_m = vec![[0.0, 0.0], [2.5 * radius_m + 5.0, 0.0]];
            let field = BoreholeField { radius_m, length_m, positions_m, ..field(1, 1) };
            let g = GFunction::of(&field, 50.0).unwrap();
            let values: Vec<f64> = (0..400).map(|index| g.at(10f64.powf(f64::from(index) / 399.0 * 9.19))).collect();
            assert!(values[0] > 0.0 && values[399].is_finite(), "{radius_m} m");
            let falls = values.windows(2).position(|pair| pair[1] < pair[0] * (1.0 - 1e-12));
            assert_eq!(falls, None, "radius {radius_m} m, length {length_m} m");
        }
    }
}

/// A bored pile of 0.25 m radius in ground of 2 W/(m K) and 2.2 MJ/(m3 K): after 20 days 2.055, which is the finite
/// line (2.010 by quadrature) plus the difference between the cylinder (2.064) and the infinite line (2.019) at a
/// Fourier number of 25.1.
#[test]
fn a_wide_pile_has_the_response_of_a_finite_cylinder() {
    let pile =
        BoreholeField { radius_m: 0.25, length_m: 100.0, buried_m: 1.0, heat_capacity_j_m3_k: 2.2e6, ..field(1, 1) };
    let found = GFunction::of(&pile, 1.0).unwrap().at(20.0 * 24.0 * HOUR);
    assert!((found - 2.055).abs() < 0.01, "{found}");
}

/// Uniform wall temperatures with 16 unequal segments a borehole, by pygfunction 2.3.1 (`similarities`): after 30
/// days, 1, 20 and 50 years.
#[test]
fn g_functions_agree_with_pygfunction() {
    let smaller = BoreholeField {
        positions_m: BoreholeField::rectangle(8, 8, 6.0),
        buried_m: 1.0,
        heat_capacity_j_m3_k: 2.2e6,
        ..field(8, 8)
    };
    let published = [
        ("1 x 1", field(1, 1), [3.458_7, 4.671_6, 5.956_1, 6.247_5]),
        ("2 x 2", field(2, 2), [3.459_4, 5.404_8, 9.812_4, 10.892_4]),
        ("3 x 2", field(3, 2), [3.459_6, 5.577_2, 11.549_7, 13.106_7]),
        ("6 x 4", field(6, 4), [3.459_8, 6.083_4, 20.329_8, 25.260_8]),
        ("8 x 8", smaller, [3.419_5, 7.173_8, 31.547_8, 40.232_8]),
        ("10 x 10", field(10, 10), [3.460_0, 6.383_3, 31.568_4, 43.854_5]),
        ("14 x 10", field(14, 10), [3.460_0, 6.424_5, 33.812_6, 48.105_3]),
    ];
    println!("field     30 days          1 year           20 years         50 years (ours, published)");
    for (name, field, expected) in published {
        let g = GFunction::of(&field, 50.0).unwrap();
        let found = [30.0 * 24.0, 8760.0, 20.0 * 8760.0, 50.0 * 8760.0].map(|hours| g.at(hours * HOUR));
        let shown: Vec<String> = found.iter().zip(expected).map(|(a, b)| format!("{a:8.4} {b:8.4}")).collect();
        println!("{name:>7}  {}", shown.join("  "));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 0.005, "{name}: {found} instead of {expected}");
        }
    }
}

/// Twenty years by the hour, with heat taken out in winter and half of it returned in summer, against the
/// superposition of all loads.
#[test]
fn load_aggregation_agrees_with_superposition() {
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
        let fluid_c = before_c - history.k_per_kw().iter().sum::<f64>() * load_kw(hour);
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
fn invalid_fields_are_refused() {
    let mut twice = field(2, 1);
    twice.positions_m[1] = [0.1, 0.0];
    assert!(matches!(GFunction::of(&twice, 1.0), Err(BoreholeError::TooNear { first: 0, second: 1, .. })));
    let flat = BoreholeField { length_m: 0.0, ..field(1, 1) };
    assert!(GFunction::of(&flat, 1.0).unwrap_err().to_string().contains("borehole_field.length_m is 0"));
    let endless = BoreholeField { radius_m: 1e200, ..field(1, 1) };
    assert!(GFunction::of(&endless, 1.0).unwrap_err().to_string().contains("no rising curve"));
    let none = BoreholeField { positions_m: Vec::new(), ..field(1, 1) };
    assert_eq!(GFunction::of(&none, 1.0), Err(BoreholeError::Empty));
}
