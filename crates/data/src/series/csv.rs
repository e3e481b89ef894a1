//! Reader of CSV files with a time stamp in the first column and one number per cell.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;

use super::axis::format_stamp;
use super::stamp::{StampFault, StampReader};
use super::text::{decode, separator};
use super::{SeriesError, TimeAxis, TimeWindow};

/// The columns of one CSV file on a regular time axis. An empty cell, the word `NaN`, and every cell of a row that is
/// missing is a gap, stored as NaN; the caller decides how to treat it.
#[derive(Debug, Clone)]
pub struct Frame {
    path: PathBuf,
    axis: TimeAxis,
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
    /// The line of each step; of a missing row that of the row after it.
    lines: Vec<u64>,
    /// The first missing row, and the number of them.
    missing: Option<(Irregularity, usize)>,
    spelling: Spelling,
}

/// The spelling of the cells of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spelling {
    separator: u8,
    /// The lines of the first cells with a decimal comma and with a decimal point.
    first_comma: Option<u64>,
    first_point: Option<u64>,
}

impl Frame {
    /// Reads `path`: a header, then rows of a time stamp and numbers, at one fixed step. Stamps with a UTC offset are
    /// converted to the offset of the first row, so that civil time with summer time becomes standard time.
    ///
    /// # Errors
    /// Any [`SeriesError`] that names a file: an unreadable or malformed file, a stamp that is missing, repeated or out
    /// of order, UTC offsets in some rows only, a cell that is not a number, two columns of the same name.
    pub fn read(path: &Path) -> Result<Self, SeriesError> {
        let bytes = crate::input::read(path, crate::input::MOST_SERIES_BYTES);
        let bytes = bytes.map_err(|source| SeriesError::Unreadable { path: path.to_owned(), source })?;
        let frame = Self::from_bytes(path, bytes)?;
        frame.check_complete()?;
        Ok(frame)
    }

