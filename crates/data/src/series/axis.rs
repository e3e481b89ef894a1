//! Regular time axes and windows of time.

use std::fmt;
use std::path::Path;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{SignedDuration, ToSpan};

use super::SeriesError;

/// A regular time axis in local standard time: `len` steps of `step_minutes` from `start`. Its offset from UTC is known
/// only if the time stamps it was read from have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeAxis {
    start: DateTime,
    step_minutes: i64,
    len: usize,
    utc_offset: Option<Offset>,
}

impl TimeAxis {
    /// Creates an axis of `len` steps of `step_minutes` (> 0) from `start`.
    #[must_use]
    pub fn new(start: DateTime, step_minutes: i64, len: usize) -> Self {
        debug_assert!(step_minutes > 0, "a time step is positive");
        Self { start, step_minutes, len, utc_offset: None }
    }

    /// Returns the axis with the offset from UTC `offset`; `None` where it is not known.
    #[must_use]
    pub fn at_utc_offset(self, offset: Option<Offset>) -> Self {
        Self { utc_offset: offset, ..self }
    }

    /// Returns the offset from UTC; `None` where it is not known.
    #[must_use]
    pub fn utc_offset(&self) -> Option<Offset> {
        self.utc_offset
    }

    /// Returns the clock of the time stamps, like `UTC+01:00`; `None` where it is not known.
    #[must_use]
    pub fn clock(&self) -> Option<String> {
        let minutes = self.utc_offset?.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        Some(format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60))
    }

    /// Returns the number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the length of a step, minutes.
    #[must_use]
    pub fn step_minutes(&self) -> i64 {
        self.step_minutes
    }

    /// Returns the length of a step, hours.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a step has far fewer than 2^52 minutes")]
    pub fn step_hours(&self) -> f64 {
        self.step_minutes as f64 / 60.0
    }

    /// Returns the moment at which step `step` begins; for `len()` the end of the last step.
    #[must_use]
    pub fn stamp(&self, step: usize) -> DateTime {
        let minutes = i64::try_from(step).unwrap_or(i64::MAX).saturating_mul(self.step_minutes);
        self.start.saturating_add(SignedDuration::from_mins(minutes))
    }

    /// Returns the time stamp of step `step` as written in result files, `2015-01-31 13:00:00`.
    #[must_use]
    pub fn label(&self, step: usize) -> String {
        format_stamp(self.stamp(step))
    }

    /// Returns the step that begins at `moment`; `None` if there is none.
    #[must_use]
    pub fn position(&self, moment: DateTime) -> Option<usize> {
        let minutes = moment.duration_since(self.start).as_mins();
        (minutes >= 0 && minutes % self.step_minutes == 0)
            .then(|| usize::try_from(minutes / self.step_minutes).ok())
            .flatten()
            .filter(|&step| step < self.len && self.stamp(step) == moment)
    }

    /// Returns the first step that begins within `window`, and the number of such steps.
    #[must_use]
    pub fn steps_within(&self, window: &TimeWindow) -> (usize, usize) {
        let first = (0..self.len).position(|step| self.stamp(step) >= window.from).unwrap_or(self.len);
        let count = (first..self.len).take_while(|&step| self.stamp(step) < window.to).count();
        (first, count)
    }

    /// Returns the part of this axis of `count` steps from step `first`.
    #[must_use]
    pub fn slice(&self, first: usize, count: usize) -> Self {
        Self { start: self.stamp(first), len: count, ..*self }
    }
}

/// Returns a time stamp as written in every result file and message.
pub fn format_stamp(moment: DateTime) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A half-open window of time, `from <= t < to`.
///
/// It is built from dates; a partial date is the whole of its period, so `2015-01-01` to `2015-12-31` is the whole year
/// and `2015-01` alone is January. Moments may have UTC offsets; dates are those of the clock of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    from: DateTime,
    to: DateTime,
    /// The offset from UTC of both ends; `None` for the clock of the files.
    utc_offset: Option<Offset>,
}

impl TimeWindow {
    /// Returns the window from the beginning of `first` to the end of `last`.
    ///
    /// # Errors
    /// [`SeriesError::Date`] when a text is not a date, [`SeriesError::EmptyWindow`] when `last` ends before `first`
    /// begins, [`SeriesError::WindowOffsets`] when only one of them has a UTC offset.
    pub fn between(first: &str, last: &str) -> Result<Self, SeriesError> {
        let (first_period, last_period) = (period(first)?, period(last)?);
        let to = match (first_period.utc_offset, last_period.utc_offset) {
            (Some(offset), Some(other)) => moved(last_period.to, other, offset)
                .ok_or_else(|| SeriesError::Date { text: super::trimmed(last).to_owned() })?,
            (None, None) => last_period.to,
            _ => return Err(SeriesError::WindowOffsets { from: first.to_owned(), to: last.to_owned() }),
        };
        let window = Self { to, ..first_period };
        if window.from >= window.to {
            return Err(SeriesError::EmptyWindow { from: format_stamp(window.from), to: format_stamp(window.to) });
        }
        Ok(window)
    }

