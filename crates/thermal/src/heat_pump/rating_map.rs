//! COP model as a map of measured COPs over source and sink temperature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range::CopError;
use super::water::{LoopWater, changed};
use super::{OutsideRange, Service, UseOutsideRange, WaterTemperature};

/// COPs measured at pairs of source and sink temperatures, bilinear in between; valid within the map's rectangle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingMap {
    /// Source temperatures, rising, at least two, degrees Celsius: the loop in heating, the cold store in cooling.
    pub source_c: Vec<f64>,
    /// Sink temperatures, rising, at least two, degrees Celsius: the store in heating, the loop in cooling.
    pub sink_c: Vec<f64>,
    /// COPs > 0: one row per source temperature, in it one number per sink temperature.
    pub cop: Vec<Vec<f64>>,
    /// What happens outside the map; `extrapolate` goes on with the slopes of the nearest cell.
    #[serde(default = "UseOutsideRange::clamp")]
    pub outside: UseOutsideRange,
    /// The temperature of the loop's water that the map is stated over: EN 14511 states that of the water that comes.
    #[serde(default = "WaterTemperature::inlet")]
    pub loop_water: WaterTemperature,
    /// Spread of the loop's water at which the map was measured, K; unless given, that of EN 14511's standard ratings: 3 K at the
    /// evaporator in heating (10 to 7 C), 5 K at the condenser in cooling (30 to 35 C). At another spread the map is read where
    /// the mean of inlet and outlet is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub rated_spread_k: Option<f64>,
}

/// Returns the spread of the standard ratings of EN 14511-2 on the loop's side, K: water-to-water heating 10 to 7 C
/// at the evaporator, cooling 30 to 35 C at the condenser.
fn standard_spread_k(service: Service) -> f64 {
    match service {
        Service::Heating => 3.0,
        Service::Cooling => 5.0,
    }
}

impl RatingMap {
    /// Returns the temperature on the loop's side at which the map is evaluated, degrees Celsius: that of the rating
    /// with the same mean of inlet and outlet. An evaporator or condenser of given conductance depends on the mean
    /// temperature of its water.
    #[must_use]
    pub(super) fn loop_c(&self, service: Service, water: LoopWater) -> f64 {
        let rated_k = self.rated_spread_k.unwrap_or_else(|| standard_spread_k(service));
        // From the rated mean to the map's reference: the inlet is half of the rated spread before the mean, the
        // outlet half behind it.
        changed(service, water.inlet_c, 0.5 * (water.spread_k - rated_k) + self.loop_water.share() * rated_k)
    }

    /// Returns the COP between a source and a sink, degrees Celsius.
    ///
    /// # Panics
    /// If an axis has fewer than two temperatures or a row is too short, which [`super::CopModel::check`] refuses.
    #[must_use]
    pub fn at(&self, source_c: f64, sink_c: f64) -> f64 {
        let (row, along_source) = self.position(&self.source_c, source_c);
        let (column, along_sink) = self.position(&self.sink_c, sink_c);
        let across = |row: &[f64]| row[column] + (row[column + 1] - row[column]) * along_sink;
        let (below, above) = (across(&self.cop[row]), across(&self.cop[row + 1]));
        below + (above - below) * along_source
    }

    /// Returns the side on which a pair of temperatures is outside the map; `Above` if it is outside on both, `None`
    /// if it is inside.
    #[must_use]
    pub fn outside(&self, source_c: f64, sink_c: f64) -> Option<OutsideRange> {
        let [[coldest_source, warmest_source], [coldest_sink, hottest_sink]] = self.rectangle_c();
        if source_c < coldest_source || sink_c > hottest_sink {
            Some(OutsideRange::Above)
        } else if source_c > warmest_source || sink_c < coldest_sink {
            Some(OutsideRange::Below)
        } else {
            None
        }
    }

    /// Returns the lowest and highest source and sink temperatures, degrees Celsius.
    #[must_use]
    pub fn rectangle_c(&self) -> [[f64; 2]; 2] {
        let ends = |axis: &[f64]| match axis {
            [low, .., high] => [*low, *high],
            _ => [f64::NAN; 2],
        };
        [ends(&self.source_c), ends(&self.sink_c)]
    }

    /// Returns the cell of an axis that contains a temperature (the nearest cell outside the axis), and the relative
    /// position in it, 0 to 1 within the cell.
    fn position(&self, axis: &[f64], temp_c: f64) -> (usize, f64) {
        let inner = &axis[1..axis.len() - 1];
        let cell = inner.iter().take_while(|&&knot| knot <= temp_c).count();
        let along = (temp_c - axis[cell]) / (axis[cell + 1] - axis[cell]);
        match self.outside {
            UseOutsideRange::Extrapolate => (cell, along),
            UseOutsideRange::Clamp => (cell, along.clamp(0.0, 1.0)),
        }
    }

