//! Fields of boreholes: heat from and into deep ground, over many years.

mod aggregation;
mod cylinder;
mod response;

pub use aggregation::BoreholeHistory;
pub use response::GFunction;

/// A field of equal vertical boreholes, connected in parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct BoreholeField {
    /// Where they are, m east and north.
    pub positions_m: Vec<[f64; 2]>,
    /// Length of each, m.
    pub length_m: f64,
    /// Depth of their upper ends, m.
    pub buried_m: f64,
    /// Radius, m.
    pub radius_m: f64,
    /// Conductivity of the ground, W/(m K).
    pub conductivity_w_m_k: f64,
    /// Heat capacity of the ground, J/(m3 K).
    pub heat_capacity_j_m3_k: f64,
    /// Thermal resistance between fluid and wall, m K/W.
    pub resistance_m_k_w: f64,
    /// Temperature of the undisturbed ground, the mean along the boreholes, degrees Celsius.
    pub ground_c: f64,
}

/// What makes a field of boreholes meaningless.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoreholeError {
    /// A number is outside its range.
    #[error("borehole_field.{key} is {value}; expected {expected}")]
    Range {
        /// The key.
        key: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        expected: &'static str,
    },
    /// There is no borehole.
    #[error("borehole_field has no boreholes")]
    Empty,
    /// The ground's answer is not positive and rising.
    #[error(
        "the ground's answer to the field is no rising curve: {first} after {after_s:.0} s, {last} at the end; expected numbers of boreholes \
         (length_m, radius_m, spacing_m, conductivity_w_m_k, heat_capacity_j_m3_k)"
    )]
    NoAnswer {
        /// The first time, s.
        after_s: f64,
        /// The answer then.
        first: f64,
        /// The answer at the end.
        last: f64,
    },
    /// Two stand in the same place.
    #[error("boreholes {first} and {second} are {distance_m} m apart; expected more than two radii")]
    TooNear {
        /// One of them.
        first: usize,
        /// The other.
        second: usize,
        /// How far apart.
        distance_m: f64,
    },
}

impl BoreholeField {
    /// Positions in a rectangle of `columns` by `rows`, `spacing_m` apart.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    pub fn rectangle(columns: usize, rows: usize, spacing_m: f64) -> Vec<[f64; 2]> {
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        places.map(|(column, row)| [column as f64 * spacing_m, row as f64 * spacing_m]).collect()
    }

    /// Length of all boreholes together, m.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    pub fn total_length_m(&self) -> f64 {
        self.length_m * self.positions_m.len() as f64
    }

    /// Distance between two boreholes, m.
    fn distance_m(&self, here: usize, there: usize) -> f64 {
        let [a, b] = [self.positions_m[here], self.positions_m[there]];
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    fn check(&self) -> Result<(), BoreholeError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let (some, any) = ("a number > 0", "a number >= 0");
        let checks = [
            ("length_m", self.length_m, some, positive(self.length_m)),
            ("radius_m", self.radius_m, some, positive(self.radius_m)),
            ("conductivity_w_m_k", self.conductivity_w_m_k, some, positive(self.conductivity_w_m_k)),
            ("heat_capacity_j_m3_k", self.heat_capacity_j_m3_k, some, positive(self.heat_capacity_j_m3_k)),
            ("buried_m", self.buried_m, any, self.buried_m.is_finite() && self.buried_m >= 0.0),
            (
                "resistance_m_k_w",
                self.resistance_m_k_w,
                any,
                self.resistance_m_k_w.is_finite() && self.resistance_m_k_w >= 0.0,
            ),
        ];
        if let Some((key, value, expected, _)) = checks.into_iter().find(|(.., fine)| !fine) {
            return Err(BoreholeError::Range { key, value, expected });
        }
        let count = self.positions_m.len();
        if count == 0 {
            return Err(BoreholeError::Empty);
        }
        let pairs = (0..count).flat_map(|first| (first + 1..count).map(move |second| (first, second)));
        let near = pairs.map(|(first, second)| (first, second, self.distance_m(first, second)));
        match near.into_iter().find(|(.., distance)| distance.is_nan() || *distance <= 2.0 * self.radius_m) {
            Some((first, second, distance_m)) => Err(BoreholeError::TooNear { first, second, distance_m }),
            None => Ok(()),
        }
    }
}
