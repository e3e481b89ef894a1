//! Hostile and unlucky input, as a user meets it: exit code 2, a place in a file, and nothing else is harmed.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{anergy, project, reference_data, stderr, stdout};

/// A grid and a load for two hours of 2024-01-01.
const DISTRICT: &str = "carriers: [electricity]
time: {start: 2024-01-01 00:00, end: 2024-01-01 01:00, step_minutes: 60}
techs:
  grid: {kind: import, carrier: electricity, price_eur_per_kwh: 0.3}
  load: {kind: demand, carrier: electricity, power_kw: 1}
sites: {a: {techs: {grid: , load: }}}
";

fn refused(folder: &Path, arguments: &[&str], place: &str) -> String {
    let output = anergy(folder, arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(said.contains(place), "{arguments:?}: {said}");
    said
}

#[test]
fn a_syntax_error_beside_a_wide_character_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    for (text, place) in [
        ("carriers: [a]\n\u{feff}sites: {}\n", "d.yaml:2:1"),
        ("o\u{feff}", "d.yaml:1:2"),
        ("Anlage:\n  a: 1\n ö: 2\n ü: 3\n", "d.yaml:3:2"),
        ("carriers:\n- electricity\nÜbergabe: 1\n  x: 2\n", "d.yaml:4:4"),
        ("name: Quartier\ntechs:\n\tÖlkessel: {kind: boiler}\n", "d.yaml:3:2"),
    ] {
        std::fs::write(folder.path().join("d.yaml"), text).unwrap();
        refused(folder.path(), &["check", "d.yaml"], place);
    }
}

