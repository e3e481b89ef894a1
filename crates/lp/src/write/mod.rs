//! Export of a staged problem as a file for other solvers, so that a solution can be checked independently.

mod cplex;
mod mps;

pub use cplex::write_lp;
pub use mps::write_mps;

use std::collections::HashSet;
use std::io;

use anergy_profile::Profile;

use super::{ColumnId, Matrix, StagedProblem};

/// A problem as a matrix with unique names: `site_technology_t12` for stage 12 of a column or row, `limit_all` for a
/// global one.
struct NamedProblem<'a> {
    problem: &'a StagedProblem,
    matrix: Matrix,
    columns: Vec<String>,
    rows: Vec<String>,
}

impl<'a> NamedProblem<'a> {
    /// Lays out `problem` and names its columns and rows.
    fn new(problem: &'a StagedProblem) -> io::Result<Self> {
        let matrix =
            Matrix::new(problem).ok_or_else(|| io::Error::other("more entries than 32-bit indices tell apart"))?;
        let columns = problem.columns().iter().map(|column| column.name.as_str());
        let global_columns = problem.global_columns().iter().map(|column| column.name.as_str());
        let rows = problem.rows().iter().map(|row| row.name.as_str());
        let global_rows = problem.global_rows().iter().map(|row| row.name.as_str());
        Ok(Self {
            columns: names(columns, global_columns, problem.stages()),
            rows: names(rows, global_rows, problem.stages()),
            matrix,
            problem,
        })
    }

    /// Returns rows and values of the entries of a column.
    fn column(&self, column: usize) -> impl Iterator<Item = (usize, f64)> {
        let entry = |index: i32| usize::try_from(index).unwrap_or_default();
        let entries = entry(self.matrix.starts[column])..entry(self.matrix.starts[column + 1]);
        entries.map(move |index| (entry(self.matrix.rows[index]), self.matrix.values[index]))
    }

    /// Returns column and q of the quadratic costs that are not zero.
    fn quadratic(&self) -> impl Iterator<Item = (usize, f64)> {
        let pattern = self.problem.columns().len();
        let curved = (0..pattern).filter(|&index| *self.problem.quadratic(ColumnId(index)) != Profile::Constant(0.0));
        let curved: Vec<usize> = curved.collect();
        let all = (0..self.problem.stages()).flat_map(move |stage| curved.clone().into_iter().map(move |c| (stage, c)));
        let of = move |(stage, column)| (stage * pattern + column, self.problem.quadratic(ColumnId(column)).at(stage));
        all.map(of).filter(|(_, q)| *q != 0.0)
    }
}

/// Returns the names of all stages, then the global names, in the order of [`Matrix`].
fn names<'a>(
    pattern: impl Iterator<Item = &'a str>,
    globals: impl Iterator<Item = &'a str>,
    stages: usize,
) -> Vec<String> {
    let mut known = HashSet::new();
    let pattern: Vec<String> = pattern.map(|name| unique(name, &mut known)).collect();
    // Names of stages and global names differ in their suffixes, so they cannot collide.
    let mut known = HashSet::new();
    let globals = globals.map(|name| unique(name, &mut known) + "_all").collect::<Vec<_>>();
    let staged = (0..stages).flat_map(|stage| pattern.iter().map(move |name| format!("{name}_t{stage}")));
    staged.chain(globals).collect()
}

/// Returns a name of letters, digits and underscores that is not in `known`, and adds it. The name begins with a letter
/// or an underscore, but not like an exponent (`e1`), which readers would take for a number.
fn unique(name: &str, known: &mut HashSet<String>) -> String {
    let mut plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let exponent = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'e' | 'E'));
    let after_e = plain.strip_prefix(['e', 'E']);
    if plain.is_empty() || plain.starts_with(|c: char| c.is_ascii_digit()) || after_e.is_some_and(exponent) {
        plain.insert(0, '_');
    }
    let mut name = plain.clone();
    let mut count = 1;
    while !known.insert(name.clone()) {
        count += 1;
        name = format!("{plain}_{count}");
    }
    name
}

