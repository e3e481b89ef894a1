//! Pressure loss of the flow in a round pipe, and its heat transfer to the wall.

use std::f64::consts::PI;
use std::sync::Arc;

use crate::water_loop::Fluid;

/// Reynolds numbers that bound the transition between laminar and turbulent flow.
const LAMINAR: f64 = 2300.0;
const TURBULENT: f64 = 4000.0;
/// Nusselt number of laminar flow in a long pipe with a constant wall temperature.
const LAMINAR_NUSSELT: f64 = 3.66;

/// A table of friction factors of turbulent flow at one roughness, and their derivatives by Re / [`TURBULENT`]:
/// sixteen for each doubling of the Reynolds number. Cubic interpolation between them is accurate to 2e-7.
#[derive(Debug, PartialEq)]
pub(super) struct FrictionTable(Vec<[f64; 2]>);

/// Number of mantissa bits that select an entry, and number of doublings in the table.
const BITS: u32 = 4;
const DOUBLINGS: u32 = 16;

impl FrictionTable {
    pub(super) fn new(rough: f64) -> Self {
        let places = 0..=(DOUBLINGS << BITS);
        let at = |place: u32| {
            let part = f64::from(place & ((1 << BITS) - 1)) / f64::from(1 << BITS);
            let times = (1.0 + part) * f64::from(1 << (place >> BITS));
            let [factor, slope] = colebrook(times * TURBULENT, rough);
            [factor, slope * TURBULENT]
        };
        Self(places.map(at).collect())
    }

    /// Returns the factor and its derivative at a Reynolds number of at least [`TURBULENT`].
    fn at(&self, reynolds: f64, rough: f64) -> [f64; 2] {
        let times = reynolds / TURBULENT;
        let bits = times.to_bits();
        let shift = f64::MANTISSA_DIGITS - 1 - BITS;
        #[expect(clippy::cast_possible_truncation, reason = "a small number, or one that is found to be too large")]
        let place = (bits >> shift).saturating_sub(1023 << BITS) as usize;
        let (Some([low, low_slope]), Some([high, high_slope])) = (self.0.get(place), self.0.get(place + 1)) else {
            return colebrook(reynolds, rough);
        };
        let start = f64::from_bits(bits >> shift << shift);
        let width = f64::from_bits(((bits >> shift) + 1) << shift) - start;
        let along = (times - start) / width;
        // Cubic Hermite interpolation from values and slopes at both ends.
        let rise = high - low;
        let [first, second] = [low_slope * width - rise, rise - high_slope * width];
        let bend = first + along * (second - first);
        let factor = low + along * (rise + (1.0 - along) * bend);
        let slope = (rise + (1.0 - 2.0 * along) * bend + along * (1.0 - along) * (second - first)) / width;
        [factor, slope / TURBULENT]
    }
}

/// A round pipe with the properties of its fluid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bore {
    factors: Arc<FrictionTable>,
    /// Reynolds number per kg/s.
    reynolds_per_flow: f64,
    /// Relative roughness (roughness over diameter).
    rough: f64,
    /// Pressure loss per (kg/s)^2 and unit of (friction factor x length / diameter + fittings), Pa.
    pressure_per_flow2: f64,
    length_by_diameter: f64,
    fittings: f64,
    diameter_by_length: f64,
    /// Thermal conductivity over diameter, W/(m2 K).
    film_unit_w_m2_k: f64,
    prandtl: f64,
}

impl Bore {
    /// Creates the bore; `factors` belong to its relative roughness.
    pub(super) fn new(
        fluid: &Fluid,
        [diameter_m, length_m, roughness_m]: [f64; 3],
        fittings: f64,
        factors: Arc<FrictionTable>,
    ) -> Self {
        let area = 0.25 * PI * diameter_m * diameter_m;
        Self {
            factors,
            reynolds_per_flow: diameter_m / (area * fluid.viscosity_pa_s),
            rough: roughness_m / diameter_m,
            pressure_per_flow2: 0.5 / (fluid.density_kg_m3 * area * area),
            length_by_diameter: length_m / diameter_m,
            fittings,
            diameter_by_length: diameter_m / length_m,
            film_unit_w_m2_k: fluid.conductivity_w_m_k / diameter_m,
            prandtl: fluid.prandtl(),
        }
    }

