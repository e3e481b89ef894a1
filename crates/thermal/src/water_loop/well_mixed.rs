//! Well-mixed loop: M cp dT/dt = heat - UA (T - T_ground) + balancing, kept within limits.

use anergy_data::series::Profile;

use super::WaterLoopError;
use super::balancing::{BalancingUnit, BalancingUse};
use super::ground::GroundExchange;
use super::settings::{LoopLimit, LoopProfiles, WellMixedSettings};

/// A well-mixed loop.
#[derive(Debug, Clone, PartialEq)]
pub struct WellMixedLoop {
    heat_capacity_kwh_per_k: f64,
    initial_c: f64,
    min_c: f64,
    max_c: f64,
    spread_k: f64,
    reset_c: f64,
    limit: LoopLimit,
    conductance_kw_per_k: f64,
    ground_c: Profile,
    heating: BalancingUnit,
    cooling: BalancingUnit,
}

/// A well-mixed loop with steps of one length.
#[derive(Debug, Clone, Copy)]
pub struct LoopStepper<'a> {
    ring: &'a WellMixedLoop,
    step_hours: f64,
    exchange: GroundExchange,
}

/// The results of one step of the loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopStep {
    /// Temperature at the end of the step, degrees Celsius.
    pub temp_c: f64,
    /// Heat from the ground, kWh; negative if the loop was warmer.
    pub ground_kwh: f64,
    /// Energy created (positive) or destroyed (negative) without a source, kWh.
    pub created_kwh: f64,
    /// Heat from the balancing unit: heating positive, cooling negative, kWh.
    pub balancing_kwh: f64,
    /// Energy, cost and emissions of the balancing unit.
    pub balancing_use: BalancingUse,
    /// Excess of the final temperature above the high limit (positive) or below the low one (negative), K.
    pub violation_k: f64,
}

impl WellMixedLoop {
    /// Creates a loop from its settings and the values over time that they refer to.
    ///
    /// # Errors
    /// [`WaterLoopError::Range`] when a number is outside its range.
    pub fn new(settings: &WellMixedSettings, profiles: LoopProfiles, limit: LoopLimit) -> Result<Self, WaterLoopError> {
        settings.check()?;
        profiles.check()?;
        let WellMixedSettings {
            water_mass_kg,
            specific_heat_kj_per_kg_k,
            initial_c,
            min_c,
            max_c,
            spread_k,
            reset_c,
            ..
        } = *settings;
        Ok(Self {
            heat_capacity_kwh_per_k: water_mass_kg * specific_heat_kj_per_kg_k / 3600.0,
            initial_c,
            min_c,
            max_c,
            spread_k,
            reset_c: reset_c.unwrap_or(initial_c),
            limit,
            conductance_kw_per_k: settings.ground.as_ref().map_or(0.0, |ground| ground.conductance_kw_per_k),
            ground_c: profiles.ground_c,
            heating: BalancingUnit::new(&settings.balancing.heating, profiles.heating_price_eur_per_kwh),
            cooling: BalancingUnit::new(&settings.balancing.cooling, profiles.cooling_price_eur_per_kwh),
        })
    }

    /// Returns the heat capacity, kWh/K.
    #[must_use]
    pub fn heat_capacity_kwh_per_k(&self) -> f64 {
        self.heat_capacity_kwh_per_k
    }

    /// Returns the initial temperature, degrees Celsius.
    #[must_use]
    pub fn initial_c(&self) -> f64 {
        self.initial_c
    }

    /// Returns the lowest and highest temperatures, degrees Celsius.
    #[must_use]
    pub fn limits_c(&self) -> [f64; 2] {
        [self.min_c, self.max_c]
    }

    /// Returns the spread of the water at heat pumps, K.
    #[must_use]
    pub fn spread_k(&self) -> f64 {
        self.spread_k
    }

