//! Where the sun through the windows is absorbed inside.

use std::f64::consts::PI;

use crate::{ArchetypeData, Compat};

/// Heat transfer coefficient outside a window, W/(m2 K).
const OUTSIDE_W_M2K: f64 = 23.0;

/// Shares of the sun through the windows that the surfaces of a house absorb, 0 to 1; what is missing to 1 leaves
/// through the windows.
///
/// Four reflections as in BESTEST (Judkoff and Neymark 1995, NREL/TP-472-6231, appendix on interior solar
/// distribution): all sun meets the floor; the floor's diffuse reflection reaches walls, windows and ceiling by view
/// factors of a box with a square plan; the second reflection spreads by areas; the rest as the third absorption.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolarShares {
    /// Each of the four opaque facades.
    pub wall: f64,
    /// Ceiling.
    pub ceiling: f64,
    /// Floor.
    pub floor: f64,
    /// Loss through the windows of each of the four facades.
    pub window: f64,
}

impl SolarShares {
    /// Computes the shares for surfaces with a solar absorptance inside of `absorptance`, 0 to 1.
    ///
    /// [`Compat::Published`] takes the square root of the logarithm, instead of half of it, in the view factor from
    /// floor to ceiling, and rounds the shares to three decimals.
    #[must_use]
    pub fn of(house: &ArchetypeData, absorptance: f64, compat: Compat) -> Self {
        let facade_m2 = house.side_m() * house.height_m();
        let glazed = house.window_m2 / (4.0 * facade_m2);
        let to_wall = floor_to_wall(house.height_m() / house.side_m());
        let to_ceiling = floor_to_ceiling(house.side_m() / house.height_m(), compat);
        let lost = transmittance(house);
        let reflected = 1.0 - absorptance;
        let second = Self {
            wall: reflected * to_wall * (1.0 - glazed) * absorptance,
            ceiling: reflected * to_ceiling * absorptance,
            floor: 0.0,
            window: reflected * to_wall * glazed * lost,
        };
        let total_m2 = house.floor_m2 + house.roof_m2 + house.opaque_m2();
        let left = reflected - second.sum();
        let third = Self {
            wall: left * house.opaque_m2() / 4.0 / total_m2 * absorptance,
            ceiling: left * house.roof_m2 / total_m2 * absorptance,
            floor: left * house.floor_m2 / total_m2 * absorptance,
            window: left * house.window_m2 / 4.0 / total_m2 * lost,
        };
        // What the third absorption leaves is absorbed in proportion to it. Black surfaces leave nothing before.
        let scale = if left > 0.0 { left / third.sum() } else { 0.0 };
        let shares = Self {
            wall: second.wall + scale * third.wall,
            ceiling: second.ceiling + scale * third.ceiling,
            floor: absorptance + scale * third.floor,
            window: second.window + scale * third.window,
        };
        let rounded = |share: f64| (share * 1000.0).round() / 1000.0;
        match compat {
            Compat::Corrected => shares,
            Compat::Published => Self {
                wall: rounded(shares.wall),
                ceiling: rounded(shares.ceiling),
                floor: rounded(shares.floor),
                window: rounded(shares.window),
            },
        }
    }

    /// Returns the sum over all surfaces, with four facades.
    #[must_use]
    pub fn sum(&self) -> f64 {
        4.0 * (self.wall + self.window) + self.ceiling + self.floor
    }
}

/// Returns the view factor from a square to each adjacent rectangle whose height is `z` times its side (Howell,
/// *A catalog of radiation heat transfer configuration factors*, C-14, with equal sides).
fn floor_to_wall(z: f64) -> f64 {
    let (square, diagonal) = (1.0 + z * z, 2.0 + z * z);
    // The first two factors of the logarithm of the general formula cancel in a square plan.
    let logarithm = z * z * (z * z * diagonal / (square * square)).ln();
    (1f64.atan() + z * (1.0 / z).atan() - square.sqrt() * (1.0 / square.sqrt()).atan() + logarithm / 4.0) / PI
}

/// Returns the view factor between two equal parallel squares whose side is `x` times their distance (Howell, C-11).
fn floor_to_ceiling(x: f64, compat: Compat) -> f64 {
    let root = (1.0 + x * x).sqrt();
    let logarithm = ((1.0 + x * x).powi(2) / (1.0 + 2.0 * x * x)).ln();
    let first = match compat {
        Compat::Corrected => logarithm / 2.0,
        Compat::Published => logarithm.sqrt(),
    };
    2.0 / (PI * x * x) * (first + 2.0 * x * root * (x / root).atan() - 2.0 * x * x.atan())
}

/// Returns the share of diffuse light on the inside of a window that leaves through it.
fn transmittance(house: &ArchetypeData) -> f64 {
    let glazing = &house.glazing;
    let inside_w_m2k = 3.6 + 4.4 * glazing.emissivity / 0.837;
    let inner = glazing.u_w_m2k / inside_w_m2k * glazing.inner_absorptance;
    let outer = glazing.u_w_m2k / OUTSIDE_W_M2K * glazing.outer_absorptance;
    1.0 - (glazing.reflectance + inner + outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Archetype;

    #[test]
    fn the_published_shares() {
        let expected = [
            (Archetype::Sfh06Air, [0.086, 0.188, 0.392]),
            (Archetype::Sfh05Air, [0.086, 0.188, 0.391]),
            (Archetype::Sfh90Air, [0.082, 0.208, 0.395]),
            (Archetype::Sfh60Air, [0.090, 0.187, 0.380]),
        ];
        for (house, shares) in expected {
            let found = SolarShares::of(&house.data(), 0.3, Compat::Published);
            assert_eq!([found.wall, found.ceiling, found.floor], shares, "{house:?}");
        }
    }

    #[test]
    fn all_light_is_absorbed_or_leaves() {
        for house in Archetype::ALL {
            for absorptance in [0.0, 0.1, 0.3, 0.6, 1.0] {
                let shares = SolarShares::of(&house.data(), absorptance, Compat::Corrected);
                assert!((shares.sum() - 1.0).abs() < 1e-12, "{shares:?}");
                assert!(shares.floor >= absorptance && shares.wall >= 0.0 && shares.window >= 0.0);
            }
        }
    }

    #[test]
    fn the_view_factors_of_a_box_add_up_and_those_of_a_cube_are_known() {
        for z in [0.2, 0.7, 1.0, 3.0] {
            let sum = 4.0 * floor_to_wall(z) + floor_to_ceiling(1.0 / z, Compat::Corrected);
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
        assert!((floor_to_wall(1.0) - 0.200_043_776).abs() < 1e-8);
        assert!((floor_to_ceiling(1.0, Compat::Corrected) - 0.199_824_895).abs() < 1e-8);
    }
}
