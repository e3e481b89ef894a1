//! Drawings of figures for papers: SVG, and PNG at 300 dots per inch, 180 mm wide.

mod cases;
mod graphs;
mod sankey;

use std::sync::Arc;

use kuva::backend::png::PngBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::band::BandPlot;
use kuva::plot::heatmap::ColorMap;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::line::LineStyle;
use kuva::plot::{Heatmap, LinePlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::datetime::DateTimeAxis;
use kuva::render::figure::Figure as Panels;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot as Drawn;
use kuva::render::render::{Scene, render_multiple};

use super::ReportError;
use super::axis::{Axis, DAY_MS, envelope, means};
use super::figure::{Colour, Figure, Layer, Line, Panel, Plot, Style, XAxis};
use super::figures::{extremes, number};
use cases::{bars, cases};
use graphs::network;
use sankey::sankey;

/// The width of a page of a journal, 180 mm, in pixels of SVG (96 per inch).
const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 330.0;
/// The number of pixels of PNG per pixel of SVG: 300 per inch.
const SCALE: f32 = 300.0 / 96.0;
/// The largest number of entries of a legend.
const LEGEND: usize = 12;
/// The largest number of points of a line.
const POINTS: usize = 1500;
/// The largest number of steps of a stack; above it, they are means over days.
const STACKED: usize = 45 * 24;
/// Colours that are distinguishable with any colour vision (Okabe and Ito; Tol).
const PALETTE: [&str; 11] = [
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b5a300", "#332288", "#44aa99", "#882255",
    "#999933",
];
/// The number of lines with the same stroke.
const LINES: usize = 5;
const FONT: &str = "DejaVu Sans, Arial, sans-serif";

/// Returns the figure as SVG.
#[must_use]
pub fn svg(figure: &Figure) -> String {
    let drawn = SvgBackend::new().render_scene(&scene(figure));
    // The alternative text.
    let text = format!("<title>{}</title><desc>{}</desc>", escaped(&figure.title), escaped(&figure.text));
    match drawn.find('>') {
        Some(at) => format!("{}{text}{}", &drawn[..=at], &drawn[at + 1..]),
        None => drawn,
    }
}

/// Returns the figure as PNG.
///
/// # Errors
/// [`ReportError::Picture`].
pub fn png(figure: &Figure) -> Result<Vec<u8>, ReportError> {
    let picture = PngBackend::new().with_scale(SCALE).render_scene(&scene(figure));
    picture.map_err(|message| ReportError::Picture { figure: figure.id.clone(), message })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn colour(colour: Colour) -> &'static str {
    match colour {
        Colour::Nth(index) => PALETTE[index % PALETTE.len()],
        Colour::Grey => "#8a939c",
        Colour::Alarm => "#b00020",
        Colour::Pale => "#c9ced4",
    }
}

/// Returns the colour map Viridis, with grey for NaN.
fn scale() -> ColorMap {
    let of = |value: f64| if value.is_nan() { "#e6e8eb".to_owned() } else { ColorMap::Viridis.map(value) };
    ColorMap::Custom(Arc::new(of))
}

/// Returns a name without the characters that the drawing library interprets as mathematics.
fn plain(name: &str) -> String {
    name.replace('$', "\\$")
}

/// Returns the number of columns of a legend in which the longest of `names` fits.
fn columns<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    let longest = names.map(|name| name.chars().count()).max().unwrap_or(1);
    ((WIDTH - 80.0) / (6.5 * longest as f64 + 34.0)).floor().max(1.0) as usize
}

/// Returns a moment in seconds.
fn seconds(ms: f64) -> f64 {
    ms / 1000.0
}

/// Returns the ticks of an axis of `days` days.
fn time_axis(days: f64) -> DateTimeAxis {
    match days {
        days if days > 800.0 => DateTimeAxis::years("%Y"),
        days if days > 100.0 => {
            DateTimeAxis::months(if days > 380.0 { "%b %y" } else { "%b" }).with_step((days / 400.0).ceil() as usize)
        }
        days if days > 40.0 => DateTimeAxis::weeks("%d %b"),
        days if days > 2.0 => DateTimeAxis::days("%d %b").with_step((days / 10.0).ceil() as usize),
        _ => DateTimeAxis::hours("%H:%M").with_step(6),
    }
}

fn layout(plots: &[Drawn], title: &str, height: f64) -> Layout {
    Layout::auto_from_plots(plots)
        .with_width(WIDTH)
        .with_height(height)
        .with_title(plain(title))
        .with_font_family(FONT)
        .with_title_size(13)
        .with_label_size(11)
        .with_tick_size(10)
        .with_body_size(10)
        .with_axis_line_width(0.8)
        .with_grid_line_width(0.4)
        .with_legend_position(LegendPosition::OutsideBottomColumns)
        .with_legend_entry_limit(LEGEND)
        .with_legend_box(false)
}

