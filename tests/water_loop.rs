//! The well-mixed loop against its physics: balances, limits, monotony, and the exact solution over a step.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy::series::{Profile, ProfileSetting};
use anergy::water_loop::{
    BalancingSettings, BalancingUnitSettings, EnergyBalance, GroundSettings, LoopLimit, LoopProfiles, LoopStep,
    WaterLoopError, WellMixedLoop, WellMixedSettings,
};
use proptest::prelude::*;

const LOW_C: f64 = 10.0;
const HIGH_C: f64 = 20.0;

fn settings() -> WellMixedSettings {
    WellMixedSettings {
        spread_k: anergy::water_loop::DEFAULT_SPREAD_K,
        water_mass_kg: 1e6,
        specific_heat_kj_per_kg_k: 4.18,
        initial_c: 15.0,
        min_c: LOW_C,
        max_c: HIGH_C,
        reset_c: None,
        ground: None,
        balancing: BalancingSettings::default(),
    }
}

fn ring(settings: &WellMixedSettings, limit: LoopLimit) -> Result<WellMixedLoop, WaterLoopError> {
    let profiles = LoopProfiles::resolve(settings, |_, setting| match setting {
        ProfileSetting::Constant(value) => Ok::<_, WaterLoopError>(Profile::Constant(*value)),
        ProfileSetting::File(_) => unreachable!("these tests use constants"),
    })?;
    WellMixedLoop::new(settings, profiles, limit)
}

/// Returns a loop whose limits have no effect.
fn boundless(water_mass_kg: f64, conductance_kw_per_k: f64, ground_c: f64) -> WellMixedLoop {
    let ground = Some(GroundSettings { conductance_kw_per_k, temp_c: ground_c.into() });
    let settings = WellMixedSettings { water_mass_kg, min_c: -200.0, max_c: 1e9, ground, ..settings() };
    ring(&settings, LoopLimit::Balance).unwrap()
}

/// A random loop with its ground and units, and the length of a step.
#[derive(Debug, Clone)]
struct Random {
    settings: WellMixedSettings,
    step_hours: f64,
}

prop_compose! {
    fn random()(
        water_mass_kg in 1e4f64..1e7,
        conductance_kw_per_k in prop_oneof![Just(0.0), 1e-9f64..1e-3, 0.1f64..1e3, 1e4f64..1e7],
        ground_c in -5.0f64..30.0,
        capacities in [prop::option::of(0.0f64..5_000.0), prop::option::of(0.0f64..5_000.0)],
        step_hours in prop_oneof![Just(0.25), Just(0.5), Just(1.0)],
    ) -> Random {
        let unit = |capacity_kw| BalancingUnitSettings {
            capacity_kw,
            electricity_per_heat: 0.25,
            price_eur_per_kwh: 0.3.into(),
            co2_kg_per_kwh: 0.4,
        };
        let balancing = BalancingSettings { heating: unit(capacities[0]), cooling: unit(capacities[1]) };
        let ground = Some(GroundSettings { conductance_kw_per_k, temp_c: ground_c.into() });
        Random { settings: WellMixedSettings { water_mass_kg, ground, balancing, ..settings() }, step_hours }
    }
}

impl Random {
    fn ring(&self, limit: LoopLimit) -> WellMixedLoop {
        ring(&self.settings, limit).unwrap()
    }

    /// Returns the largest heat and the largest cold of the units in a step, kWh.
    fn capacities_kwh(&self) -> [f64; 2] {
        let BalancingSettings { heating, cooling } = &self.settings.balancing;
        [heating, cooling].map(|unit| unit.capacity_kw.map_or(f64::INFINITY, |kw| kw * self.step_hours))
    }
}

