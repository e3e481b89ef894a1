//! Columns of `loop_temperature.csv`: the loop temperature at the beginning of each step and at the end of the last
//! step, one column per iteration, beside [`TIMESTAMP`](super::TIMESTAMP).

/// Returns the name of the column of an iteration (from 0), degrees Celsius: `iteration_0_c`.
#[must_use]
pub fn iteration_c(iteration: usize) -> String {
    format!("iteration_{iteration}_c")
}
