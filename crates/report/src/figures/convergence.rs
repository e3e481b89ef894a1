//! The figure of the convergence: gap and residual by iteration.

use anergy_data::schema::Stop;
use anergy_data::schema::columns::convergence as column;

use crate::figure::{Colour, Figure, Line, Panel, Plot, Style, XAxis};
use crate::run::RunResults;

/// Returns the relative gap, and the change of the loop temperature, by iteration; `None` without a loop.
pub(crate) fn convergence(run: &RunResults) -> Option<Figure> {
    let coupling = run.summary.coupling.as_ref()?;
    let frame = run.convergence.as_ref()?;
    let iterations = frame.numbers(column::ITERATION)?;
    // A logarithmic axis cannot show zero.
    let positive = |name: &str| -> Option<Vec<f64>> {
        let values = frame.numbers(name)?;
        Some(values.iter().map(|value| if *value > 0.0 { *value } else { f64::NAN }).collect())
    };
    let line = |name: &str, colour, of| {
        let values = positive(of)?;
        let line = Line { style: Style::Points, ..Line::new(name, Colour::Nth(colour), values) };
        line.values.iter().any(|value| !value.is_nan()).then_some(line)
    };
    let panel = |label: &str, lines: Vec<Option<Line>>, limit: Option<f64>| {
        let lines: Vec<Line> = lines.into_iter().flatten().collect();
        let limits = limit.map(|limit| ("tolerance".to_owned(), limit)).into_iter().collect();
        (!lines.is_empty()).then(|| Panel { is_log: true, limits, ..Panel::new(label, lines) })
    };
    let tolerance = coupling.tolerance.as_ref();
    let stops_by = |rule: Stop| tolerance.filter(|tolerance| tolerance.stop == rule);
    let gap =
        vec![line("of the money", 0, column::RELATIVE_GAP), line("of unmet demand", 3, column::RELATIVE_UNMET_GAP)];
    let changes = vec![line("largest change", 1, column::MAX_CHANGE_K), line("mean change", 2, column::MEAN_CHANGE_K)];
    let panels = [
        panel("relative gap", gap, stops_by(Stop::Gap).map(|tolerance| tolerance.relative_gap)),
        panel("change, K", changes, stops_by(Stop::Residual).map(|tolerance| tolerance.temperature_k)),
    ];
    let panels: Vec<Panel> = panels.into_iter().flatten().collect();
    if panels.is_empty() {
        return None;
    }
    let gap = coupling
        .gap
        .as_ref()
        .map_or_else(String::new, |gap| format!(" The answer's relative gap is {:.2e}.", gap.relative));
    let text = format!(
        "Relative gap: the share of the money that a dispatcher could save at the COPs its plan leads to, and the \
         share of unmet demand that it could serve. Change: of the loop temperature since the iteration before; it \
         may go on while nothing is to be gained any more.{gap}"
    );
    let x = XAxis::Number { label: "iteration".to_owned(), values: iterations.to_vec() };
    Some(Figure {
        id: "convergence".to_owned(),
        title: "Gap and residual by iteration".to_owned(),
        text,
        plot: Plot::Lines { x, panels },
    })
}
