//! The units of a plant: their effect on the water in a step, and their use of electricity.

use anergy_data::series::{Profile, ProfileSetting};

use super::layout::{number, wrong};
use super::settings::{AirSettings, AirSideSettings, BoreholeFieldSettings, UnitSettings, WellSettings};
use crate::water_loop::WaterLoopError;
use crate::water_loop::borehole::{BoreholeField, BoreholeHistory};
use crate::water_loop::network::{Effect, Keep};

/// Specific heat, J/(kg K), and density, kg/m3, of groundwater.
const GROUNDWATER: [f64; 2] = [4195.0, 999.7];
/// Smallest temperature change of groundwater, K.
const LEAST_CHANGE_K: f64 = 0.1;
/// Largest number of passes before the run for a borehole field.
const MOST_YEARS_BEFORE: u32 = 200;
/// Largest numbers of boreholes of a field, and of its quarter: the responses between all of them are stored.
const MOST_BOREHOLES: [usize; 2] = [256, 80];
/// Years of load history beyond the requested ones.
const SPARE_YEARS: f64 = 2.0;

/// A unit of a plant.
#[derive(Debug, Clone)]
pub(super) struct PlantUnit {
    /// Name: its plant and its kind.
    pub(super) name: String,
    pub(super) kind: UnitKind,
}

#[derive(Debug, Clone)]
pub(super) enum UnitKind {
    Boreholes { history: Box<BoreholeHistory>, capacity_kw: f64, years_before: u32 },
    Well { source_c: Profile, max_flow_kg_s: f64, max_change_k: f64, approach_k: f64, kwh_per_m3: f64 },
    Air { heating: AirSide, cooling: AirSide },
}

#[derive(Debug, Clone)]
pub(super) struct AirSide {
    capacity_kw: f64,
    cop: Profile,
}

impl PlantUnit {
    /// Creates a unit from the settings at `path`, for steps of `step_hours` and a run of `run_years`.
    pub(super) fn new<E: From<WaterLoopError>>(
        name: String,
        settings: &UnitSettings,
        path: &str,
        [step_hours, run_years]: [f64; 2],
        profile: &mut dyn FnMut(&str, &ProfileSetting) -> Result<Profile, E>,
    ) -> Result<Self, E> {
        let path = format!("{path}.{}", settings.name());
        let kind = match settings {
            UnitSettings::BoreholeField(field) => boreholes(field, &path, [step_hours, run_years])?,
            UnitSettings::Well(well) => self::well(well, &path, profile)?,
            UnitSettings::Air(air) => self::air(air, &path, profile)?,
        };
        Ok(Self { name, kind })
    }

    /// Returns the unit's effect on water that passes with `capacity_w_k` and should leave within `range_c`.
    pub(super) fn effect(&self, step: usize, capacity_w_k: f64, [low_c, high_c]: [f64; 2]) -> Effect {
        match &self.kind {
            UnitKind::Boreholes { history, capacity_kw, .. } => {
                // Along walls of one temperature the water's distance from it falls as e^(-x NTU), so that it never
                // passes the walls. The wall temperature itself changes by wall_k_per_w times the heat: Q = e C (T_in
                // - T_rested - wall_k_per_w Q), e = 1 - e^(-NTU).
                let [wall_k_per_w, film_k_per_w] = history.k_per_kw().map(|k_per_kw| 1e-3 * k_per_kw);
                let of_walls = -(-1.0 / (film_k_per_w * capacity_w_k)).exp_m1();
                let effectiveness = of_walls / (1.0 + of_walls * capacity_w_k * wall_k_per_w);
                Effect::Exchange { with_c: history.rested_c(), effectiveness, most_w: 1e3 * capacity_kw }
            }
            UnitKind::Well { source_c, max_flow_kg_s, max_change_k, approach_k, .. } => {
                let (source_c, groundwater_w_k) = (source_c.at(step), max_flow_kg_s * GROUNDWATER[0]);
                // All the groundwater, brought as near to the inlet temperature as the exchanger allows.
                let effectiveness = (groundwater_w_k / capacity_w_k).min(1.0);
                Effect::Keep(Keep {
                    low_c: low_c.min(source_c - approach_k),
                    high_c: high_c.max(source_c + approach_k),
                    heating_w: groundwater_w_k * max_change_k,
                    cooling_w: groundwater_w_k * max_change_k,
                    source: Some([[source_c - approach_k, effectiveness], [source_c + approach_k, effectiveness]]),
                })
            }
            UnitKind::Air { heating, cooling } => Effect::Keep(Keep {
                low_c,
                high_c,
                heating_w: 1e3 * heating.capacity_kw,
                cooling_w: 1e3 * cooling.capacity_kw,
                source: None,
            }),
        }
    }

    /// Adds the heat and the cold, kWh, that the unit gave in a step to water with the inlet temperature `comes_c`.
    /// Returns its electricity, kWh, and the mean temperatures of a field's walls and fluid at its end, degrees
    /// Celsius (`None` for other units).
    pub(super) fn gave(
        &mut self,
        step: usize,
        [heat_kwh, cold_kwh]: [f64; 2],
        comes_c: f64,
        step_hours: f64,
    ) -> (f64, Option<[f64; 2]>) {
        let taken_kwh = match &mut self.kind {
            UnitKind::Boreholes { history, .. } => {
                return (0.0, Some(history.take((heat_kwh - cold_kwh) / step_hours)));
            }
            UnitKind::Well { source_c, max_flow_kg_s, max_change_k, approach_k, kwh_per_m3 } => {
                let [heat_j_kg_k, density_kg_m3] = GROUNDWATER;
                let apart_k = (source_c.at(step) - comes_c).abs() - *approach_k;
                let change_k = apart_k.min(*max_change_k).max(LEAST_CHANGE_K);
                // Limited to the available groundwater, however small the temperature difference is.
                let needed_kg = (heat_kwh + cold_kwh) * 3.6e6 / (heat_j_kg_k * change_k);
                needed_kg.min(*max_flow_kg_s * 3600.0 * step_hours) / density_kg_m3 * *kwh_per_m3
            }
            UnitKind::Air { heating, cooling } => heat_kwh / heating.cop.at(step) + cold_kwh / cooling.cop.at(step),
        };
        (taken_kwh, None)
    }

