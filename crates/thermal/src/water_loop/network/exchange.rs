//! Heat exchange between water, wall and ground in one cell of a pipe, with the water at rest.
//!
//! C dT/dt = -G (T - W) and K dW/dt = G (T - W) - H (W - T_ground), with C and K the heat capacities of water and
//! wall, G the conductance of the film between them and H that from the wall to the ground: two linear equations with
//! an exact solution.

/// The heat capacities and conductances of a piece of pipe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    /// Heat capacity of the water, J/K.
    pub(super) water_j_k: f64,
    /// Heat capacity of the wall, J/K, > 0.
    pub(super) wall_j_k: f64,
    /// Conductance of the film between water and wall, W/K.
    pub(super) film_w_k: f64,
    /// Conductance between wall and ground, W/K.
    pub(super) ground_w_k: f64,
}

/// Transfer units and losses per step up to which the mean over steps is corrected to be exact.
const SMALL: f64 = 0.3;

impl Piece {
    /// Returns the piece with conductances for steps of `seconds`, between which the water moves on by the whole
    /// piece, such that the steps have the effect of this piece on steadily moving water: the same spread of a pulse
    /// and the same loss of a steady flow, whatever the length of the pieces.
    ///
    /// In such steps the heat in the wall waits for whole steps. If a share w of the water's heat goes to the wall in
    /// a step, and w/B of the wall's returns (B = K/C), the variance of its delay after one piece is 2 B^2/w - B -
    /// B^2 steps squared; in steady motion it is 2 B^2/n with n transfer units. So w = n / (1 + n (1 + B) / (2 B)),
    /// and for the film (1 + B) / B n' = 2 artanh(n (1 + B) / (2 B)).
    pub(super) fn in_steps(&self, seconds: f64) -> Self {
        let Self { water_j_k, wall_j_k, film_w_k, ground_w_k } = *self;
        let units = 0.5 * film_w_k * seconds * (1.0 / water_j_k + 1.0 / wall_j_k);
        let film_w_k = if units < SMALL && units > 0.0 { film_w_k * units.atanh() / units } else { film_w_k };
        let exact = if ground_w_k > 0.0 { seconds / water_j_k / (1.0 / self.film_w_k + 1.0 / ground_w_k) } else { 0.0 };
        let mut piece = Self { film_w_k, ..*self };
        if exact > 0.0 && exact < SMALL {
            // Remaining share of a steady flow, when each parcel meets the wall in the state that the previous parcel
            // has left.
            for _ in 0..2 {
                let step = Exchange::over(seconds, &piece);
                let left = step.water[0] + step.water[1] * step.wall[0] / (1.0 - step.wall[1]);
                piece.ground_w_k *= exact / -left.ln();
            }
        }
        piece
    }
}

/// The linear map of the temperatures above the ground over a time at rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exchange {
    /// Water temperature after, per K of water and of wall before.
    pub(super) water: [f64; 2],
    /// Wall temperature after, per K of water and of wall before.
    pub(super) wall: [f64; 2],
    /// Heat lost to the ground, J per K of water and of wall before.
    pub(super) lost_j_k: [f64; 2],
    /// Remaining share of a difference between two parts of the water that share the wall.
    pub(super) difference: f64,
}

impl Exchange {
    /// The exchange over no time.
    pub(super) const NOTHING: Self = Self { water: [1.0, 0.0], wall: [0.0, 1.0], lost_j_k: [0.0; 2], difference: 1.0 };

    pub(super) fn over(seconds: f64, piece: &Piece) -> Self {
        let Piece { water_j_k, wall_j_k, film_w_k, ground_w_k } = *piece;
        let (a, b, g) = (film_w_k / water_j_k, film_w_k / wall_j_k, ground_w_k / wall_j_k);
        // Eigenvalues -slow and -fast of [[-a, a], [b, -(b + g)]].
        let half = 0.5 * (a + b + g);
        let root = 0.5 * ((a - b - g).powi(2) + 4.0 * a * b).sqrt();
        let fast = half + root;
        let slow = if fast > 0.0 { a * g / fast } else { 0.0 };
        // The two exponentials and their integrals.
        let gone = [slow, fast].map(|rate| -(-rate * seconds).exp_m1());
        let left = gone.map(|gone| 1.0 - gone);
        let area = |rate: f64, gone: f64| if rate * seconds > 0.0 { gone / rate } else { seconds };
        let areas = [area(slow, gone[0]), area(fast, gone[1])];
        // e^(At) = P e^(-slow t) + (1 - P) e^(-fast t) with P = (A + fast) / (fast - slow).
        let split = 2.0 * root;
        let weights = |entry: f64, diagonal: f64| {
            if split > 0.0 {
                [(entry + fast * diagonal) / split, diagonal - (entry + fast * diagonal) / split]
            } else {
                [diagonal, 0.0]
            }
        };
        let combine = |[slow, fast]: [f64; 2], [of_slow, of_fast]: [f64; 2]| slow * of_slow + fast * of_fast;
        let [ww, wp, pw, pp] = [weights(-a, 1.0), weights(a, 0.0), weights(b, 0.0), weights(-(b + g), 1.0)];
        Self {
            water: [combine(ww, left), combine(wp, left)],
            wall: [combine(pw, left), combine(pp, left)],
            lost_j_k: [ground_w_k * combine(pw, areas), ground_w_k * combine(pp, areas)],
            difference: (-a * seconds).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn energy_is_conserved_and_two_steps_equal_one(
            water_j_k in 1.0f64..1e7, ratio in 1e-6f64..3.0, film in -3.0f64..4.0,
            ground in -4.0f64..2.0, hours in 1e-4f64..100.0,
        ) {
            let (film_w_k, ground_w_k) = (water_j_k * 10f64.powf(film - 4.0), water_j_k * 10f64.powf(ground - 6.0));
            let piece = Piece { water_j_k, wall_j_k: ratio * water_j_k, film_w_k, ground_w_k };
            let seconds = 3600.0 * hours;
            let whole = Exchange::over(seconds, &piece);
            for start in [0, 1] {
                let before = [piece.water_j_k, piece.wall_j_k][start];
                let after = piece.water_j_k * whole.water[start] + piece.wall_j_k * whole.wall[start];
                prop_assert!((after + whole.lost_j_k[start] - before).abs() < 1e-11 * (piece.water_j_k + piece.wall_j_k));
            }
            let half = Exchange::over(0.5 * seconds, &piece);
            let twice = half.water[0] * half.water[0] + half.water[1] * half.wall[0];
            prop_assert!((twice - whole.water[0]).abs() < 1e-12);
            prop_assert!((half.difference.powi(2) - whole.difference).abs() < 1e-12);
        }
    }

    #[test]
    fn without_a_film_nothing_happens_and_without_a_wall_it_decays_alone() {
        let none = Exchange::over(3600.0, &Piece { water_j_k: 1e5, wall_j_k: 1e4, film_w_k: 0.0, ground_w_k: 0.0 });
        assert_eq!((none.water, none.wall, none.lost_j_k), ([1.0, 0.0], [0.0, 1.0], [0.0, 0.0]));
        let thin = Exchange::over(3600.0, &Piece { water_j_k: 1e5, wall_j_k: 1e-5, film_w_k: 20.0, ground_w_k: 5.0 });
        // Film and ground in a row: 1 / (1/20 + 1/5) = 4 W/K.
        assert!((thin.water[0] - (-4.0f64 * 3600.0 / 1e5).exp()).abs() < 1e-9);
    }
}