    /// Reads the bytes of a CSV file as [`Frame::read`] does, except that rows may be missing (see
    /// [`Frame::check_complete`]); messages name `path` as the file.
    ///
    /// The text is UTF-8, or UTF-16 with a byte-order mark. Cells are separated by commas, semicolons or tabs; with
    /// semicolons and tabs, numbers may have a decimal comma.
    ///
    /// # Errors
    /// As [`Frame::read`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, SeriesError> {
        let owned = || path.to_owned();
        let mut text = decode(path, bytes)?;
        if text.contains("\r\n") {
            // The CSV reader counts one line too few after Windows line ends.
            text = text.replace("\r\n", "\n");
        }
        let malformed = |error: ::csv::Error| SeriesError::Malformed { path: owned(), message: error.to_string() };
        let mut spelling = Spelling { separator: separator(&text), first_comma: None, first_point: None };
        let mut reader = ::csv::ReaderBuilder::new().delimiter(spelling.separator).from_reader(text.as_bytes());
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
                    StampFault::Unreadable => SeriesError::Stamp { path, line, hint: stamp_hint(stamp), value },
                    StampFault::MixedOffsets => SeriesError::MixedOffsets { path, line, value },
                }
            })?);
            lines.push(line);
            for ((column, name), cell) in columns.iter_mut().zip(&names).zip(record.iter().skip(1).map(trimmed)) {
                let wrong =
                    |hint| SeriesError::Value { path: owned(), line, column: name.clone(), value: shown(cell), hint };
                column.push(spelling.number(cell, line).ok_or_else(|| wrong(cell_hint(cell)))?);
                if spelling.is_ambiguous() {
                    return Err(wrong("; the file has decimal points and decimal commas"));
                }
            }
        }
        let (axis, missing) = regular_axis(path, &stamps, &lines, clock.utc_offset())?;
        let mut frame = Self { path: owned(), axis, names, columns, lines, missing, spelling };
        if frame.missing.is_some() {
            frame.insert_missing(&stamps);
        }
        Ok(frame)
    }

    /// Reads a CSV file as [`Frame::read`] does, from any reader; messages name `path` as the file.
    ///
    /// # Errors
    /// As [`Frame::read`].
    pub fn from_reader(path: &Path, mut reader: impl std::io::Read) -> Result<Self, SeriesError> {
        let mut bytes = Vec::new();
        let read = reader.read_to_end(&mut bytes);
        read.map_err(|source| SeriesError::Unreadable { path: path.to_owned(), source })?;
        let frame = Self::from_bytes(path, bytes)?;
        frame.check_complete()?;
        Ok(frame)
    }

    /// Inserts gaps in place of missing rows, so that each step has a row.
    fn insert_missing(&mut self, stamps: &[DateTime]) {
        let rows: Vec<usize> = stamps.iter().filter_map(|&stamp| self.axis.position(stamp)).collect();
        let mut lines = vec![0; self.axis.len()];
        let mut next = 0;
        for (step, line) in lines.iter_mut().enumerate() {
            while next + 1 < rows.len() && rows[next] < step {
                next += 1;
            }
            *line = self.lines[next];
        }
        self.lines = lines;
        for column in &mut self.columns {
            let mut values = vec![f64::NAN; self.axis.len()];
            for (&row, &value) in rows.iter().zip(column.iter()) {
                values[row] = value;
            }
            *column = values;
        }
    }

    /// Checks that no row is missing.
    ///
    /// # Errors
    /// [`SeriesError::Irregular`] with the first missing row.
    pub fn check_complete(&self) -> Result<(), SeriesError> {
        self.missing.as_ref().map_or(Ok(()), |(first, _)| Err(first.error(&self.path)))
    }

    /// Returns the number of missing rows, and a hint at their cause where the first of them has a usual one.
    #[must_use]
    pub fn missing_rows(&self) -> Option<(usize, Option<&'static str>)> {
        self.missing.as_ref().map(|(first, rows)| (*rows, first.hint()))
    }

    /// Returns how the file is spelled where that is not the usual way, for a note.
    #[must_use]
    pub fn spelling(&self) -> Option<String> {
        let separator = match self.spelling.separator {
            b';' => "semicolons between its cells",
            b'\t' => "tabs between its cells",
            _ => return None,
        };
        let comma = self.spelling.first_comma.map(|line| format!(" and decimal commas (first in line {line})"));
        Some(format!("is read with {separator}{}", comma.unwrap_or_default()))
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
    /// [`SeriesError::NotCovered`] when the file does not cover the whole window; [`SeriesError::WindowOffset`] when
    /// the window has a UTC offset and the file has none.
    pub fn steps_within(&self, window: &TimeWindow) -> Result<(usize, usize), SeriesError> {
        let window = &window.on_clock(self.axis.utc_offset(), &self.path)?;
        let (first, count) = self.axis.steps_within(window);
        if count == 0 || !window.is_covered_by(&self.axis) {
            return Err(self.not_covered(window.to_string()));
        }
        Ok((first, count))
    }

    /// Returns the step of this file at which `axis` begins.
    ///
    /// # Errors
    /// [`SeriesError::OtherStep`], [`SeriesError::OtherOffset`] when the axis has another UTC offset, or
    /// [`SeriesError::NotCovered`].
    pub fn offset_of(&self, axis: &TimeAxis) -> Result<usize, SeriesError> {
        if axis.step_minutes() != self.axis.step_minutes() {
            return Err(SeriesError::OtherStep {
                path: self.path.clone(),
                found_minutes: self.axis.step_minutes(),
                expected_minutes: axis.step_minutes(),
            });
        }
        // The axis of a window without a file has no known offset.
        if axis.utc_offset().is_some() {
            self.check_clock(axis.utc_offset())?;
        }
        let fits = |&offset: &usize| offset + axis.len() <= self.axis.len();
        self.axis
            .position(axis.stamp(0))
            .filter(fits)
            .ok_or_else(|| self.not_covered(format!("{} to before {}", axis.label(0), axis.label(axis.len()))))
    }

    /// Checks that the stamps of this file have the UTC offset `expected`; `None` for stamps without one.
    ///
    /// # Errors
    /// [`SeriesError::OtherOffset`].
    pub fn check_clock(&self, expected: Option<Offset>) -> Result<(), SeriesError> {
        let found = self.axis.utc_offset();
        if found == expected {
            return Ok(());
        }
        let told = |offset: Option<Offset>| match offset {
            Some(offset) => format!("begin in the time of UTC{offset}"),
            None => "have no UTC offset".to_owned(),
        };
        Err(SeriesError::OtherOffset { path: self.path.clone(), found: told(found), expected: told(expected) })
    }

    fn not_covered(&self, window: String) -> SeriesError {
        SeriesError::NotCovered {
            path: self.path.clone(),
            first: self.axis.label(0),
            end: self.axis.label(self.axis.len()),
            step_minutes: self.axis.step_minutes(),
            window,
        }
    }
}