fn scene(figure: &Figure) -> Scene {
    let title = figure.title.as_str();
    match &figure.plot {
        Plot::Lines { x, panels } => lines(title, x, panels),
        Plot::Stack { axis, layers } => stack(title, axis, layers),
        Plot::Carpet { axis, values, label } => carpet(title, axis, values, label),
        Plot::Sankey { nodes, flows } => sankey(title, nodes, flows),
        Plot::Map(map) => network(title, map),
        Plot::Bars { is_stacked, categories, label, series } => bars(title, *is_stacked, categories, label, series),
        Plot::Explorer(explorer) => cases(title, explorer),
    }
}

fn lines(title: &str, x: &XAxis, panels: &[Panel]) -> Scene {
    let last = panels.len().saturating_sub(1);
    let rows = panels.iter().enumerate().map(|(index, panel)| {
        let mut plots: Vec<Drawn> = panel.lines.iter().map(|line| drawn(line, x)).collect();
        if plots.is_empty() {
            plots.push(Drawn::Line(LinePlot::new().with_data([(0.0, 0.0)])));
        }
        let names = panel.lines.iter().map(|line| line.name.as_str());
        let mut layout = layout(&plots, if index == 0 { title } else { "" }, HEIGHT)
            .with_y_label(panel.label.as_str())
            .with_legend_col_limit(columns(names))
            .with_clamp_axis();
        for (name, value) in &panel.limits {
            let limit = ReferenceLine::horizontal(*value).with_color("#b00020");
            layout = layout.with_reference_line(limit.with_label(format!("{name} {}", number(*value))));
        }
        if panel.is_log {
            layout = layout.with_log_y();
        } else if let Some([low, _, high]) = spanned(panel) {
            layout = layout.with_y_axis_min(low).with_y_axis_max(high);
        }
        layout = match x {
            XAxis::Time(axis) => layout.with_x_datetime(time_axis(days(axis, panel))),
            XAxis::Number { label, values } => {
                let layout = if index == last { layout.with_x_label(label.as_str()) } else { layout };
                // On an axis of few whole numbers, no ticks are placed between them.
                let few = values.len() <= 20 && values.iter().all(|value| value.fract() == 0.0);
                if few { layout.with_x_tick_step((values.len() as f64 / 10.0).ceil()) } else { layout }
            }
        };
        (plots, layout)
    });
    let (mut plots, mut layouts): (Vec<_>, Vec<_>) = rows.unzip();
    match (plots.len(), plots.pop(), layouts.pop()) {
        (1, Some(plots), Some(layout)) => render_multiple(plots, layout),
        (count, Some(last_plots), Some(last_layout)) => {
            plots.push(last_plots);
            layouts.push(last_layout);
            Panels::new(count, 1)
                .with_plots(plots)
                .with_layouts(layouts)
                .with_figure_size(WIDTH, 0.8 * HEIGHT * count as f64)
                .with_spacing(4.0)
                .render()
        }
        _ => Scene::new(WIDTH, HEIGHT),
    }
}

/// Returns the length of time of a panel's lines, days.
fn days(axis: &Axis, panel: &Panel) -> f64 {
    let of = |line: &Line| line.axis.unwrap_or(*axis);
    let from = panel.lines.iter().map(|line| of(line).start_ms).fold(f64::INFINITY, f64::min);
    let to = panel.lines.iter().map(|line| of(line).at(line.values.len())).fold(f64::NEG_INFINITY, f64::max);
    if from < to { (to - from) / DAY_MS } else { axis.days() }
}

/// Returns the range of a linear panel, including its limits and a margin.
fn spanned(panel: &Panel) -> Option<[f64; 3]> {
    let mut all: Vec<f64> = panel.lines.iter().flat_map(|line| &line.values).copied().collect();
    all.extend(panel.limits.iter().map(|(_, value)| value));
    let [low, mean, high] = extremes(&all)?;
    let room = 0.07 * (high - low).max(1e-9);
    Some([if low >= 0.0 && low < room { 0.0 } else { low - room }, mean, high + room])
}