/// Formats a number with the fewest digits that read back as the same value.
fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-4..1e12).contains(&size) { format!("{value}") } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_problems::every_kind;

    #[test]
    fn names_are_plain_and_unique() {
        let pattern = ["Zürich heat pump", "Z_rich heat_pump", "e1", "2 x", "", "a_t1"];
        let names = names(pattern.into_iter(), ["a", "a all"].into_iter(), 12);
        assert_eq!(
            names[..6],
            ["Z_rich_heat_pump_t0", "Z_rich_heat_pump_2_t0", "_e1_t0", "_2_x_t0", "__t0", "a_t1_t0"]
        );
        assert_eq!(names[72..], ["a_all", "a_all_all"]);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn numbers_read_back_as_they_were() {
        for value in [0.0, -1.5, 1e-7, 0.1 + 0.2, 123_456_789.125, 1e300, -2.5e-300, f64::MIN_POSITIVE] {
            assert_eq!(number(value).parse::<f64>(), Ok(value));
            assert!(number(value).len() < 26);
        }
    }

    #[test]
    fn every_kind_of_row_and_bound_is_written() {
        let mut mps = Vec::new();
        write_mps(&every_kind(), &mut mps).unwrap();
        assert_eq!(String::from_utf8(mps).unwrap(), include_str!("../../../../tests/instances/every_kind.mps"));
        let mut lp = Vec::new();
        write_lp(&every_kind(), &mut lp).unwrap();
        assert_eq!(String::from_utf8(lp).unwrap(), include_str!("../../../../tests/instances/every_kind.lp"));
    }

    /// Tests that the program `cbc`, where it is installed, and the linked library find the same objective.
    #[cfg(feature = "cbc")]
    mod solved {
        use super::super::*;
        use crate::test_problems::{capacity_and_limit, district, every_kind};
        use crate::{Backend, Cbc, Solution};

        type Writer = fn(&StagedProblem, &mut dyn io::Write) -> io::Result<()>;

        #[test]
        fn other_solvers_find_the_same_objective() {
            if std::process::Command::new("cbc").arg("-quit").output().is_err() {
                eprintln!("SKIPPED: the program `cbc` is not installed (Debian: coinor-cbc)");
                return;
            }
            let mut globals = capacity_and_limit(24);
            globals.set_quadratic(ColumnId(2), 0.0);
            let mut every_kind = every_kind();
            every_kind.set_quadratic(ColumnId(0), 0.0);
            let cops = (0..24).map(|hour| 3.0 + 0.1 * f64::from(hour % 7)).collect();
            let demand = (0..24).map(|hour| f64::from(hour * 5 % 13)).collect();
            let writers: [(&str, Writer); 2] = [
                ("mps", |problem, mut out| write_mps(problem, &mut out)),
                ("lp", |problem, mut out| write_lp(problem, &mut out)),
            ];
            for problem in [globals, every_kind, district(cops, demand)] {
                let mut solution = Solution::zeros(&problem);
                Cbc.prepare(&problem).unwrap().solve(&problem, &mut solution).unwrap();
                for (extension, write) in writers {
                    let found = objective_of_file(&problem, extension, write);
                    let difference = (found - solution.objective).abs();
                    assert!(difference <= 1e-7 * solution.objective.abs(), "{found} {}", solution.objective);
                }
            }
        }

        fn objective_of_file(problem: &StagedProblem, extension: &str, write: Writer) -> f64 {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(format!("problem.{extension}"));
            write(problem, &mut std::fs::File::create(&file).unwrap()).unwrap();
            let answer = folder.path().join("answer.txt");
            let output = std::process::Command::new("cbc").arg(&file).args(["solve", "solution"]).arg(&answer).output();
            let said = output.unwrap();
            let answer = std::fs::read_to_string(answer).unwrap_or_default();
            // Optimal - objective value 12.34500000
            let head = answer.lines().next().unwrap_or_default();
            let value = head.strip_prefix("Optimal - objective value").map(str::trim);
            let value = value.unwrap_or_else(|| panic!("{head}\n{}", String::from_utf8_lossy(&said.stdout)));
            value.parse().unwrap()
        }
    }
}
