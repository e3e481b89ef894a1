//! A balancing unit: heats or cools the loop at its limits, with an energy meter of its own.

use anergy_data::series::Profile;

use super::settings::BalancingUnitSettings;

/// A balancing unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BalancingUnit {
    /// Largest heat or cold, kW; may be infinite.
    capacity_kw: f64,
    electricity_per_heat: f64,
    price_eur_per_kwh: Profile,
    co2_kg_per_kwh: f64,
}

/// The energy that balancing units use, with its cost and emissions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BalancingUse {
    /// Electricity or fuel, kWh.
    pub energy_kwh: f64,
    /// Cost of the energy, EUR.
    pub cost_eur: f64,
    /// Emissions of the energy, kg CO2.
    pub co2_kg: f64,
}

impl BalancingUnit {
    pub(super) fn new(settings: &BalancingUnitSettings, price_eur_per_kwh: Profile) -> Self {
        let BalancingUnitSettings { capacity_kw, electricity_per_heat, co2_kg_per_kwh, .. } = *settings;
        let capacity_kw = capacity_kw.unwrap_or(f64::INFINITY);
        Self { capacity_kw, electricity_per_heat, price_eur_per_kwh, co2_kg_per_kwh }
    }

    /// Returns whether the unit's energy has a price or emissions.
    pub(super) fn costs(&self) -> bool {
        let free = self.price_eur_per_kwh.all(|price| price == 0.0) && self.co2_kg_per_kwh == 0.0;
        self.electricity_per_heat > 0.0 && !free
    }

    /// Returns the heat that the unit gives in `step_hours`, kWh: `needed_kwh` (heating positive, cooling negative),
    /// within its capacity.
    #[inline]
    pub(super) fn gives_kwh(&self, needed_kwh: f64, step_hours: f64) -> f64 {
        let most_kwh = self.capacity_kw * step_hours;
        // Adding zero turns the minus zero of a unit without capacity into plus zero.
        needed_kwh.clamp(-most_kwh, most_kwh) + 0.0
    }

    /// Returns the energy, cost and emissions for giving `given_kwh` in step `step`.
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
    fn a_unit_is_limited_by_its_capacity_and_charged_for_its_energy() {
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