    /// Returns whether the temperature is reset at a limit, so that it has no derivative there.
    #[must_use]
    pub fn jumps(&self) -> bool {
        self.limit == LoopLimit::Reset
    }

    /// Returns whether balancing has a price or emissions.
    #[must_use]
    pub fn balances_at_a_cost(&self) -> bool {
        self.limit == LoopLimit::Balance && (self.heating.costs() || self.cooling.costs())
    }

    /// Returns the loop for steps of `step_hours` > 0.
    #[must_use]
    pub fn stepper(&self, step_hours: f64) -> LoopStepper<'_> {
        let exchange = GroundExchange::over(step_hours, self.conductance_kw_per_k, self.heat_capacity_kwh_per_k);
        LoopStepper { ring: self, step_hours, exchange }
    }
}

impl LoopStepper<'_> {
    /// Advances the loop from `temp_c` by step `step`, in which it receives `heat_kwh` at constant power.
    ///
    /// # Panics
    /// If ground temperature or prices are series and `step` is beyond their end.
    #[must_use]
    #[inline]
    pub fn advance(&self, step: usize, temp_c: f64, heat_kwh: f64) -> LoopStep {
        let Self { ring, exchange, .. } = self;
        let (free_c, ground_kwh) = if ring.conductance_kw_per_k == 0.0 {
            // The plain sum is bit-identical to the published model.
            (temp_c + heat_kwh / ring.heat_capacity_kwh_per_k, 0.0)
        } else {
            let above_ground_k = temp_c - ring.ground_c.at(step);
            let net_kwh = exchange.net_kwh(heat_kwh, above_ground_k);
            let free_c = temp_c + net_kwh / ring.heat_capacity_kwh_per_k * exchange.left;
            (free_c, exchange.ground_kwh(net_kwh, above_ground_k, ring.heat_capacity_kwh_per_k))
        };
        let free = LoopStep {
            temp_c: free_c,
            ground_kwh,
            created_kwh: 0.0,
            balancing_kwh: 0.0,
            balancing_use: BalancingUse::default(),
            violation_k: 0.0,
        };
        if (ring.min_c..=ring.max_c).contains(&free_c) {
            return free;
        }
        self.at_limit(step, free)
    }

    /// Returns the share of a temperature difference that remains after a step without balancing: `exp(-UA dt / (M
    /// cp))`.
    #[must_use]
    pub fn kept_per_step(&self) -> f64 {
        match self.ring.conductance_kw_per_k {
            0.0 => 1.0,
            _ => 1.0 - self.exchange.net_kwh(0.0, -1.0) / self.ring.heat_capacity_kwh_per_k * self.exchange.left,
        }
    }

    /// Returns the temperature after step `step` that begins at `temp_c` and brings `heat_kwh`, degrees Celsius, and
    /// its derivatives by the former and by the latter (per kWh), with smoothed kinks at the limits: `max(x, 0)`
    /// becomes `(x + sqrt(x^2 + rounding_k^2)) / 2`. `None` where the loop is reset at its limits.
    ///
    /// # Panics
    /// As [`LoopStepper::advance`].
    #[must_use]
    pub fn advance_rounded(&self, step: usize, temp_c: f64, heat_kwh: f64, rounding_k: f64) -> Option<[f64; 3]> {
        let Self { ring, step_hours, exchange } = self;
        let capacity = ring.heat_capacity_kwh_per_k;
        let per_k = self.kept_per_step();
        let (per_kwh, ground_c) = match ring.conductance_kw_per_k {
            0.0 => (1.0 / capacity, 0.0),
            _ => (exchange.left / capacity, ring.ground_c.at(step)),
        };
        let free_c = ground_c + per_k * (temp_c - ground_c) + per_kwh * heat_kwh;
        let reach_k = |unit: &BalancingUnit| match ring.limit {
            LoopLimit::Reset => None,
            LoopLimit::Clamp => Some(f64::INFINITY),
            LoopLimit::Balance => Some(unit.gives_kwh(f64::MAX, *step_hours) * per_kwh),
        };
        let above_zero = |excess: f64| {
            let root = excess.hypot(rounding_k);
            let slope = if root == 0.0 { 0.5 } else { 0.5 * (1.0 + excess / root) };
            // This form avoids cancellation where the excess is far below zero.
            let value =
                if excess > 0.0 { 0.5 * (excess + root) } else { 0.5 * rounding_k * rounding_k / (root - excess) };
            if value.is_nan() { [0.0, slope] } else { [value, slope] }
        };
        let (mut after_c, mut slope) = (free_c, 1.0);
        let sides =
            [(ring.min_c - free_c, reach_k(&ring.heating)?, 1.0), (free_c - ring.max_c, reach_k(&ring.cooling)?, -1.0)];
        for (excess, reach, sign) in sides {
            let [[needed, needed_slope], [beyond, beyond_slope]] = [above_zero(excess), above_zero(excess - reach)];
            let (beyond, beyond_slope) = if reach.is_finite() { (beyond, beyond_slope) } else { (0.0, 0.0) };
            after_c += sign * (needed - beyond);
            slope -= needed_slope - beyond_slope;
        }
        Some([after_c, slope * per_k, slope * per_kwh])
    }

    /// Returns the step at the limit, for a step that would have ended outside the limits (`free`).
    #[inline]
    fn at_limit(&self, step: usize, free: LoopStep) -> LoopStep {
        let Self { ring, step_hours, exchange } = self;
        let limit_c = free.temp_c.clamp(ring.min_c, ring.max_c);
        if ring.limit != LoopLimit::Balance {
            let held_c = if ring.limit == LoopLimit::Reset { ring.reset_c } else { limit_c };
            let created_kwh = (held_c - free.temp_c) * ring.heat_capacity_kwh_per_k;
            return LoopStep { temp_c: held_c, created_kwh, ..free };
        }
        let too_cold = free.temp_c < ring.min_c;
        let unit = if too_cold { &ring.heating } else { &ring.cooling };
        // Part of the heat added over the step is lost to the ground before its end.
        let needed_kwh = (limit_c - free.temp_c) * ring.heat_capacity_kwh_per_k / exchange.left;
        let balancing_kwh = unit.gives_kwh(needed_kwh, *step_hours);
        let reached_c = free.temp_c + balancing_kwh / ring.heat_capacity_kwh_per_k * exchange.left;
        let temp_c = match (balancing_kwh == needed_kwh, too_cold) {
            (true, _) => limit_c,
            (false, true) => reached_c.min(limit_c),
            (false, false) => reached_c.max(limit_c),
        };
        LoopStep {
            temp_c,
            ground_kwh: free.ground_kwh + exchange.answer_kwh(balancing_kwh, ring.heat_capacity_kwh_per_k),
            created_kwh: 0.0,
            balancing_kwh,
            balancing_use: unit.takes(step, balancing_kwh),
            violation_k: temp_c - limit_c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(limit: LoopLimit) -> WellMixedLoop {
        let settings = "{water_mass_kg: 3e6, initial_c: 15, min_c: 10, max_c: 20}";
        let settings: WellMixedSettings = serde_yaml::from_str(settings).unwrap();
        let profiles = LoopProfiles {
            ground_c: 10.0.into(),
            heating_price_eur_per_kwh: 0.0.into(),
            cooling_price_eur_per_kwh: 0.0.into(),
        };
        WellMixedLoop::new(&settings, profiles, limit).unwrap()
    }

    #[test]
    fn the_published_ring() {
        let ring = ring(LoopLimit::Reset);
        assert!((ring.heat_capacity_kwh_per_k() - 3_483.333_333).abs() < 1e-5);
        let step = ring.stepper(1.0).advance(0, 15.0, -2_617.996_860_131_732_3);
        assert!((step.temp_c - 14.248_421_954_029_167).abs() < 1e-12, "first hour of the published week");
        assert_eq!(ring.stepper(1.0).advance(0, 10.5, -3000.0).temp_c, 15.0);
        assert_eq!(ring.stepper(1.0).advance(0, 19.5, 3000.0).temp_c, 15.0);
    }

    #[test]
    fn without_a_ground_a_step_is_the_plain_sum_to_the_bit() {
        let ring = ring(LoopLimit::Balance);
        for (temp_c, heat_kwh) in [(15.0, 0.1), (14.2, -2_617.996_860_131_732_3), (10.0, 1e-9), (19.9, 0.0)] {
            let step = ring.stepper(1.0).advance(0, temp_c, heat_kwh);
            let plain_c: f64 = temp_c + heat_kwh / ring.heat_capacity_kwh_per_k();
            assert_eq!(step.temp_c.to_bits(), plain_c.to_bits());
            assert_eq!((step.ground_kwh.to_bits(), step.balancing_kwh.to_bits()), (0, 0), "nor a minus zero");
        }
        let free_c = 10.5 + -3000.0 / ring.heat_capacity_kwh_per_k();
        let step = ring.stepper(1.0).advance(0, 10.5, -3000.0);
        assert_eq!((step.temp_c, step.balancing_kwh), (10.0, (10.0 - free_c) * ring.heat_capacity_kwh_per_k()));
    }

    #[test]
    fn smoothed_kinks_converge_to_the_simulation() {
        for (limit, capacity) in [(LoopLimit::Clamp, "1e9"), (LoopLimit::Balance, "1e9"), (LoopLimit::Balance, "500")] {
            let settings = format!(
                "{{water_mass_kg: 3e6, initial_c: 15, min_c: 10, max_c: 20, ground: {{conductance_kw_per_k: 40, \
                 temp_c: 12}}, balancing: {{heating: {{capacity_kw: {capacity}}}, cooling: {{capacity_kw: \
                 {capacity}}}}}}}"
            );
            let settings: WellMixedSettings = serde_yaml::from_str(&settings).unwrap();
            let profiles = LoopProfiles {
                ground_c: 12.0.into(),
                heating_price_eur_per_kwh: 0.0.into(),
                cooling_price_eur_per_kwh: 0.0.into(),
            };
            let ring = WellMixedLoop::new(&settings, profiles, limit).unwrap();
            let stepper = ring.stepper(1.0);
            for (temp_c, heat_kwh) in [(15.0, 300.0), (10.2, -1500.0), (10.2, -4000.0), (19.9, 900.0), (19.9, 5000.0)] {
                let at = |temp_c: f64, heat_kwh: f64, rounding_k: f64| {
                    stepper.advance_rounded(0, temp_c, heat_kwh, rounding_k).unwrap()
                };
                let exact_c = stepper.advance(0, temp_c, heat_kwh).temp_c;
                assert!((at(temp_c, heat_kwh, 0.0)[0] - exact_c).abs() < 1e-12, "{limit:?} {temp_c} {heat_kwh}");
                let rounded = at(temp_c, heat_kwh, 0.1);
                assert!((rounded[0] - exact_c).abs() < 0.1);
                let per_k = (at(temp_c + 1e-4, heat_kwh, 0.1)[0] - at(temp_c - 1e-4, heat_kwh, 0.1)[0]) / 2e-4;
                let per_kwh = (at(temp_c, heat_kwh + 0.1, 0.1)[0] - at(temp_c, heat_kwh - 0.1, 0.1)[0]) / 0.2;
                assert!((rounded[1] - per_k).abs() < 1e-6 && (rounded[2] - per_kwh).abs() < 1e-9, "{rounded:?}");
            }
        }
        assert!(ring(LoopLimit::Reset).stepper(1.0).advance_rounded(0, 15.0, 0.0, 0.1).is_none());
    }
}
