//! The position of a number that the district rejects: the key, or the line of a time series.

use anergy_dispatch::district::{DistrictError, Place};

use super::timeseries::UsedColumn;
use super::yaml::Span;
use super::{ConfigError, Problem};

/// The positions of the numbers of a district in a file of some format.
pub(super) trait Places {
    /// Returns the format's key for a number, and its position: the first of the format's keys for `key` that is
    /// present at the place, else the place itself.
    fn find(&self, place: &Place, key: &'static str) -> Option<(String, &Span)>;

    /// Returns the position of the price of CO2.
    fn co2_price(&self) -> Option<&Span> {
        None
    }

    /// Returns the position of the limit on CO2.
    fn co2_limit(&self) -> Option<&Span> {
        None
    }

    /// Returns the keys of the series that a number may come from.
    fn series_keys(&self, key: &'static str) -> Vec<&'static str>;
}

/// Returns an error of the district with its position.
pub(super) fn locate(error: DistrictError, places: &impl Places, columns: &[UsedColumn]) -> ConfigError {
    let (place, key, step): (&Place, _, _) = match &error {
        DistrictError::Range { place, key, step, .. } => (place, *key, *step),
        DistrictError::Length { place, key, .. } => (place, *key, None),
        DistrictError::SameCarrier { place, .. } => (place, "carrier_in", None),
        DistrictError::SameOutput { place, .. } => (place, "carrier_ratios", None),
        DistrictError::LinkEnd { link, key, .. } => (&Place::Link(link.clone()), *key, None),
        DistrictError::Co2Price { .. } | DistrictError::Co2Limit { .. } => {
            let of_limit = matches!(error, DistrictError::Co2Limit { .. });
            return match if of_limit { places.co2_limit() } else { places.co2_price() } {
                Some(span) => span.error(Problem::Wrong(error.to_string())),
                None => error.into(),
            };
        }
        // These errors concern the district as a whole.
        _ => return error.into(),
    };
    let Some((written, span)) = places.find(place, key) else { return error.into() };
    let reader = place.to_string();
    let keys = places.series_keys(key);
    let used = columns.iter().find(|used| used.reader == reader && keys.contains(&used.key.as_str()));
    let of_file = step.zip(used).map_or_else(String::new, |(step, used)| format!(" ({})", used.column.place(step)));
    let message = error.to_string().replace(&format!("`{key}`"), &format!("`{written}`"));
    span.error(Problem::Wrong(message + &of_file))
}