/// Returns the text without leading and trailing spaces and tabs. Other white space is kept: a no-break space or a
/// Unicode space in a number is an invisible mistake, which has to end in an error that shows it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Returns the beginning of a cell for a message, with every invisible character written as `\u{2000}`.
pub fn shown(cell: &str) -> String {
    let escaped = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        other => other.escape_debug().to_string(),
    };
    crate::input::beginning(cell).chars().map(escaped).collect()
}

impl Spelling {
    /// Parses the cell of line `line` as a number; an empty cell or `NaN` is a gap. Returns `None` for any other text
    /// and for an infinite number. Where a comma does not separate cells, it is a decimal comma.
    fn number(&mut self, cell: &str, line: u64) -> Option<f64> {
        if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
            return Some(f64::NAN);
        }
        let value: Option<f64> = if self.separator == b',' {
            cell.parse().ok()
        } else {
            let (comma, point) = (cell.contains(','), cell.contains('.'));
            if point {
                self.first_point.get_or_insert(line);
            }
            if comma {
                self.first_comma.get_or_insert(line);
            }
            // Both in one cell: one of them separates thousands.
            if comma && point { None } else { cell.replace(',', ".").parse().ok() }
        };
        value.filter(|value| value.is_finite())
    }

    /// Returns whether some numbers have a decimal comma and others a decimal point: one of them may separate
    /// thousands.
    fn is_ambiguous(&self) -> bool {
        self.first_comma.is_some() && self.first_point.is_some()
    }
}

/// Returns an advice for a cell that is not a number; empty without one.
fn cell_hint(cell: &str) -> &'static str {
    let of_number = |sign: char| sign.is_ascii_digit() || matches!(sign, '.' | ',' | '-' | '\'' | ' ');
    match () {
        () if cell.starts_with('#') || matches!(cell, "NA" | "N/A" | "n/a" | "null" | "-" | "None") => {
            "; a gap is an empty cell or `NaN`, and `fill` says what stands in for it"
        }
        () if cell.starts_with(|sign: char| sign.is_ascii_digit() || sign == '-') && cell.chars().all(of_number) => {
            "; write numbers without separators of thousands and with a decimal point"
        }
        () => "",
    }
}

/// Returns an advice for a text that is not a time stamp; empty without one.
fn stamp_hint(stamp: &str) -> &'static str {
    let first = stamp.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = first.split(['.', '/', '-']).collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [day, month, year] if year.len() == 4 && digits(day) && digits(month) && digits(year) => {
            " (which of the first two numbers is the month, a file does not say: write the year first)"
        }
        [number] | [number, _] if digits(number) && number.len() == 5 => {
            " (is it the serial number of a spreadsheet? format the column as yyyy-mm-dd hh:mm:ss)"
        }
        [number] if digits(number) && number.len() < 4 => {
            " (is the first column an index? the time stamps have to come first)"
        }
        _ => "",
    }
}

/// A row that is not the next step.
#[derive(Debug, Clone)]
struct Irregularity {
    line: u64,
    found: DateTime,
    expected: DateTime,
    utc_offset: Option<Offset>,
    step: SignedDuration,
    kind: &'static str,
}

const DUPLICATE: &str = "duplicate";
const MISSING: &str = "missing stamps before it";

impl Irregularity {
    fn error(&self, path: &Path) -> SeriesError {
        let clock = self.utc_offset.map_or_else(String::new, |offset| offset.to_string());
        let fill = "`fill` of the columns that are read fills missing rows too";
        SeriesError::Irregular {
            path: path.to_owned(),
            line: self.line,
            found: format_stamp(self.found) + &clock,
            expected: format_stamp(self.expected) + &clock,
            step_minutes: self.step.as_mins(),
            kind: self.kind,
            hint: self.hint().or((self.kind == MISSING).then_some(fill)),
        }
    }

