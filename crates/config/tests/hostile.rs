//! Files that would take all memory or time, or that stop a reader, are refused with file and line.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anergy_config::{Case, ConfigError, Request};

/// Far below what an unlimited reader takes, with room for a slow machine.
const SOON: Duration = Duration::from_secs(20);

fn refused(model: &Path) -> ConfigError {
    let began = Instant::now();
    let error = Case::load(&Request { model: model.to_owned(), ..Request::default() }).unwrap_err();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    error
}

#[test]
fn chains_and_cycles_of_imports_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    for link in 0..100 {
        file(&format!("c{link}.yaml"), &format!("import: c{}.yaml\no{link}: 1\n", link + 1));
    }
    file("c100.yaml", "name: x\n");
    let error = refused(&folder.path().join("c0.yaml"));
    assert!(error.to_string().contains("c31.yaml:1:9") && error.to_string().contains("32 imports"), "{error}");

    // Each file imports the next twice: without a limit these are 2^20 files.
    for link in 0..20 {
        file(&format!("d{link}.yaml"), &format!("import: [d{0}.yaml, ./d{0}.yaml]\n", link + 1));
    }
    file("d20.yaml", "");
    let error = refused(&folder.path().join("d0.yaml")).to_string();
    assert!(error.contains("expected a district") || error.contains("256 files"), "{error}");

    std::fs::create_dir(folder.path().join("sub")).unwrap();
    file("e.yaml", "import: ././sub/../f.yaml\n");
    file("f.yaml", "import: sub/../e.yaml\n");
    let error = refused(&folder.path().join("e.yaml")).to_string();
    assert!(error.contains("f.yaml:1:9") && error.contains("imports itself"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_cycle_of_imports_through_a_link_ends() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "import: b.yaml\n").unwrap();
    std::os::unix::fs::symlink("a.yaml", folder.path().join("b.yaml")).unwrap();
    assert!(refused(&folder.path().join("a.yaml")).to_string().contains("imports itself"));
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert!(refused(&pipe).to_string().contains("a pipe"));
    let model = folder.path().join("d.yaml");
    for (source, kind) in [("pipe.csv", "a pipe"), ("/dev/zero", "a device")] {
        let text = format!(
            "carriers: [electricity]\ntechs: {{d: {{kind: demand, carrier: electricity, power_kw: file={source}:v}}}}\n\
             sites: {{s: {{techs: {{d: }}}}}}\n"
        );
        std::fs::write(&model, text).unwrap();
        let error = refused(&model);
        assert!(error.to_string().contains(kind) && error.to_string().contains("d.yaml:2"), "{error}");
        std::fs::write(&model, format!("import: {source}\n")).unwrap();
        let error = refused(&model).to_string();
        assert!(error.contains(kind) && error.contains("d.yaml:1:9"), "{error}");
    }
}

#[test]
fn what_is_no_configuration_is_not_repeated_in_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("week.csv");
    let mut text = String::from("timestamp,a\n");
    for hour in 0..10_000 {
        let _ = writeln!(text, "2019-01-{hour},1");
    }
    std::fs::write(&model, text).unwrap();
    let error = refused(&model);
    assert!(error.to_string().len() < 300 && error.to_string().contains("expected a district"), "{error}");
    assert!(error.span().unwrap().marked().len() < 20);
    std::fs::write(&model, format!("carriers: [electricity]\n{}: 1\n", "k".repeat(900))).unwrap();
    assert!(refused(&model).to_string().len() < 1000);
}

#[test]
fn many_overrides_take_no_quadratic_time() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("d.yaml");
    let mut text = String::from("overrides:\n");
    for number in 0..100_000 {
        let _ = writeln!(text, "  o{number}: {{techs.solar.capacity_kw: {number}}}");
    }
    std::fs::write(&model, text).unwrap();
    let error = refused(&model).to_string();
    assert!(error.contains("`carriers` is missing"), "{error}");
    let request = Request { model, scenario: Some("o7,nosuch".to_owned()), ..Request::default() };
    let began = Instant::now();
    let error = Case::load(&request).unwrap_err().to_string();
    assert!(error.contains("nosuch") && error.len() < 3000 && began.elapsed() < SOON, "{error}");
}

#[test]
fn control_characters_and_dots_are_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("d.yaml");
    let with = |name: &str| {
        let text = format!(
            "carriers: [electricity]\ntime: {{start: 2024-01-01, end: 2024-01-01, step_minutes: 60}}\ntechs:\n  \
             grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.3}}\nsites: {{\"{name}\": {{techs: \
             {{grid: }}}}}}\n"
        );
        std::fs::write(&model, text).unwrap();
        refused(&model).to_string()
    };
    let error = with("ho\\e[2Juse");
    assert!(error.contains("\\u{1b}[2Juse") && error.contains("control characters"), "{error}");
    let error = with("Bldg. 3");
    assert!(error.contains("names have no dots") && error.contains("d.yaml:5"), "{error}");
}
