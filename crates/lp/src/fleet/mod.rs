//! Fleets: many units with small linear dynamics and bounded inputs, which share rows and columns in every step.
//!
//! Clusters of buildings, energy communities and virtual power plants have this form. A unit is given by matrices and
//! bounds:
//!
//! ```text
//! x_t = A x_(t-1) + B u_t + w_t        states at the end of step t; x before the first step is given, or cyclic
//! y_t = c x_t + d_t u_t + offset_t     outputs, each within bounds, hard or at a price
//! lower_t <= u_t <= upper_t            inputs, with a cost in each step
//! ```
//!
//! [`SharedRow`]s couple inputs and outputs of units with [`SharedColumn`]s (import, use of photovoltaics) and
//! [`PeakColumn`]s. [`Fleet::solve`] writes the staged linear program of all, solves it with a backend, and gives back
//! the values and duals by unit and shared row, with the certificate of the linear program.
//!
//! Three properties make fleets cheap. The staged solver eliminates units first, so that its effort grows with the number
//! of units only linearly. Units in modal form ([`Unit::modal`]) have scalar dynamics. Equal units are solved as one
//! ([`Fleet::with_pool`]).
//!
//! The bounds of inputs and outputs imply bounds of the states, which the linear program gets slightly widened: no state
//! is a free column, and none of these bounds binds. A state that nothing bounds is refused
//! ([`FleetError::UnboundedState`]).
//!
//! # Example
//!
//! Three buildings with one state each are kept at 20 to 22 degrees Celsius while it is 0 degrees outside. A cap limits
//! the sum of their heating powers in the second step, so that they preheat in the first one. The dual of the cap tells
//! what one more kilowatt would save.
//!
//! ```
//! use anergy_lp::Staged;
//! use anergy_lp::fleet::{Dynamics, Fleet, Initial, Input, Output, SharedRow, Unit};
//! use ndarray::array;
//!
//! # fn main() -> Result<(), anergy_lp::fleet::FleetError> {
//! let mut fleet = Fleet::new("three buildings", 3);
//! let cap = fleet.add_row(SharedRow::at_most("cap", vec![30.0, 5.0, 30.0]))?;
//! for building in 0..3 {
//!     let heating = Input {
//!         name: "heating".into(),
//!         lower: 0.0.into(),
//!         upper: 10.0.into(),
//!         cost: 0.2.into(), // EUR per kW and step
//!     };
//!     // The building keeps 90 % of its temperature; 1 kW warms it by 1 K in a step.
//!     let (dynamics, initial) = (Dynamics::diagonal(vec![0.9]), Initial::Given(vec![20.0]));
//!     let unit = Unit::new(format!("building {building}"), dynamics, array![[1.0]], initial, vec![heating])
//!         .with_output(Output::of_states("temperature", vec![1.0], 20.0, 22.0));
//!     let unit = fleet.add_unit(unit)?;
//!     fleet.set_input_term(cap, unit, 0, 1.0)?;
//! }
//! let solution = fleet.solve(&Staged::default())?;
//!
//! // Each building needs 2 kW in every step, 6 kW in sum; 1 kW is replaced by 1 / 0.9 kW a step earlier.
//! assert!((solution.row_sums[[0, 1]] - 5.0).abs() < 1e-6);
//! assert!((solution.row_sums[[0, 0]] - (6.0 + 1.0 / 0.9)).abs() < 1e-6);
//! assert!(solution.units.iter().all(|unit| unit.outputs.iter().all(|&temp_c| temp_c > 20.0 - 1e-6)));
//! let price_of_cap = solution.row_duals.map(|duals| -duals[[0, 1]]);
//! assert!(price_of_cap.is_some_and(|price| (price - (0.2 / 0.9 - 0.2)).abs() < 1e-6));
//! // Equal buildings were solved as one.
//! assert_eq!(solution.solved_units, 1);
//! # Ok(())
//! # }
//! ```

mod build;
mod check;
mod dynamics;
mod error;
mod form;
mod implied_bounds;
mod model;
mod shared;
mod solution;
mod solve;
#[cfg(test)]
mod tests;
mod unit;

pub use dynamics::Dynamics;
pub use error::FleetError;
pub use model::Fleet;
pub use shared::{PeakColumn, PeakColumnId, SharedColumn, SharedColumnId, SharedRow, SharedRowId, UnitId};
pub use solution::{FleetSolution, UnitSolution};
pub use solve::FleetSolver;
pub use unit::{Initial, Input, Output, Unit};
