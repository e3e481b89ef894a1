//! A case, run to its end.

use anergy_config::Case;
use anergy_cosim::coupling::{Journal, Observer};
use anergy_cosim::participants::PricedPlan;
use anergy_cosim::{CosimError, CosimResult, converge};
use anergy_lp::{Backend, StagedProblem};

/// Runs a case: a plain dispatch, or dispatch and loop in turn.
///
/// # Errors
/// [`CosimError`] when there is no plan, the solver fails, or a COP is not positive.
pub fn run_case(
    case: &Case,
    backend: &'static dyn Backend,
    observer: &mut dyn Observer,
) -> Result<CosimResult, CosimError> {
    converge::run(&case.district, case.coupled.as_ref(), backend, observer)
}

/// Runs a case with the iterations that a journal holds of an earlier run, and writes its own iterations to it.
///
/// # Errors
/// As [`run_case`], and when the journal is of no use.
pub fn run_case_with_journal(
    case: &Case,
    backend: &'static dyn Backend,
    journal: &mut dyn Journal<PricedPlan>,
    observer: &mut dyn Observer,
) -> Result<CosimResult, CosimError> {
    converge::run_with_journal(&case.district, case.coupled.as_ref(), backend, journal, observer)
}

/// Returns the LP that [`run_case`] solves first: at the COPs that its dispatch begins with.
#[must_use]
pub fn first_problem(case: &Case) -> StagedProblem {
    converge::first_problem(&case.district, case.coupled.as_ref())
}