fn limits() -> impl Strategy<Value = LoopLimit> {
    prop_oneof![Just(LoopLimit::Reset), Just(LoopLimit::Clamp), Just(LoopLimit::Balance)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_step_and_all_of_them_balance(
        random in random(),
        limit in limits(),
        heats in prop::collection::vec(prop_oneof![Just(0.0), -60_000.0f64..60_000.0], 1..40),
    ) {
        let ring = random.ring(limit);
        let mut balance = EnergyBalance::new(ring.heat_capacity_kwh_per_k());
        let mut temp_c = ring.initial_c();
        for (step, &heat_kwh) in heats.iter().enumerate() {
            let after = ring.stepper(random.step_hours).advance(step, temp_c, heat_kwh);
            prop_assert!(limit != LoopLimit::Balance || after.created_kwh == 0.0, "no energy is created");
            let LoopStep { ground_kwh, created_kwh, balancing_kwh, .. } = after;
            balance.add(after.temp_c - temp_c, [heat_kwh, ground_kwh, created_kwh, balancing_kwh]);
            temp_c = after.temp_c;
        }
        prop_assert!(balance.worst_step() <= 1e-9, "worst step {:e}", balance.worst_step());
        let whole = balance.whole(temp_c - ring.initial_c());
        prop_assert!(whole <= 1e-9, "all steps {whole:e}");
    }

    #[test]
    fn the_unit_gives_the_needed_heat_within_its_capacity(
        random in random(),
        start in 0.0f64..30.0,
        heat in prop_oneof![Just(0.0), -20_000.0f64..20_000.0],
    ) {
        let ring = random.ring(LoopLimit::Balance);
        let mut without = random.settings.clone();
        (without.min_c, without.max_c) = (-200.0, 1e9);
        let free = self::ring(&without, LoopLimit::Clamp).unwrap().stepper(random.step_hours).advance(0, start, heat);
        let LoopStep { temp_c, balancing_kwh, balancing_use, violation_k, .. } =
            ring.stepper(random.step_hours).advance(0, start, heat);
        let [heating_kwh, cooling_kwh] = random.capacities_kwh();
        prop_assert!(balancing_kwh <= heating_kwh && balancing_kwh >= -cooling_kwh, "within its power");
        // The unlimited temperature is computed separately: no heat if it is inside the limits, heat towards the
        // limit otherwise.
        if (LOW_C..=HIGH_C).contains(&free.temp_c) {
            prop_assert_eq!((balancing_kwh, violation_k, temp_c), (0.0, 0.0, free.temp_c));
        } else if free.temp_c < LOW_C && free.temp_c > -199.0 {
            prop_assert!(balancing_kwh >= 0.0 && temp_c <= LOW_C && temp_c >= free.temp_c);
            prop_assert!(temp_c == LOW_C || balancing_kwh == heating_kwh, "at the limit or at full power");
        } else if free.temp_c > HIGH_C {
            prop_assert!(balancing_kwh <= 0.0 && temp_c >= HIGH_C && temp_c <= free.temp_c);
            prop_assert!(temp_c == HIGH_C || balancing_kwh == -cooling_kwh, "at the limit or at full power");
        }
        let outside = if temp_c < LOW_C { temp_c - LOW_C } else { (temp_c - HIGH_C).max(0.0) };
        prop_assert_eq!(violation_k, outside, "what it cannot cover is named");
        prop_assert!((balancing_use.energy_kwh - balancing_kwh.abs() * 0.25).abs() <= 1e-9 * balancing_kwh.abs());
        prop_assert!((balancing_use.cost_eur - balancing_use.energy_kwh * 0.3).abs() <= 1e-9 * balancing_kwh.abs());
        prop_assert!((balancing_use.co2_kg - balancing_use.energy_kwh * 0.4).abs() <= 1e-9 * balancing_kwh.abs());
    }

    #[test]
    fn enough_power_keeps_the_limits(
        random in random(),
        limit in limits(),
        heats in prop::collection::vec(-60_000.0f64..60_000.0, 1..40),
    ) {
        let mut settings = random.settings.clone();
        (settings.balancing.heating.capacity_kw, settings.balancing.cooling.capacity_kw) = (None, None);
        let ring = ring(&settings, limit).unwrap();
        let mut temp_c = ring.initial_c();
        for (step, &heat_kwh) in heats.iter().enumerate() {
            let after = ring.stepper(random.step_hours).advance(step, temp_c, heat_kwh);
            temp_c = after.temp_c;
            prop_assert!((LOW_C..=HIGH_C).contains(&temp_c), "{temp_c}");
            prop_assert_eq!(after.violation_k, 0.0);
        }
    }

    #[test]
    fn more_heat_never_cools(
        random in random(),
        start in 0.0f64..30.0,
        heat in -30_000.0f64..30_000.0,
        more in 0.0f64..10_000.0,
    ) {
        let ring = random.ring(LoopLimit::Balance);
        let [less, more] = [heat, heat + more].map(|heat| ring.stepper(random.step_hours).advance(0, start, heat));
        prop_assert!(more.temp_c >= less.temp_c - 1e-9);
        prop_assert!(more.balancing_kwh <= less.balancing_kwh + 1e-6 * (1.0 + less.balancing_kwh.abs()));
    }

    #[test]
    fn two_half_steps_are_one_step(
        mass in 1e4f64..1e7,
        conductance in prop_oneof![Just(0.0), 1e-9f64..1e-3, 0.1f64..1e3, 1e4f64..1e6],
        ground in -5.0f64..30.0,
        start in 0.0f64..30.0,
        warming_k_per_h in -3.0f64..3.0,
        hours in 0.1f64..48.0,
    ) {
        let ring = boundless(mass, conductance, ground);
        let power = warming_k_per_h * ring.heat_capacity_kwh_per_k();
        let whole = ring.stepper(hours).advance(0, start, power * hours);
        let first = ring.stepper(hours / 2.0).advance(0, start, power * hours / 2.0);
        let second = ring.stepper(hours / 2.0).advance(1, first.temp_c, power * hours / 2.0);
        prop_assert!((second.temp_c - whole.temp_c).abs() <= 1e-11 * (1.0 + whole.temp_c.abs()));
        let ground_kwh = first.ground_kwh + second.ground_kwh;
        let scale = 1.0 + first.ground_kwh.abs() + second.ground_kwh.abs() + (power * hours).abs();
        prop_assert!((ground_kwh - whole.ground_kwh).abs() <= 1e-9 * scale, "{ground_kwh} {}", whole.ground_kwh);
    }

    #[test]
    fn a_vanishing_ground_leaves_the_plain_sum(start in 0.0f64..30.0, heat in -5_000.0f64..5_000.0) {
        let plain = boundless(1e6, 0.0, 10.0).stepper(1.0).advance(0, start, heat);
        let capacity = boundless(1e6, 0.0, 10.0).heat_capacity_kwh_per_k();
        prop_assert_eq!(plain.temp_c.to_bits(), (start + heat / capacity).to_bits());
        for conductance in [1.0, 1e-3, 1e-6, 1e-9, 1e-300] {
            let step = boundless(1e6, conductance, 10.0).stepper(1.0).advance(0, start, heat);
            // To first order the ground takes UA times 20 K plus half of the temperature rise, over C.
            let most = conductance * (20.0 + heat.abs() / capacity) / capacity;
            prop_assert!((step.temp_c - plain.temp_c).abs() <= most + 1e-12);
        }
    }

    #[test]
    fn at_rest_the_loop_is_as_warm_as_the_ground(
        mass in 1e4f64..1e7,
        conductance in 0.1f64..1e4,
        ground in -5.0f64..30.0,
        above_k in -50.0f64..50.0,
    ) {
        let ring = boundless(mass, conductance, ground);
        let still = ring.stepper(1.0).advance(0, ground, 0.0);
        prop_assert_eq!((still.temp_c, still.ground_kwh), (ground, 0.0));
        // Under constant power the steady state has all heat going to the ground, for any length of the step.
        let long = 100.0 * ring.heat_capacity_kwh_per_k() / conductance;
        let rest_c = ground + above_k;
        let end = ring.stepper(long).advance(0, 15.0, above_k * conductance * long);
        prop_assert!((end.temp_c - rest_c).abs() <= 1e-9 * (1.0 + rest_c.abs()), "{} {rest_c}", end.temp_c);
    }
}

#[test]
fn a_weak_unit_lets_the_loop_leave_its_limits_and_returns_it_at_full_power() {
    let mut settings = settings();
    settings.balancing.heating.capacity_kw = Some(500.0);
    let ring = ring(&settings, LoopLimit::Balance).unwrap();
    let capacity = ring.heat_capacity_kwh_per_k();
    let down = ring.stepper(1.0).advance(0, LOW_C, -1_500.0);
    assert_eq!(down.balancing_kwh, 500.0);
    assert!((down.violation_k + 1_000.0 / capacity).abs() < 1e-12);
    let up = ring.stepper(1.0).advance(1, down.temp_c, 0.0);
    assert_eq!(up.balancing_kwh, 500.0, "full power until it is back");
    assert!((up.violation_k + 500.0 / capacity).abs() < 1e-12);
    let back = ring.stepper(1.0).advance(2, up.temp_c, 100.0);
    assert_eq!((back.temp_c, back.violation_k), (LOW_C, 0.0));
    assert!((back.balancing_kwh - 400.0).abs() < 1e-9, "no more than brings it to the limit: {}", back.balancing_kwh);
    assert_eq!(ring.stepper(1.0).advance(3, back.temp_c, 0.0).balancing_kwh, 0.0);
}

#[test]
fn the_ground_follows_its_profile() {
    let settings = WellMixedSettings {
        ground: Some(GroundSettings { conductance_kw_per_k: 10.0, temp_c: 0.0.into() }),
        ..settings()
    };
    let profiles = LoopProfiles {
        ground_c: vec![15.0, 5.0].into(),
        heating_price_eur_per_kwh: 0.0.into(),
        cooling_price_eur_per_kwh: 0.0.into(),
    };
    let ring = WellMixedLoop::new(&settings, profiles, LoopLimit::Balance).unwrap();
    assert_eq!(ring.stepper(1.0).advance(0, 15.0, 0.0).temp_c, 15.0);
    let capacity = ring.heat_capacity_kwh_per_k();
    let cooled = ring.stepper(1.0).advance(1, 15.0, 0.0);
    assert!((cooled.temp_c - (5.0 + 10.0 * (-10.0 / capacity).exp())).abs() < 1e-12);
    assert!((cooled.ground_kwh - (cooled.temp_c - 15.0) * capacity).abs() < 1e-9);
}