#[test]
fn foreign_text_gives_a_terminal_no_commands() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        DISTRICT.to_owned() + "name: \"a\\e[31mRED\\e]0;pwned\\a\\rXX\"\n",
        DISTRICT.replace("{a: ", "{\"ho\\e[2Juse\": "),
        DISTRICT.replace("power_kw: 1", "power_kw: \"file=\\e[2J.csv\""),
        DISTRICT.replace("grid: , load", "grid: , \"\\e[2Jload\""),
        DISTRICT.replace("kind: import", "kind: im\u{9b}port"),
    ];
    for text in names {
        std::fs::write(folder.path().join("d.yaml"), &text).unwrap();
        for verb in ["check", "run"] {
            let output = anergy(folder.path(), &[verb, "d.yaml"]);
            assert!(matches!(output.status.code(), Some(0 | 2)), "{}", stderr(&output));
            for said in [stdout(&output), stderr(&output)] {
                assert!(!said.contains(|sign: char| sign.is_control() && sign != '\n'), "{said:?}");
            }
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_sweep_of_a_billion_cases_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.yaml"), DISTRICT).unwrap();
    let thousand = "{linspace: [1, 2], points: 1000}";
    for (text, place) in [
        (format!("design: grid\nparameters: {{a: {thousand}, b: {thousand}, c: {thousand}}}\n"), "1000000000 cases"),
        ("design: sobol\ncases: 1000000000\nparameters: {a: {between: [1, 2]}}\n".to_owned(), "s.yaml:3:8"),
        ("design: latin_hypercube\ncases: 4294967295\nparameters: {a: {between: [1, 2]}}\n".to_owned(), "s.yaml:3:8"),
        ("parameters: {a: {linspace: [1, 2], points: 4294967295}}\n".to_owned(), "s.yaml:2:44"),
    ] {
        std::fs::write(folder.path().join("s.yaml"), format!("case: {{model: d.yaml}}\n{text}")).unwrap();
        refused(folder.path(), &["sweep", "plan", "s.yaml"], place);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_manifest_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.yaml"), DISTRICT).unwrap();
    let sweep = "case: {model: d.yaml}\nparameters: {techs.load.power_kw: [1, 2]}\n";
    std::fs::write(folder.path().join("s.yaml"), sweep).unwrap();
    assert_eq!(anergy(folder.path(), &["sweep", "plan", "s.yaml", "-q"]).status.code(), Some(0));
    let path = folder.path().join("results/s/manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("techs.load.power_kw", "techs.grid.price_eur_per_kwh")).unwrap();
    refused(folder.path(), &["sweep", "run", "results/s"], "manifest.json: is not what was planned");
    std::fs::write(&path, text).unwrap();
    assert_eq!(anergy(folder.path(), &["sweep", "run", "results/s", "-q"]).status.code(), Some(0));
}

#[test]
fn runs_that_differ_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("house.yaml"), DISTRICT).unwrap();
    for (options, name) in [
        (&[][..], "house"),
        (&["--window", "2024-01-01"], "house-2024-01-01"),
        (&["--window", "2024-01-01 00:00..2024-01-01 01:00"], "house-2024-01-01-00-00..2024-01-01-01-00"),
        (&["--set", "techs.load.power_kw=2"], "house-power_kw=2"),
    ] {
        let output = anergy(folder.path(), &[&["run", "house.yaml", "--quiet"], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(folder.path().join("results").join(name).join("summary.json").is_file(), "{name}");
    }
    // What a name cannot tell, a hash does.
    for power in ["3 ", "{file: a.csv}"] {
        let set = format!("techs.load.power_kw={power}");
        let said = anergy(folder.path(), &["run", "house.yaml", "--quiet", "--set", &set, "--set", "name=b"]);
        assert!(matches!(said.status.code(), Some(0 | 2)));
    }
    // A name that is given is taken, and the earlier run is not lost in silence.
    let named = |power: &str| {
        let set = format!("techs.load.power_kw={power}");
        stderr(&anergy(folder.path(), &["run", "house.yaml", "--quiet", "--name", "mine", "--set", &set]))
    };
    assert_eq!((named("5"), named("5")), (String::new(), String::new()));
    assert!(named("6").contains("another configuration"));
}

#[test]
fn the_second_run_in_a_folder_is_refused_with_the_name_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let district = project("configs/smart_district.yaml");
    let endless = ["coupling.scheme=msa", "coupling.gap_tolerance=1e-12", "coupling.max_iterations=100000"];
    let mut first = Command::new(env!("CARGO_BIN_EXE_anergy"));
    first.args(["run", &district, "-q", "--name", "x", "--window", "2019-01"]).current_dir(folder.path());
    for set in &endless {
        first.args(["--set", set]);
    }
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = folder.path().join("results/x/journal/iteration-0001");
    while !journal.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(first.try_wait().unwrap().is_none(), "the first run has ended");
    }
    let second = ["run", &district, "--name", "x", "--window", "2019-02"];
    let said = refused(folder.path(), &second, "smart_district.yaml");
    assert!(said.contains(&format!("process {} (", first.id())), "{said}");
    assert!(journal.exists(), "the journal of the first is untouched");
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock of a killed process does not last.
    let output = anergy(folder.path(), &[&second[..], &["-q"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let left = std::fs::read_dir(folder.path().join("results")).unwrap().count();
    assert_eq!(left, 1, "neither lock nor draft is left");
}

/// Cases that users sent in, with the exit code of `check` and a part of what it says.
const SENT_IN: [(&str, i32, &str); 27] = [
    ("mistakes/07_dst_naive_spring/district.yaml", 2, "summer time begin"),
    ("mistakes/07b_dst_naive_autumn/district.yaml", 2, "summer time end"),
    ("mistakes/07c_dst_offset_autumn/district.yaml", 0, ""),
    ("mistakes/09b_leap_day_dropped/district.yaml", 2, "29 February was left out"),
    ("mistakes/11c_excel_na/district.yaml", 2, "a gap is an empty cell"),
    ("mistakes/12_gap_1h/district.yaml", 2, "`fill` of the columns"),
    ("mistakes/12_gap_1h/fill.yaml", 0, "1 row is missing"),
    ("mistakes/12b_dup_hour/district.yaml", 2, "duplicate"),
    ("mistakes/13_excel_de/district.yaml", 0, "decimal commas"),
    ("mistakes/13b_excel_de_bom_crlf_ddmm/district.yaml", 2, "write the year first"),
    ("mistakes/16c_excel_serial/district.yaml", 2, "serial number of a spreadsheet"),
    ("mistakes/17_utf16/district.yaml", 0, ""),
    ("mistakes/18_latin1/district.yaml", 2, "iconv"),
    ("mistakes/19_xlsx/district.yaml", 2, "save its sheet as a CSV file"),
    ("mistakes/22_day_first_index_col/district.yaml", 2, "is the first column an index"),
    ("mistakes/23_thousands/district.yaml", 2, "without separators of thousands"),
    ("mistakes/41_offset_mixed/ring.yaml", 2, "have no UTC offset"),
    ("mistakes/42_step_mixed/ring.yaml", 2, "before 2023-12-31 23:15:00 in steps of 15 min"),
    ("clocks_mixed/district.yaml", 2, "have no UTC offset"),
    ("message_dotted_site_name/district.yaml", 2, "names have no dots"),
    ("message_sub_minute_data/district.yaml", 2, "a step of 30 s"),
    ("message_source_is_inf/district.yaml", 2, "COP at source 20 C and sink 20 C is infinite"),
    ("robustness/billion_laughs/d.yaml", 2, "1000000 values"),
    ("robustness/deep_sequence_overflow/d.yaml", 2, "64 levels"),
    ("robustness/import_cycle_via_dotdot/sym3.yaml", 2, "imports itself"),
    ("robustness/terminal_escapes/esc.yaml", 2, "control characters"),
    ("robustness/terminal_escapes/timeseries/week.csv", 2, "expected a district"),
];

#[test]
fn cases_that_users_sent_in_are_right() {
    let Some(cases) = reference_data("cases/found") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (case, code, part) in SENT_IN {
        let output = anergy(folder.path(), &["check", cases.join(case).to_str().unwrap()]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{case}: {said}");
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part) && said.len() < 6000, "{case}: {said}");
    }
    for (case, window, cost) in [
        ("gap_at_window_start_interpolate", "2024-01-01 01:00..2024-01-01 03:00", "7.50 EUR"),
        ("gap_at_window_start_previous", "2024-01-01 01:00..2024-01-01 03:00", "7.20 EUR"),
        ("window_between_full_hours", "2024-01-01 03:30..2024-01-01 06:30", "4.95 EUR"),
        ("window_with_offset", "2024-04-01T00:00+02:00..2024-04-01T05:00+02:00", "45.90 EUR"),
        ("results_without_offset", "2024-03-31", "UTC+01:00"),
    ] {
        let model = cases.join(case).join("district.yaml");
        let output = anergy(folder.path(), &["run", model.to_str().unwrap(), "-q", "--name", case, "--window", window]);
        assert!(stdout(&output).contains(cost), "{case}: {}{}", stdout(&output), stderr(&output));
    }
}
