//! `EnergyPlus` weather files (EPW): 8 header lines, then one line per record of an hour or a fraction of it.
//!
//! Format: *Auxiliary Programs* of the `EnergyPlus` documentation, chapter on weather file formats. This module reads
//! the location, the dry-bulb temperature and the three irradiances.

use std::path::{Path, PathBuf};

use anergy_data::input::{MOST_SERIES_BYTES, read};
use anergy_data::series::{TimeAxis, shown, trimmed};
use jiff::civil::{Date, DateTime};

use super::{Location, Weather, WeatherError};

/// Number of header lines.
const HEADER_LINES: usize = 8;
/// Substitute years of 365 and of 366 days, for files whose months come from different years.
const STAND_IN_YEARS: [i16; 2] = [2019, 2020];

/// A column of a record: position from 0, name, lowest and highest value, and smallest code for a missing value.
struct EpwColumn {
    position: usize,
    name: &'static str,
    range: [f64; 2],
    missing_from: f64,
}

const AIR_C: EpwColumn =
    EpwColumn { position: 6, name: "dry bulb temperature", range: [-90.0, 70.0], missing_from: 99.9 };
const WIND_M_S: EpwColumn = EpwColumn { position: 21, name: "wind speed", range: [0.0, 100.0], missing_from: 999.0 };
const INFRARED: EpwColumn = EpwColumn {
    position: 12,
    name: "horizontal infrared radiation intensity",
    range: [0.0, 1000.0],
    missing_from: 9999.0,
};
const GHI: EpwColumn =
    EpwColumn { position: 13, name: "global horizontal radiation", range: [0.0, 2000.0], missing_from: 9999.0 };
const DNI: EpwColumn =
    EpwColumn { position: 14, name: "direct normal radiation", range: [0.0, 2000.0], missing_from: 9999.0 };
const DHI: EpwColumn =
    EpwColumn { position: 15, name: "diffuse horizontal radiation", range: [0.0, 2000.0], missing_from: 9999.0 };

/// Reads an EPW file.
///
/// The record of hour `h` (1 to 24) ends at `h` and becomes the step that begins at `h - 1`. Typical years are
/// composed of months of different years: unless the records are consecutive in their own years, the stamps are those
/// of 2019, or of 2020 when the file has a 29 February.
///
/// # Errors
/// Any [`WeatherError`] that names a file: unreadable, too short, a wrong number of columns, a value that is not a
/// number or out of its range, a code for a missing value (99.9, 9999), records that are not consecutive.
pub fn read_epw(path: &Path) -> Result<Weather, WeatherError> {
    let bytes = read(path, MOST_SERIES_BYTES);
    let bytes = bytes.map_err(|source| WeatherError::Unreadable { path: path.to_owned(), source })?;
    epw_from_reader(path, bytes.as_slice())
}

/// Reads EPW text like [`read_epw`] from any reader; `path` is used in messages.
///
/// # Errors
/// As [`read_epw`].
pub fn epw_from_reader(path: &Path, mut reader: impl std::io::Read) -> Result<Weather, WeatherError> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|source| WeatherError::Unreadable { path: path.to_owned(), source })?;
    // Names of locations are often not in UTF-8; all other text is ASCII.
    let text = String::from_utf8_lossy(&bytes);
    let lines = lines_of(path, &text);
    let (location, per_hour, records) = records_of(path, &lines)?;
    let axis = calendar(&records, per_hour)?;
    let column =
        |column: &EpwColumn| records.iter().map(|record| record.value(column)).collect::<Result<Vec<f64>, _>>();
    Ok(Weather {
        axis,
        location,
        air_c: column(&AIR_C)?,
        ghi_w_m2: column(&GHI)?,
        dni_w_m2: column(&DNI)?,
        dhi_w_m2: column(&DHI)?,
    })
}

