//! A page as one HTML file that needs nothing else.

use std::io::Write as _;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map as JsonMap, Value, json};

use super::ReportError;
use super::axis::Axis;
use super::figure::{Colour, Explorer, Figure, Line, Map, Plot, Style, X};
use super::page::{Block, Page, Table};

/// Apache ECharts, the released bundle.
const LIBRARY: &str = include_str!("../../assets/echarts/echarts.min.js");
const SCRIPT: &str = include_str!("../../assets/report/report.js");
const CSS: &str = include_str!("../../assets/report/report.css");

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

/// The page as HTML.
///
/// # Errors
/// [`ReportError::Page`].
pub fn html(page: &Page) -> Result<String, ReportError> {
    let mut pool = Pool::default();
    let figures: JsonMap<String, Value> =
        page.figures().map(|figure| (figure.id.clone(), figure_json(figure, &mut pool))).collect();
    // Within a script element nothing may look like its end.
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
    /// The class of its size in a page.
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
    /// Whether a column is one of numbers.
    fn is_number(&self, column: &usize) -> bool {
        self.rows.first().and_then(|row| row.get(*column)).is_some_and(super::page::Cell::is_number)
    }
}

/// Steps into which the range of a series is divided; one more number says that there is none.
const STEPS: f64 = 65_534.0;
const NOTHING: u16 = u16::MAX;

/// Series of a page: two bytes a value, one after the other.
#[derive(Debug, Default)]
struct Pool {
    bytes: Vec<u8>,
}

impl Pool {
    /// Adds a series; what the page needs to find it and read it. Zero stays zero.
    fn add(&mut self, values: &[f64]) -> Value {
        let at = self.bytes.len() / 2;
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let spans_zero = low <= 0.0 && high >= 0.0;
        let range = if high > low { high - low } else { 1.0 };
        // One step of the range is given away so that zero can be one of the numbers.
        let step = range / (STEPS - 1.0);
        let zero = if spans_zero || !low.is_finite() { 0.0 } else { low };
        let offset = if spans_zero { (-low / step).ceil() } else { 0.0 };
        for value in values {
            let raw = if value.is_finite() {
                ((value - zero) / step).round() as i64 + offset as i64
            } else {
                i64::from(NOTHING)
            };
            let raw = u16::try_from(raw).unwrap_or(NOTHING);
            self.bytes.extend(raw.to_le_bytes());
        }
        json!({ "at": at, "n": values.len(), "zero": zero, "offset": offset, "step": step })
    }

    fn packed(self) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory cannot fail.
        let _ = encoder.write_all(&self.bytes);
        STANDARD.encode(encoder.finish().unwrap_or_default())
    }
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

/// A number that is none becomes null.
fn numbers(values: &[f64]) -> Value {
    values.iter().map(|value| json!(value)).collect()
}

fn figure_json(figure: &Figure, pool: &mut Pool) -> Value {
    let mut json = match &figure.plot {
        Plot::Lines { x, panels } => {
            let x = match x {
                X::Time(axis) => json!({ "time": axis_json(axis) }),
                X::Number { label, values } => json!({ "label": label, "values": pool.add(values) }),
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

fn map_json(map: &Map, pool: &mut Pool) -> Value {
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
        fn packed_series_are_as_exact_as_promised(
            mut values in proptest::collection::vec(-1e6_f64..1e6, 1..100), factor in 1e-6_f64..1e3,
        ) {
            values.iter_mut().for_each(|value| *value *= factor);
            values.extend([0.0, f64::NAN]);
            let mut pool = Pool::default();
            pool.add(&[1.0, 2.0]);
            let found = pool.add(&values);
            let number = |key: &str| found[key].as_f64().unwrap();
            let at = found["at"].as_u64().unwrap() as usize;
            let range = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - values.iter().copied().fold(f64::INFINITY, f64::min);
            for (index, value) in values.iter().enumerate() {
                let bytes = [pool.bytes[2 * (at + index)], pool.bytes[2 * (at + index) + 1]];
                let raw = u16::from_le_bytes(bytes);
                prop_assert_eq!(raw == NOTHING, value.is_nan());
                let read = number("zero") + number("step") * (f64::from(raw) - number("offset"));
                prop_assert!(value.is_nan() || (read - value).abs() <= 1.01 * range / 65_000.0, "{value} became {read}");
                prop_assert!(*value != 0.0 || read == 0.0, "zero became {read}");
            }
        }
    }

    #[test]
    fn nothing_in_a_page_can_end_its_scripts() {
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