    /// Returns the usual cause of such a row, with an advice.
    fn hint(&self) -> Option<&'static str> {
        let hour = SignedDuration::from_hours(1);
        let (moment, gap) = match self.kind {
            MISSING => (self.expected, self.found.duration_since(self.expected)),
            _ => (self.found, self.expected.duration_since(self.found)),
        };
        let months: &[i8] = if self.kind == MISSING { &[3, 4, 9, 10] } else { &[3, 4, 10, 11] };
        let at_night = moment.weekday() == Weekday::Sunday && moment.hour() <= 3 && months.contains(&moment.month());
        match self.kind {
            MISSING if (moment.month(), moment.day()) == (2, 29) && gap == 24 * hour => Some(
                "29 February was left out: put it back, let `fill` fill it, or give the rows the stamps of a year \
                 without one",
            ),
            MISSING if at_night && gap == hour && self.utc_offset.is_none() => Some(
                "does summer time begin there? write the stamps in standard time all year, or with their UTC offset, \
                 as in 2019-03-31T03:00:00+02:00",
            ),
            DUPLICATE if at_night && gap == hour && self.utc_offset.is_none() => Some(
                "does summer time end there? write the stamps in standard time all year, or with their UTC offset, as \
                 in 2019-10-27T02:00:00+01:00",
            ),
            _ => None,
        }
    }
}

