//! The fluid in the pipes: water or a mixture of water and glycol.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WaterLoopError;

/// Pressure at which water's properties are evaluated, MPa: a usual filling pressure.
const PRESSURE_MPA: f64 = 0.3;
/// Range of the mass share of glycol in which the fits hold.
const GLYCOL_SHARES: [f64; 2] = [0.05, 0.55];
/// Highest temperature for which the fits hold, degrees Celsius.
const GLYCOL_MAX_C: f64 = 90.0;

/// What flows in the pipes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FluidSettings {
    /// Water (IAPWS-IF97 at 3 bar).
    #[default]
    Water,
    /// Water with ethylene glycol.
    EthyleneGlycol {
        /// Mass of glycol per mass of mixture, 0.05 to 0.55.
        #[schemars(range(min = 0.05, max = 0.55))]
        mass_share: f64,
    },
    /// Water with propylene glycol.
    PropyleneGlycol {
        /// Mass of glycol per mass of mixture, 0.05 to 0.55.
        #[schemars(range(min = 0.05, max = 0.55))]
        mass_share: f64,
    },
    /// Given by numbers.
    Constant(Fluid),
}

/// Properties of a fluid at one temperature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fluid {
    /// Density, kg/m3.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub density_kg_m3: f64,
    /// Specific heat, J/(kg K).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub specific_heat_j_kg_k: f64,
    /// Dynamic viscosity, Pa s.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub viscosity_pa_s: f64,
    /// Thermal conductivity, W/(m K).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub conductivity_w_m_k: f64,
    /// Temperature at which it freezes, degrees Celsius.
    #[serde(default)]
    pub freezing_c: f64,
}

impl Fluid {
    /// Returns the properties of water at `temp_c` and 3 bar, by IAPWS-IF97 and the IAPWS releases on viscosity
    /// (2008) and conductivity (2011).
    ///
    /// # Errors
    /// [`WaterLoopError::Range`] outside 0 to 130 degrees Celsius.
    pub fn water(temp_c: f64) -> Result<Self, WaterLoopError> {
        if !(0.0..=130.0).contains(&temp_c) {
            return Err(WaterLoopError::Range { key: "fluid_temp_c", value: temp_c, expected: "0 to 130 for water" });
        }
        let property = |id| seuif97::pt(PRESSURE_MPA, temp_c, id);
        Ok(Self {
            density_kg_m3: property(seuif97::OD),
            specific_heat_j_kg_k: 1e3 * property(seuif97::OCP),
            viscosity_pa_s: property(seuif97::ODV),
            conductivity_w_m_k: property(seuif97::OTC),
            freezing_c: 0.0,
        })
    }

    /// Returns the kinematic viscosity, m2/s.
    #[must_use]
    pub fn kinematic_viscosity_m2_s(&self) -> f64 {
        self.viscosity_pa_s / self.density_kg_m3
    }

    /// Returns the Prandtl number, dimensionless.
    #[must_use]
    pub fn prandtl(&self) -> f64 {
        self.viscosity_pa_s * self.specific_heat_j_kg_k / self.conductivity_w_m_k
    }
}

impl FluidSettings {
    /// Returns the properties at `temp_c`.
    ///
    /// # Errors
    /// [`WaterLoopError::Range`] for a temperature outside the liquid range or the range of the fits, a share of
    /// glycol outside 0.05 to 0.55, and properties that are not positive.
    pub fn at(&self, temp_c: f64) -> Result<Fluid, WaterLoopError> {
        match *self {
            Self::Water => Fluid::water(temp_c),
            Self::EthyleneGlycol { mass_share } => ETHYLENE.at(mass_share, temp_c),
            Self::PropyleneGlycol { mass_share } => PROPYLENE.at(mass_share, temp_c),
            Self::Constant(fluid) => {
                let Fluid { density_kg_m3, specific_heat_j_kg_k, viscosity_pa_s, conductivity_w_m_k, .. } = fluid;
                let positive = [
                    ("fluid.constant.density_kg_m3", density_kg_m3),
                    ("fluid.constant.specific_heat_j_kg_k", specific_heat_j_kg_k),
                    ("fluid.constant.viscosity_pa_s", viscosity_pa_s),
                    ("fluid.constant.conductivity_w_m_k", conductivity_w_m_k),
                ];
                match positive.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
                    Some((key, value)) => Err(WaterLoopError::Range { key, value, expected: "a number > 0" }),
                    None => Ok(fluid),
                }
            }
        }
    }
}

