//! Tables of named columns of equal length.

use std::io::Write;

use jiff::civil::DateTime;

use crate::series::format_stamp;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Text.
    Text(Vec<String>),
    /// Numbers; NaN is written as an empty cell.
    Number(Vec<f64>),
    /// Numbers with three decimals, for tables that must be small; NaN is written as an empty cell.
    Fixed(Vec<f64>),
    /// Counts.
    Count(Vec<usize>),
    /// Moments in local standard time, written to the second: `2015-01-31 13:00:00`.
    Time(Vec<DateTime>),
}

impl Column {
    /// Returns the number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) | Self::Fixed(values) => values.len(),
            Self::Count(values) => values.len(),
            Self::Time(values) => values.len(),
        }
    }

    /// Returns whether the column has no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn write(&self, row: usize, cell: &mut String) {
        use std::fmt::Write as _;
        cell.clear();
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Text(values) => write!(cell, "{}", values[row]),
            Self::Number(values) | Self::Fixed(values) if values[row].is_nan() => Ok(()),
            // The shortest text that reads back as the same number; minus zero is zero.
            Self::Number(values) => write!(cell, "{}", values[row] + 0.0),
            Self::Fixed(values) => write!(cell, "{:.3}", values[row]),
            Self::Count(values) => write!(cell, "{}", values[row]),
            Self::Time(values) => write!(cell, "{}", format_stamp(values[row])),
        };
    }
}

/// A table of named columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

impl Table {
    /// Appends a column.
    ///
    /// # Panics
    /// If its length differs from that of the other columns.
    pub fn push(&mut self, name: impl Into<String>, column: Column) {
        if let Some((_, first)) = self.columns.first() {
            assert_eq!(column.len(), first.len(), "columns of a table are equally long");
        }
        self.columns.push((name.into(), column));
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Returns the columns in order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// Returns the columns in order and consumes the table.
    #[must_use]
    pub fn into_columns(self) -> Vec<(String, Column)> {
        self.columns
    }

    /// Writes the table as CSV: a header, then one line per row; numbers in full precision.
    ///
    /// # Errors
    /// Any error of `writer`.
    pub fn write_csv(&self, writer: impl Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(self.columns.iter().map(|(name, _)| name))?;
        self.write_rows(&mut writer)?;
        writer.flush()?;
        Ok(())
    }

    /// Writes the rows without a header, for a CSV file that consists of several tables.
    ///
    /// # Errors
    /// Any error of `writer`.
    pub fn write_rows(&self, writer: &mut csv::Writer<impl Write>) -> Result<(), csv::Error> {
        let mut cell = String::new();
        for row in 0..self.rows() {
            for (_, column) in &self.columns {
                column.write(row, &mut cell);
                writer.write_field(&cell)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    /// Returns the table as CSV.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail, and every row has one field per column.
        let written = self.write_csv(&mut bytes);
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_with_special_characters_are_quoted() {
        let mut table = Table::default();
        table.push("a, \"b\"", Column::Text(vec!["x,y".into(), "plain".into()]));
        table.push("n", Column::Number(vec![-0.0, f64::NAN]));
        table.push("k", Column::Count(vec![1, 2]));
        table.push("t", Column::Time([9, 21].map(|hour| jiff::civil::date(2015, 1, 31).at(hour, 5, 0, 0)).to_vec()));
        let text = String::from_utf8(table.to_csv()).unwrap();
        let rows = "\"x,y\",0,1,2015-01-31 09:05:00\nplain,,2,2015-01-31 21:05:00\n";
        assert_eq!(text, format!("\"a, \"\"b\"\"\",n,k,t\n{rows}"));
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_they_were(values in proptest::collection::vec(proptest::num::f64::NORMAL, 1..50)) {
            let mut table = Table::default();
            table.push("x", Column::Number(values.clone()));
            let bytes = table.to_csv();
            let read: Vec<f64> = csv::Reader::from_reader(bytes.as_slice()).deserialize().map(|row| row.unwrap()).collect();
            prop_assert_eq!(read, values);
        }
    }
}