    /// Returns the axis of the whole steps of `step_minutes` (> 0) in the window.
    #[must_use]
    pub fn axis(&self, step_minutes: i64) -> TimeAxis {
        // A window whose last date is a moment ends one second later, so that it includes the step that begins at that
        // moment.
        let seconds = self.to.duration_since(self.from).as_secs();
        let steps = (seconds + 60 * step_minutes - 1) / (60 * step_minutes);
        TimeAxis::new(self.from, step_minutes, usize::try_from(steps).unwrap_or(0)).at_utc_offset(self.utc_offset)
    }

    /// Returns the window on the clock of the file `path`, whose offset from UTC is `clock`.
    ///
    /// # Errors
    /// [`SeriesError::WindowOffset`] when the window has a UTC offset and the clock has none.
    pub fn on_clock(&self, clock: Option<Offset>, path: &Path) -> Result<Self, SeriesError> {
        let Some(offset) = self.utc_offset else { return Ok(*self) };
        let here = |moment| clock.and_then(|clock| moved(moment, offset, clock));
        match (here(self.from), here(self.to)) {
            (Some(from), Some(to)) => Ok(Self { from, to, utc_offset: clock }),
            _ => Err(SeriesError::WindowOffset { path: path.to_owned(), window: self.to_string() }),
        }
    }

    /// Returns whether the window, on the clock of `axis`, begins and ends with steps of `axis`.
    #[must_use]
    pub fn is_on_steps_of(&self, axis: &TimeAxis) -> bool {
        let last = axis.stamp(axis.len().saturating_sub(1));
        // The window of a moment ends a second after it.
        let ends = self.to == axis.stamp(axis.len()) || self.to == last.saturating_add(1.second());
        self.from == axis.stamp(0) && ends
    }

    /// Returns the first moment of the window.
    #[must_use]
    pub fn from(&self) -> DateTime {
        self.from
    }

    /// Returns whether `axis` covers the whole window.
    #[must_use]
    pub fn is_covered_by(&self, axis: &TimeAxis) -> bool {
        axis.stamp(0) <= self.from && axis.stamp(axis.len()) >= self.to
    }

    /// Returns the window of one year, month, day or moment.
    ///
    /// # Errors
    /// [`SeriesError::Date`] when the text is not a date.
    pub fn single(text: &str) -> Result<Self, SeriesError> {
        period(text)
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = self.utc_offset.map_or_else(String::new, |offset| offset.to_string());
        match self.to.second() {
            // It ends with the step that begins at a moment.
            1 => write!(
                f,
                "{}{clock} to {}{clock}",
                format_stamp(self.from),
                format_stamp(self.to.saturating_sub(1.second()))
            ),
            _ => write!(f, "{}{clock} to before {}{clock}", format_stamp(self.from), format_stamp(self.to)),
        }
    }
}

/// Returns a moment of the clock of offset `from` on the clock of offset `to`; `None` beyond the range of dates.
fn moved(moment: DateTime, from: Offset, to: Offset) -> Option<DateTime> {
    Some(to.to_datetime(from.to_timestamp(moment).ok()?))
}