fn drawn(line: &Line, x: &XAxis) -> Drawn {
    let (points, block) = match line.values.len() {
        len if len > POINTS && matches!(x, XAxis::Time(_)) => {
            let block = (2 * len).div_ceil(POINTS).max(3);
            (envelope(&line.values, block), 0.5 * block as f64)
        }
        _ => (line.values.clone(), 1.0),
    };
    let at = |index: usize| match (x, &line.axis) {
        (XAxis::Time(axis), own) => {
            let axis = own.as_ref().unwrap_or(axis);
            seconds(axis.start_ms + axis.step_ms * block * index as f64)
        }
        (XAxis::Number { values, .. }, _) => values.get(index).copied().unwrap_or(f64::NAN),
    };
    let pairs: Vec<(f64, f64)> =
        points.iter().enumerate().map(|(index, value)| (at(index), *value)).filter(|(_, y)| y.is_finite()).collect();
    // Lines differ in their strokes too; PNG has solid ones only.
    let (shade, stroke) = match line.colour {
        Colour::Nth(index) => {
            let strokes = [LineStyle::Solid, LineStyle::Dashed, LineStyle::Dotted];
            (PALETTE[index % PALETTE.len()], strokes[index / LINES % strokes.len()].clone())
        }
        other => (colour(other), LineStyle::Solid),
    };
    match line.style {
        Style::Plain => Drawn::Line(
            LinePlot::new()
                .with_data(pairs)
                .with_color(shade)
                .with_line_style(stroke)
                .with_stroke_width(0.9)
                .with_legend(plain(&line.name)),
        ),
        Style::Faint => Drawn::Line(LinePlot::new().with_data(pairs).with_color("#d0d5da").with_stroke_width(0.6)),
        Style::Points => Drawn::Line(
            LinePlot::new()
                .with_data(pairs)
                .with_color(shade)
                .with_line_style(stroke)
                .with_stroke_width(1.2)
                .with_legend(plain(&line.name)),
        ),
    }
}

fn stack(title: &str, axis: &Axis, layers: &[Layer]) -> Scene {
    let block = if axis.len > STACKED { axis.steps_per_day().unwrap_or(1) } else { 1 };
    let axis = axis.coarser(block);
    // A power is constant over its step: it is drawn at the beginning and at the end of the step.
    let at: Vec<f64> = (0..axis.len).flat_map(|index| [axis.at(index), axis.at(index + 1)]).map(seconds).collect();
    let mut sums = [vec![0.0; axis.len], vec![0.0; axis.len]];
    let lasting = |sum: &[f64]| sum.iter().flat_map(|kw| [*kw, *kw]).collect::<Vec<f64>>();
    let (mut plots, mut legend) = (Vec::new(), Vec::new());
    for layer in layers {
        let sign = if layer.is_source { 1.0 } else { -1.0 };
        let sum = &mut sums[usize::from(!layer.is_source)];
        let base = lasting(sum);
        sum.iter_mut().zip(means(&layer.values, block)).for_each(|(sum, kw)| *sum += sign * kw);
        let band = BandPlot::new(at.clone(), base, lasting(sum))
            .with_color(colour(layer.colour))
            .with_opacity(if layer.is_source { 0.9 } else { 0.6 });
        plots.push(Drawn::Band(band));
        // A technology on both sides has one entry.
        if !legend.iter().any(|entry: &LegendEntry| entry.label == plain(&layer.name)) {
            legend.push(LegendEntry {
                label: plain(&layer.name),
                color: colour(layer.colour).to_owned(),
                shape: LegendShape::Rect,
                dasharray: None,
            });
        }
    }
    if plots.is_empty() {
        return Scene::new(WIDTH, HEIGHT);
    }
    let label = if block > 1 { "kW, means over days" } else { "kW" };
    let all: Vec<f64> = sums.concat();
    let [low, _, high] = extremes(&all).unwrap_or([0.0, 0.0, 1.0]);
    let layout = layout(&plots, title, HEIGHT)
        .with_y_label(label)
        .with_legend_col_limit(columns(layers.iter().map(|layer| layer.name.as_str())))
        .with_legend_entries(legend)
        .with_x_datetime(time_axis(axis.days()));
    render_multiple(plots, layout.with_y_axis_min(1.05 * low).with_y_axis_max(1.05 * high))
}

fn carpet(title: &str, axis: &Axis, values: &[f64], label: &str) -> Scene {
    let per_day = axis.steps_per_day().unwrap_or(1);
    let days = values.len().div_ceil(per_day);
    let cell = |hour: usize, day: usize| values.get(day * per_day + hour).copied().unwrap_or(f64::NAN);
    let rows = (0..per_day).map(|hour| (0..days).map(|day| cell(hour, day)).collect::<Vec<f64>>());
    let from = seconds(axis.start_ms);
    let map = Heatmap::new()
        .with_data(rows)
        .with_color_map(scale())
        .with_x_range(from, from + days as f64 * seconds(DAY_MS))
        .with_y_range(0.0, 24.0)
        .with_cell_size(1.0)
        .with_legend(label);
    let plots = vec![Drawn::Heatmap(map)];
    let layout = layout(&plots, title, 0.75 * HEIGHT).with_y_label("hour of the day").with_y_tick_step(6.0);
    render_multiple(plots, layout.with_x_datetime(time_axis(axis.days())))
}
