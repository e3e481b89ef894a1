//! Reader of CSV files with a time stamp in the first column and one number per cell.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::axis::format_stamp;
use super::stamp::{StampFault, StampReader};
use super::{SeriesError, TimeAxis, TimeWindow};

/// The columns of one CSV file on a regular time axis. An empty cell or the word `NaN` is a gap, stored as NaN; the
/// caller decides how to treat it.
#[derive(Debug, Clone)]
pub struct Frame {
    path: PathBuf,
    axis: TimeAxis,
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
    lines: Vec<u64>,
}

impl Frame {
    /// Reads `path`: a header, then rows of a time stamp and numbers, at one fixed step. Stamps with a UTC offset are
    /// converted to the offset of the first row, so that civil time with summer time becomes standard time.
    ///
    /// # Errors
    /// Any [`SeriesError`] that names a file: an unreadable or malformed file, a stamp that is missing, repeated or out
    /// of order, UTC offsets in some rows only, a cell that is not a number, two columns of the same name.
    pub fn read(path: &Path) -> Result<Self, SeriesError> {
        let file =
            std::fs::File::open(path).map_err(|source| SeriesError::Unreadable { path: path.to_owned(), source })?;
        Self::from_reader(path, file)
    }

    /// Reads a CSV file as [`Frame::read`] does, from any reader; messages name `path` as the file.
    ///
    /// # Errors
    /// As [`Frame::read`].
    pub fn from_reader(path: &Path, mut reader: impl std::io::Read) -> Result<Self, SeriesError> {
        let owned = || path.to_owned();
        let mut text = String::new();
        reader.read_to_string(&mut text).map_err(|source| SeriesError::Unreadable { path: owned(), source })?;
        // The CSV reader counts one line too few after Windows line ends.
        let text = text.replace("\r\n", "\n");
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let malformed = |error: ::csv::Error| SeriesError::Malformed { path: owned(), message: error.to_string() };
        let mut reader = ::csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let names: Vec<String> =
            reader.headers().map_err(malformed)?.iter().skip(1).map(|name| trimmed(name).to_owned()).collect();
        let mut seen = HashSet::new();
        if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(SeriesError::DuplicateColumn { path: owned(), column: name.clone() });
        }

        let mut clock = StampReader::default();
        let mut stamps: Vec<DateTime> = Vec::new();
        let mut lines = Vec::new();
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
        let mut record = ::csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(malformed)? {
            let line = record.position().map_or(0, ::csv::Position::line);
            let stamp = trimmed(record.get(0).unwrap_or_default());
            stamps.push(clock.read(stamp).map_err(|fault| {
                let (path, value) = (owned(), shown(stamp));
                match fault {
                    StampFault::Unreadable => SeriesError::Stamp { path, line, value },
                    StampFault::MixedOffsets => SeriesError::MixedOffsets { path, line, value },
                }
            })?);
            lines.push(line);
            for ((column, name), cell) in columns.iter_mut().zip(&names).zip(record.iter().skip(1).map(trimmed)) {
                column.push(number(cell).ok_or_else(|| SeriesError::Value {
                    path: owned(),
                    line,
                    column: name.clone(),
                    value: shown(cell),
                })?);
            }
        }
        let axis = regular_axis(path, &stamps, &lines, clock.utc_offset())?;
        Ok(Self { path: owned(), axis, names, columns, lines })
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the time axis of the file.
    #[must_use]
    pub fn axis(&self) -> &TimeAxis {
        &self.axis
    }

    /// Returns the names of the columns, in the file's order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the line number in the file of step `step`.
    #[must_use]
    pub fn line(&self, step: usize) -> u64 {
        self.lines[step]
    }

