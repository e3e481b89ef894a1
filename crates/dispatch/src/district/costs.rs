//! Annuities of investments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Returns the capital recovery factor: the share of an investment that is paid every year to repay it over
/// `lifetime_years` at `interest_rate`, r (1+r)^n / ((1+r)^n - 1), or 1/n without interest (the annuity factor of any
/// engineering economics textbook).
#[must_use]
pub fn capital_recovery_factor(interest_rate: f64, lifetime_years: f64) -> f64 {
    if interest_rate == 0.0 {
        return 1.0 / lifetime_years;
    }
    // r / (1 - (1+r)^-n), which neither overflows for long lifetimes nor cancels for small rates.
    interest_rate / -(-lifetime_years * interest_rate.ln_1p()).exp_m1()
}

/// What a technology costs because it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Investment {
    /// Interest rate, 0.1 for 10 %.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 10.0))]
    pub interest_rate: f64,
    /// Years over which the investment is paid off; needed where it is not zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub lifetime_years: Option<f64>,
    /// EUR per kW of capacity.
    pub per_kw_eur: f64,
    /// EUR per kWh of storage capacity.
    pub per_kwh_eur: f64,
    /// Fixed upkeep, EUR per kW of capacity and year.
    pub upkeep_eur_per_kw_year: f64,
}

impl Investment {
    /// Returns whether there are no costs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Returns annuity and upkeep for `capacity_kw` and `capacity_kwh`, EUR per year.
    #[must_use]
    pub fn annual_cost_eur(&self, capacity_kw: f64, capacity_kwh: f64) -> f64 {
        // A cost of zero per unit is zero for an unlimited capacity too, rather than NaN.
        let cost = |per_unit: f64, capacity: f64| if per_unit == 0.0 { 0.0 } else { per_unit * capacity };
        let once = cost(self.per_kw_eur, capacity_kw) + cost(self.per_kwh_eur, capacity_kwh);
        let factor = self.lifetime_years.map_or(0.0, |years| capital_recovery_factor(self.interest_rate, years));
        let annuity = if once == 0.0 { 0.0 } else { factor * once };
        annuity + cost(self.upkeep_eur_per_kw_year, capacity_kw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annuities_of_the_published_district() {
        assert!((capital_recovery_factor(0.10, 30.0) - 0.106_079_25).abs() < 5e-9);
        assert!((capital_recovery_factor(0.10, 40.0) - 0.102_259_41).abs() < 5e-9);
        assert_eq!(capital_recovery_factor(0.0, 20.0), 0.05);
    }

    #[test]
    fn an_annuity_pays_the_investment_back() {
        let (rate, years) = (0.07, 25);
        let annuity = capital_recovery_factor(rate, f64::from(years));
        let present_value: f64 = (1..=years).map(|year| annuity / (1.0 + rate).powi(year)).sum();
        assert!((present_value - 1.0).abs() < 1e-12);
    }

    #[test]
    fn photovoltaics_of_the_published_district() {
        let pv = Investment {
            interest_rate: 0.10,
            lifetime_years: Some(30.0),
            per_kw_eur: 2200.0,
            upkeep_eur_per_kw_year: 43.0,
            ..Investment::default()
        };
        assert!((pv.annual_cost_eur(1980.0, 0.0) - 547_221.21).abs() < 0.01);
    }
}
