//! Writes the time series of `configs/small_district`: five spring days of an invented district of 60 homes and an
//! office block, from closed formulas that document the origin of every number.
//!
//! ```text
//! cargo run --example small_district            # writes configs/small_district/timeseries/*.csv
//! cargo run --example small_district -- --check # says whether the committed files are these
//! ```

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Hours of the five days, Monday 4 to Friday 8 May 2015.
const HOURS: u32 = 5 * 24;

/// Returns the air temperature, degrees Celsius: a daily wave of 7 K around a mean that rises from 11 to 19 over the
/// five days, coldest at 5 h and warmest at 17 h.
fn air_c(hour: u32) -> f64 {
    let day = f64::from(hour) / 24.0;
    11.0 + 2.0 * day - 7.0 * (TAU * (day - 5.0 / 24.0)).cos()
}

/// Returns the photovoltaic output per peak power, kW/kW: half a sine from 6 to 20 h; the third day is overcast.
fn sun(hour: u32) -> f64 {
    let of_day = f64::from(hour % 24) + 0.5;
    let clear = if hour / 24 == 2 { 0.25 } else { 0.8 };
    clear * (TAU / 28.0 * (of_day - 6.0)).sin().max(0.0) * f64::from(u8::from((6.0..20.0).contains(&of_day)))
}

/// Returns a daily profile with a morning and an evening peak, mean about 1.
fn peaks(hour: u32, morning: f64, evening: f64) -> f64 {
    let of_day = f64::from(hour % 24) + 0.5;
    let bump = |centre: f64, width: f64| (-((of_day - centre) / width).powi(2)).exp();
    0.4 + 1.9 * bump(morning, 1.8) + 1.9 * bump(evening, 2.4)
}

/// Returns whether people work, 7 to 18 h.
fn office(hour: u32) -> f64 {
    f64::from(u8::from((7..18).contains(&(hour % 24))))
}

/// A column: its site and its value as a function of the hour.
type Column = (&'static str, fn(u32) -> f64);

/// Returns the demand series of one file by column, kWh per hour; negative, as in Calliope.
fn series() -> Vec<(&'static str, Vec<Column>)> {
    // Heat: kW per kelvin below the base temperature; cold: kW per kelvin above it, plus the sun on the windows.
    fn homes_heat(hour: u32) -> f64 {
        -9.0 * (16.0 - air_c(hour)).max(0.0)
    }
    fn homes_cold(hour: u32) -> f64 {
        -3.0 * (air_c(hour) - 22.0).max(0.0)
    }
    fn offices_heat(hour: u32) -> f64 {
        -4.0 * (15.0 - air_c(hour)).max(0.0) * (0.3 + 0.7 * office(hour))
    }
    fn offices_cold(hour: u32) -> f64 {
        -office(hour) * (6.0 * (air_c(hour) - 14.0).max(0.0) + 60.0 * sun(hour))
    }
    vec![
        ("demand_heat", vec![("homes", homes_heat as fn(u32) -> f64), ("offices", offices_heat)]),
        ("demand_cold", vec![("homes", homes_cold), ("offices", offices_cold)]),
        ("demand_hot_water", vec![("homes", |hour| -11.0 * peaks(hour, 7.0, 20.0))]),
        (
            "demand_electricity",
            vec![("homes", |hour| -24.0 * peaks(hour, 7.5, 19.5)), ("offices", |hour| -15.0 - 65.0 * office(hour))],
        ),
        ("sun", vec![("homes", sun), ("offices", sun)]),
        // The COPs of the first dispatch, before the loop is simulated.
        ("cop_heat", vec![("homes", |_| 5.0), ("offices", |_| 5.0)]),
        ("cop_hot_water", vec![("homes", |_| 3.6)]),
        ("cop_cold", vec![("homes", |_| 5.5), ("offices", |_| 5.5)]),
        // Day and night tariff, EUR/kWh.
        ("tariff", vec![("homes", tariff), ("offices", tariff)]),
    ]
}

fn tariff(hour: u32) -> f64 {
    if (7..22).contains(&(hour % 24)) { 0.32 } else { 0.22 }
}

fn csv(columns: &[Column]) -> String {
    let mut text = String::from("timestamp");
    for (name, _) in columns {
        let _ = write!(text, ",{name}");
    }
    text.push('\n');
    for hour in 0..HOURS {
        let _ = write!(text, "2015-05-{:02} {:02}:00:00", 4 + hour / 24, hour % 24);
        for (_, value) in columns {
            // Three decimals, and no minus zero.
            let _ = write!(text, ",{}", (value(hour) * 1000.0).round() / 1000.0 + 0.0);
        }
        text.push('\n');
    }
    text
}

/// Returns each file of series with its text.
pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/small_district/timeseries");
    series().into_iter().map(|(name, columns)| (folder.join(format!("{name}.csv")), csv(&columns))).collect()
}

fn main() -> std::io::Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    for (path, text) in files() {
        if !check {
            std::fs::write(&path, text)?;
        } else if std::fs::read_to_string(&path)? != text {
            return Err(std::io::Error::other(format!("{} is not what the formulas give", path.display())));
        }
    }
    Ok(())
}
