//! Check of temperatures by the maximum principle of water that mixes, exchanges heat with its surroundings and
//! passes machines.
//!
//! Water in a pipe ends between the lowest and the highest temperature that it met. A balancing unit heats water no
//! further than to its lowest outlet temperature or its source, and cools it likewise. No node is warmer than the
//! maximum of the initial state, the surroundings and the outlets of transfers. A result that violates one of these
//! bounds is refused ([`FlowError::Impossible`]), whichever method has computed it.

use super::FlowError;
use super::design::{Effect, Keep};
use super::parcels::PartResult;

/// Tolerance for a flushed pipe, as a share of all differences: it is solved as a whole, which is exact for its heat,
/// and for its temperature profile up to this share.
const COURSE: f64 = 0.02;
/// Tolerance for rounding and for the solution of coupled units, K.
const ROUNDING_K: f64 = 1e-3;

/// The place in a network at which water has a temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaterPlace {
    /// In a pipe or at its outlet.
    Pipe(usize),
    /// At the outlet of a transfer.
    Transfer(usize),
    /// At a node.
    Node(usize),
}

impl std::fmt::Display for WaterPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pipe(pipe) => write!(formatter, "in pipe {pipe}"),
            Self::Transfer(transfer) => write!(formatter, "behind transfer {transfer}"),
            Self::Node(node) => write!(formatter, "at node {node}"),
        }
    }
}

/// Returns an error for temperatures (degrees Celsius) outside `met_c`, and for NaN.
fn within(place: WaterPlace, span_c: [f64; 2], met_c: [f64; 2], spare_k: f64) -> Result<(), FlowError> {
    let [low_c, high_c] = met_c;
    let refuse = |temp_c| Err(FlowError::Impossible { place, temp_c, low_c, high_c });
    let range = low_c - spare_k..=high_c + spare_k;
    // A range does not contain NaN.
    span_c.into_iter().find(|temp_c| !range.contains(temp_c)).map_or(Ok(()), refuse)
}

/// Checks that a pipe's water and wall (`span_c`) and its outlet are within the temperatures that they met.
pub(super) fn pipe(pipe: usize, passed: &PartResult, span_c: [f64; 2]) -> Result<(), FlowError> {
    let [low_c, high_c] = passed.met_c;
    let spare_k = ROUNDING_K + COURSE * (high_c - low_c);
    within(WaterPlace::Pipe(pipe), [passed.outlet_c; 2], passed.met_c, spare_k)?;
    within(WaterPlace::Pipe(pipe), span_c, passed.met_c, spare_k)
}

/// Checks that a balancing unit with the inlet temperature `taken_c` has an outlet temperature `given_c` between the
/// inlet's and its set-point or source.
pub(super) fn transfer(transfer: usize, effect: &Effect, taken_c: f64, given_c: f64) -> Result<(), FlowError> {
    let towards_c = match effect {
        Effect::Heat(_) if taken_c.is_finite() && given_c.is_finite() => given_c,
        Effect::Heat(_) => taken_c,
        Effect::Outlet(outlet_c) => *outlet_c,
        Effect::Exchange { with_c, .. } => *with_c,
        Effect::Keep(Keep { low_c, .. }) if given_c > taken_c => low_c.max(taken_c),
        Effect::Keep(Keep { high_c, .. }) => high_c.min(taken_c),
    };
    let met_c = [taken_c.min(towards_c), taken_c.max(towards_c)];
    within(WaterPlace::Transfer(transfer), [given_c; 2], met_c, ROUNDING_K * (1.0 + taken_c.abs()))
}

/// Checks that the nodes are within the range of all temperatures in the network.
pub(super) fn nodes(nodes_c: &[f64], met_c: [f64; 2]) -> Result<(), FlowError> {
    let spare_k = ROUNDING_K + COURSE * (met_c[1] - met_c[0]);
    let mut checked = nodes_c.iter().enumerate();
    checked.try_for_each(|(node, temp_c)| within(WaterPlace::Node(node), [*temp_c; 2], met_c, spare_k))
}