/// The property fits of a glycol mixture: polynomials in `u` = mass share - 0.3 and `v` = (temperature - 20) / 100,
/// fitted to the secondary working fluids of Melinder (2010, *Properties of Secondary Working Fluids for Indirect
/// Systems*, IIR) as given by `CoolProp` 8, from the freezing point to 90 degrees Celsius.
struct GlycolFits {
    density: [f64; 10],
    specific_heat: [f64; 10],
    conductivity: [f64; 10],
    /// Coefficients of the viscosity's logarithm.
    viscosity: [f64; 14],
    /// Freezing points at mass shares of 0.05, 0.10, .. 0.55, degrees Celsius.
    freezing_c: [f64; 11],
}

/// Exponents of `u` and `v`: total degree 3.
const CUBIC: [[i32; 2]; 10] = [[0, 0], [0, 1], [0, 2], [0, 3], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [3, 0]];
/// Exponents of `u` and `v`: total degree 4, but degree 3 in `u` alone.
const QUARTIC: [[i32; 2]; 14] =
    [[0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [1, 0], [1, 1], [1, 2], [1, 3], [2, 0], [2, 1], [2, 2], [3, 0], [3, 1]];

/// Ethylene glycol. Largest errors: density 0.08 %, specific heat 0.23 %, conductivity 0.6 %, viscosity 2.5 %.
const ETHYLENE: GlycolFits = GlycolFits {
    density: [1038.2, -40.35777, -30.35634, 6.135458, 138.7443, -72.01562, 40.77562, -13.09799, 40.11328, -69.38333],
    specific_heat: [
        3715.864, 294.0812, -19.33382, -32.10512, -1888.613, 1142.455, -459.524, -878.7761, 25.41282, 1202.359,
    ],
    conductivity: [
        0.465_546,
        0.095_661_34,
        -0.019_572_06,
        -0.001_757_643,
        -0.410_741,
        -0.181_397_9,
        0.111_590_9,
        0.128_913_7,
        0.041_931_99,
        0.036_695_55,
    ],
    viscosity: [
        -6.139541,
        -2.968385,
        2.091664,
        -0.8811683,
        -0.007_875_528,
        2.60321,
        -1.51401,
        2.145226,
        -2.032886,
        0.2577528,
        0.098_407_93,
        0.057_408_96,
        0.8795307,
        -0.9697508,
    ],
    freezing_c: [-1.58, -3.36, -5.44, -7.95, -10.97, -14.58, -18.84, -23.81, -29.52, -35.99, -43.22],
};

/// Propylene glycol. Largest errors: density 0.09 %, specific heat 0.5 %, conductivity 0.9 %, viscosity 1.5 %.
const PROPYLENE: GlycolFits = GlycolFits {
    density: [1023.937, -45.81937, -32.50252, 13.32956, 87.46817, -95.1496, 47.22532, -35.8192, 13.483, -128.5039],
    specific_heat: [
        3853.373, 262.6313, 16.29061, -16.75769, -1365.48, 690.335, -123.695, -1170.561, -263.2124, -132.1888,
    ],
    conductivity: [
        0.445_310_6,
        0.084_386_25,
        -0.013_709_06,
        0.001_513_109,
        -0.458_449_6,
        -0.198_928_4,
        0.107_525,
        0.152_215,
        0.099_739_14,
        -0.075_816_67,
    ],
    viscosity: [
        -5.819432,
        -3.729619,
        3.053831,
        -1.419806,
        0.017_247_67,
        3.905577,
        -4.944588,
        4.319965,
        -1.783554,
        0.4279211,
        0.6634047,
        -2.034062,
        -3.611469,
        8.972739,
    ],
    freezing_c: [-1.21, -2.87, -4.87, -7.17, -9.79, -12.79, -16.32, -20.57, -25.77, -32.19, -40.16],
};

impl GlycolFits {
    fn at(&self, mass_share: f64, temp_c: f64) -> Result<Fluid, WaterLoopError> {
        let [least, most] = GLYCOL_SHARES;
        if !(least..=most).contains(&mass_share) {
            let (key, expected) = ("fluid.mass_share", "0.05 to 0.55");
            return Err(WaterLoopError::Range { key, value: mass_share, expected });
        }
        let freezing_c = self.freezing_c(mass_share);
        if !(freezing_c..=GLYCOL_MAX_C).contains(&temp_c) {
            let (key, expected) = ("fluid_temp_c", "a temperature from the mixture's freezing point to 90");
            return Err(WaterLoopError::Range { key, value: temp_c, expected });
        }
        let (u, v) = (mass_share - 0.3, (temp_c - 20.0) / 100.0);
        let sum = |exponents: &[[i32; 2]], factors: &[f64]| -> f64 {
            exponents.iter().zip(factors).map(|([i, j], factor)| factor * u.powi(*i) * v.powi(*j)).sum()
        };
        Ok(Fluid {
            density_kg_m3: sum(&CUBIC, &self.density),
            specific_heat_j_kg_k: sum(&CUBIC, &self.specific_heat),
            viscosity_pa_s: sum(&QUARTIC, &self.viscosity).exp(),
            conductivity_w_m_k: sum(&CUBIC, &self.conductivity),
            freezing_c,
        })
    }

    fn freezing_c(&self, mass_share: f64) -> f64 {
        let place = (mass_share - GLYCOL_SHARES[0]) / 0.05;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 10")]
        let below = (place.floor() as usize).min(self.freezing_c.len() - 2);
        #[expect(clippy::cast_precision_loss, reason = "10 at most")]
        let share = place - below as f64;
        self.freezing_c[below] + share * (self.freezing_c[below + 1] - self.freezing_c[below])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() < relative, "{value} instead of {expected}");
    }

    #[test]
    fn water_agrees_with_the_tables() {
        // CoolProp 8, IAPWS-95 at 3 bar.
        for (temp_c, density, specific_heat, viscosity, conductivity) in [
            (10.0, 999.797, 4194.405, 1.305_720e-3, 0.578_907),
            (20.0, 998.298, 4183.430, 1.001_535e-3, 0.598_129),
            (60.0, 983.283, 4184.512, 4.660_829e-4, 0.651_104),
        ] {
            let water = Fluid::water(temp_c).unwrap();
            near(water.density_kg_m3, density, 1e-4);
            // The industrial formulation is a fit to the scientific one.
            near(water.specific_heat_j_kg_k, specific_heat, 1e-3);
            near(water.viscosity_pa_s, viscosity, 2e-3);
            near(water.conductivity_w_m_k, conductivity, 5e-3);
        }
        assert!(Fluid::water(-1.0).is_err());
    }

    #[test]
    fn glycols_agree_with_coolprop() {
        // CoolProp 8, INCOMP::MEG and INCOMP::MPG.
        let ethylene = FluidSettings::EthyleneGlycol { mass_share: 0.3 }.at(0.0).unwrap();
        near(ethylene.density_kg_m3, 1044.97, 1e-3);
        near(ethylene.specific_heat_j_kg_k, 3658.09, 3e-3);
        near(ethylene.viscosity_pa_s, 4.29759e-3, 0.025);
        let propylene = FluidSettings::PropyleneGlycol { mass_share: 0.35 }.at(-5.0).unwrap();
        near(propylene.viscosity_pa_s, 1.223_318e-2, 0.015);
        near(propylene.conductivity_w_m_k, 0.404_451, 0.01);
        for mixture in [ethylene, propylene] {
            assert!(mixture.freezing_c < -12.0);
            assert!(mixture.prandtl() > 10.0);
        }
        assert!(FluidSettings::EthyleneGlycol { mass_share: 0.7 }.at(0.0).is_err());
        assert!(FluidSettings::PropyleneGlycol { mass_share: 0.2 }.at(-20.0).is_err(), "it is frozen");
    }
}
