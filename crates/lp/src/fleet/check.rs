//! Checks of shapes and numbers.

use anergy_profile::Profile;

use super::FleetError;

/// The element that is checked, and the number of steps of its series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked<'a> {
    pub(super) owner: &'a str,
    pub(super) stages: usize,
}

impl Checked<'_> {
    /// Checks a size.
    pub(super) fn size(self, what: &str, expected: usize, found: usize) -> Result<(), FleetError> {
        if expected == found {
            return Ok(());
        }
        Err(FleetError::Shape { owner: self.owner.to_owned(), what: what.to_owned(), expected, found })
    }

    /// Checks that numbers without steps are finite.
    pub(super) fn finite<'n>(self, what: &str, mut numbers: impl Iterator<Item = &'n f64>) -> Result<(), FleetError> {
        numbers.find(|number| !number.is_finite()).map_or(Ok(()), |&value| Err(self.not_finite(what, None, value)))
    }

    fn steps(self, what: &str, profile: &Profile) -> Result<(), FleetError> {
        let found = profile.steps().unwrap_or(self.stages);
        self.size(&format!("the series of {what}"), self.stages, found)
    }

    fn not_finite(self, what: &str, stage: Option<usize>, value: f64) -> FleetError {
        FleetError::NotFinite { owner: self.owner.to_owned(), what: what.to_owned(), stage, value }
    }
}

/// Checks length and numbers of a series.
pub(super) fn check_finite(checked: Checked<'_>, what: &str, profile: &Profile) -> Result<(), FleetError> {
    checked.steps(what, profile)?;
    match (0..checked.stages).find(|&stage| !profile.at(stage).is_finite()) {
        Some(stage) => Err(checked.not_finite(what, Some(stage), profile.at(stage))),
        None => Ok(()),
    }
}

/// Checks length, numbers and order of a pair of bounds. A lower bound may be `-inf`, an upper one `inf`.
pub(super) fn check_range(
    checked: Checked<'_>,
    what: &str,
    lower: &Profile,
    upper: &Profile,
) -> Result<(), FleetError> {
    checked.steps(&format!("the lower bound of {what}"), lower)?;
    checked.steps(&format!("the upper bound of {what}"), upper)?;
    for stage in 0..checked.stages {
        let (lower, upper) = (lower.at(stage), upper.at(stage));
        if lower.is_nan() || lower == f64::INFINITY {
            return Err(checked.not_finite(&format!("the lower bound of {what}"), Some(stage), lower));
        }
        if upper.is_nan() || upper == f64::NEG_INFINITY {
            return Err(checked.not_finite(&format!("the upper bound of {what}"), Some(stage), upper));
        }
        if lower > upper {
            let (owner, what) = (checked.owner.to_owned(), what.to_owned());
            return Err(FleetError::BoundsCrossed { owner, what, stage, lower, upper });
        }
    }
    Ok(())
}

/// Checks the price of a slack.
pub(super) fn check_price(checked: Checked<'_>, what: &str, price: Option<&Profile>) -> Result<(), FleetError> {
    let Some(price) = price else { return Ok(()) };
    check_finite(checked, &format!("the price of {what}"), price)?;
    match (0..checked.stages).find(|&stage| price.at(stage) < 0.0) {
        Some(stage) => Err(FleetError::NegativePrice {
            owner: checked.owner.to_owned(),
            what: what.to_owned(),
            stage,
            price: price.at(stage),
        }),
        None => Ok(()),
    }
}