/// Columns of an EPW file beside those of [`Weather`]; one value per step of the weather's axis.
#[derive(Debug, Clone, PartialEq)]
pub struct EpwDetails {
    /// Wind speed, m/s.
    pub wind_m_s: Vec<f64>,
    /// Thermal radiation of the sky on a horizontal surface, W/m2.
    pub sky_infrared_w_m2: Vec<f64>,
}

/// Reads wind and thermal radiation of the sky from an EPW file, beside [`read_epw`].
///
/// # Errors
/// As [`epw_details_from_reader`].
pub fn read_epw_details(path: &Path) -> Result<EpwDetails, WeatherError> {
    let file =
        std::fs::File::open(path).map_err(|source| WeatherError::Unreadable { path: path.to_owned(), source })?;
    epw_details_from_reader(path, file)
}

/// Reads wind and thermal radiation of the sky from EPW text; `path` is used in messages. The records are those that
/// [`epw_from_reader`] reads, and it checks their times.
///
/// # Errors
/// Those of [`epw_from_reader`] that concern the header, the number of columns, and these two columns.
pub fn epw_details_from_reader(path: &Path, mut reader: impl std::io::Read) -> Result<EpwDetails, WeatherError> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|source| WeatherError::Unreadable { path: path.to_owned(), source })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = lines_of(path, &text);
    let records = records_of(path, &lines)?.2;
    let column = |column: &EpwColumn| records.iter().map(|record| record.value(column)).collect::<Result<Vec<_>, _>>();
    Ok(EpwDetails { wind_m_s: column(&WIND_M_S)?, sky_infrared_w_m2: column(&INFRARED)? })
}

fn lines_of<'a>(path: &'a Path, text: &'a str) -> Vec<EpwLine<'a>> {
    text.lines()
        .enumerate()
        .map(|(index, text)| EpwLine { path, number: index + 1, cells: text.split(',').map(trimmed).collect() })
        .collect()
}

/// Returns the location, the number of records per hour, and the records.
fn records_of<'a>(
    path: &Path,
    lines: &'a [EpwLine<'a>],
) -> Result<(Location, i64, Vec<&'a EpwLine<'a>>), WeatherError> {
    let too_short = |expected| WeatherError::TooShort { path: path.to_owned(), lines: lines.len(), expected };
    let header = lines.get(..HEADER_LINES).ok_or_else(|| too_short("8 header lines"))?;
    let location = location(&header[0])?;
    let per_hour = records_per_hour(&header[HEADER_LINES - 1])?;
    let records: Vec<&EpwLine> = lines[HEADER_LINES..].iter().filter(|line| line.cells != [""]).collect();
    if records.is_empty() {
        return Err(too_short("at least one record"));
    }
    for record in &records {
        // Later versions of the format added the last three columns (albedo, rain).
        if !(32..=35).contains(&record.cells.len()) {
            let (line, found) = (record.number, record.cells.len());
            return Err(WeatherError::Columns {
                path: path.to_owned(),
                line,
                found,
                expected: "35 (or 32, without rain)",
            });
        }
    }
    Ok((location, per_hour, records))
}

/// A line of the file, split at its commas.
struct EpwLine<'a> {
    path: &'a Path,
    number: usize,
    cells: Vec<&'a str>,
}