/// Returns the axis of a file, and its first missing row with the number of them. There may be as many missing rows as
/// there are rows.
fn regular_axis(
    path: &Path,
    stamps: &[DateTime],
    lines: &[u64],
    utc_offset: Option<Offset>,
) -> Result<(TimeAxis, Option<(Irregularity, usize)>), SeriesError> {
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
    let irregular = |row: usize, expected: DateTime, kind| {
        let (line, found) = (lines[row], stamps[row]);
        Irregularity { line, found, expected, utc_offset, step, kind }
    };
    if step <= SignedDuration::ZERO {
        let kind = if step.is_zero() { DUPLICATE } else { "out of order" };
        return Err(irregular(1, first.saturating_add(SignedDuration::from_hours(1)), kind).error(path));
    }
    if step.as_secs() % 60 != 0 || step.subsec_nanos() != 0 {
        let (path, line) = (path.to_owned(), lines[1]);
        return Err(SeriesError::NoWholeMinutes { path, line, step_seconds: step.as_secs_f64() });
    }
    let mut missing: Option<(Irregularity, usize)> = None;
    let mut expected = first;
    for (row, &found) in stamps.iter().enumerate() {
        let beyond = found.duration_since(expected);
        if !beyond.is_zero() {
            let kind = match () {
                () if stamps[..row].contains(&found) => DUPLICATE,
                () if beyond.is_positive() => MISSING,
                () => "out of order",
            };
            let irregularity = irregular(row, expected, kind);
            let seconds = step.as_secs();
            let rows = usize::try_from(beyond.as_secs() / seconds).unwrap_or(0);
            let known = missing.as_ref().map_or(0, |(_, rows)| *rows);
            let whole = beyond.as_secs() % seconds == 0 && beyond.subsec_nanos() == 0;
            if kind != MISSING || !whole || known + rows > stamps.len() {
                return Err(missing.map_or(irregularity, |(first, _)| first).error(path));
            }
            missing = Some((missing.map_or(irregularity, |(first, _)| first), known + rows));
        }
        expected = found.saturating_add(step);
    }
    let rows = stamps.len() + missing.as_ref().map_or(0, |(_, rows)| *rows);
    Ok((TimeAxis::new(first, step.as_mins(), rows).at_utc_offset(utc_offset), missing))
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
            (format!("{good}{}", row("2015-01-01 02:00", "#N/A")), "demand.csv:4", "`fill`"),
            (format!("{good}{}", row("2015-01-01 02:00", "\"1,000.0\"")), "demand.csv:4", "thousands"),
            (format!("{good}{}", row("31/01/2015 02:00", "3")), "demand.csv:4", "write the year first"),
            (format!("{good}{}", row("43570.0", "3")), "demand.csv:4", "serial number"),
            (format!("{good}{}", row("0", "3")), "demand.csv:4", "an index"),
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
            let message = civil.offset_of(frame.axis()).unwrap_err().to_string();
            assert!(message.contains("have no UTC offset"), "{message}");
            assert!(frame.check_clock(None).is_err() && frame.check_clock(frame.axis().utc_offset()).is_ok());
            let unknown = frame.axis().at_utc_offset(None);
            assert_eq!(frame.offset_of(&unknown.slice(1, 1)).unwrap(), 1);
        }
    }

    #[test]
    fn semicolons_go_with_decimal_commas() {
        let frame = read("t;a;b\n2015-01-01 00:00;1,5;-0,25\n2015-01-01 01:00;2;\n").unwrap();
        assert_eq!((frame.column("a").unwrap(), frame.column("b").unwrap()[0]), (&[1.5, 2.0][..], -0.25));
        assert!(frame.spelling().unwrap().contains("decimal commas (first in line 2)"));
        let frame = read("t\ta\n2015-01-01 00:00\t1.5\n2015-01-01 01:00\t2e3\n").unwrap();
        assert_eq!(frame.column("a").unwrap(), [1.5, 2000.0]);
        assert!(read("t,a\n2015-01-01 00:00,1.5\n2015-01-01 01:00,2\n").unwrap().spelling().is_none());
        for cell in ["1.000,5", "1.000"] {
            let message = read(&format!("t;a\n2015-01-01 00:00;1,5\n2015-01-01 01:00;{cell}\n")).unwrap_err();
            assert!(message.to_string().contains("demand.csv:3: column `a`"), "{message}");
        }
    }

    #[test]
    fn missing_rows_are_gaps_for_those_who_fill_them() {
        let text = "t,a\n2015-01-01 00:00,1\n2015-01-01 01:00,2\n2015-01-01 04:00,5\n2015-01-01 05:00,6\n";
        let frame = Frame::from_bytes(Path::new("demand.csv"), text.into()).unwrap();
        assert_eq!((frame.axis().len(), frame.missing_rows()), (6, Some((2, None))));
        let values = frame.column("a").unwrap();
        assert!(values[2].is_nan() && values[3].is_nan() && values[4..] == [5.0, 6.0]);
        assert_eq!((0..6).map(|step| frame.line(step)).collect::<Vec<_>>(), [2, 3, 4, 4, 4, 5]);
        let message = frame.check_complete().unwrap_err().to_string();
        assert!(message.contains("demand.csv:4") && message.contains("missing stamps") && message.contains("`fill`"));
        // More missing rows than rows are a mistake in a stamp, and so is a row between two steps.
        for last in ["2019-01-01 00:00", "2015-01-01 02:30"] {
            let text = format!("t,a\n2015-01-01 00:00,1\n2015-01-01 01:00,2\n{last},5\n");
            assert!(Frame::from_bytes(Path::new("demand.csv"), text.into()).is_err(), "{last}");
        }
    }

    #[test]
    fn usual_causes_of_irregular_rows_are_named() {
        let hours = |rows: &[&str]| {
            let rows: String = rows.iter().map(|stamp| format!("{stamp},1\n")).collect();
            read(&format!("t,a\n{rows}")).unwrap_err().to_string()
        };
        let spring = hours(&["2019-03-31 00:00", "2019-03-31 01:00", "2019-03-31 03:00", "2019-03-31 04:00"]);
        assert!(spring.contains("summer time begin"), "{spring}");
        let autumn = hours(&["2019-10-27 01:00", "2019-10-27 02:00", "2019-10-27 02:00", "2019-10-27 03:00"]);
        assert!(autumn.contains("duplicate") && autumn.contains("summer time end"), "{autumn}");
        let leap = hours(&["2024-02-28 22:00", "2024-02-28 23:00", "2024-03-01 00:00", "2024-03-01 01:00"]);
        assert!(leap.contains("29 February was left out"), "{leap}");
        let quick = hours(&["2024-01-01 00:00:00", "2024-01-01 00:00:30", "2024-01-01 00:01:00"]);
        assert!(quick.contains("demand.csv:3") && quick.contains("30 s") && quick.contains("minute"), "{quick}");
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
