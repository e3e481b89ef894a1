//! The exact solution of a well-mixed body of water with constant heat and a constant ground temperature over one
//! step.
//!
//! C dT/dt = P - UA (T - Tg) has, with a = UA dt / C and the net heat at the start of the step N = (P - UA (T0 - Tg))
//! dt, the solution
//!
//! T(dt) = T0 + N / C phi(a), phi(a) = (1 - exp(-a)) / a,
//!
//! and the ground takes UA times the integral of T - Tg, which is UA dt ((T0 - Tg) + N / C psi(a)) with psi(a) = (1 -
//! phi(a)) / a. Without a ground phi = 1, and the solution is the plain sum.

/// The heat exchange of a loop with the ground over steps of one length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GroundExchange {
    /// Conductance times step, kWh/K.
    conductance_kwh_per_k: f64,
    /// phi(a): the share of a step's net heat that remains at its end.
    pub(super) left: f64,
    /// psi(a): the share of a step's net heat that is present in the mean over the step.
    mean: f64,
}

impl GroundExchange {
    /// Creates the exchange for steps of `step_hours`; `conductance_kw_per_k` >= 0, `heat_capacity_kwh_per_k` > 0.
    #[inline]
    pub(super) fn over(step_hours: f64, conductance_kw_per_k: f64, heat_capacity_kwh_per_k: f64) -> Self {
        let conductance_kwh_per_k = conductance_kw_per_k * step_hours;
        if conductance_kwh_per_k == 0.0 {
            return Self { conductance_kwh_per_k, left: 1.0, mean: 0.5 };
        }
        let a = conductance_kwh_per_k / heat_capacity_kwh_per_k;
        let left = if a == 0.0 { 1.0 } else { -(-a).exp_m1() / a };
        Self { conductance_kwh_per_k, left, mean: mean_share(a, left) }
    }

    /// Returns the net heat of the step, kWh: its heat minus that which the ground would take at the initial
    /// temperature.
    #[inline]
    pub(super) fn net_kwh(&self, heat_kwh: f64, above_ground_k: f64) -> f64 {
        heat_kwh - self.conductance_kwh_per_k * above_ground_k
    }

    /// Returns the heat from the ground, kWh, over a step of net heat `net_kwh` that begins `above_ground_k` above
    /// the ground.
    #[inline]
    pub(super) fn ground_kwh(&self, net_kwh: f64, above_ground_k: f64, heat_capacity_kwh_per_k: f64) -> f64 {
        self.answer_kwh(net_kwh, heat_capacity_kwh_per_k) - self.conductance_kwh_per_k * above_ground_k
    }

    /// Returns the change of the heat from the ground, kWh, due to additional heat `added_kwh`, constant over the
    /// step.
    #[inline]
    pub(super) fn answer_kwh(&self, added_kwh: f64, heat_capacity_kwh_per_k: f64) -> f64 {
        // The subtraction from plus zero avoids a minus zero: without a ground the product is a zero of either sign.
        0.0 - self.conductance_kwh_per_k * (added_kwh / heat_capacity_kwh_per_k * self.mean)
    }
}

/// Returns psi(a); for small a by its series 1/2 - a/6 + a^2/24 - ..., where 1 - phi(a) would lose its digits.
#[inline]
fn mean_share(a: f64, left: f64) -> f64 {
    if a > 0.03 {
        return (1.0 - left) / a;
    }
    let terms = [2.0, 6.0, 24.0, 120.0, 720.0, 5040.0, 40_320.0, 362_880.0];
    terms.iter().rev().fold(0.0, |sum, factorial| 1.0 / factorial - a * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_meets_the_closed_form() {
        let closed = |a: f64| (1.0 + (-a).exp_m1() / a) / a;
        for a in [0.02, 0.03, 0.04, 0.5] {
            let left = -f64::exp_m1(-a) / a;
            assert!((mean_share(a, left) - closed(a)).abs() < 1e-13, "{a}");
        }
        assert_eq!(mean_share(0.0, 1.0), 0.5);
    }

    #[test]
    fn without_a_ground_nothing_is_exchanged() {
        let none = GroundExchange::over(1.0, 0.0, 100.0);
        assert_eq!((none.left, none.net_kwh(7.0, 5.0)), (1.0, 7.0));
        assert!(none.ground_kwh(7.0, 5.0, 100.0).is_sign_positive(), "no minus zero");
        // A ground so weak that 1 + a rounds to 1.
        assert_eq!(GroundExchange::over(1.0, 1e-300, 1e300).left, 1.0);
    }

    #[test]
    fn an_hour_of_a_litre_of_water() {
        // 1 kWh/K, 1 kW/K, 10 K above the ground, no heat: exp(-1) of the difference remains, the rest is lost to the
        // ground.
        let exchange = GroundExchange::over(1.0, 1.0, 1.0);
        let net_kwh = exchange.net_kwh(0.0, 10.0);
        let left_k = 10.0 + net_kwh * exchange.left;
        assert!((left_k - 10.0 * (-1.0f64).exp()).abs() < 1e-14);
        assert!((exchange.ground_kwh(net_kwh, 10.0, 1.0) - (left_k - 10.0)).abs() < 1e-14);
    }
}