impl EpwLine<'_> {
    fn wrong(&self, column: &'static str, value: String, expected: String) -> WeatherError {
        WeatherError::Value { path: PathBuf::from(self.path), line: self.number, column, value, expected }
    }

    fn fault(&self, position: usize, column: &'static str, expected: &str) -> WeatherError {
        let value = self.cells.get(position).map(|cell| shown(cell)).unwrap_or_default();
        self.wrong(column, value, expected.to_owned())
    }

    fn number(&self, position: usize, column: &'static str, [low, high]: [f64; 2]) -> Result<f64, WeatherError> {
        self.cells
            .get(position)
            .and_then(|cell| cell.parse::<f64>().ok())
            .filter(|value| (low..=high).contains(value))
            .ok_or_else(|| self.fault(position, column, &format!("a number from {low} to {high}")))
    }

    fn whole(&self, position: usize, column: &'static str, [low, high]: [i16; 2]) -> Result<i16, WeatherError> {
        self.cells
            .get(position)
            .and_then(|cell| cell.parse::<i16>().ok())
            .filter(|value| (low..=high).contains(value))
            .ok_or_else(|| self.fault(position, column, &format!("a whole number from {low} to {high}")))
    }

    fn value(&self, column: &EpwColumn) -> Result<f64, WeatherError> {
        let cell = self.cells[column.position];
        if cell.is_empty() || cell.parse::<f64>().is_ok_and(|value| value >= column.missing_from) {
            let (path, value) = (PathBuf::from(self.path), cell.to_owned());
            return Err(WeatherError::Missing { path, line: self.number, column: column.name, value });
        }
        self.number(column.position, column.name, column.range)
    }

    /// Returns the beginning of the record's hour in `year`; `None` when that year has no such day.
    fn stamp(&self, year: i16) -> Result<Option<DateTime>, WeatherError> {
        let small = |value: i16| i8::try_from(value).unwrap_or(0);
        let month = small(self.whole(1, "month", [1, 12])?);
        let day = small(self.whole(2, "day", [1, 31])?);
        let hour = small(self.whole(3, "hour", [1, 24])?);
        Ok(Date::new(year, month, day).ok().map(|date| date.at(hour - 1, 0, 0, 0)))
    }
}

fn location(line: &EpwLine) -> Result<Location, WeatherError> {
    if !line.cells[0].eq_ignore_ascii_case("LOCATION") {
        return Err(line.fault(0, "header", "the word LOCATION, the beginning of every EPW file"));
    }
    Ok(Location {
        latitude_deg: line.number(6, "latitude", [-90.0, 90.0])?,
        longitude_deg: line.number(7, "longitude", [-180.0, 180.0])?,
        utc_offset_hours: line.number(8, "time zone", [-12.0, 14.0])?,
        elevation_m: line.number(9, "elevation", [-1000.0, 9999.9])?,
    })
}

fn records_per_hour(line: &EpwLine) -> Result<i64, WeatherError> {
    if !line.cells[0].eq_ignore_ascii_case("DATA PERIODS") {
        return Err(line.fault(0, "header", "the words DATA PERIODS on line 8"));
    }
    if line.whole(1, "number of data periods", [1, 1000])? != 1 {
        return Err(line.fault(1, "number of data periods", "1: several periods in a file are not read"));
    }
    let per_hour = line.whole(2, "records per hour", [1, 60])?;
    if 60 % per_hour != 0 {
        return Err(line.fault(2, "records per hour", "a divisor of 60"));
    }
    Ok(i64::from(per_hour))
}

/// Returns the time axis on which the records are consecutive: in their own years, or in a substitute year, which
/// covers months of different years and a leap year without its 29 February. The error is that of the calendar with
/// the most consecutive records.
fn calendar(records: &[&EpwLine], per_hour: i64) -> Result<TimeAxis, WeatherError> {
    let mut furthest = match axis_of(records, per_hour, None) {
        Ok(axis) => return Ok(axis),
        Err(fault) => fault,
    };
    for year in STAND_IN_YEARS {
        match axis_of(records, per_hour, Some(year)) {
            Ok(axis) => return Ok(axis),
            Err(fault) if fault.0 > furthest.0 => furthest = fault,
            Err(_) => {}
        }
    }
    Err(furthest.1)
}

