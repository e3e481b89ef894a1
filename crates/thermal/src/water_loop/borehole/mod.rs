//! Borehole fields: heat exchange with the deep ground over many years.

mod aggregation;
mod cylinder;
mod response;

pub use aggregation::BoreholeHistory;
pub use response::GFunction;

/// A field of equal vertical boreholes, connected in parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct BoreholeField {
    /// Positions, m east and north.
    pub positions_m: Vec<[f64; 2]>,
    /// Length of each borehole, m.
    pub length_m: f64,
    /// Depth of the boreholes' upper ends, m.
    pub buried_m: f64,
    /// Radius of the boreholes, m.
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

/// The error for an invalid borehole field.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoreholeError {
    /// A number is outside its range.
    #[error("borehole_field.{key} is {value}; expected {expected}")]
    Range {
        /// Key of the parameter.
        key: &'static str,
        /// Value of the parameter.
        value: f64,
        /// Expected range.
        expected: &'static str,
    },
    /// The field has no boreholes.
    #[error("borehole_field has no boreholes")]
    Empty,
    /// The g-function of the field is not positive and rising.
    #[error(
        "the ground's answer to the field is no rising curve: {first} after {after_s:.0} s, {last} at the end; \
         expected numbers of boreholes (length_m, radius_m, spacing_m, conductivity_w_m_k, heat_capacity_j_m3_k)"
    )]
    NoAnswer {
        /// First time, s.
        after_s: f64,
        /// Value at the first time.
        first: f64,
        /// Value at the last time.
        last: f64,
    },
    /// Two boreholes are too near to each other.
    #[error("boreholes {first} and {second} are {distance_m} m apart; expected more than two radii")]
    TooNear {
        /// Index of one borehole.
        first: usize,
        /// Index of the other borehole.
        second: usize,
        /// Distance between them, m.
        distance_m: f64,
    },
}

impl BoreholeField {
    /// Returns the positions in a rectangle of `columns` by `rows` boreholes, `spacing_m` apart.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    pub fn rectangle(columns: usize, rows: usize, spacing_m: f64) -> Vec<[f64; 2]> {
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        places.map(|(column, row)| [column as f64 * spacing_m, row as f64 * spacing_m]).collect()
    }

    /// Returns the total length of all boreholes, m.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    pub fn total_length_m(&self) -> f64 {
        self.length_m * self.positions_m.len() as f64
    }

    /// Returns the distance between two boreholes, m.
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
