//! Writes the time series of `configs/smart_district`: the year 2019 of 300 apartments and an office building in a
//! climate like Milan's, hour by hour, and of `configs/starter`: a spring week of one house with 20 of these
//! apartments.
//!
//! ```text
//! cargo run --example smart_district            # writes configs/{smart_district,starter}/timeseries/*.csv
//! cargo run --example smart_district -- --check # says whether the committed files are these
//! ```
//!
//! Nothing here is measured. Weather, tariff and demands are made from the typical figures named below, all chosen
//! before any district was simulated. A demand's course over the year comes from a building model; its annual sum is
//! then set to the figure of its kind, and the factor between the two is printed: 0.97 to 1.22, but 1.52 for the
//! offices' cooling. The offices' zones, lag and set-point were settled with these factors in view, before any
//! dispatch.

use std::error::Error;
use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anergy::series::TimeAxis;
use anergy::weather::{
    Demand, GroundWave, Location, Occupancy, Photovoltaics, Plane, SkyModel, SolarAperture, SunPath, ThermalBuilding,
    TypicalYear, Weather, WeatherError, WeekShape,
};
use jiff::civil::{DateTime, Weekday, date};

/// Monthly mean air temperatures, degrees Celsius. December to February and the mean of June to August are the 30-year
/// normals that the observatory Milano Duomo (Fondazione OMD) quotes for the town: 4.3, 3.6, 5.6 and 24.7; the months
/// between are rounded typical values of the same town. Near 14.5 in the year.
const AIR_C: [f64; 12] = [3.6, 5.6, 10.2, 14.1, 18.6, 23.3, 25.6, 25.2, 20.3, 14.6, 8.7, 4.3];
/// Monthly mean daily global irradiation, kWh/m2: rounded typical values of the order that PVGIS gives for Milan, near
/// 1,385 kWh/m2 in the year.
const IRRADIATION_KWH_M2_DAY: [f64; 12] = [1.3, 2.2, 3.6, 4.7, 5.7, 6.4, 6.6, 5.6, 4.2, 2.5, 1.5, 1.1];
/// Mean daily range, K: small under the winter's fog, about 10 in summer.
const SWING_K: [f64; 12] = [6.0, 7.5, 9.0, 9.5, 10.0, 10.5, 11.0, 10.5, 9.5, 7.5, 6.0, 5.5];
/// Depth of the loop's uninsulated pipes, m.
const PIPE_DEPTH_M: f64 = 1.5;

/// Heated floor areas, m2: 300 apartments of 80 m2, and one office building.
const HOMES_M2: f64 = 24_000.0;
const OFFICES_M2: f64 = 12_000.0;
/// Annual demands per floor area, kWh/m2, of the order that TABULA gives for good new or renovated apartment blocks in
/// Italy and SIA 2024 for apartments and offices: heating, hot water, cooling; in the offices 7 of 35 are a server
/// room's.
const HOMES_HEAT: f64 = 40.0;
const HOMES_HOT_WATER: f64 = 20.0;
const HOMES_COOLING: f64 = 12.0;
const OFFICES_HEAT: f64 = 30.0;
const OFFICES_COOLING: f64 = 35.0;
const SERVER_ROOM_KW: f64 = 10.0;
/// Annual electricity without heating and cooling, kWh: 2,500 an apartment (Italian households use 2,000 to 2,700), and
/// 50 kWh/m2 of office.
const HOMES_ELECTRICITY_KWH: f64 = 300.0 * 2_500.0;
const OFFICES_ELECTRICITY_KWH: f64 = 50.0 * OFFICES_M2;
/// Share of the homes in the starter's house: 20 of 300 apartments.
const STARTER_SHARE: f64 = 20.0 / 300.0;
/// Mean wholesale price of Italy in 2019 (PUN, GME), EUR/kWh.
const WHOLESALE_EUR_PER_KWH: f64 = 0.052;
/// Typical carbon intensity of the Italian mix around 2019, kg/kWh (ISPRA gives 0.27 to 0.29 at the consumer).
const CO2_KG_PER_KWH: f64 = 0.285;

