//! Time series of a case: clocks, windows, gaps at their ends, missing rows, spellings of numbers.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use anergy_config::{Case, Request};
use anergy_dispatch::district::Kind;

/// Writes a district whose demand is the column `x` of `s.csv` in `folder`.
fn district(folder: &Path, power: &str, more: &str) {
    let text = format!(
        "carriers: [electricity]
techs:
  grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.3}}
  load: {{kind: demand, carrier: electricity, power_kw: {power}}}
sites: {{a: {{techs: {{grid: , load: }}}}}}
{more}"
    );
    std::fs::write(folder.join("district.yaml"), text).unwrap();
}

/// Returns the beginning of the run, its demand, and its findings; or the error.
fn read(folder: &Path, window: Option<[&str; 2]>) -> Result<(String, Vec<f64>, String), String> {
    let window = window.map(|dates| dates.map(str::to_owned));
    let request = Request { model: folder.join("district.yaml"), window, ..Request::default() };
    let case = Case::load(&request).map_err(|error| error.to_string())?;
    let Kind::Demand(demand) = &case.district.technology("a", "load").unwrap().kind else { panic!("a demand") };
    let axis = case.district.axis();
    let findings = case.findings.iter().map(|finding| finding.message.clone() + "\n").collect();
    Ok((axis.label(0), (0..axis.len()).map(|step| demand.power_kw.at(step)).collect(), findings))
}

/// Writes rows of hours from midnight on 2024-01-01.
fn hours(folder: &Path, name: &str, clock: &str, values: &[&str]) {
    let rows = values.iter().enumerate();
    let rows: String = rows.map(|(hour, value)| format!("2024-01-01T{hour:02}:00{clock},{value}\n")).collect();
    std::fs::write(folder.join(name), format!("t,x\n{rows}")).unwrap();
}

#[test]
fn gaps_at_the_ends_of_a_window_are_filled_as_within_it() {
    let folder = tempfile::tempdir().unwrap();
    hours(folder.path(), "s.csv", "", &["0", "", "10", "10", "", "", "4", ""]);
    let of = |fill: &str, window| {
        district(folder.path(), &format!("{{file: s.csv, column: x, fill: {fill}}}"), "");
        read(folder.path(), Some(window)).map(|(_, values, findings)| (values, findings))
    };
    let (values, findings) = of("interpolate", ["2024-01-01 01:00", "2024-01-01 03:00"]).unwrap();
    assert_eq!(values, [5.0, 10.0, 10.0]);
    assert!(findings.contains("1 gap of `power_kw` filled"), "{findings}");
    assert_eq!(of("previous", ["2024-01-01 01:00", "2024-01-01 03:00"]).unwrap().0, [0.0, 10.0, 10.0]);
    let (values, findings) = of("interpolate", ["2024-01-01 03:00", "2024-01-01 04:00"]).unwrap();
    assert_eq!(values, [10.0, 8.0]);
    assert!(findings.contains("1 gap of `power_kw` filled"), "gaps out of the window do not count: {findings}");
    assert_eq!(of("interpolate", ["2024-01-01 05:00", "2024-01-01 05:00"]).unwrap().0, [6.0], "a window in a gap");
    assert_eq!(of("interpolate", ["2024-01-01 07:00", "2024-01-01 07:00"]).unwrap().0, [4.0], "the end of the file");
    assert_eq!(of("7", ["2024-01-01 04:00", "2024-01-01 06:00"]).unwrap().0, [7.0, 7.0, 4.0]);
}

#[test]
fn missing_rows_are_filled_by_the_fill_rule_alone() {
    let folder = tempfile::tempdir().unwrap();
    hours(folder.path(), "s.csv", "", &["1", "2", "3", "4", "5"]);
    let text = std::fs::read_to_string(folder.path().join("s.csv")).unwrap();
    std::fs::write(folder.path().join("s.csv"), text.replace("2024-01-01T02:00,3\n", "")).unwrap();
    district(folder.path(), "{file: s.csv, column: x, fill: interpolate}", "");
    let (_, values, findings) = read(folder.path(), None).unwrap();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!(findings.contains("1 row is missing"), "{findings}");
    district(folder.path(), "file=s.csv:x", "");
    let error = read(folder.path(), None).unwrap_err();
    assert!(error.contains("s.csv:4") && error.contains("missing stamps"), "{error}");
}