    /// Returns the values of the column `name`, gaps as NaN.
    ///
    /// # Errors
    /// [`SeriesError::MissingColumn`], with the columns of the file.
    pub fn column(&self, name: &str) -> Result<&[f64], SeriesError> {
        let position = self.names.iter().position(|known| known == name);
        position.map(|index| self.columns[index].as_slice()).ok_or_else(|| SeriesError::MissingColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            available: self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        })
    }

    /// Returns the first step and the number of steps of `window` in this file.
    ///
    /// # Errors
    /// [`SeriesError::NotCovered`] when the file does not cover the whole window.
    pub fn steps_within(&self, window: &TimeWindow) -> Result<(usize, usize), SeriesError> {
        let (first, count) = self.axis.steps_within(window);
        if count == 0 || !window.is_covered_by(&self.axis) {
            return Err(self.not_covered(window.to_string()));
        }
        Ok((first, count))
    }

    /// Returns the step of this file at which `axis` begins.
    ///
    /// # Errors
    /// [`SeriesError::OtherStep`], [`SeriesError::OtherOffset`] when both have a UTC offset, or
    /// [`SeriesError::NotCovered`].
    pub fn offset_of(&self, axis: &TimeAxis) -> Result<usize, SeriesError> {
        if axis.step_minutes() != self.axis.step_minutes() {
            return Err(SeriesError::OtherStep {
                path: self.path.clone(),
                found_minutes: self.axis.step_minutes(),
                expected_minutes: axis.step_minutes(),
            });
        }
        if let (Some(found), Some(expected)) = (self.axis.utc_offset(), axis.utc_offset())
            && found != expected
        {
            return Err(SeriesError::OtherOffset {
                path: self.path.clone(),
                found: found.to_string(),
                expected: expected.to_string(),
            });
        }
        let fits = |&offset: &usize| offset + axis.len() <= self.axis.len();
        self.axis
            .position(axis.stamp(0))
            .filter(fits)
            .ok_or_else(|| self.not_covered(format!("{} to before {}", axis.label(0), axis.label(axis.len()))))
    }

    fn not_covered(&self, window: String) -> SeriesError {
        SeriesError::NotCovered {
            path: self.path.clone(),
            first: self.axis.label(0),
            last: self.axis.label(self.axis.len().saturating_sub(1)),
            window,
        }
    }
}

/// Returns the text without leading and trailing spaces and tabs. Other white space is kept: a no-break space or a
/// Unicode space in a number is an invisible mistake, which has to end in an error that shows it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Returns a cell for a message, with every invisible character written as `\u{2000}`.
pub fn shown(cell: &str) -> String {
    let escaped = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        other => other.escape_debug().to_string(),
    };
    cell.chars().map(escaped).collect()
}