/// Weights of the hours: people rise from 6, are out by day, and cook, wash and use light in the evening.
const HOT_WATER: WeekShape = WeekShape {
    weekday: [
        0.3, 0.2, 0.2, 0.2, 0.3, 0.8, 2.0, 2.6, 1.9, 1.1, 0.8, 0.8, 1.0, 0.9, 0.7, 0.6, 0.7, 1.0, 1.5, 1.9, 1.8, 1.4,
        0.9, 0.5,
    ],
    weekend: [
        0.4, 0.3, 0.2, 0.2, 0.2, 0.4, 0.8, 1.5, 2.1, 2.1, 1.7, 1.3, 1.2, 1.1, 0.8, 0.7, 0.8, 1.1, 1.5, 1.8, 1.7, 1.3,
        0.9, 0.6,
    ],
    // Mains water is colder and baths are longer in winter.
    winter_surplus: 0.12,
};
const HOMES_ELECTRICITY: WeekShape = WeekShape {
    weekday: [
        0.6, 0.5, 0.45, 0.45, 0.45, 0.5, 0.8, 1.0, 1.0, 0.9, 0.85, 0.9, 1.1, 1.1, 0.95, 0.9, 0.95, 1.1, 1.4, 1.8, 1.9,
        1.7, 1.3, 0.9,
    ],
    weekend: [
        0.7, 0.6, 0.5, 0.45, 0.45, 0.5, 0.6, 0.8, 1.0, 1.2, 1.25, 1.3, 1.5, 1.45, 1.2, 1.1, 1.1, 1.2, 1.4, 1.7, 1.8,
        1.6, 1.3, 1.0,
    ],
    winter_surplus: 0.1,
};
const OFFICES_ELECTRICITY: WeekShape = WeekShape {
    weekday: [
        0.4, 0.4, 0.4, 0.4, 0.4, 0.45, 0.7, 1.2, 1.9, 2.2, 2.3, 2.3, 2.1, 2.1, 2.3, 2.3, 2.2, 1.9, 1.3, 0.8, 0.5, 0.45,
        0.4, 0.4,
    ],
    weekend: [0.4; 24],
    winter_surplus: 0.05,
};

/// A file of time series.
pub struct File {
    /// Its path under `configs`.
    pub path: &'static str,
    /// The time axis of its rows.
    pub axis: TimeAxis,
    /// The names and values of its columns.
    pub columns: Vec<(&'static str, Vec<f64>)>,
}

/// Returns the climate of the case.
pub fn climate() -> TypicalYear {
    TypicalYear {
        location: Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 },
        year: 2019,
        step_minutes: 60,
        air_c: AIR_C,
        irradiation_kwh_m2_day: IRRADIATION_KWH_M2_DAY,
        swing_k: SWING_K,
        sigma_k: 2.5,
        persistence: 0.75,
        clearness_sigma: 0.17,
        clearness_persistence: 0.35,
        seed: 2019,
    }
}

/// Returns windows by direction (degrees from north) and aperture (m2); blinds transmit 30 %.
fn windows(by_direction: impl IntoIterator<Item = (f64, f64)>) -> Vec<SolarAperture> {
    let window = |(azimuth_deg, area_m2)| SolarAperture {
        plane: Plane::wall(azimuth_deg),
        area_m2,
        area_with_blinds_m2: Some(0.3 * area_m2),
        blinds_w_m2: 200.0,
    };
    by_direction.into_iter().map(window).collect()
}

/// Returns the apartments: 1.2 W/K per m2 of floor (0.75 by the envelope, 0.45 by half an air change per hour), gains
/// of 4 W/m2, and windows of 16 % of the floor, of which a fifth is aperture (frame 0.7, glass 0.5, obstacles 0.6).
fn homes() -> ThermalBuilding {
    let aperture_m2 = HOMES_M2 * 0.16 * 0.21;
    ThermalBuilding {
        heat_loss_kw_per_k: HOMES_M2 * 1.2e-3,
        heating_c: 20.0,
        heating_setback_c: None,
        cooling_c: 26.0,
        cooling_only_in_use: false,
        occupancy: Occupancy::ALWAYS,
        apertures: windows(
            [(0.0, 0.15), (90.0, 0.2), (180.0, 0.45), (270.0, 0.2)].map(|(to, share)| (to, share * aperture_m2)),
        ),
        internal_gains_kw: HOMES_M2 * 4e-3,
        gains_shape: HOMES_ELECTRICITY,
        time_constant_hours: 40.0,
    }
}