    /// Applies loads (kW out of the field, one per step) to a field a number of times.
    pub(super) fn age(&mut self, loads_kw: &[f64], times: u32) {
        if let UnitKind::Boreholes { history, .. } = &mut self.kind {
            for _ in 0..times {
                for load_kw in loads_kw {
                    history.take(*load_kw);
                }
            }
        }
    }

    /// Returns whether the unit is controlled to the plant's range of temperature.
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self.kind, UnitKind::Boreholes { .. })
    }

    /// Returns the number of passes of the run before it.
    pub(super) fn years_before(&self) -> u32 {
        match self.kind {
            UnitKind::Boreholes { years_before, .. } => years_before,
            UnitKind::Well { .. } | UnitKind::Air { .. } => 0,
        }
    }
}

fn boreholes(
    settings: &BoreholeFieldSettings,
    path: &str,
    [step_hours, run_years]: [f64; 2],
) -> Result<UnitKind, WaterLoopError> {
    let capacity_kw = settings.capacity_kw.unwrap_or(f64::INFINITY);
    number(&format!("{path}.capacity_kw"), capacity_kw, capacity_kw >= 0.0, "a number >= 0")?;
    let [columns, rows] = [settings.columns, settings.rows].map(|count| count as usize);
    let [most, most_of_quarter] = MOST_BOREHOLES;
    let count = columns.saturating_mul(rows);
    if !(1..=most).contains(&count) || columns.div_ceil(2) * rows.div_ceil(2) > most_of_quarter {
        let expected = format!("1 to {most} in all, in a long row no more than {}", 2 * most_of_quarter);
        return Err(wrong(format!("{path}.columns"), format!("{columns} by {rows} boreholes; expected {expected}")));
    }
    let years_before = settings.years_before;
    if years_before > MOST_YEARS_BEFORE {
        let message = format!("it is {years_before}; expected at most {MOST_YEARS_BEFORE}");
        return Err(wrong(format!("{path}.years_before"), message));
    }
    let field = BoreholeField {
        positions_m: BoreholeField::rectangle(columns, rows, settings.spacing_m),
        length_m: settings.length_m,
        buried_m: settings.buried_m,
        radius_m: settings.radius_m,
        conductivity_w_m_k: settings.conductivity_w_m_k,
        heat_capacity_j_m3_k: settings.heat_capacity_j_m3_k,
        resistance_m_k_w: settings.resistance_m_k_w,
        ground_c: settings.ground_c,
    };
    number(
        &format!("{path}.ground_c"),
        settings.ground_c,
        settings.ground_c.is_finite(),
        "a temperature in degrees Celsius",
    )?;
    let years = run_years * (1.0 + f64::from(years_before)) + SPARE_YEARS;
    let history = BoreholeHistory::new(&field, step_hours, years).map_err(|error| wrong(path, error.to_string()))?;
    Ok(UnitKind::Boreholes { history: Box::new(history), capacity_kw, years_before })
}

fn well<E: From<WaterLoopError>>(
    settings: &WellSettings,
    path: &str,
    profile: &mut dyn FnMut(&str, &ProfileSetting) -> Result<Profile, E>,
) -> Result<UnitKind, E> {
    let WellSettings { max_flow_kg_s, max_change_k, approach_k, kwh_per_m3, .. } = *settings;
    for (key, value) in [("max_flow_kg_s", max_flow_kg_s), ("approach_k", approach_k), ("kwh_per_m3", kwh_per_m3)] {
        number(&format!("{path}.{key}"), value, value.is_finite() && value >= 0.0, "a number >= 0")?;
    }
    number(
        &format!("{path}.max_change_k"),
        max_change_k,
        max_change_k.is_finite() && max_change_k > 0.0,
        "a number > 0",
    )?;
    let source_c = profile(&format!("{path}.source_c"), &settings.source_c)?;
    if !source_c.all(f64::is_finite) {
        return Err(wrong(format!("{path}.source_c"), "expected temperatures in degrees Celsius").into());
    }
    Ok(UnitKind::Well { source_c, max_flow_kg_s, max_change_k, approach_k, kwh_per_m3 })
}

fn air<E: From<WaterLoopError>>(
    settings: &AirSettings,
    path: &str,
    profile: &mut dyn FnMut(&str, &ProfileSetting) -> Result<Profile, E>,
) -> Result<UnitKind, E> {
    let mut side = |side: &str, settings: &AirSideSettings| {
        let capacity_kw = settings.capacity_kw;
        number(&format!("{path}.{side}.capacity_kw"), capacity_kw, capacity_kw >= 0.0, "a number >= 0")?;
        let key = format!("{path}.{side}.cop");
        let cop = profile(&key, &settings.cop)?;
        if !cop.all(|cop| cop.is_finite() && cop > 0.0) {
            return Err(E::from(wrong(key, "expected numbers > 0")));
        }
        Ok(AirSide { capacity_kw, cop })
    };
    Ok(UnitKind::Air { heating: side("heating", &settings.heating)?, cooling: side("cooling", &settings.cooling)? })
}
