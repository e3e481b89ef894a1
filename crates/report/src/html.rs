//! Writer of a page as one self-contained HTML file.

use std::io::Write as _;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map as JsonMap, Value, json};

use super::ReportError;
use super::axis::Axis;
use super::figure::{Colour, Explorer, Figure, Line, Map, Plot, Style, XAxis};
use super::page::{Block, Page, Table};

/// Apache ECharts, the released bundle.
const LIBRARY: &str = include_str!("../../../assets/echarts/echarts.min.js");
const SCRIPT: &str = include_str!("../../../assets/report/report.js");
const CSS: &str = include_str!("../../../assets/report/report.css");

#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'p> {
    page: &'p Page,
    version: &'static str,
    css: &'static str,
    library: &'static str,
    script: &'static str,
    data: String,
    series: String,
}

/// Returns the page as HTML.
///
/// # Errors
/// [`ReportError::Page`].
pub fn html(page: &Page) -> Result<String, ReportError> {
    let mut pool = SeriesPool::default();
    let figures: JsonMap<String, Value> =
        page.figures().map(|figure| (figure.id.clone(), figure_json(figure, &mut pool))).collect();
    // In a script element `</script>` must not occur.
    let data = json!({ "figures": figures }).to_string().replace('<', "\\u003c");
    let template = PageTemplate {
        page,
        version: env!("CARGO_PKG_VERSION"),
        css: CSS,
        library: LIBRARY,
        script: SCRIPT,
        data,
        series: pool.packed(),
    };
    Ok(template.render()?)
}

impl Figure {
    /// Returns the CSS class for its size in a page.
    fn size(&self) -> &'static str {
        match &self.plot {
            Plot::Sankey { .. } | Plot::Map(_) => "tall",
            Plot::Lines { panels, .. } if panels.len() > 1 => "tall",
            Plot::Bars { categories, .. } if categories.len() > 12 => "tall",
            Plot::Carpet { .. } => "low",
            _ => "",
        }
    }
}

impl Table {
    /// Returns whether a column is numeric.
    fn is_number(&self, column: &usize) -> bool {
        self.rows.first().and_then(|row| row.get(*column)).is_some_and(super::page::Cell::is_number)
    }
}

/// The series of a page: single-precision numbers without the last byte of their fraction, accurate to 2e-5 relative.
/// Bytes of equal significance are stored together, which compresses better.
#[derive(Debug, Default)]
struct SeriesPool {
    planes: [Vec<u8>; 3],
}

impl SeriesPool {
    /// Adds a series; returns the reference by which the page finds it.
    fn add(&mut self, values: &[f64]) -> Value {
        let at = self.planes[0].len();
        for value in values {
            for (plane, byte) in self.planes.iter_mut().zip(shortened(*value)) {
                plane.push(byte);
            }
        }
        json!({ "at": at, "n": values.len() })
    }

    fn packed(self) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for plane in &self.planes {
            // Writing to memory cannot fail.
            let _ = encoder.write_all(plane);
        }
        STANDARD.encode(encoder.finish().unwrap_or_default())
    }
}

/// Returns the three leading bytes of a single-precision number, rounded; a number outside single precision becomes
/// NaN.
fn shortened(value: f64) -> [u8; 3] {
    let single = value as f32;
    let bits = if single.is_finite() { single.to_bits() } else { f32::NAN.to_bits() };
    // A carry of the fraction increments the exponent, which is correct; the largest numbers are not rounded.
    let rounded = if single.is_finite() { bits.saturating_add(0x80) } else { bits };
    let [a, b, c, _] = rounded.to_be_bytes();
    [a, b, c]
}

fn axis_json(axis: &Axis) -> Value {
    json!({ "start": axis.start_ms, "step": axis.step_ms, "n": axis.len })
}

fn colour_json(colour: Colour) -> Value {
    match colour {
        Colour::Nth(index) => json!(index),
        Colour::Grey => json!("grey"),
        Colour::Alarm => json!("alarm"),
        Colour::Pale => json!("pale"),
    }
}

/// Returns numbers as JSON; NaN and infinity become null.
fn numbers(values: &[f64]) -> Value {
    values.iter().map(|value| json!(value)).collect()
}

