//! A unit that heats or cools the loop at its limits, with a meter of its own.

use anergy_data::series::Profile;

use super::settings::BalancingUnitSettings;

/// A balancing unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BalancingUnit {
    /// Largest heat or cold, kW, perhaps infinite.
    capacity_kw: f64,
    electricity_per_heat: f64,
    price_eur_per_kwh: Profile,
    co2_kg_per_kwh: f64,
}

/// What balancing units took, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BalancingUse {
    /// Electricity or fuel, kWh.
    pub energy_kwh: f64,
    /// Its cost, EUR.
    pub cost_eur: f64,
    /// Its emissions, kg CO2.
    pub co2_kg: f64,
}

impl BalancingUnit {
    pub(super) fn new(settings: &BalancingUnitSettings, price_eur_per_kwh: Profile) -> Self {
        let BalancingUnitSettings { capacity_kw, electricity_per_heat, co2_kg_per_kwh, .. } = *settings;
        let capacity_kw = capacity_kw.unwrap_or(f64::INFINITY);
        Self { capacity_kw, electricity_per_heat, price_eur_per_kwh, co2_kg_per_kwh }
    }

    /// Whether what it takes costs or emits anything.
    pub(super) fn costs(&self) -> bool {
        let free = self.price_eur_per_kwh.all(|price| price == 0.0) && self.co2_kg_per_kwh == 0.0;
        self.electricity_per_heat > 0.0 && !free
    }

    /// As much of `needed_kwh` (heating positive, cooling negative) as it gives in `step_hours`.
    #[inline]
    pub(super) fn gives_kwh(&self, needed_kwh: f64, step_hours: f64) -> f64 {
        let most_kwh = self.capacity_kw * step_hours;
        // Plus zero: a unit without power gives no minus zero.
        needed_kwh.clamp(-most_kwh, most_kwh) + 0.0
    }

    /// What giving `given_kwh` in step `step` takes.
    #[inline]
    pub(super) fn takes(&self, step: usize, given_kwh: f64) -> BalancingUse {
        let energy_kwh = given_kwh.abs() * self.electricity_per_heat;
        let cost_eur = energy_kwh * self.price_eur_per_kwh.at(step);
        BalancingUse { energy_kwh, cost_eur, co2_kg: energy_kwh * self.co2_kg_per_kwh }
    }
}

impl std::ops::AddAssign for BalancingUse {
    fn add_assign(&mut self, other: Self) {
        self.energy_kwh += other.energy_kwh;
        self.cost_eur += other.cost_eur;
        self.co2_kg += other.co2_kg;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_keeps_to_its_power_and_pays_for_what_it_takes() {
        let settings = BalancingUnitSettings {
            capacity_kw: Some(40.0),
            electricity_per_heat: 0.25,
            co2_kg_per_kwh: 0.4,
            ..BalancingUnitSettings::default()
        };
        let unit = BalancingUnit::new(&settings, vec![0.1, 0.3].into());
        assert_eq!([5.0, 30.0, -30.0].map(|needed| unit.gives_kwh(needed, 0.5)), [5.0, 20.0, -20.0]);
        let none = BalancingUnitSettings { capacity_kw: Some(0.0), ..settings };
        assert!(BalancingUnit::new(&none, 0.0.into()).gives_kwh(-5.0, 1.0).is_sign_positive());
        let mut total = unit.takes(0, -20.0);
        total += unit.takes(1, 8.0);
        assert!((total.energy_kwh - 7.0).abs() < 1e-12);
        assert!((total.cost_eur - (5.0 * 0.1 + 2.0 * 0.3)).abs() < 1e-12);
        assert!((total.co2_kg - 2.8).abs() < 1e-12);
        let unlimited = BalancingUnit::new(&BalancingUnitSettings::default(), 0.0.into());
        assert_eq!(unlimited.gives_kwh(1e9, 0.25), 1e9);
        assert_eq!(unlimited.takes(7, 1e9), BalancingUse::default());
    }
}