/// Parses a cell as a number; an empty cell or `NaN` is a gap. Returns `None` for any other text and for an infinite
/// number.
fn number(cell: &str) -> Option<f64> {
    if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

fn regular_axis(
    path: &Path,
    stamps: &[DateTime],
    lines: &[u64],
    utc_offset: Option<Offset>,
) -> Result<TimeAxis, SeriesError> {
    let [first, second, ..] = *stamps else {
        return Err(SeriesError::TooShort { path: path.to_owned(), rows: stamps.len() });
    };
    // The most common step among the first rows, so that a mistake there does not define the step.
    let differences: Vec<SignedDuration> =
        stamps.windows(2).take(24).map(|pair| pair[1].duration_since(pair[0])).collect();
    let count = |step: &SignedDuration| differences.iter().filter(|other| *other == step).count();
    let first_step = second.duration_since(first);
    let common = differences.iter().copied().max_by_key(|step| (count(step), *step == first_step));
    let step = common.unwrap_or(first_step);
    let clock = utc_offset.map_or_else(String::new, |offset| offset.to_string());
    let irregular = |row: usize, expected: DateTime, kind| SeriesError::Irregular {
        path: path.to_owned(),
        line: lines[row],
        found: format_stamp(stamps[row]) + &clock,
        expected: format_stamp(expected) + &clock,
        step_minutes: step.as_mins(),
        kind,
    };
    if step < SignedDuration::from_mins(1) {
        let kind = if step.is_zero() { "duplicate" } else { "out of order" };
        return Err(irregular(1, first.saturating_add(SignedDuration::from_hours(1)), kind));
    }
    let axis = TimeAxis::new(first, step.as_mins(), stamps.len()).at_utc_offset(utc_offset);
    for (row, &found) in stamps.iter().enumerate() {
        let expected = axis.stamp(row);
        if found != expected {
            let kind = match found {
                _ if stamps[..row].contains(&found) => "duplicate",
                _ if found > expected => "missing stamps before it",
                _ => "out of order",
            };
            return Err(irregular(row, expected, kind));
        }
    }
    Ok(axis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Frame, SeriesError> {
        Frame::from_reader(Path::new("demand.csv"), text.as_bytes())
    }

    #[test]
    fn reads_windows_line_ends_gaps_and_negative_zero() {
        let frame = read(",a,b\r\n2015-01-01 00:00:00,1,-0\r\n2015-01-01 01:00:00,,2.5\r\n").unwrap();
        assert_eq!(frame.names(), ["a", "b"]);
        assert_eq!(frame.axis().step_minutes(), 60);
        assert!(frame.column("a").unwrap()[1].is_nan());
        assert_eq!(frame.column("b").unwrap(), [0.0, 2.5]);
        assert_eq!(frame.line(1), 3);
    }

    #[test]
    fn an_error_names_file_and_line() {
        let row = |stamp: &str, value: &str| format!("{stamp},{value}\n");
        let good = format!("t,a\n{}{}", row("2015-01-01 00:00", "1"), row("2015-01-01 01:00", "2"));
        let cases = [
            (format!("{good}{}", row("2015-01-01 01:00", "3")), "demand.csv:4", "duplicate"),
            (format!("{good}{}", row("2015-01-01 03:00", "3")), "demand.csv:4", "missing stamps before it"),
            (format!("{good}{}", row("2014-01-01 03:00", "3")), "demand.csv:4", "out of order"),
            (format!("{good}{}", row("noon", "3")), "demand.csv:4", "`noon` is not a time stamp"),
            (format!("{good}{}", row("2015-01-01 02:00", "3,5x")), "demand.csv", "not a well-formed CSV"),
            (format!("{good}{}", row("2015-01-01 02:00", "5x")), "demand.csv:4", "`5x` is not a number"),
            (format!("{good}{}", row("2015-01-01 02:00", "inf")), "demand.csv:4", "`inf` is not a number"),
            ("t,a,a\n2015-01-01 00:00,1,1\n".to_owned(), "demand.csv:1", "two columns are named `a`"),
            ("t,a\n2015-01-01 00:00,1\n".to_owned(), "demand.csv", "at least two"),
            (String::new(), "demand.csv", "at least two"),
        ];
        for (text, place, what) in cases {
            let message = read(&text).unwrap_err().to_string();
            assert!(message.contains(place) && message.contains(what), "{text:?} gave: {message}");
        }
        let message = read(&good).unwrap().column("b").unwrap_err().to_string();
        assert!(message.contains("no column `b`; the file has `a`"), "{message}");
    }

    /// Returns every hour of 2019 as clocks in Central Europe showed it.
    fn european_2019() -> String {
        let (winter, summer) = (Offset::constant(1), Offset::constant(2));
        let change = |month, day| winter.to_timestamp(jiff::civil::date(2019, month, day).at(2, 0, 0, 0)).unwrap();
        let start = winter.to_timestamp(jiff::civil::date(2019, 1, 1).at(0, 0, 0, 0)).unwrap();
        let rows = (0..8760).map(|hour| {
            let moment = start + SignedDuration::from_hours(hour);
            let offset = if change(3, 31) <= moment && moment < change(10, 27) { summer } else { winter };
            format!("{}+{:02}:00,{hour}\n", offset.to_datetime(moment), offset.seconds() / 3600)
        });
        "t,x\n".to_owned() + &rows.collect::<String>()
    }

    #[test]
    fn a_year_with_summer_time_is_regular() {
        let text = european_2019();
        assert!(text.contains("2019-03-31T03:00:00+02:00,2138\n") && text.contains("2019-10-27T02:00:00+01:00,"));
        let frame = read(&text).unwrap();
        let year = TimeAxis::new(jiff::civil::date(2019, 1, 1).at(0, 0, 0, 0), 60, 8760);
        assert_eq!(frame.axis(), &year.at_utc_offset(Some(Offset::constant(1))));
        assert_eq!(frame.column("x").unwrap()[2138], 2138.0);

        let bare = text.replace("+01:00", "").replace("+02:00", "");
        let message = read(&bare).unwrap_err().to_string();
        assert!(message.contains("demand.csv:2140") && message.contains("2019-03-31 03:00:00"), "{message}");
        let message =
            read(&text.replacen("2019-07-01T12:00:00+02:00", "2019-07-01T12:00:00", 1)).unwrap_err().to_string();
        assert!(message.contains("`2019-07-01T12:00:00`") && message.contains("or none"), "{message}");
        let message = read(&text.replacen("2019-07-01T12:00:00+02:00", "2019-07-01T12:00:00Z", 1)).unwrap_err();
        assert!(message.to_string().contains("2019-07-01 13:00:00+01 where 2019-07-01 11:00:00+01"), "{message}");
    }

    #[test]
    fn files_of_other_utc_offsets_do_not_mix() {
        let (rome, utc, civil) = (
            read("t,a\n2015-01-01T00:00+01,1\n2015-01-01T01:00+01,2\n").unwrap(),
            read("t,a\n2015-01-01T00:00Z,1\n2015-01-01T01:00Z,2\n").unwrap(),
            read("t,a\n2015-01-01T00:00,1\n2015-01-01T01:00,2\n").unwrap(),
        );
        let message = utc.offset_of(rome.axis()).unwrap_err().to_string();
        assert!(message.contains("UTC+00") && message.contains("UTC+01"), "{message}");
        for frame in [&rome, &utc] {
            assert_eq!(frame.offset_of(civil.axis()).unwrap(), 0);
            assert_eq!(civil.offset_of(&frame.axis().slice(1, 1)).unwrap(), 1);
        }
    }

    #[test]
    fn only_spaces_and_tabs_around_a_cell_are_taken_away() {
        let frame = read("t , x\n 2015-01-01 00:00\t, 1 \n2015-01-01 01:00,\t2\n").unwrap();
        assert_eq!(frame.column("x").unwrap(), [1.0, 2.0]);
        for space in ['\u{a0}', '\u{2000}', '\u{200b}', '\u{3000}', '\u{feff}', '\u{c}', '\u{85}'] {
            for cell in [format!("0{space}"), format!("{space}0"), space.to_string()] {
                let message =
                    read(&format!("t,x\n2015-01-01 00:00,1\n2015-01-01 01:00,{cell}\n")).unwrap_err().to_string();
                let seen = space.escape_debug().to_string();
                assert!(seen.starts_with("\\u{") && message.contains(&seen), "{message}");
                assert!(message.contains("demand.csv:3: column `x`"), "{message}");
            }
            let message =
                read(&format!("t,x\n2015-01-01 00:00{space},1\n2015-01-01 01:00,2\n")).unwrap_err().to_string();
            assert!(message.contains("is not a time stamp"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_offsets_read_back_regular(quarters in proptest::collection::vec(-56i32..=56, 2..100), step in 1i64..1500) {
            let offsets: Vec<Offset> = quarters.iter().map(|count| Offset::from_seconds(count * 900).unwrap()).collect();
            let start = jiff::civil::date(2019, 12, 28).at(7, 5, 0, 0);
            let axis = TimeAxis::new(start, step, quarters.len()).at_utc_offset(Some(offsets[0]));
            let mut text = String::from("t,x\n");
            for (row, offset) in offsets.iter().enumerate() {
                let moment = offset.to_datetime(offsets[0].to_timestamp(axis.stamp(row)).unwrap());
                let (sign, minutes) = (if offset.is_negative() { '-' } else { '+' }, quarters[row].abs() * 15);
                text.push_str(&format!("{moment}{sign}{:02}:{:02},{row}\n", minutes / 60, minutes % 60));
            }
            let frame = read(&text).unwrap();
            prop_assert_eq!(frame.axis(), &axis);
        }

        #[test]
        fn written_values_are_read_back(values in proptest::collection::vec(-1e9f64..1e9, 2..200), step in 1i64..180) {
            let start = jiff::civil::date(2016, 2, 28).at(12, 0, 0, 0);
            let axis = TimeAxis::new(start, step, values.len());
            let mut text = String::from("timestamp,x\n");
            for (row, value) in values.iter().enumerate() {
                text.push_str(&format!("{},{value}\n", axis.label(row)));
            }
            let frame = read(&text).unwrap();
            prop_assert_eq!(frame.axis(), &axis);
            prop_assert_eq!(frame.column("x").unwrap(), values.as_slice());
        }

        #[test]
        fn no_text_panics(text in "[-0-9:, a\"\n]{0,200}|\\PC{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn no_stamps_panic(
            rows in proptest::collection::vec("(-00)?(0000|9999|2015)-(01|12)-(01|31)[T ][0-2]{2}:[0-5]{2}(Z|[-+][012]{2})?,1\n", 2..5),
        ) {
            if let Ok(frame) = read(&("t,a\n".to_owned() + &rows.concat())) {
                let _ = frame.steps_within(&TimeWindow::single("2015").unwrap());
            }
        }
    }
}