    /// Returns the pressure loss of a flow (kg/s), Pa, and its derivative, Pa s/kg (Darcy and Weisbach). The loss has
    /// the sign of the flow, and the derivative is positive, also at zero flow.
    pub(super) fn pressure_pa(&self, flow_kg_s: f64) -> [f64; 2] {
        let flow = flow_kg_s.abs();
        let reynolds = self.reynolds_per_flow * flow;
        let Self { pressure_per_flow2: unit, length_by_diameter: long, fittings, .. } = *self;
        if reynolds < LAMINAR {
            // 64 / Re, without the division by zero flow.
            let linear = unit * long * 64.0 / self.reynolds_per_flow;
            return [(linear + unit * fittings * flow) * flow_kg_s, linear + 2.0 * unit * fittings * flow];
        }
        let [factor, slope] = self.factor(reynolds);
        let loss = unit * (factor * long + fittings) * flow;
        [loss * flow_kg_s, 2.0 * loss + unit * slope * self.reynolds_per_flow * long * flow * flow]
    }

    /// Returns the friction factor and its derivative by the Reynolds number, from [`LAMINAR`] on.
    fn factor(&self, reynolds: f64) -> [f64; 2] {
        if reynolds >= TURBULENT {
            return self.factors.at(reynolds, self.rough);
        }
        // Linear from the last laminar to the first turbulent factor.
        let (low, high) = (64.0 / LAMINAR, self.factors.0[0][0]);
        let slope = (high - low) / (TURBULENT - LAMINAR);
        [low + slope * (reynolds - LAMINAR), slope]
    }

    /// Returns the heat transfer coefficient between water and wall, W/(m2 K): Gnielinski (1976) with the friction
    /// factor of Konakov for a smooth pipe, and Gnielinski (2013, doi:10.1016/j.ijheatmasstransfer.2013.04.015)
    /// between laminar and turbulent.
    pub(super) fn film_w_m2_k(&self, flow_kg_s: f64) -> f64 {
        let reynolds = self.reynolds_per_flow * flow_kg_s.abs();
        let turbulent = |reynolds: f64| {
            let factor = (1.8 * reynolds.log10() - 1.5).powi(-2);
            let eighth = factor / 8.0;
            let entrance = 1.0 + self.diameter_by_length.powf(2.0 / 3.0);
            eighth * (reynolds - 1000.0) * self.prandtl
                / (1.0 + 12.7 * eighth.sqrt() * (self.prandtl.powf(2.0 / 3.0) - 1.0))
                * entrance
        };
        let nusselt = if reynolds <= LAMINAR {
            LAMINAR_NUSSELT
        } else if reynolds < TURBULENT {
            let share = (reynolds - LAMINAR) / (TURBULENT - LAMINAR);
            (1.0 - share) * LAMINAR_NUSSELT + share * turbulent(TURBULENT)
        } else {
            turbulent(reynolds)
        };
        nusselt * self.film_unit_w_m2_k
    }
}

