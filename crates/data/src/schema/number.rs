//! Numbers of `summary.json` that may not be finite: JSON cannot represent them, so they are written as `null`.

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a number; `null` is read as NaN.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

/// Reads a list of numbers; `null` is read as NaN.
pub(super) fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let read = Vec::<Option<f64>>::deserialize(from)?;
    Ok(read.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// Reads a lower and an upper bound; `null` is read as minus or plus infinity, that is, no bound.
pub(super) fn bounds<'de, D: Deserializer<'de>>(from: D) -> Result<[f64; 2], D::Error> {
    let read = Vec::<Option<f64>>::deserialize(from)?;
    let [low, high] = read[..] else {
        return Err(D::Error::invalid_length(read.len(), &"a lower and an upper bound"));
    };
    Ok([low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)])
}

/// Returns NaN, for a number that an older version did not write.
pub(super) fn not_a_number() -> f64 {
    f64::NAN
}
