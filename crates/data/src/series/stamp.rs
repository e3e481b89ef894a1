//! Time stamps of CSV files: civil time, or civil time with its offset from UTC.

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// A reader of the time stamps of one file, which converts them to one clock: unchanged when none has a UTC offset,
/// else to the offset of the first stamp. A file in civil time with its changes to and from summer time becomes regular
/// that way.
#[derive(Debug, Default)]
pub(super) struct StampReader {
    /// The offset of the first stamp; the outer `None` before any stamp, the inner one for stamps without an offset.
    first: Option<Option<Offset>>,
}

/// The errors of a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StampFault {
    /// The text is not a time stamp.
    Unreadable,
    /// The stamp has a UTC offset and the first has none, or the other way round.
    MixedOffsets,
}

impl StampReader {
    /// Parses a stamp like `2015-01-31`, `2015-01-31 13:00`, `2015-01-31T13:00:00+01:00` or `2015-01-31T12:00Z`. A time
    /// zone in brackets after an offset is ignored; without an offset it would need a time zone database and is an
    /// error.
    pub(super) fn read(&mut self, text: &str) -> Result<DateTime, StampFault> {
        let pieces = Pieces::parse(text).map_err(|_| StampFault::Unreadable)?;
        let offset = pieces.to_numeric_offset();
        if offset.is_none() && pieces.time_zone_annotation().is_some() {
            return Err(StampFault::Unreadable);
        }
        let civil = pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()));
        match (*self.first.get_or_insert(offset), offset) {
            (None, None) => Ok(civil),
            (Some(first), Some(offset)) => {
                let moment = offset.to_timestamp(civil).map_err(|_| StampFault::Unreadable)?;
                Ok(first.to_datetime(moment))
            }
            _ => Err(StampFault::MixedOffsets),
        }
    }

    /// Returns the offset from UTC of all stamps read; `None` where they have none.
    pub(super) fn utc_offset(&self) -> Option<Offset> {
        self.first.flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(texts: &[&str]) -> Vec<Result<String, StampFault>> {
        let mut reader = StampReader::default();
        texts.iter().map(|text| reader.read(text).map(|moment| moment.to_string())).collect()
    }

    #[test]
    fn all_spellings_of_a_moment_are_equal() {
        for text in ["2015-01-31 13:00", "2015-01-31T13:00", "2015-01-31t13:00:00.0", "20150131T130000"] {
            assert_eq!(read_all(&[text]), [Ok("2015-01-31T13:00:00".to_owned())], "{text}");
        }
        assert_eq!(read_all(&["2015-01-31"]), [Ok("2015-01-31T00:00:00".to_owned())]);
        let same = [
            "2015-01-31T13:00+01:00",
            "2015-01-31T12:00Z",
            "2015-01-31 14:00:00+0200",
            "2015-01-31T13:00:00+01:00[Europe/Rome]",
            "2015-01-30T23:30-12:30",
        ];
        for stamp in read_all(&same) {
            assert_eq!(stamp, Ok("2015-01-31T13:00:00".to_owned()));
        }
    }

    #[test]
    fn stamps_with_and_without_offsets_do_not_mix() {
        let mixed = Err(StampFault::MixedOffsets);
        assert_eq!(read_all(&["2015-01-31T13:00Z", "2015-01-31T14:00"])[1], mixed);
        assert_eq!(read_all(&["2015-01-31T13:00", "2015-01-31T14:00Z"])[1], mixed);
        for text in ["2015-01-31T13:00[Europe/Rome]", "", "Z", "noon", "2015-02-30", "2015-01-31 25:00", "31.01.2015"] {
            assert_eq!(read_all(&[text]), [Err(StampFault::Unreadable)], "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(texts in proptest::collection::vec("(\\PC|[-+0-9:TZ. \\[\\]])*|-?[09]{4,6}-(01|12)-(01|31)T[0-9:]{0,8}[-+][0-9:]{2,8}", 1..4)) {
            let mut reader = StampReader::default();
            for text in &texts {
                let _ = reader.read(text);
            }
        }
    }
}