/// Returns the period of a partial date. The period of a date with a time of day ends one
/// second later, so that a window that ends with it includes the step beginning there.
fn period(text: &str) -> Result<TimeWindow, SeriesError> {
    let text = super::trimmed(text);
    let unreadable = || SeriesError::Date { text: text.to_owned() };
    let parts: Vec<&str> = text.split('-').collect();
    let date = |year: &str, month: &str| -> Option<Date> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || !digits(year) || month.len() > 2 || !digits(month) {
            return None;
        }
        Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
    };
    let whole = |first: Date, span: jiff::Span| -> Result<TimeWindow, SeriesError> {
        let last = first.checked_add(span).map_err(|_| unreadable())?;
        let [from, to] = [first, last].map(|date| date.to_datetime(Time::midnight()));
        Ok(TimeWindow { from, to, utc_offset: None })
    };
    match parts.as_slice() {
        [year] => whole(date(year, "1").ok_or_else(unreadable)?, 1.year()),
        [year, month] => whole(date(year, month).ok_or_else(unreadable)?, 1.month()),
        _ if text.len() == "2015-01-31".len() => whole(text.parse().map_err(|_| unreadable())?, 1.day()),
        _ => {
            let pieces = Pieces::parse(text).map_err(|_| unreadable())?;
            let utc_offset = pieces.to_numeric_offset();
            // A time zone by name would need its rules.
            if utc_offset.is_none() && pieces.time_zone_annotation().is_some() {
                return Err(unreadable());
            }
            let from = pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()));
            Ok(TimeWindow { from, to: from.saturating_add(1.second()), utc_offset })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn year_2015() -> TimeAxis {
        TimeAxis::new(date(2015, 1, 1).at(0, 0, 0, 0), 60, 8760)
    }

    #[test]
    fn a_partial_date_is_its_whole_period() {
        let axis = year_2015();
        let count = |window: TimeWindow| axis.steps_within(&window).1;
        assert_eq!(count(TimeWindow::between("2015-01-01", "2015-12-31").unwrap()), 8760);
        assert_eq!(count(TimeWindow::between("2015-01-01", "2015-01-07").unwrap()), 168);
        assert_eq!(count(TimeWindow::single("2015-02").unwrap()), 672);
        assert_eq!(count(TimeWindow::single("2015").unwrap()), 8760);
        assert_eq!(count(TimeWindow::between("2015-01-01 05:00", "2015-01-01 07:00:00").unwrap()), 3);
    }

    #[test]
    fn an_invalid_date_is_an_error_with_its_text() {
        for text in ["", "yesterday", "2015-13", "2015-02-30", "15-01", "2015-1-1-1", "2015-01-01 25:00"] {
            let message = TimeWindow::single(text).unwrap_err().to_string();
            assert!(message.contains(&format!("`{text}`")), "{message}");
        }
        assert!(matches!(TimeWindow::between("2015-02", "2015-01"), Err(SeriesError::EmptyWindow { .. })));
    }

    #[test]
    fn a_clock_is_written_with_its_sign() {
        let clock = |seconds| year_2015().at_utc_offset(Offset::from_seconds(seconds).ok()).clock().unwrap();
        assert_eq!([clock(0), clock(19_800), clock(-12_600)], ["UTC+00:00", "UTC+05:30", "UTC-03:30"]);
        assert_eq!(year_2015().clock(), None);
    }

    #[test]
    fn offsets_of_a_window_count() {
        let (rome, path) = (Some(Offset::constant(1)), Path::new("s.csv"));
        let window = TimeWindow::between("2024-04-01T00:00+02:00", "2024-04-01T03:00Z").unwrap();
        assert_eq!(window.on_clock(rome, path).unwrap().to_string(), {
            "2024-03-31 23:00:00+01 to 2024-04-01 04:00:00+01"
        });
        assert!(window.on_clock(None, path).unwrap_err().to_string().contains("s.csv"));
        let dates = TimeWindow::between("2024-04", "2024-05").unwrap();
        assert_eq!(dates.on_clock(rome, path).unwrap(), dates);
        let mixed = TimeWindow::between("2024-04-01T00:00+02:00", "2024-04-02");
        assert!(matches!(mixed, Err(SeriesError::WindowOffsets { .. })));
        // In one clock it is empty, though its texts are in order.
        let empty = TimeWindow::between("2024-04-01T01:00-05:00", "2024-04-01T05:00+02:00");
        assert!(matches!(empty, Err(SeriesError::EmptyWindow { .. })));
    }

    #[test]
    fn a_window_between_steps_is_noticed() {
        let axis = year_2015();
        let on = |first, last| {
            let window = TimeWindow::between(first, last).unwrap();
            let (start, count) = axis.steps_within(&window);
            window.is_on_steps_of(&axis.slice(start, count))
        };
        assert!(
            on("2015-01", "2015-02")
                && on("2015-01-01 03:00", "2015-01-01 06:00")
                && on("2015-01-01 03:00", "2015-01-02")
        );
        assert!(!on("2015-01-01 03:30", "2015-01-01 06:00") && !on("2015-01-01 03:00", "2015-01-01 06:30"));
    }

    proptest! {
        #[test]
        fn position_inverts_stamp(step in 0usize..8760) {
            let axis = year_2015();
            prop_assert_eq!(axis.position(axis.stamp(step)), Some(step));
        }

        #[test]
        fn dates_never_panic(text in "\\PC{0,20}") {
            let _ = TimeWindow::single(&text);
        }
    }
}
