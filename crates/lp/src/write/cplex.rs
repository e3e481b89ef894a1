//! The LP format of CPLEX, readable by people and solvers.

use std::io::{self, BufWriter, Write};

use super::{NamedProblem, number};
use crate::StagedProblem;

/// Number of terms on one line of a file.
const TERMS_A_LINE: usize = 6;

/// Writes `problem` in the LP format of CPLEX. A row with two limits becomes two rows, since not every reader supports
/// ranges.
///
/// # Errors
/// When writing fails, or the problem has more entries than 32-bit indices can number.
pub fn write_lp(problem: &StagedProblem, out: &mut impl Write) -> io::Result<()> {
    let named = NamedProblem::new(problem)?;
    let mut out = BufWriter::new(out);
    writeln!(out, "\\ {}: {} stages", problem.name().replace(['\n', '\r'], " "), problem.stages())?;
    writeln!(out, "Minimize")?;
    // Readers know only the columns that they have seen: one that is in no limited row is listed in the objective, if
    // at no cost.
    let limited =
        |(row, _): (usize, f64)| named.matrix.row_lower[row].is_finite() || named.matrix.row_upper[row].is_finite();
    let stands = |column: &usize| named.matrix.costs[*column] != 0.0 || !named.column(*column).any(limited);
    let costs = (0..named.columns.len()).filter(stands).map(|column| (column, named.matrix.costs[column]));
    sum(&named, "cost", costs, &mut out)?;
    quadratic(&named, &mut out)?;
    writeln!(out, "\nSubject To")?;
    rows(&named, &mut out)?;
    bounds(&named, &mut out)?;
    writeln!(out, "End")?;
    out.flush()
}

/// Writes the sum `name: + 2 x - 3 y`, over as many lines as needed.
fn sum(
    named: &NamedProblem<'_>,
    name: &str,
    terms: impl Iterator<Item = (usize, f64)>,
    out: &mut impl Write,
) -> io::Result<()> {
    write!(out, " {name}:")?;
    let mut count = 0;
    for (column, value) in terms {
        if count > 0 && count % TERMS_A_LINE == 0 {
            write!(out, "\n  ")?;
        }
        count += 1;
        let sign = if value < 0.0 { '-' } else { '+' };
        write!(out, " {sign} {} {}", number(value.abs()), named.columns[column])?;
    }
    match named.columns.first() {
        // The format does not allow an empty sum.
        Some(first) if count == 0 => write!(out, " 0 {first}"),
        _ => Ok(()),
    }
}

/// Writes the quadratic costs; nothing if there are none.
fn quadratic(named: &NamedProblem<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut terms = named.quadratic().enumerate().peekable();
    if terms.peek().is_none() {
        return Ok(());
    }
    write!(out, " + [")?;
    for (index, (column, q)) in terms {
        if index > 0 && index % TERMS_A_LINE == 0 {
            write!(out, "\n  ")?;
        }
        let plus = if index == 0 { "" } else { " +" };
        write!(out, "{plus} {} {} ^2", number(q), named.columns[column])?;
    }
    write!(out, " ] / 2")
}

/// Writes the rows that have a limit.
fn rows(named: &NamedProblem<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut terms: Vec<Vec<(usize, f64)>> = vec![Vec::new(); named.rows.len()];
    for column in 0..named.columns.len() {
        for (row, value) in named.column(column) {
            terms[row].push((column, value));
        }
    }
    for ((name, terms), (&lower, &upper)) in
        named.rows.iter().zip(&terms).zip(named.matrix.row_lower.iter().zip(&named.matrix.row_upper))
    {
        let mut row = |name: &str, relation: &str, side: f64| {
            sum(named, name, terms.iter().copied(), out)?;
            writeln!(out, " {relation} {}", number(side))
        };
        match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => row(name, "=", lower)?,
            (true, true) => {
                row(&format!("{name}_least"), ">=", lower)?;
                row(&format!("{name}_most"), "<=", upper)?;
            }
            (true, false) => row(name, ">=", lower)?,
            (false, true) => row(name, "<=", upper)?,
            (false, false) => {}
        }
    }
    Ok(())
}

/// Writes the section of the bounds other than 0..inf.
fn bounds(named: &NamedProblem<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Bounds")?;
    let bounds = named.matrix.lower.iter().zip(&named.matrix.upper);
    for (name, (&lower, &upper)) in named.columns.iter().zip(bounds) {
        match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => writeln!(out, " {name} = {}", number(lower))?,
            (false, false) => writeln!(out, " {name} free")?,
            (false, true) => writeln!(out, " -inf <= {name} <= {}", number(upper))?,
            (true, true) => writeln!(out, " {} <= {name} <= {}", number(lower), number(upper))?,
            (true, false) if lower != 0.0 => writeln!(out, " {name} >= {}", number(lower))?,
            (true, false) => {}
        }
    }
    Ok(())
}