fn figure_json(figure: &Figure, pool: &mut SeriesPool) -> Value {
    let mut json = match &figure.plot {
        Plot::Lines { x, panels } => {
            let x = match x {
                XAxis::Time(axis) => json!({ "time": axis_json(axis) }),
                XAxis::Number { label, values } => json!({ "label": label, "values": pool.add(values) }),
            };
            let mut line = |line: &Line| {
                let style = match line.style {
                    Style::Plain => "plain",
                    Style::Faint => "faint",
                    Style::Points => "points",
                };
                json!({
                    "name": line.name, "colour": colour_json(line.colour), "style": style, "values": pool.add(&line.values),
                    "axis": line.axis.as_ref().map(axis_json),
                })
            };
            let panels: Vec<Value> = panels
                .iter()
                .map(|panel| {
                    let lines: Vec<Value> = panel.lines.iter().map(&mut line).collect();
                    json!({ "label": panel.label, "log": panel.is_log, "lines": lines, "limits": panel.limits })
                })
                .collect();
            json!({ "kind": "lines", "x": x, "panels": panels })
        }
        Plot::Stack { axis, layers } => {
            let layers = layers.iter().map(|layer| {
                json!({
                    "name": layer.name, "colour": colour_json(layer.colour), "source": layer.is_source,
                    "values": pool.add(&layer.values),
                })
            });
            json!({ "kind": "stack", "axis": axis_json(axis), "layers": layers.collect::<Vec<_>>() })
        }
        Plot::Carpet { axis, values, label } => {
            json!({ "kind": "carpet", "axis": axis_json(axis), "values": pool.add(values), "label": label })
        }
        Plot::Sankey { nodes, flows } => {
            let nodes = nodes.iter().map(|node| json!({ "name": node.name, "colour": colour_json(node.colour) }));
            json!({ "kind": "sankey", "nodes": nodes.collect::<Vec<_>>(), "flows": flows })
        }
        Plot::Map(map) => map_json(map, pool),
        Plot::Bars { is_stacked, categories, label, series } => {
            let series = series.iter().map(|(name, colour, values)| json!([name, colour_json(*colour), values]));
            let series: Vec<Value> = series.collect();
            json!({ "kind": "bars", "stacked": is_stacked, "categories": categories, "label": label, "series": series })
        }
        Plot::Explorer(Explorer { cases, verdicts, columns, first, is_grid }) => {
            let columns = columns.iter().map(|(name, values)| json!([name, numbers(values)]));
            json!({
                "kind": "explorer", "cases": cases, "verdicts": verdicts, "columns": columns.collect::<Vec<_>>(),
                "first": first, "grid": is_grid,
            })
        }
    };
    json["id"] = json!(figure.id);
    json["title"] = json!(figure.title);
    json
}

fn map_json(map: &Map, pool: &mut SeriesPool) -> Value {
    let mut node = |node: &super::figure::MapNode| {
        json!({
            "name": node.name, "x": node.x_m, "y": node.y_m, "label": node.label, "mean": node.mean_c,
            "values": pool.add(&node.temp_c),
        })
    };
    let nodes: Vec<Value> = map.nodes.iter().map(&mut node).collect();
    json!({ "kind": "map", "axis": axis_json(&map.axis), "nodes": nodes, "pipes": map.pipes })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packed_series_have_the_documented_accuracy(
            values in proptest::collection::vec((-1.0_f64..1.0, -20..20_i32), 1..100),
        ) {
            let mut values: Vec<f64> = values.iter().map(|(value, power)| value * 10_f64.powi(*power)).collect();
            values.extend([0.0, f64::NAN, f64::INFINITY, 1e300]);
            let mut pool = SeriesPool::default();
            pool.add(&[1.0, 2.0]);
            let found = pool.add(&values);
            let at = found["at"].as_u64().unwrap() as usize;
            for (index, value) in values.iter().enumerate() {
                let bytes = [0, 1, 2].map(|plane| pool.planes[plane][at + index]);
                let read = f64::from(f32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0]));
                if value.is_finite() && value.abs() < 1e38 {
                    prop_assert!((read - value).abs() <= 1.6e-5 * value.abs(), "{value} became {read}");
                } else {
                    prop_assert!(read.is_nan(), "{value} became {read}");
                }
            }
        }
    }

    #[test]
    fn text_cannot_end_a_script_element() {
        let evil = "</script><script>alert(1)</script>\"'<b>&";
        let figure = Figure {
            id: "a".to_owned(),
            title: evil.to_owned(),
            text: evil.to_owned(),
            plot: Plot::Bars {
                is_stacked: false,
                categories: vec![evil.to_owned()],
                label: evil.to_owned(),
                series: Vec::new(),
            },
        };
        let section = super::super::page::Section { id: "s", title: "S", blocks: vec![Block::Figure(figure)] };
        let page = Page { title: evil.to_owned(), subtitle: evil.to_owned(), badge: None, sections: vec![section] };
        let text = html(&page).unwrap();
        assert!(!text.contains("<script>alert"), "markup got through");
        assert_eq!(text.matches("</script>").count(), 4, "the page's own scripts and no other");
    }
}
