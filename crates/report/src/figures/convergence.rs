//! How gap and residual went from iteration to iteration.

use crate::figure::{Colour, Figure, Line, Panel, Plot, Style, X};
use crate::run::RunResults;

/// Relative gap, and change of the loop temperature, by iteration.
pub(crate) fn convergence(run: &RunResults) -> Option<Figure> {
    let coupling = run.summary.coupling.as_ref()?;
    let frame = run.convergence.as_ref()?;
    let iterations = frame.numbers("iteration")?;
    // A logarithmic axis has no place for zero.
    let positive = |name: &str| -> Option<Vec<f64>> {
        let values = frame.numbers(name)?;
        Some(values.iter().map(|value| if *value > 0.0 { *value } else { f64::NAN }).collect())
    };
    let line = |name: &str, colour, column| {
        let values = positive(column)?;
        let line = Line { style: Style::Points, ..Line::new(name, Colour::Nth(colour), values) };
        line.values.iter().any(|value| !value.is_nan()).then_some(line)
    };
    let panel = |label: &str, lines: Vec<Option<Line>>, limit: Option<f64>| {
        let lines: Vec<Line> = lines.into_iter().flatten().collect();
        let limits = limit.map(|limit| ("tolerance".to_owned(), limit)).into_iter().collect();
        (!lines.is_empty()).then(|| Panel { is_log: true, limits, ..Panel::new(label, lines) })
    };
    let tolerance = coupling.tolerance.as_ref();
    let stops_by = |rule: &str| tolerance.filter(|tolerance| tolerance.stop == rule);
    let gap = vec![line("of the money", 0, "relative_gap"), line("of unmet demand", 3, "relative_unmet_gap")];
    let changes = vec![line("largest change", 1, "max_change_k"), line("mean change", 2, "mean_change_k")];
    let panels = [
        panel("relative gap", gap, stops_by("gap").map(|tolerance| tolerance.relative_gap)),
        panel("change, K", changes, stops_by("residual").map(|tolerance| tolerance.temperature_k)),
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
        "Relative gap: the share of the money that a dispatcher could save at the COPs its plan leads to, and the share of unmet demand that it \
         could serve. Change: of the loop temperature \
         since the iteration before; it may go on while nothing is to be gained any more.{gap}"
    );
    let x = X::Number { label: "iteration".to_owned(), values: iterations.to_vec() };
    Some(Figure {
        id: "convergence".to_owned(),
        title: "Gap and residual by iteration".to_owned(),
        text,
        plot: Plot::Lines { x, panels },
    })
}