#[test]
fn offsets_of_a_window_are_those_of_its_moments() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<String> = (0..12).map(|hour| hour.to_string()).collect();
    hours(folder.path(), "s.csv", "+01:00", &values.iter().map(String::as_str).collect::<Vec<_>>());
    district(folder.path(), "file=s.csv:x", "");
    let window = ["2024-01-01T03:00+02:00", "2024-01-01T05:00+02:00"];
    let (start, values, _) = read(folder.path(), Some(window)).unwrap();
    assert_eq!((start.as_str(), values), ("2024-01-01 02:00:00", vec![2.0, 3.0, 4.0]));
    let (_, values, _) = read(folder.path(), Some(["2024-01-01T03:00Z", "2024-01-01T03:00Z"])).unwrap();
    assert_eq!(values, [4.0]);
    district(folder.path(), "file=s.csv:x", "time: {start: '2024-01-01T03:00+02:00', end: '2024-01-01T04:00+02:00'}");
    assert_eq!(read(folder.path(), None).unwrap().1, [2.0, 3.0]);

    hours(folder.path(), "s.csv", "", &["0", "1", "2", "3", "4", "5"]);
    let error = read(folder.path(), None).unwrap_err();
    assert!(error.contains("s.csv") && error.contains("no UTC offset"), "{error}");
}

#[test]
fn files_with_and_without_offsets_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    for (first, second) in [("", "Z"), ("Z", ""), ("+01:00", "")] {
        hours(folder.path(), "s.csv", first, &["1", "1", "1"]);
        hours(folder.path(), "p.csv", second, &["1", "1", "1"]);
        district(folder.path(), "file=s.csv:x", "");
        let path = folder.path().join("district.yaml");
        let text = std::fs::read_to_string(&path).unwrap().replace("kwh: 0.3", "kwh: file=p.csv:x");
        std::fs::write(&path, text).unwrap();
        let error = read(folder.path(), None).unwrap_err();
        assert!(error.contains("no UTC offset"), "{first} {second}: {error}");
    }
}

#[test]
fn a_window_between_steps_is_met_or_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    hours(folder.path(), "s.csv", "", &["0", "1", "2", "3", "4", "5", "6", "7"]);
    let window = Some(["2024-01-01 03:30", "2024-01-01 06:30"]);
    district(folder.path(), "file=s.csv:x", "");
    let (start, values, findings) = read(folder.path(), window).unwrap();
    assert_eq!((start.as_str(), values.len()), ("2024-01-01 04:00:00", 3));
    assert!(findings.contains("does not begin and end with steps of 60 min"), "{findings}");
    district(folder.path(), "file=s.csv:x", "time: {step_minutes: 30}");
    let (start, values, findings) = read(folder.path(), window).unwrap();
    assert_eq!((start.as_str(), values), ("2024-01-01 03:30:00", vec![3.0, 4.0, 4.0, 5.0, 5.0, 6.0, 6.0]));
    assert!(!findings.contains("does not begin"), "{findings}");
    let (_, values, _) = read(folder.path(), None).unwrap();
    assert_eq!(values.len(), 16);
}

#[test]
fn tables_of_spreadsheets_are_read_or_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    district(folder.path(), "file=s.csv:x", "");
    let german = "t;x\r\n2024-01-01 00:00;1,5\r\n2024-01-01 01:00;2,25\r\n";
    std::fs::write(folder.path().join("s.csv"), german).unwrap();
    let (_, values, findings) = read(folder.path(), None).unwrap();
    assert_eq!(values, [1.5, 2.25]);
    assert!(findings.contains("decimal commas"), "{findings}");
    let units = std::iter::once(0xfeff).chain(german.encode_utf16());
    std::fs::write(folder.path().join("s.csv"), units.flat_map(u16::to_le_bytes).collect::<Vec<_>>()).unwrap();
    assert_eq!(read(folder.path(), None).unwrap().1, [1.5, 2.25]);
    for (bytes, advice) in [(&b"PK\x03\x04"[..], "save its sheet as a CSV"), (b"t,x\n\xe4", "Windows-1252")] {
        std::fs::write(folder.path().join("s.csv"), bytes).unwrap();
        let error = read(folder.path(), None).unwrap_err();
        assert!(error.contains("s.csv") && error.contains(advice), "{error}");
    }
}
