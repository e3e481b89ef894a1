//! Time stamps as files write them: civil time, or civil time with its offset from UTC.

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// Reads the stamps of one file and puts them on one clock: as they stand when none has a UTC offset, else on the offset
/// of the first. A file in civil time with its changes to and from summer time thus becomes a regular one.
#[derive(Debug, Default)]
pub(super) struct StampReader {
    /// The offset of the first stamp, once there is one.
    first: Option<Option<Offset>>,
}

/// What can be wrong with a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StampFault {
    /// It is none.
    Unreadable,
    /// It has a UTC offset where the first has none, or the other way round.
    MixedOffsets,
}

impl StampReader {
    /// The moment of a stamp like `2015-01-31`, `2015-01-31 13:00`, `2015-01-31T13:00:00+01:00` or `2015-01-31T12:00Z`. A
    /// zone in brackets behind an offset adds nothing to it; without one it would need a time zone database and is refused.
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

    /// The offset from UTC of all stamps read, where they have one.
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
    fn one_moment_has_many_spellings() {
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
    fn offsets_stand_everywhere_or_nowhere() {
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
