//! Reader of result tables: named columns of numbers or text.

use std::fs::File;
use std::path::Path;

use anergy_data::schema::columns::TIMESTAMP;

use super::ReportError;
use super::axis::Axis;

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
enum Cells {
    Number(Vec<f64>),
    Text(Vec<String>),
}

/// A table read from a CSV file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    names: Vec<String>,
    columns: Vec<Cells>,
    rows: usize,
}

impl Cells {
    fn push(&mut self, cell: &str) {
        match self {
            Self::Text(cells) => cells.push(cell.to_owned()),
            Self::Number(cells) if cell.is_empty() => cells.push(f64::NAN),
            Self::Number(cells) => match cell.parse() {
                Ok(number) => cells.push(number),
                Err(_) => {
                    // The cells so far were numbers or empty: the shortest text of a number is the text that was read.
                    let text = |number: &f64| if number.is_nan() { String::new() } else { number.to_string() };
                    let mut texts: Vec<String> = cells.iter().map(text).collect();
                    texts.push(cell.to_owned());
                    *self = Self::Text(texts);
                }
            },
        }
    }
}

/// Returns the line of a row in the file, from 1; the header is line 1.
fn line_of(row: usize) -> u64 {
    row as u64 + 2
}

impl Frame {
    /// Reads a CSV file; returns `None` if it does not exist.
    ///
    /// # Errors
    /// [`ReportError::Io`], [`ReportError::Table`] with the line whose number of cells differs from the header.
    pub fn read(path: &Path) -> Result<Option<Self>, ReportError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ReportError::Io { path: path.to_owned(), source }),
        };
        Self::parse(file, path).map(Some)
    }

    /// Parses a table; errors name `path` as the file.
    ///
    /// # Errors
    /// [`ReportError::Table`].
    pub fn parse(text: impl std::io::Read, path: &Path) -> Result<Self, ReportError> {
        let failed = |line: u64, message: String| ReportError::Table { path: path.to_owned(), line, message };
        let of_csv = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            failed(line, error.to_string())
        };
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 17).from_reader(text);
        let names: Vec<String> = reader.headers().map_err(of_csv)?.iter().map(str::to_owned).collect();
        let mut columns: Vec<Cells> = names.iter().map(|_| Cells::Number(Vec::new())).collect();
        let mut record = csv::StringRecord::new();
        let mut rows = 0;
        while reader.read_record(&mut record).map_err(of_csv)? {
            columns.iter_mut().zip(record.iter()).for_each(|(column, cell)| column.push(cell));
            rows += 1;
        }
        Ok(Self { names, columns, rows })
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn column(&self, name: &str) -> Option<&Cells> {
        self.names.iter().position(|known| known == name).map(|index| &self.columns[index])
    }

    /// Returns a column of numbers, with NaN for empty cells; `None` for a column of text or an unknown name.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.column(name)? {
            Cells::Number(cells) => Some(cells),
            Cells::Text(_) => None,
        }
    }

    /// Returns the cells of a column as text; `None` for an unknown name.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        Some(match self.column(name)? {
            Cells::Text(cells) => cells.clone(),
            Cells::Number(cells) => {
                cells.iter().map(|cell| if cell.is_nan() { String::new() } else { cell.to_string() }).collect()
            }
        })
    }

    /// Returns the columns of numbers with their names.
    pub fn all_numbers(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.names().zip(&self.columns).filter_map(|(name, column)| match column {
            Cells::Number(cells) => Some((name, cells.as_slice())),
            Cells::Text(_) => None,
        })
    }

    /// Returns the time axis of its column [`TIMESTAMP`]; errors name `path` as the file.
    ///
    /// # Errors
    /// [`ReportError::Table`] with the line where the stamps are not evenly spaced.
    pub fn axis(&self, path: &Path) -> Result<Axis, ReportError> {
        let found = match self.column(TIMESTAMP) {
            Some(Cells::Text(stamps)) => Axis::of(stamps),
            _ => Err(0),
        };
        found.map_err(|row| {
            let message =
                format!("expected a column `{TIMESTAMP}` of evenly spaced time stamps, as 2015-01-31 13:00:00");
            ReportError::Table { path: path.to_owned(), line: line_of(row), message }
        })
    }

    /// Checks that columns whose names end in one of `units` contain only finite numbers.
    ///
    /// # Errors
    /// [`ReportError::Table`] with the line, the column and the text of the cell.
    pub fn check_numbers(&self, path: &Path, units: &[&str]) -> Result<(), ReportError> {
        for (name, column) in self.names.iter().zip(&self.columns) {
            if !units.iter().any(|unit| name.ends_with(unit)) {
                continue;
            }
            let wrong = match column {
                Cells::Number(cells) => {
                    cells.iter().position(|cell| !cell.is_finite()).map(|row| (row, "no finite number".to_owned()))
                }
                Cells::Text(cells) => cells
                    .iter()
                    .position(|cell| !cell.parse::<f64>().is_ok_and(f64::is_finite))
                    .map(|row| (row, format!("`{}`", cells[row]))),
            };
            if let Some((row, found)) = wrong {
                let message = format!("{found} in column `{name}`; expected a number");
                return Err(ReportError::Table { path: path.to_owned(), line: line_of(row), message });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use anergy_data::results::{Column, Table};

    fn parse(text: &str) -> Frame {
        Frame::parse(text.as_bytes(), Path::new("a.csv")).unwrap()
    }

    #[test]
    fn a_column_is_numeric_if_all_cells_are() {
        let frame = parse("a,b,c\n1,,x\n,2.5,3\n7,none,4\n");
        let a = frame.numbers("a").unwrap();
        assert!(a[0] == 1.0 && a[1].is_nan() && a[2] == 7.0);
        assert_eq!(frame.texts("b").unwrap(), ["", "2.5", "none"]);
        assert_eq!(frame.texts("c").unwrap(), ["x", "3", "4"]);
        assert_eq!((frame.numbers("b"), frame.numbers("none"), frame.rows()), (None, None, 3));
    }

    #[test]
    fn a_truncated_row_is_an_error_with_its_line() {
        let error = Frame::parse("a,b\n1,2\n3\n".as_bytes(), Path::new("a.csv")).unwrap_err();
        assert!(error.to_string().starts_with("a.csv:3:"), "{error}");
    }

    proptest! {
        #[test]
        fn tables_read_back_as_they_were_written(
            values in proptest::collection::vec(proptest::num::f64::NORMAL, 1..40),
            name in "[^\r\n\u{feff}]{1,12}",
        ) {
            let mut table = Table::default();
            table.push(name.clone(), Column::Number(values.clone()));
            let frame = Frame::parse(table.to_csv().as_slice(), Path::new("a.csv")).unwrap();
            prop_assert_eq!(frame.numbers(&name).unwrap(), values.as_slice());
        }
    }
}
