//! A well-mixed ring: M cp dT/dt = heat, kept within limits.

use serde::{Deserialize, Serialize};

use super::WaterLoopError;

/// What happens when the loop would leave its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopLimit {
    /// It jumps to the reset temperature, as published; energy appears or vanishes.
    Reset,
    /// It stays at the limit; energy appears or vanishes.
    Clamp,
    /// A balancing unit adds or takes exactly what keeps it at the limit.
    Balance,
}

/// Settings of a well-mixed ring, as they stand in a loop file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WellMixedSettings {
    /// Mass of the water, kg.
    pub water_mass_kg: f64,
    /// Specific heat of the water, kJ/(kg K).
    pub specific_heat_kj_per_kg_k: f64,
    /// Temperature at the start, degrees Celsius.
    pub initial_c: f64,
    /// Lowest temperature, degrees Celsius.
    pub min_c: f64,
    /// Highest temperature, degrees Celsius.
    pub max_c: f64,
    /// Where a reset leads, degrees Celsius; the start temperature unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_c: Option<f64>,
}

/// A well-mixed ring.
#[derive(Debug, Clone, PartialEq)]
pub struct WellMixedLoop {
    heat_capacity_kwh_per_k: f64,
    initial_c: f64,
    min_c: f64,
    max_c: f64,
    reset_c: f64,
    limit: LoopLimit,
}

/// What one step did to the loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopStep {
    /// Temperature at the end of the step, degrees Celsius.
    pub temp_c: f64,
    /// Energy that appeared (positive) or vanished (negative) without a source, kWh.
    pub created_kwh: f64,
    /// Energy from the balancing unit: heating positive, cooling negative, kWh.
    pub balancing_kwh: f64,
}

impl WellMixedLoop {
    /// A ring from its settings.
    ///
    /// # Errors
    /// [`WaterLoopError::Range`] when a number is outside its range.
    pub fn new(settings: &WellMixedSettings, limit: LoopLimit) -> Result<Self, WaterLoopError> {
        let WellMixedSettings { water_mass_kg, specific_heat_kj_per_kg_k, initial_c, min_c, max_c, reset_c } =
            *settings;
        let reset_c = reset_c.unwrap_or(initial_c);
        let positive = |v: f64| v.is_finite() && v > 0.0;
        let within = |v: f64| v >= min_c && v <= max_c;
        let checks = [
            ("water_mass_kg", water_mass_kg, "a number > 0", positive(water_mass_kg)),
            (
                "specific_heat_kj_per_kg_k",
                specific_heat_kj_per_kg_k,
                "a number > 0",
                positive(specific_heat_kj_per_kg_k),
            ),
            ("min_c", min_c, "a number > -273.15", min_c.is_finite() && min_c > -273.15),
            ("max_c", max_c, "a number above min_c", max_c.is_finite() && max_c > min_c),
            ("initial_c", initial_c, "a number from min_c to max_c", within(initial_c)),
            ("reset_c", reset_c, "a number from min_c to max_c", within(reset_c)),
        ];
        if let Some(&(key, value, expected, _)) = checks.iter().find(|(.., fine)| !fine) {
            return Err(WaterLoopError::Range { key, value, expected });
        }
        let heat_capacity_kwh_per_k = water_mass_kg * specific_heat_kj_per_kg_k / 3600.0;
        Ok(Self { heat_capacity_kwh_per_k, initial_c, min_c, max_c, reset_c, limit })
    }

    /// Heat capacity, kWh/K.
    #[must_use]
    pub fn heat_capacity_kwh_per_k(&self) -> f64 {
        self.heat_capacity_kwh_per_k
    }

    /// Temperature at the start, degrees Celsius.
    #[must_use]
    pub fn initial_c(&self) -> f64 {
        self.initial_c
    }

    /// Lowest and highest temperature, degrees Celsius.
    #[must_use]
    pub fn limits_c(&self) -> [f64; 2] {
        [self.min_c, self.max_c]
    }