/// Returns a zone of the offices with `share` of the floor and windows facing `azimuths_deg` of 30 % of its floor, of
/// which 0.18 is aperture. Air and light partitions have a time constant of 5 hours.
fn office_zone(share: f64, loss_w_m2_k: f64, gains_w_m2: f64, azimuths_deg: &[f64]) -> ThermalBuilding {
    let floor_m2 = OFFICES_M2 * share;
    let by_direction = azimuths_deg.iter().map(|azimuth| (*azimuth, floor_m2 * 0.3 * 0.18 / 2.0));
    ThermalBuilding {
        heat_loss_kw_per_k: floor_m2 * loss_w_m2_k / 1000.0,
        heating_c: 21.0,
        heating_setback_c: Some(18.0),
        cooling_c: 24.0,
        cooling_only_in_use: true,
        occupancy: Occupancy { from_hour: 7, to_hour: 19, weekends: false },
        apertures: windows(by_direction),
        internal_gains_kw: floor_m2 * gains_w_m2 / 1000.0,
        gains_shape: OFFICES_ELECTRICITY,
        time_constant_hours: 5.0,
    }
}

/// Returns the demand of the offices without the server room. Rooms at the facades lose 1.5 W/K per m2 of floor; the
/// core, with meeting rooms and printers, loses 0.7 by ventilation and roof, and needs cooling while the rooms to the
/// north are still heated. Light, machines and people give 6 and 8 W/m2 on average.
fn offices(weather: &Weather, sun: &SunPath) -> Result<Demand, WeatherError> {
    let zones = [
        office_zone(0.3, 1.5, 6.0, &[90.0, 180.0]),
        office_zone(0.3, 1.5, 6.0, &[0.0, 270.0]),
        office_zone(0.4, 0.7, 8.0, &[]),
    ];
    let mut sum = Demand { heat_kw: vec![0.0; weather.axis.len()], cooling_kw: vec![0.0; weather.axis.len()] };
    for zone in zones {
        let demand = zone.demand(weather, sun)?;
        sum.heat_kw.iter_mut().zip(demand.heat_kw).for_each(|(sum, heat)| *sum += heat);
        sum.cooling_kw.iter_mut().zip(demand.cooling_kw).for_each(|(sum, cooling)| *sum += cooling);
    }
    Ok(sum)
}

/// Scales hourly demands to an annual sum and prints the factor. Cooling is scaled more than heating: the model
/// includes neither the humidity of a summer in the Po valley nor the start after a night without cooling.
fn scaled(what: &str, values: &[f64], step_hours: f64, annual_kwh: f64) -> Vec<f64> {
    let factor = annual_kwh / (values.iter().sum::<f64>() * step_hours);
    eprintln!("{what}: the model's sum times {factor:.2}");
    values.iter().map(|value| value * factor).collect()
}

/// Returns whether it is a Sunday or one of Italy's public holidays of 2019.
fn is_holiday(moment: DateTime) -> bool {
    const HOLIDAYS: [(i8, i8); 11] =
        [(1, 1), (1, 6), (4, 22), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)];
    moment.weekday() == Weekday::Sunday || HOLIDAYS.contains(&(moment.month(), moment.day()))
}

/// Returns the import price, EUR/kWh, by the three bands of the Italian regulator (ARERA): F1 on working days from 8 to
/// 19 h; F2 on working days at 7 and from 19 to 23 h, on Saturdays from 7 to 23 h; F3 else. The levels are of the years
/// around 2019.
fn import_eur_per_kwh(moment: DateTime) -> f64 {
    let saturday = moment.weekday() == Weekday::Saturday;
    match moment.hour() {
        _ if is_holiday(moment) => 0.19,
        8..19 if !saturday => 0.24,
        7..23 => 0.22,
        _ => 0.19,
    }
}

/// Returns a bump of height 1 around an hour of the day, also across midnight.
fn bump(moment: DateTime, centre: f64, width: f64) -> f64 {
    let distance = (f64::from(moment.hour()) + 0.5 - centre + 12.0).rem_euclid(24.0) - 12.0;
    (-(distance / width).powi(2)).exp()
}

/// Returns a yearly wave: 1 in mid-January, -1 in mid-July.
fn winter(moment: DateTime) -> f64 {
    (TAU * (f64::from(moment.day_of_year()) - 15.0) / 365.0).cos()
}

/// Returns the export price, EUR/kWh: the wholesale mean with a dip at night, peaks at 9 and 20 h, a dip at noon that
/// is deepest in summer, and less on Sundays; 0.03 to 0.07.
fn export_eur_per_kwh(moment: DateTime) -> f64 {
    let day = 0.93 - 0.22 * bump(moment, 4.0, 3.0) + 0.18 * bump(moment, 9.0, 2.0) + 0.3 * bump(moment, 20.0, 2.5)
        - (0.13 - 0.07 * winter(moment)) * bump(moment, 14.0, 2.5);
    let week = if is_holiday(moment) { 0.87 } else { 1.02 };
    WHOLESALE_EUR_PER_KWH * day * week * (1.0 + 0.1 * winter(moment))
}

