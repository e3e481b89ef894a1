//! The outliers and gaps in the series of the published case.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::series::{Frame, gaps, outliers};

#[test]
fn the_published_series_have_one_outlier_and_one_gap() {
    let Some(data) = common::published_data() else { return };
    for variant in ["smarti", "baseline"] {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for entry in std::fs::read_dir(data.join(variant).join("timeseries_data")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "csv") {
                continue;
            }
            let frame = Frame::read(&path).unwrap();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            for name in frame.names() {
                let values = frame.column(name).unwrap();
                let label = |step: usize| format!("{file}:{name} {}", frame.axis().label(step));
                found.extend(outliers(values).iter().map(|outlier| (label(outlier.step), outlier.value)));
                missing.extend(gaps(values).iter().map(|gap| (label(gap.first), gap.steps)));
            }
        }
        assert_eq!(found, [("demand_co.csv:commercial 2015-10-23 12:00:00".to_owned(), -164_029.0)], "{variant}");
        missing.sort();
        let gap = |column: &str| (format!("solar_resource.csv:{column} 2015-12-31 23:00:00"), 1);
        assert_eq!(missing, [gap("buildings"), gap("commercial")], "{variant}");
    }
}
