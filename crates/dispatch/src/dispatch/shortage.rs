//! Reports of where, when and by how much a demand cannot be met.

use std::fmt::Write as _;

use anergy_lp::{Backend, GlobalColumnId, LpError, Solution};

use super::layout::{DispatchLayout, Role};
use super::{DispatchError, ShortageReport};
use crate::district::{District, Shortage};

/// Power below which a shortage is not reported, kW.
const NEGLIGIBLE_KW: f64 = 1e-6;

/// Returns whether both unmet demand and surplus are allowed, so that every balance can be closed.
pub(super) fn is_allowed(district: &District) -> bool {
    let Shortage { unmet_eur_per_kwh, surplus_eur_per_kwh } = district.shortage();
    unmet_eur_per_kwh.is_some() && surplus_eur_per_kwh.is_some()
}

/// Minimises shortage and excess instead of the cost, and reports what remains.
///
/// # Errors
/// When the solver fails, or when there is no shortage: the plan of least cost is then unbounded, or the problem is
/// infeasible for another reason.
pub(super) fn explain(
    district: &District,
    layout: &DispatchLayout,
    backend: &dyn Backend,
) -> Result<DispatchError, DispatchError> {
    let elastic = Shortage { unmet_eur_per_kwh: Some(1.0), surplus_eur_per_kwh: Some(1.0) };
    let mut relaxed = DispatchLayout::new(&district.clone().with_shortage(elastic));
    for (conversion, original) in relaxed.conversions.iter().zip(&layout.conversions) {
        relaxed.problem.set_coefficients(conversion.term, original.efficiency.iter().map(|eta| -1.0 / eta));
    }
    // Auxiliary demands are included.
    for (balance, original) in relaxed.balances.iter().zip(&layout.balances) {
        let sums = &layout.problem.rows()[original.row.0].lower;
        relaxed.problem.set_sums(balance.row, (0..district.axis().len()).map(|stage| sums.at(stage)));
    }
    let stages = district.axis().len();
    for (column, quantity) in relaxed.quantities.iter().enumerate() {
        if !matches!(quantity.role, Role::Unmet | Role::Surplus) {
            relaxed.problem.set_costs(anergy_lp::ColumnId(column), (0..stages).map(|_| 0.0));
        }
    }
    for column in 0..relaxed.problem.global_columns().len() {
        relaxed.problem.set_global_cost(GlobalColumnId(column), 0.0);
    }
    let mut reports = Vec::new();
    for component in relaxed.problem.components() {
        let mut solution = Solution::zeros(&component.problem);
        backend.prepare(&component.problem)?.solve(&component.problem, &mut solution)?;
        for (row, column) in solution.values.rows().into_iter().zip(&component.columns) {
            let quantity = &relaxed.quantities[column.index()];
            if !matches!(quantity.role, Role::Unmet | Role::Surplus) {
                continue;
            }
            let short = row.iter().enumerate().filter(|(_, power)| **power > NEGLIGIBLE_KW);
            let energy = |power: f64| power * district.axis().step_hours();
            let hours: Vec<_> = short.map(|(step, power)| (district.axis().label(step), energy(*power))).collect();
            if !hours.is_empty() {
                reports.push(ShortageReport {
                    site: district.sites()[quantity.site].name.clone(),
                    carrier: district.carriers()[quantity.carrier].clone(),
                    too_little: quantity.role == Role::Unmet,
                    hours,
                });
            }
        }
    }
    if reports.is_empty() {
        // A plan without shortage exists, so the cause is not the shortage.
        let problem = &layout.problem;
        return Err(match problem.has_negative_cost() {
            true => LpError::Unbounded { problem: problem.name().to_owned() },
            false => problem.infeasible(),
        }
        .into());
    }
    reports.sort_by(|a, b| b.energy_kwh().total_cmp(&a.energy_kwh()));
    Ok(DispatchError::Infeasible(reports))
}

/// Describes a shortage: the sites and carriers, their energy, and the first steps.
pub(super) fn describe(reports: &[ShortageReport]) -> String {
    const SHOWN: usize = 3;
    let mut text = String::from("the demand cannot be met, and unmet demand is not allowed:");
    for report in reports {
        let what = if report.too_little { "short of" } else { "cannot get rid of" };
        let hours = report.hours.len();
        let plural = if hours == 1 { "" } else { "s" };
        let energy = report.energy_kwh();
        let _ =
            write!(text, "\n  {}: {what} {energy:.1} kWh of {} in {hours} step{plural}:", report.site, report.carrier);
        for (stamp, energy) in report.hours.iter().take(SHOWN) {
            let _ = write!(text, " {stamp} ({energy:.1} kWh);");
        }
        if hours > SHOWN {
            let _ = write!(text, " and {} more", hours - SHOWN);
        }
    }
    text
}