/// Returns the friction factor of turbulent flow, 1/sqrt(f) = -2 log10(rough / 3.7 + 2.51 / (Re sqrt(f))) (Colebrook
/// 1939), and its derivative by Re.
fn colebrook(reynolds: f64, rough: f64) -> [f64; 2] {
    let (still, moving) = (rough / 3.7, 2.51 / reynolds);
    // Haaland's formula is accurate to 2 %; each Newton iteration doubles the digits.
    let mut x = -1.8 * ((rough / 3.7).powf(1.11) + 6.9 / reynolds).log10();
    let scale = 2.0 / std::f64::consts::LN_10;
    for _ in 0..3 {
        let inner = still + moving * x;
        let miss = x + scale * inner.ln();
        x -= miss / (1.0 + scale * moving / inner);
    }
    let inner = still + moving * x;
    // By implicit differentiation: dx/dRe of x = -scale ln(still + 2.51 x / Re).
    let of_reynolds = scale * moving * x / reynolds / inner / (1.0 + scale * moving / inner);
    [x.powi(-2), -2.0 * x.powi(-3) * of_reynolds]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bore(diameter_m: f64, length_m: f64, roughness_m: f64, fittings: f64) -> Bore {
        let factors = Arc::new(FrictionTable::new(roughness_m / diameter_m));
        Bore::new(&water(), [diameter_m, length_m, roughness_m], fittings, factors)
    }

    fn water() -> Fluid {
        Fluid {
            density_kg_m3: 998.0,
            specific_heat_j_kg_k: 4180.0,
            viscosity_pa_s: 1e-3,
            conductivity_w_m_k: 0.6,
            freezing_c: 0.0,
        }
    }

    #[test]
    fn colebrook_agrees_with_the_table() {
        // Moody's diagram, computed to six digits from the implicit equation.
        for (reynolds, rough, factor) in
            [(1e5, 0.0, 0.017_990_1), (1e6, 1e-4, 0.013_441_4), (4000.0, 0.05, 0.076_986_8)]
        {
            let [found, _] = colebrook(reynolds, rough);
            let again = (-2.0 * (rough / 3.7f64 + 2.51 / (reynolds * found.sqrt())).log10()).powi(-2);
            assert!((found / again - 1.0).abs() < 1e-12, "{found} {again}");
            assert!((found / factor - 1.0).abs() < 1e-4, "{reynolds} {rough}: {found}");
        }
    }

    #[test]
    fn laminar_flow_is_that_of_hagen_and_poiseuille() {
        let bore = bore(0.02, 10.0, 1e-5, 0.0);
        let [pressure, _] = bore.pressure_pa(0.01);
        let expected = 128.0 * 1e-3 * 10.0 * 0.01 / 998.0 / (PI * 0.02f64.powi(4));
        assert!((pressure / expected - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn interpolated_factors_satisfy_the_equation(log in 0.0f64..5.5, rough in 0.0f64..0.05) {
            let reynolds = TURBULENT * 10f64.powf(log);
            let [factor, slope] = FrictionTable::new(rough).at(reynolds, rough);
            let [exact, exact_slope] = colebrook(reynolds, rough);
            prop_assert!((factor / exact - 1.0).abs() < 1e-6, "{factor} {exact}");
            prop_assert!((slope - exact_slope).abs() * reynolds < 1e-4 * exact, "{slope} {exact_slope}");
        }

        #[test]
        fn the_derivative_of_the_pressure_is_its_slope(
            diameter in 0.01f64..0.5, rough in 1e-6f64..1e-3, fittings in 0.0f64..50.0,
            log in -6.0f64..2.5, forward: bool,
        ) {
            let bore = bore(diameter, 100.0, rough, fittings);
            let flow = if forward { 10f64.powf(log) } else { -(10f64.powf(log)) };
            let [pressure, slope] = bore.pressure_pa(flow);
            prop_assert!(slope > 0.0 && pressure * flow > 0.0);
            prop_assert_eq!(bore.pressure_pa(-flow)[0], -pressure);
            let step = 1e-6 * flow;
            let numeric = (bore.pressure_pa(flow + step)[0] - bore.pressure_pa(flow - step)[0]) / (2.0 * step);
            prop_assert!((numeric / slope - 1.0).abs() < 1e-3, "{numeric} {slope}");
            prop_assert!(bore.film_w_m2_k(flow) >= bore.film_w_m2_k(0.0));
        }
    }
}
