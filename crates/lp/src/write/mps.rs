//! The free MPS format, as read by CPLEX, Gurobi, HiGHS, CBC and SCIP.

use std::io::{self, BufWriter, Write};

use super::{NamedProblem, number};
use crate::StagedProblem;

/// Writes `problem` as a free MPS file. Quadratic costs form a `QUADOBJ` section: the lower triangle of Q in 1/2 x'Qx.
///
/// # Errors
/// When writing fails, or the problem has more entries than 32-bit indices can number.
pub fn write_mps(problem: &StagedProblem, out: &mut impl Write) -> io::Result<()> {
    let named = NamedProblem::new(problem)?;
    let mut out = BufWriter::new(out);
    writeln!(out, "* {}: {} stages", problem.name().replace(['\n', '\r'], " "), problem.stages())?;
    // Some readers guess the format line by line without the keyword `FREE`.
    writeln!(out, "NAME anergy FREE")?;
    writeln!(out, "ROWS")?;
    writeln!(out, " N cost")?;
    for (row, name) in named.rows.iter().enumerate() {
        writeln!(out, " {} {name}", kind(&named, row))?;
    }
    columns(&named, &mut out)?;
    right_sides(&named, &mut out)?;
    bounds(&named, &mut out)?;
    let mut quadratic = named.quadratic().peekable();
    if quadratic.peek().is_some() {
        writeln!(out, "QUADOBJ")?;
    }
    for (column, q) in quadratic {
        let name = &named.columns[column];
        writeln!(out, " {name} {name} {}", number(q))?;
    }
    writeln!(out, "ENDATA")?;
    out.flush()
}

/// Returns the kind of a row: equality (`E`), upper limit (`L`), lower limit (`G`) or no limit (`N`). A row with two
/// limits is an `L` with a range.
fn kind(named: &NamedProblem<'_>, row: usize) -> char {
    let (lower, upper) = (named.matrix.row_lower[row], named.matrix.row_upper[row]);
    match (lower.is_finite(), upper.is_finite()) {
        _ if lower == upper => 'E',
        (_, true) => 'L',
        (true, false) => 'G',
        (false, false) => 'N',
    }
}

/// Writes the section of the columns with their costs and entries.
fn columns(named: &NamedProblem<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "COLUMNS")?;
    for (column, name) in named.columns.iter().enumerate() {
        let (cost, mut entries) = (named.matrix.costs[column], named.column(column).peekable());
        // A column without entries is declared by its cost, even if the cost is zero.
        if cost != 0.0 || entries.peek().is_none() {
            writeln!(out, " {name} cost {}", number(cost))?;
        }
        for (row, value) in entries {
            writeln!(out, " {name} {} {}", named.rows[row], number(value))?;
        }
    }
    Ok(())
}

/// Writes the sections of right-hand sides and ranges.
fn right_sides(named: &NamedProblem<'_>, out: &mut impl Write) -> io::Result<()> {
    let ranges = || named.rows.iter().zip(named.matrix.row_lower.iter().zip(&named.matrix.row_upper));
    writeln!(out, "RHS")?;
    for (name, (&lower, &upper)) in ranges() {
        let side = if upper.is_finite() { upper } else { lower };
        if side.is_finite() && side != 0.0 {
            writeln!(out, " rhs {name} {}", number(side))?;
        }
    }
    writeln!(out, "RANGES")?;
    for (name, (&lower, &upper)) in ranges() {
        if lower.is_finite() && upper.is_finite() && lower != upper {
            writeln!(out, " range {name} {}", number(upper - lower))?;
        }
    }
    Ok(())
}

/// Writes the section of the bounds other than 0..inf.
fn bounds(named: &NamedProblem<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "BOUNDS")?;
    let bounds = named.matrix.lower.iter().zip(&named.matrix.upper);
    for (name, (&lower, &upper)) in named.columns.iter().zip(bounds) {
        if lower == upper {
            writeln!(out, " FX bound {name} {}", number(lower))?;
            continue;
        }
        match (lower.is_finite(), upper.is_finite()) {
            (false, false) => writeln!(out, " FR bound {name}")?,
            (false, true) => writeln!(out, " MI bound {name}")?,
            // Some readers assume no lower bound for a negative upper bound, unless a lower bound is given.
            (true, _) if lower != 0.0 || upper < 0.0 => writeln!(out, " LO bound {name} {}", number(lower))?,
            (true, _) => {}
        }
        if upper.is_finite() {
            writeln!(out, " UP bound {name} {}", number(upper))?;
        }
    }
    Ok(())
}