    pub(super) fn check(&self) -> Result<(), CopError> {
        for (key, axis) in [("source_c", &self.source_c), ("sink_c", &self.sink_c)] {
            let rising = axis.windows(2).all(|pair| pair[0] < pair[1]);
            if axis.len() < 2 || !rising || !axis.iter().all(|temp_c| temp_c.is_finite()) {
                return Err(CopError::new(key, axis, "at least two temperatures, each above the one before"));
            }
        }
        if self.cop.len() != self.source_c.len() {
            return Err(CopError::new("cop", &self.cop, "one row per temperature of source_c"));
        }
        for row in &self.cop {
            if row.len() != self.sink_c.len() {
                return Err(CopError::new("cop", row, "one number per temperature of sink_c in every row"));
            }
            if !row.iter().all(|cop| cop.is_finite() && *cop > 0.0) {
                return Err(CopError::new("cop", row, "numbers > 0"));
            }
        }
        match self.rated_spread_k {
            Some(spread_k) if !(spread_k.is_finite() && spread_k > 0.0) => {
                Err(CopError::new("rated_spread_k", spread_k, "a number > 0"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(outside: UseOutsideRange) -> RatingMap {
        RatingMap {
            source_c: vec![0.0, 10.0, 20.0],
            sink_c: vec![35.0, 55.0],
            cop: vec![vec![4.0, 2.5], vec![5.2, 3.2], vec![6.0, 3.8]],
            outside,
            loop_water: WaterTemperature::Inlet,
            rated_spread_k: None,
        }
    }

    #[test]
    fn at_another_spread_the_map_is_evaluated_at_the_same_mean() {
        let water = |spread_k: f64| LoopWater { inlet_c: 12.0, spread_k };
        let map = |loop_water| RatingMap { loop_water, ..map(UseOutsideRange::Clamp) };
        let inlet = map(WaterTemperature::Inlet);
        assert_eq!(inlet.loop_c(Service::Heating, water(3.0)), 12.0, "as rated");
        assert_eq!(inlet.loop_c(Service::Cooling, water(5.0)), 12.0, "as rated");
        assert_eq!(inlet.loop_c(Service::Heating, water(7.0)), 10.0);
        assert_eq!(inlet.loop_c(Service::Cooling, water(7.0)), 13.0);
        let [mean, outlet] = [WaterTemperature::Mean, WaterTemperature::Outlet].map(map);
        for spread_k in [1.0, 3.0, 8.0] {
            let mean_c = 12.0 - 0.5 * spread_k;
            assert!((mean.loop_c(Service::Heating, water(spread_k)) - mean_c).abs() < 1e-12);
            assert!((outlet.loop_c(Service::Heating, water(spread_k)) - (mean_c - 1.5)).abs() < 1e-12);
        }
        let own = RatingMap { rated_spread_k: Some(6.0), ..inlet };
        assert_eq!(own.loop_c(Service::Heating, water(6.0)), 12.0);
        let refused = RatingMap { rated_spread_k: Some(0.0), ..own }.check().unwrap_err().to_string();
        assert_eq!(refused, "rated_spread_k is 0.0; expected a number > 0");
    }

    #[test]
    fn between_and_beyond_the_measurements() {
        let (clamped, free) = (map(UseOutsideRange::Clamp), map(UseOutsideRange::Extrapolate));
        for map in [&clamped, &free] {
            assert!((map.at(10.0, 35.0) - 5.2).abs() < 1e-12);
            assert!((map.at(5.0, 45.0) - (4.0 + 2.5 + 5.2 + 3.2) / 4.0).abs() < 1e-12, "the middle of a cell");
        }
        assert_eq!(clamped.at(-5.0, 35.0), 4.0);
        assert_eq!(clamped.at(30.0, 60.0), 3.8);
        assert!((free.at(-5.0, 35.0) - 3.4).abs() < 1e-12, "0.12 per kelvin goes on");
        assert!((free.at(20.0, 65.0) - 2.7).abs() < 1e-12, "-0.11 per kelvin goes on");
    }

    #[test]
    fn the_harder_side_counts_as_above() {
        let map = map(UseOutsideRange::Clamp);
        assert_eq!(map.outside(0.0, 55.0), None);
        assert_eq!(map.outside(-0.1, 40.0), Some(OutsideRange::Above));
        assert_eq!(map.outside(10.0, 55.1), Some(OutsideRange::Above));
        assert_eq!(map.outside(20.1, 40.0), Some(OutsideRange::Below));
        assert_eq!(map.outside(10.0, 34.0), Some(OutsideRange::Below));
        assert_eq!(map.outside(20.1, 60.0), Some(OutsideRange::Above));
    }

    #[test]
    fn invalid_maps_are_refused() {
        let named = |change: fn(&mut RatingMap)| {
            let mut map = map(UseOutsideRange::Clamp);
            change(&mut map);
            map.check().unwrap_err().to_string()
        };
        assert_eq!(map(UseOutsideRange::Clamp).check(), Ok(()));
        let unordered = "source_c is [0.0, 20.0, 20.0]; expected at least two temperatures, each above the one before";
        assert_eq!(named(|m| m.source_c[1] = 20.0), unordered);
        assert!(named(|m| m.sink_c = vec![35.0]).contains("sink_c is [35.0]"));
        assert!(named(|m| m.sink_c[1] = f64::NAN).contains("sink_c"));
        assert!(named(|m| m.cop.truncate(2)).contains("one row per temperature of source_c"));
        assert!(named(|m| m.cop[1].push(1.0)).contains("cop is [5.2, 3.2, 1.0]; expected one number per"));
        assert!(named(|m| m.cop[2][0] = 0.0).contains("cop is [0.0, 3.8]; expected numbers > 0"));
    }

    /// Generates axes and COPs from positive steps: the COP rises with the source and falls with the sink.
    fn monotone() -> impl Strategy<Value = RatingMap> {
        let axis = |from: f64| {
            proptest::collection::vec(0.5f64..15.0, 1..6).prop_map(move |steps| {
                let sums = steps.iter().scan(from, |sum, step| {
                    *sum += step;
                    Some(*sum)
                });
                std::iter::once(from).chain(sums).collect::<Vec<f64>>()
            })
        };
        (axis(-10.0), axis(30.0), proptest::collection::vec(0.01f64..0.5, 12), 0.0f64..0.05).prop_map(
            |(source_c, sink_c, steps, twist)| {
                let cop = |row: usize, column: usize| {
                    let gained: f64 = steps[..row].iter().sum();
                    let lost: f64 = steps[6..6 + column].iter().sum();
                    #[expect(clippy::cast_precision_loss, reason = "indices below six")]
                    let twisted = twist * row as f64 * (6.0 - column as f64);
                    4.0 + gained - lost + twisted
                };
                let rows = (0..source_c.len()).map(|row| (0..sink_c.len()).map(|column| cop(row, column)).collect());
                RatingMap {
                    cop: rows.collect(),
                    source_c,
                    sink_c,
                    outside: UseOutsideRange::Clamp,
                    loop_water: WaterTemperature::Inlet,
                    rated_spread_k: None,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn interpolation_is_exact_on_the_grid_and_bounded_in_a_cell(map in monotone(), along in [0.0f64..=1.0, 0.0f64..=1.0]) {
            prop_assert_eq!(map.check(), Ok(()));
            for (row, &source) in map.source_c.iter().enumerate() {
                for (column, &sink) in map.sink_c.iter().enumerate() {
                    prop_assert!((map.at(source, sink) - map.cop[row][column]).abs() < 1e-12);
                }
            }
            for row in 0..map.source_c.len() - 1 {
                for column in 0..map.sink_c.len() - 1 {
                    let between = |axis: &[f64], at: usize, along: f64| axis[at] + (axis[at + 1] - axis[at]) * along;
                    let cop = map.at(between(&map.source_c, row, along[0]), between(&map.sink_c, column, along[1]));
                    let corners = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(r, c)| map.cop[row + r][column + c]);
                    let [low, high] = [corners.into_iter().fold(f64::INFINITY, f64::min), corners.into_iter().fold(0.0, f64::max)];
                    prop_assert!((low - 1e-12..=high + 1e-12).contains(&cop), "{cop} outside {low} to {high}");
                }
            }
        }

        #[test]
        fn a_warmer_source_helps_and_a_hotter_sink_hurts(
            map in monotone(),
            source in -20.0f64..90.0,
            sink in 20.0f64..130.0,
            more in 0.0f64..20.0,
        ) {
            let cop = map.at(source, sink);
            prop_assert!(map.at(source + more, sink) >= cop - 1e-12);
            prop_assert!(map.at(source, sink + more) <= cop + 1e-12);
            let [[cold, warm], [low, high]] = map.rectangle_c();
            let held = map.at(source.clamp(cold, warm), sink.clamp(low, high));
            prop_assert!((cop - held).abs() < 1e-12, "clamped to the rectangle");
            let inside = source == source.clamp(cold, warm) && sink == sink.clamp(low, high);
            prop_assert_eq!(map.outside(source, sink).is_none(), inside);
        }
    }
}