/// Returns the carbon intensity of the grid, kg/kWh: higher on winter evenings, lower with solar power in the country.
fn co2_kg_per_kwh(moment: DateTime) -> f64 {
    let day = 0.1 * bump(moment, 20.0, 3.0) - (0.05 - 0.02 * winter(moment)) * bump(moment, 13.0, 3.0);
    CO2_KG_PER_KWH * (1.0 + day + 0.06 * winter(moment))
}

/// Returns all files, as they are committed.
pub fn files() -> Result<Vec<File>, WeatherError> {
    files_of(&climate())
}

/// Returns the files of another year or step.
pub fn files_of(climate: &TypicalYear) -> Result<Vec<File>, WeatherError> {
    let weather = climate.weather()?;
    let step_hours = weather.axis.step_hours();
    let (axis, sun) = (weather.axis, weather.sun_path()?);
    let ground_c = GroundWave::from_monthly_air(&AIR_C, PIPE_DEPTH_M).temperatures_c(&axis)?;
    let yield_on = |tilt_deg, azimuth_deg| {
        let w_m2 = weather.on_plane(&sun, &Plane { tilt_deg, azimuth_deg }, 0.2, SkyModel::HayDavies);
        Photovoltaics::default().power_per_peak(&w_m2, &weather.air_c)
    };
    let south_30 = yield_on(30.0, 180.0)?;
    let (east, west) = (yield_on(10.0, 90.0)?, yield_on(10.0, 270.0)?);
    let east_west = east.iter().zip(west).map(|(east, west)| f64::midpoint(*east, west)).collect();

    let (homes, offices) = (homes().demand(&weather, &sun)?, offices(&weather, &sun)?);
    let homes_heat = scaled("heating of the homes", &homes.heat_kw, step_hours, HOMES_HEAT * HOMES_M2);
    let homes_cooling = scaled("cooling of the homes", &homes.cooling_kw, step_hours, HOMES_COOLING * HOMES_M2);
    let offices_heat = scaled("heating of the offices", &offices.heat_kw, step_hours, OFFICES_HEAT * OFFICES_M2);
    let comfort_kwh = OFFICES_COOLING * OFFICES_M2 - SERVER_ROOM_KW * 8760.0;
    let comfort = scaled("cooling of the offices without servers", &offices.cooling_kw, step_hours, comfort_kwh);
    let offices_cooling = comfort.iter().map(|cooling| cooling + SERVER_ROOM_KW).collect();
    let hot_water = HOT_WATER.power_kw(&axis, HOMES_HOT_WATER * HOMES_M2)?;
    let homes_electricity = HOMES_ELECTRICITY.power_kw(&axis, HOMES_ELECTRICITY_KWH)?;
    let offices_electricity = OFFICES_ELECTRICITY.power_kw(&axis, OFFICES_ELECTRICITY_KWH)?;
    let of_clock =
        |value: fn(DateTime) -> f64| (0..axis.len()).map(|step| value(axis.stamp(step))).collect::<Vec<f64>>();
    let import = of_clock(import_eur_per_kwh);

    let (first, week) = (axis.position(date(2019, 4, 15).at(0, 0, 0, 0)).unwrap_or_default(), 168.min(axis.len()));
    let starter = |values: &[f64], share: f64| values[first..first + week].iter().map(|value| value * share).collect();
    let starter = File {
        path: "starter/timeseries/week.csv",
        axis: axis.slice(first, week),
        columns: vec![
            ("air_c", starter(&weather.air_c, 1.0)),
            ("pv_kw_per_kwp", starter(&south_30, 1.0)),
            ("heat_kw", starter(&homes_heat, STARTER_SHARE)),
            ("hot_water_kw", starter(&hot_water, STARTER_SHARE)),
            ("electricity_kw", starter(&homes_electricity, STARTER_SHARE)),
            ("import_eur_per_kwh", starter(&import, 1.0)),
        ],
    };
    let year = |path, columns| File { path, axis, columns };
    let sites = |path, homes, offices| year(path, vec![("homes", homes), ("offices", offices)]);
    Ok(vec![
        year(
            "smart_district/timeseries/weather.csv",
            vec![("air_c", weather.air_c), ("ghi_w_m2", weather.ghi_w_m2), ("ground_c", ground_c)],
        ),
        year("smart_district/timeseries/pv.csv", vec![("south_30", south_30), ("flat_10_east_west", east_west)]),
        sites("smart_district/timeseries/demand_heat.csv", homes_heat, offices_heat),
        year("smart_district/timeseries/demand_hot_water.csv", vec![("homes", hot_water)]),
        sites("smart_district/timeseries/demand_cooling.csv", homes_cooling, offices_cooling),
        sites("smart_district/timeseries/demand_electricity.csv", homes_electricity, offices_electricity),
        year(
            "smart_district/timeseries/prices.csv",
            vec![
                ("import_eur_per_kwh", import),
                ("export_eur_per_kwh", of_clock(export_eur_per_kwh)),
                ("co2_kg_per_kwh", of_clock(co2_kg_per_kwh)),
            ],
        ),
        starter,
    ])
}

