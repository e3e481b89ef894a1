//! The smart district's time series: the committed files equal the generator's output, and their sums equal those of
//! their sources.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../examples/smart_district.rs"]
#[allow(dead_code, reason = "the example's own `main` is not called")]
mod generator;

use anergy::series::Frame;
use anergy::weather::TypicalYear;

use generator::File;

/// Returns a column of a committed file.
fn committed(file: &str, column: &str) -> Vec<f64> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(file);
    Frame::read(&path).unwrap().column(column).unwrap().to_vec()
}

fn year(file: &str, column: &str) -> Vec<f64> {
    committed(&format!("smart_district/timeseries/{file}.csv"), column)
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MIN, f64::max)
}

#[test]
fn committed_files_equal_the_generators_output() {
    for file in generator::files().unwrap() {
        let text = std::fs::read_to_string(file.full_path()).unwrap();
        assert_eq!(file.first_difference(&text), None, "{}: run the example smart_district", file.path);
    }
}

#[test]
fn a_changed_number_a_missing_row_and_another_column_are_found() {
    let axis = anergy::series::TimeAxis::new(jiff::civil::date(2019, 1, 1).at(0, 0, 0, 0), 60, 3);
    let file = File { path: "x.csv", axis, columns: vec![("a", vec![1.0, -0.0, 2.5])] };
    let text = file.text();
    assert_eq!(text.lines().nth(2), Some("2019-01-01 01:00:00,0.000"));
    assert_eq!(file.first_difference(&text), None);
    assert_eq!(file.first_difference(&text.replace("2.500", "2.501")), None);
    assert_eq!(file.first_difference(&text.replace("2.500", "2.502")), Some(4));
    assert_eq!(file.first_difference(&text.replace(",a", ",b")), Some(1));
    assert_eq!(file.first_difference(text.trim_end().rsplit_once('\n').unwrap().0), Some(4));
}

#[test]
fn annual_sums_are_those_of_the_sources() {
    let expected_mwh = [
        ("demand_heat", "homes", 960.0),
        ("demand_heat", "offices", 360.0),
        ("demand_cooling", "homes", 288.0),
        ("demand_cooling", "offices", 420.0),
        ("demand_hot_water", "homes", 480.0),
        ("demand_electricity", "homes", 750.0),
        ("demand_electricity", "offices", 600.0),
    ];
    for (file, column, mwh) in expected_mwh {
        let values = year(file, column);
        assert_eq!(values.len(), 8760);
        assert!(values.iter().all(|&value| value >= 0.0), "{file} {column}");
        assert!((sum(&values) / 1000.0 / mwh - 1.0).abs() < 0.005, "{file} {column}: {} MWh", sum(&values) / 1000.0);
    }
    // Full-load hours within the range between a base load and an idle machine.
    for (file, column, low, high) in
        [("demand_heat", "homes", 1200.0, 3000.0), ("demand_cooling", "homes", 600.0, 2000.0)]
    {
        let values = year(file, column);
        let hours = sum(&values) / highest(&values);
        assert!((low..high).contains(&hours), "{file}: {hours} full-load hours");
    }
}

#[test]
fn the_climate_is_of_northern_italy() {
    let (air, sun, ground) = (year("weather", "air_c"), year("weather", "ghi_w_m2"), year("weather", "ground_c"));
    assert!((14.0..15.0).contains(&(sum(&air) / 8760.0)));
    assert!((30.0..38.0).contains(&highest(&air)));
    assert!((1350.0..1420.0).contains(&(sum(&sun) / 1000.0)));
    assert!((sum(&air) - sum(&ground)).abs() / 8760.0 < 0.2 && highest(&ground) < 22.0);
    for (column, low, high) in [("south_30", 1150.0, 1400.0), ("flat_10_east_west", 1000.0, 1250.0)] {
        let hours = sum(&year("pv", column));
        assert!((low..high).contains(&hours), "{column}: {hours} kWh/kWp");
    }
}

#[test]
fn heating_and_cooling_occur_at_the_same_time() {
    let hours = (0..8760_usize)
        .zip(year("demand_heat", "homes").iter().zip(year("demand_cooling", "offices")))
        .filter(|(_, (heat, cooling))| **heat > 20.0 && *cooling > 20.0)
        .count();
    assert!((200..3000).contains(&hours), "{hours} hours");
}

#[test]
fn prices_and_carbon_stay_in_their_bands() {
    assert!(year("prices", "import_eur_per_kwh").iter().all(|price| [0.19, 0.22, 0.24].contains(price)));
    for (column, low, high, mean) in [("export_eur_per_kwh", 0.025, 0.08, 0.05), ("co2_kg_per_kwh", 0.24, 0.35, 0.285)]
    {
        let values = year("prices", column);
        assert!(values.iter().all(|value| (low..=high).contains(value)), "{column}");
        assert!((sum(&values) / 8760.0 / mean - 1.0).abs() < 0.1, "{column}");
    }
}

#[test]
fn the_starter_week_is_a_fifteenth_of_the_homes() {
    let week = |column| committed("starter/timeseries/week.csv", column);
    let first = (31 + 28 + 31 + 14) * 24;
    for (column, file, of_year) in [
        ("heat_kw", "demand_heat", "homes"),
        ("hot_water_kw", "demand_hot_water", "homes"),
        ("electricity_kw", "demand_electricity", "homes"),
    ] {
        let (week, year) = (week(column), year(file, of_year));
        assert_eq!(week.len(), 168);
        for (hour, kw) in week.iter().enumerate() {
            assert!((kw - year[first + hour] / 15.0).abs() < 2e-3, "{column}, hour {hour}");
        }
        assert!(sum(&week) > 0.0, "{column}");
    }
}

#[test]
fn a_leap_year_of_quarter_hours_has_all_its_steps() {
    let weather = TypicalYear { year: 2020, step_minutes: 15, ..generator::climate() }.weather().unwrap();
    assert_eq!(weather.axis.len(), 35136);
    for column in [&weather.air_c, &weather.ghi_w_m2, &weather.dni_w_m2, &weather.dhi_w_m2] {
        assert_eq!(column.len(), 35136);
        assert!(column.iter().all(|value| value.is_finite()));
    }
    assert_eq!(weather.axis.label(weather.axis.len()), "2021-01-01 00:00:00");
}