/// Returns the axis of the records in `year` (`None`: in their own years); an error comes with the index of its
/// record.
fn axis_of(records: &[&EpwLine], per_hour: i64, year: Option<i16>) -> Result<TimeAxis, (usize, WeatherError)> {
    let stamp = |step: usize| {
        let own = || records[step].whole(0, "year", [1, 9998]);
        year.map_or_else(own, Ok).and_then(|year| records[step].stamp(year)).map_err(|fault| (step, fault))
    };
    let start = stamp(0)?.ok_or_else(|| (0, records[0].fault(2, "day", "a day of the month")))?;
    let axis = TimeAxis::new(start, 60 / per_hour, records.len());
    for (step, record) in records.iter().enumerate() {
        let hour = axis.stamp(step).with().minute(0).build().ok();
        if stamp(step)? != hour {
            let expected = format!("the record from {} (year,month,day,hour)", axis.label(step));
            return Err((step, record.wrong("time", record.cells[..4].join(","), expected)));
        }
    }
    Ok(axis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const PLACE: Location =
        Location { latitude_deg: 45.46, longitude_deg: 9.19, elevation_m: 120.0, utc_offset_hours: 1.0 };

    fn weather(start: DateTime, step_minutes: i64, len: usize) -> Weather {
        let column = |scale: usize| (0..len).map(|step| f64::from(u16::try_from(step * 7 % scale).unwrap())).collect();
        let axis = TimeAxis::new(start, step_minutes, len);
        let (air_c, ghi_w_m2, dni_w_m2, dhi_w_m2) = (column(41), column(900), column(800), column(300));
        Weather { axis, location: PLACE, air_c, ghi_w_m2, dni_w_m2, dhi_w_m2 }
    }

    fn write(weather: &Weather) -> String {
        let mut text = String::from("LOCATION,Testville,-,TST,made up,000000,45.46,9.19,1.0,120.0\n");
        for name in ["DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0"] {
            text.push_str(&format!("{name}\n"));
        }
        text.push_str("HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,\nCOMMENTS 2,\n");
        let per_hour = 60 / weather.axis.step_minutes();
        text.push_str(&format!("DATA PERIODS,1,{per_hour},Data,Sunday, 1/ 1,12/31\n"));
        for step in 0..weather.axis.len() {
            let from = weather.axis.stamp(step);
            let mut cells = vec!["0".to_owned(); 35];
            cells[0] = from.year().to_string();
            cells[1] = from.month().to_string();
            cells[2] = from.day().to_string();
            cells[3] = (from.hour() + 1).to_string();
            cells[4] = (i64::from(from.minute()) + weather.axis.step_minutes()).to_string();
            for (position, column) in
                [(6, &weather.air_c), (13, &weather.ghi_w_m2), (14, &weather.dni_w_m2), (15, &weather.dhi_w_m2)]
            {
                cells[position] = column[step].to_string();
            }
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }

    fn read(text: &str) -> Result<Weather, WeatherError> {
        epw_from_reader(Path::new("town.epw"), text.as_bytes())
    }

    #[test]
    fn a_written_year_reads_back() {
        let written = weather(date(2019, 1, 1).at(0, 0, 0, 0), 60, 8760);
        assert_eq!(read(&write(&written)).unwrap(), written);
        assert_eq!(read(&write(&written).replace('\n', "\r\n")).unwrap(), written);
        let leap = weather(date(2020, 1, 1).at(0, 0, 0, 0), 15, 35136);
        assert_eq!(read(&write(&leap)).unwrap(), leap);
    }

    #[test]
    fn wind_and_sky_are_read_beside_the_weather() {
        let text = write(&weather(date(2019, 1, 1).at(0, 0, 0, 0), 60, 24));
        let with = |wind: &str, sky: &str| {
            let record = |line: &str| {
                let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
                if cells.len() == 35 {
                    (cells[21], cells[12]) = (wind.to_owned(), sky.to_owned());
                }
                cells.join(",") + "\n"
            };
            let text: String = text.lines().map(record).collect();
            epw_details_from_reader(Path::new("town.epw"), text.as_bytes())
        };
        let details = with("2.5", "310").unwrap();
        assert_eq!((details.wind_m_s, details.sky_infrared_w_m2), (vec![2.5; 24], vec![310.0; 24]));
        assert!(with("999", "310").unwrap_err().to_string().contains("town.epw:9: wind speed is missing"));
        assert!(with("2.5", "9999").unwrap_err().to_string().contains("infrared radiation intensity is missing"));
    }

    #[test]
    fn a_year_composed_of_others_gets_one_calendar() {
        let text = write(&weather(date(2019, 1, 1).at(0, 0, 0, 0), 60, 8760));
        let mixed: String =
            text.lines().map(|line| line.replace("2019,2,", "2004,2,").replace("2019,7,", "1987,7,") + "\n").collect();
        assert_eq!(read(&mixed).unwrap().axis.label(8759), "2019-12-31 23:00:00");
        // A leap year without its 29 February.
        assert_eq!(read(&text.replace("\n2019,", "\n2004,")).unwrap().axis.label(0), "2019-01-01 00:00:00");
    }

    #[test]
    fn an_error_has_file_line_value_and_expected_range() {
        let good = write(&weather(date(2019, 5, 1).at(0, 0, 0, 0), 60, 48));
        let line = |number: usize| good.lines().nth(number - 1).unwrap().to_owned();
        let with = |number: usize, position: usize, cell: &str| {
            let mut cells: Vec<String> = line(number).split(',').map(str::to_owned).collect();
            cells[position] = cell.to_owned();
            good.replacen(&line(number), &cells.join(","), 1)
        };
        let cases = [
            (with(12, 6, "99.9"), "town.epw:12: dry bulb temperature is missing (code `99.9`)"),
            (with(13, 13, "9999"), "town.epw:13: global horizontal radiation is missing"),
            (with(13, 14, "9999.0"), "town.epw:13: direct normal radiation is missing"),
            (with(14, 15, "-3"), "town.epw:14: diffuse horizontal radiation: `-3`; expected a number from 0 to 2000"),
            (with(14, 6, "warm"), "town.epw:14: dry bulb temperature: `warm`"),
            (with(14, 6, "NaN"), "town.epw:14: dry bulb temperature: `NaN`"),
            (with(15, 3, "25"), "town.epw:15: hour: `25`"),
            (with(15, 3, "9"), "town.epw:15: time: `2019,5,1,9`; expected the record from 2019-05-01 06:00:00"),
            (with(9, 1, "13"), "town.epw:9: month: `13`"),
            (with(1, 6, "north"), "town.epw:1: latitude: `north`"),
            (with(1, 0, "PLACE"), "town.epw:1: header: `PLACE`"),
            (with(8, 2, "7"), "town.epw:8: records per hour: `7`"),
            (good.replacen(&line(20), "2019,5,1,12", 1), "town.epw:20: 4 columns; expected 35"),
            (good.lines().take(3).collect::<Vec<_>>().join("\n"), "town.epw: ends after line 3; expected 8 header"),
            (good.lines().take(8).collect::<Vec<_>>().join("\n"), "town.epw: ends after line 8"),
            (String::new(), "town.epw: ends after line 0"),
        ];
        for (text, expected) in cases {
            let message = read(&text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}\nlacks: {expected}");
        }
        let message = read_epw(Path::new("/nowhere/town.epw")).unwrap_err().to_string();
        assert!(message.contains("cannot be read"), "{message}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,300}", cells in "[-0-9a-z:., \n]{0,400}") {
            let _ = read(&text);
            let good = write(&weather(date(2019, 5, 1).at(0, 0, 0, 0), 60, 2));
            let header: String = good.lines().take(8).map(|line| format!("{line}\n")).collect();
            let _ = read(&(header + &cells));
        }

        #[test]
        fn no_damaged_cell_panics(line in 0usize..12, position in 0usize..35, cell in "[-0-9.eE+]{0,12}") {
            let good = write(&weather(date(2019, 12, 31).at(20, 0, 0, 0), 60, 4));
            let damaged: Vec<String> = good
                .lines()
                .enumerate()
                .map(|(index, text)| {
                    let mut cells: Vec<&str> = text.split(',').collect();
                    if index == line && position < cells.len() {
                        cells[position] = &cell;
                    }
                    cells.join(",")
                })
                .collect();
            let _ = read(&damaged.join("\n"));
        }
    }
}
