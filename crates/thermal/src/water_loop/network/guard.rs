//! Temperatures that cannot be: the maximum principle of water that mixes, rests against its surroundings and passes machines.
//!
//! Water in a pipe ends between the least and the greatest temperature of what it met. A balancing unit warms water no further than to its
//! least temperature or its source, and cools it likewise. No node is warmer than the warmest of the start, the surroundings and what
//! transfers gave. An answer that breaks one of these is refused ([`FlowError::Impossible`]), whatever has computed it.

use super::FlowError;
use super::design::{Effect, Keep};
use super::parcels::Passed;

/// A pipe that is flushed is solved as a whole, which is exact for its heat and for its course up to this share of all differences.
const COURSE: f64 = 0.02;
/// Rounding and the solution of coupled units, K.
const ROUNDING_K: f64 = 1e-3;

/// Place in a network at which water has a temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaterPlace {
    /// In or behind this pipe.
    Pipe(usize),
    /// Behind this transfer.
    Transfer(usize),
    /// At this node.
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

/// Refuses temperatures (degrees Celsius) outside of `met_c`, and those that are no numbers.
fn within(place: WaterPlace, span_c: [f64; 2], met_c: [f64; 2], spare_k: f64) -> Result<(), FlowError> {
    let [low_c, high_c] = met_c;
    let refuse = |temp_c| Err(FlowError::Impossible { place, temp_c, low_c, high_c });
    let range = low_c - spare_k..=high_c + spare_k;
    // A range contains no number that is none.
    span_c.into_iter().find(|temp_c| !range.contains(temp_c)).map_or(Ok(()), refuse)
}

/// Refuses a pipe whose water, wall (`span_c`) or outlet is outside of what it met.
pub(super) fn pipe(pipe: usize, passed: &Passed, span_c: [f64; 2]) -> Result<(), FlowError> {
    let [low_c, high_c] = passed.met_c;
    let spare_k = ROUNDING_K + COURSE * (high_c - low_c);
    within(WaterPlace::Pipe(pipe), [passed.outlet_c; 2], passed.met_c, spare_k)?;
    within(WaterPlace::Pipe(pipe), span_c, passed.met_c, spare_k)
}

/// Refuses a balancing unit that brings water from `taken_c` to `given_c` although that is neither where it should be brought nor on the way.
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

/// Refuses nodes outside of all that has met in the network.
pub(super) fn nodes(nodes_c: &[f64], met_c: [f64; 2]) -> Result<(), FlowError> {
    let spare_k = ROUNDING_K + COURSE * (met_c[1] - met_c[0]);
    let mut checked = nodes_c.iter().enumerate();
    checked.try_for_each(|(node, temp_c)| within(WaterPlace::Node(node), [*temp_c; 2], met_c, spare_k))
}