    /// Takes the loop from `temp_c` through one step in which it receives `heat_kwh`.
    #[must_use]
    #[inline]
    pub fn advance(&self, temp_c: f64, heat_kwh: f64) -> LoopStep {
        let free_c = temp_c + heat_kwh / self.heat_capacity_kwh_per_k;
        if (self.min_c..=self.max_c).contains(&free_c) {
            return LoopStep { temp_c: free_c, created_kwh: 0.0, balancing_kwh: 0.0 };
        }
        let held_c = if self.limit == LoopLimit::Reset { self.reset_c } else { free_c.clamp(self.min_c, self.max_c) };
        let added_kwh = (held_c - free_c) * self.heat_capacity_kwh_per_k;
        match self.limit {
            LoopLimit::Balance => LoopStep { temp_c: held_c, created_kwh: 0.0, balancing_kwh: added_kwh },
            LoopLimit::Reset | LoopLimit::Clamp => {
                LoopStep { temp_c: held_c, created_kwh: added_kwh, balancing_kwh: 0.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> WellMixedSettings {
        WellMixedSettings {
            water_mass_kg: 3.0e6,
            specific_heat_kj_per_kg_k: 4.18,
            initial_c: 15.0,
            min_c: 10.0,
            max_c: 20.0,
            reset_c: None,
        }
    }

    fn ring(limit: LoopLimit) -> WellMixedLoop {
        WellMixedLoop::new(&settings(), limit).unwrap()
    }

    #[test]
    fn the_published_ring() {
        let ring = ring(LoopLimit::Reset);
        assert!((ring.heat_capacity_kwh_per_k() - 3_483.333_333).abs() < 1e-5);
        let step = ring.advance(15.0, -2_617.996_860_131_732_3);
        assert!((step.temp_c - 14.248_421_954_029_167).abs() < 1e-12, "first hour of the published week");
        assert_eq!(ring.advance(10.5, -3000.0).temp_c, 15.0);
        assert_eq!(ring.advance(19.5, 3000.0).temp_c, 15.0);
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let named = |change: fn(&mut WellMixedSettings)| {
            let mut settings = settings();
            change(&mut settings);
            WellMixedLoop::new(&settings, LoopLimit::Clamp).unwrap_err().to_string()
        };
        assert!(named(|s| s.water_mass_kg = 0.0).contains("water_mass_kg is 0"));
        assert!(named(|s| s.max_c = 5.0).contains("max_c is 5"));
        assert!(named(|s| s.initial_c = 25.0).contains("initial_c is 25"));
        assert!(named(|s| s.reset_c = Some(f64::NAN)).contains("reset_c is NaN"));
    }

    proptest! {
        #[test]
        fn every_step_balances_and_stays_within_limits(
            start in 10.0f64..=20.0,
            heat in -60_000.0f64..60_000.0,
            limit in prop_oneof![Just(LoopLimit::Reset), Just(LoopLimit::Clamp), Just(LoopLimit::Balance)],
        ) {
            let ring = ring(limit);
            let step = ring.advance(start, heat);
            let stored = (step.temp_c - start) * ring.heat_capacity_kwh_per_k();
            let received = heat + step.created_kwh + step.balancing_kwh;
            prop_assert!((stored - received).abs() <= 1e-9 * (1.0 + received.abs() + heat.abs()));
            prop_assert!((10.0..=20.0).contains(&step.temp_c));
            if limit == LoopLimit::Balance {
                prop_assert_eq!(step.created_kwh, 0.0);
            }
        }

        #[test]
        fn more_heat_never_cools(start in 10.0f64..=20.0, heat in -30_000.0f64..30_000.0, more in 0.0f64..10_000.0) {
            let ring = ring(LoopLimit::Balance);
            prop_assert!(ring.advance(start, heat + more).temp_c >= ring.advance(start, heat).temp_c);
        }
    }
}
