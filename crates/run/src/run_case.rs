//! Runs of a case.

use anergy_config::Case;
use anergy_cosim::coupling::{Journal, Observer};
use anergy_cosim::participants::PricedPlan;
use anergy_cosim::{CosimError, CosimResult, converge};
use anergy_lp::{Backend, StagedProblem};

/// Runs a case: a dispatch without a loop, or dispatch and loop in alternation.
///
/// # Errors
/// [`CosimError`] when no plan exists, the solver fails, or a COP is not positive.
pub fn run_case(
    case: &Case,
    backend: &'static dyn Backend,
    observer: &mut dyn Observer,
) -> Result<CosimResult, CosimError> {
    converge::run(&case.district, case.coupled.as_ref(), backend, observer)
}

/// Runs a case with the checkpoints of a journal, and writes a checkpoint of every new iteration to it.
///
/// # Errors
/// As [`run_case`], and when the journal cannot be used.
pub fn run_case_with_journal(
    case: &Case,
    backend: &'static dyn Backend,
    journal: &mut dyn Journal<PricedPlan>,
    observer: &mut dyn Observer,
) -> Result<CosimResult, CosimError> {
    converge::run_with_journal(&case.district, case.coupled.as_ref(), backend, journal, observer)
}

/// Returns the LP that [`run_case`] solves first, at the initial COPs.
#[must_use]
pub fn first_problem(case: &Case) -> StagedProblem {
    converge::first_problem(&case.district, case.coupled.as_ref())
}