impl File {
    /// Returns the text of the file: three decimals, no minus zero.
    pub fn text(&self) -> String {
        let mut text = String::from("timestamp");
        for (name, _) in &self.columns {
            let _ = write!(text, ",{name}");
        }
        text.push('\n');
        for step in 0..self.axis.len() {
            text.push_str(&self.axis.label(step));
            for (_, values) in &self.columns {
                let _ = write!(text, ",{:.3}", (values[step] * 1000.0).round() / 1000.0 + 0.0);
            }
            text.push('\n');
        }
        text
    }

    /// Returns the first line, from 1, at which `committed` differs from this file; `None` without a difference.
    /// Numbers may differ by one in the last decimal, because the sine function differs slightly between platforms.
    pub fn first_difference(&self, committed: &str) -> Option<usize> {
        let text = self.text();
        let same_cell = |(a, b): (&str, &str)| {
            a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < 1.5e-3)
        };
        let same_line = |a: &str, b: &str| {
            a.split(',').count() == b.split(',').count() && a.split(',').zip(b.split(',')).all(same_cell)
        };
        let count = text.lines().count().max(committed.lines().count());
        let (mut ours, mut theirs) = (text.lines(), committed.lines());
        (1..=count).find(|_| !matches!((ours.next(), theirs.next()), (Some(a), Some(b)) if same_line(a, b)))
    }

    /// Returns the path of the file.
    pub fn full_path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(self.path)
    }
}

/// Returns annual sums and peaks of the year's files, and the number of hours with both heating and cooling.
fn summary(files: &[File]) -> String {
    let mut text = String::new();
    for file in files.iter().filter(|file| file.axis.len() == 8760) {
        for (name, values) in &file.columns {
            let (sum, peak) = (values.iter().sum::<f64>(), values.iter().copied().fold(f64::MIN, f64::max));
            let lowest = values.iter().copied().fold(f64::MAX, f64::min);
            let _ = writeln!(
                text,
                "{:45} {name:20} sum {:>11.1}  mean {:>8.3}  lowest {lowest:>8.3}  highest {peak:>8.3}",
                file.path,
                sum,
                sum / 8760.0
            );
        }
    }
    let total = |path: &str, hour: usize| -> f64 {
        let named = files.iter().filter(|file| file.path.ends_with(path));
        named.flat_map(|file| &file.columns).map(|(_, values)| values[hour]).sum()
    };
    let heats = |hour: &usize| total("demand_heat.csv", *hour) > 0.5;
    let cools = |hour: &usize| total("demand_cooling.csv", *hour) > SERVER_ROOM_KW + 0.5;
    let heating = (0..8760).filter(heats).count();
    let both = (0..8760).filter(heats).filter(cools).count();
    let _ =
        writeln!(text, "hours with space heating above 0.5 kW, all of them with the server room's cooling: {heating}");
    let _ =
        writeln!(text, "of these with cooling elsewhere too: {both} (hot water is drawn in every hour of the year)");
    text
}

fn main() -> Result<(), Box<dyn Error>> {
    let check = std::env::args().any(|argument| argument == "--check");
    let files = files()?;
    for file in &files {
        let path = file.full_path();
        if check {
            if let Some(line) = file.first_difference(&std::fs::read_to_string(&path)?) {
                return Err(format!("{}:{line}: not what the generator gives", path.display()).into());
            }
        } else {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(&path, file.text())?;
        }
    }
    println!("{}", summary(&files));
    Ok(())
}
