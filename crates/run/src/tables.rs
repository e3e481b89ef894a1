//! Result tables of a run.

use anergy_config::Case;
use anergy_cosim::coupling::Record;
use anergy_cosim::equilibrium::Descent;
use anergy_cosim::{CosimResult, Coupling};
use anergy_data::results::{Column, Table};
use anergy_data::schema::columns::{
    TIMESTAMP, anticipative, anticipative_plan, convergence, loop_temperature, prices, timeseries, timings,
};
use anergy_dispatch::dispatch::{Price, Role};
use anergy_dispatch::district::{Availability, Kind};

/// Returns every flow, level, COP and temperature by time step.
///
/// Columns are named `site|technology|carrier|quantity` with the unit as the last word; powers are means over the step,
/// levels are at its end, the loop temperature is at its start. The loop temperature at the end of the last step is in
/// the table of [`loop_temperature_table`].
#[must_use]
pub fn timeseries_table(case: &Case, run: &CosimResult) -> Table {
    let axis = case.district.axis();
    let steps = axis.len();
    let mut table = Table::default();
    table.push(TIMESTAMP, Column::Time((0..steps).map(|step| axis.stamp(step)).collect()));
    for (site_index, site) in case.district.sites().iter().enumerate() {
        for (index, technology) in site.technologies.iter().enumerate() {
            let name =
                |carrier: &str, quantity: &str| timeseries::name(&site.name, &technology.name, carrier, quantity);
            let row = |role| {
                let found = run.dispatch.quantity(&site.name, &technology.name, role);
                found.map_or_else(|| vec![0.0; steps], |row| run.decisions.values.row(row).to_vec())
            };
            match &technology.kind {
                Kind::Supply(supply) => {
                    let values = match &supply.available {
                        Availability::Forced(power) => (0..steps).map(|step| power.at(step)).collect(),
                        _ => row(Role::Supply),
                    };
                    table.push(name(&supply.carrier, timeseries::SUPPLY_KW), Column::Number(values));
                }
                Kind::Export(export) => {
                    table.push(name(&export.carrier, timeseries::EXPORT_KW), Column::Number(row(Role::Export)));
                }
                Kind::Demand(demand) => {
                    let values = (0..steps).map(|step| demand.power_kw.at(step)).collect();
                    table.push(name(&demand.carrier, timeseries::DEMAND_KW), Column::Number(values));
                }
                Kind::Storage(storage) => {
                    table.push(name(&storage.carrier, timeseries::CHARGE_KW), Column::Number(row(Role::Charge)));
                    table.push(name(&storage.carrier, timeseries::DISCHARGE_KW), Column::Number(row(Role::Discharge)));
                    table.push(name(&storage.carrier, timeseries::LEVEL_KWH), Column::Number(row(Role::Level)));
                }
                Kind::Conversion(conversion) => {
                    table.push(name(&conversion.carrier_out, timeseries::OUTPUT_KW), Column::Number(row(Role::Output)));
                    for byproduct in &conversion.byproducts {
                        let output = row(Role::Output);
                        let values = output.iter().enumerate().map(|(step, kw)| kw * byproduct.per_output.at(step));
                        table.push(name(&byproduct.carrier, timeseries::OUTPUT_KW), Column::Number(values.collect()));
                    }
                    let input = run.dispatch.input_kw(&run.decisions.values, site_index, index);
                    table.push(name(&conversion.carrier_in, timeseries::INPUT_KW), Column::Number(input));
                    if let Some(conversion) = run.dispatch.conversion(&site.name, &technology.name) {
                        let cop = run.dispatch.efficiency(conversion).to_vec();
                        table.push(timeseries::efficiency(&site.name, &technology.name), Column::Number(cop));
                    }
                }
            }
        }
        for (carrier_index, carrier) in case.district.carriers().iter().enumerate() {
            for (role, quantity) in [(Role::Unmet, timeseries::UNMET_KW), (Role::Surplus, timeseries::SURPLUS_KW)] {
                let found = run.dispatch.balance_quantity(site_index, carrier_index, role);
                if let Some(row) = found {
                    let values = run.decisions.values.row(row).to_vec();
                    table.push(timeseries::of_balance(&site.name, carrier, quantity), Column::Number(values));
                }
            }
        }
    }
    for (index, link) in case.district.links().iter().enumerate() {
        for (role, from, to) in [(Role::Forward, &link.from, &link.to), (Role::Backward, &link.to, &link.from)] {
            if let Some(row) = run.dispatch.link_quantity(index, role) {
                let enters_kw = run.decisions.values.row(row);
                let leaves_kw = enters_kw.iter().map(|kw| link.efficiency * kw).collect();
                let name = |site: &str, quantity: &str| timeseries::name(site, &link.name, &link.carrier, quantity);
                table.push(name(from, timeseries::ENTERS_KW), Column::Number(enters_kw.to_vec()));
                table.push(name(to, timeseries::LEAVES_KW), Column::Number(leaves_kw));
            }
        }
    }
    if let Some(coupling) = &run.coupling {
        push_loop_columns(&mut table, case, run, coupling);
    }
    table
}

/// Adds the columns of the loop, and of the electricity of its pumps and plants.
fn push_loop_columns(table: &mut Table, case: &Case, run: &CosimResult, coupling: &Coupling) {
    let steps = case.district.axis().len();
    let response = &coupling.response;
    table.push(timeseries::LOOP_TEMPERATURE_C, Column::Number(response.temp_c.iter().copied().take(steps).collect()));
    table.push(timeseries::LOOP_HEAT_KWH, Column::Number(response.heat_kwh.to_vec()));
    table.push(timeseries::LOOP_GROUND_KWH, Column::Number(response.ground_kwh.to_vec()));
    table.push(timeseries::LOOP_BALANCING_KWH, Column::Number(response.balancing_kwh.to_vec()));
    table.push(timeseries::LOOP_BALANCING_ENERGY_KWH, Column::Number(response.balancing_energy_kwh.to_vec()));
    let balances = case.coupled.iter().flat_map(|coupled| &coupled.auxiliary);
    for ([site, carrier], power_kw) in balances.zip(run.auxiliary_kw.rows()) {
        table
            .push(timeseries::of_balance(site, carrier, timeseries::CIRCULATION_KW), Column::Number(power_kw.to_vec()));
    }
    table.push(timeseries::LOOP_CREATED_KWH, Column::Number(response.created_kwh.to_vec()));
}

/// Returns the shadow prices and reduced costs at each step, EUR/kWh: the duals of the dispatch LP at the COPs of the
/// solution. `None` where the solver gives no duals.
///
/// Columns: `site||carrier|price`, the cost of one more kWh of demand; `site|store|carrier|stored`, the saving by one
/// more kWh in the store at the end of the step; `site|technology|carrier|ROLE_reduced_cost`, the reduced cost of a
/// flow: > 0 where one more kWh would raise the cost, < 0 where it would lower the cost.
#[must_use]
pub fn prices_table(case: &Case, run: &CosimResult) -> Option<Table> {
    let duals = run.duals.as_ref()?;
    let axis = case.district.axis();
    let mut table = Table::default();
    table.push(TIMESTAMP, Column::Time((0..axis.len()).map(|step| axis.stamp(step)).collect()));
    let mut push = |price: Price, quantity: &str| {
        let site = &case.district.sites()[price.site];
        let technology = price.technology.map_or("", |index| &site.technologies[index].name);
        let carrier = &case.district.carriers()[price.carrier];
        table.push(prices::name(&site.name, technology, carrier, quantity), Column::Number(price.eur_per_kwh));
    };
    run.dispatch.prices(duals).for_each(|price| push(price, prices::PRICE_EUR_PER_KWH));
    run.dispatch.stored(duals).for_each(|price| push(price, prices::STORED_EUR_PER_KWH));
    for (role, price) in run.dispatch.reduced_costs(duals) {
        let quantity = match role {
            Role::Supply => prices::SUPPLY_REDUCED_COST_EUR_PER_KWH,
            Role::Export => prices::EXPORT_REDUCED_COST_EUR_PER_KWH,
            Role::Output => prices::OUTPUT_REDUCED_COST_EUR_PER_KWH,
            Role::Charge => prices::CHARGE_REDUCED_COST_EUR_PER_KWH,
            Role::Discharge => prices::DISCHARGE_REDUCED_COST_EUR_PER_KWH,
            Role::Level | Role::Unmet | Role::Surplus | Role::Forward | Role::Backward => continue,
        };
        push(price, quantity);
    }
    Some(table)
}

/// Returns one row per iteration; `None` without a loop.
#[must_use]
pub fn convergence_table(case: &Case, run: &CosimResult) -> Option<Table> {
    let coupling = run.coupling.as_ref()?;
    let records = &coupling.records;
    let mut table = Table::default();
    let number = |of: &dyn Fn(&Record) -> f64| Column::Number(records.iter().map(of).collect());
    let count = |of: &dyn Fn(&Record) -> usize| Column::Count(records.iter().map(of).collect());
    let residual = |of: fn(&anergy_cosim::coupling::Residual) -> f64| {
        number(&move |record: &Record| record.residual.as_ref().map_or(f64::NAN, of))
    };
    let gap = |of: fn(&anergy_cosim::coupling::Gap) -> f64| {
        number(&move |record: &Record| record.gap.as_ref().map_or(f64::NAN, of))
    };
    table.push(convergence::ITERATION, count(&|record| record.iteration));
    table.push(convergence::SCHEME, Column::Text(records.iter().map(|record| record.scheme.to_owned()).collect()));
    table.push(convergence::STEP, number(&|record| record.step));
    table.push(convergence::COST_EUR, number(&|record| record.cost.cost_eur - record.cost.charge_eur));
    table.push(convergence::COST_AT_OWN_COPS_EUR, number(&|record| record.cost_at_own_cops_eur));
    table.push(convergence::OBJECTIVE_EUR, number(&|record| record.cost.objective_eur));
    table.push(convergence::UNMET_KWH, number(&|record| record.cost.unmet_kwh));
    table.push(convergence::UNMET_AT_OWN_COPS_KWH, number(&|record| record.unmet_at_own_cops_kwh));
    table.push(convergence::SURPLUS_KWH, number(&|record| record.cost.surplus_kwh));
    table.push(convergence::RELATIVE_GAP, gap(|gap| gap.relative));
    table.push(convergence::GAP_EUR, gap(|gap| gap.absolute_eur));
    table.push(convergence::GAP_COST_EUR, gap(|gap| gap.cost_eur));
    table.push(convergence::RELATIVE_UNMET_GAP, gap(|gap| gap.unmet_relative));
    table.push(convergence::GAP_UNMET_KWH, gap(|gap| gap.unmet_kwh));
    table.push(convergence::MEAN_RELATIVE_CHANGE, residual(|residual| residual.mean_relative));
    table.push(convergence::MEAN_CHANGE_K, residual(|residual| residual.mean_k));
    table.push(convergence::MAX_CHANGE_K, residual(|residual| residual.max_k));
    let axis = case.district.axis();
    let at = |record: &Record| record.residual.map_or_else(String::new, |residual| axis.label(residual.at));
    table.push(convergence::MAX_CHANGE_AT, Column::Text(records.iter().map(at).collect()));
    table.push(convergence::MAX_CHANGE_COP, number(&|record| record.cop_residual));
    table.push(convergence::TEMP_MIN_C, number(&|record| record.temp_c[0]));
    table.push(convergence::TEMP_MEAN_C, number(&|record| record.temp_c[1]));
    table.push(convergence::TEMP_MAX_C, number(&|record| record.temp_c[2]));
    table.push(convergence::STEPS_AT_LOW_LIMIT, count(&|record| record.limit_steps[0]));
    table.push(convergence::STEPS_AT_HIGH_LIMIT, count(&|record| record.limit_steps[1]));
    table.push(convergence::CREATED_KWH, number(&|record| record.created_kwh[0]));
    table.push(convergence::DESTROYED_KWH, number(&|record| record.created_kwh[1]));
    table.push(convergence::BALANCING_HEATING_KWH, number(&|record| record.balancing_kwh[0]));
    table.push(convergence::BALANCING_COOLING_KWH, number(&|record| record.balancing_kwh[1]));
    table.push(convergence::BALANCING_ENERGY_KWH, number(&|record| record.balancing_energy_kwh));
    table.push(convergence::BALANCING_EUR, number(&|record| record.balancing_eur));
    table.push(convergence::BALANCING_CO2_KG, number(&|record| record.balancing_co2_kg));
    table.push(convergence::GROUND_GAIN_KWH, number(&|record| record.ground_kwh[0]));
    table.push(convergence::GROUND_LOSS_KWH, number(&|record| record.ground_kwh[1]));
    for index in 0..2 {
        table.push(convergence::STEPS_OUTSIDE_LIMIT[index], count(&|record| record.violations[index].steps));
        table.push(convergence::WORST_OUTSIDE_LIMIT_K[index], number(&|record| record.violations[index].worst_k));
    }
    table.push(convergence::LOOP_BALANCE_RESIDUAL, number(&|record| record.balance_residual));
    table.push(convergence::LOOP_STEP_BALANCE_RESIDUAL, number(&|record| record.step_balance_residual));
    table.push(convergence::CERTIFICATE_KW, number(&|record| record.certificate));
    for totals in coupling.accounts.first().map_or(&[][..], |account| &account.technologies) {
        let (site, technology) = (&totals.site, &totals.technology);
        let kind = case.district.technology(site, technology).map(|technology| &technology.kind);
        let of = |taken: bool| {
            let totals = coupling.accounts.iter().filter_map(|account| account.technology(site, technology));
            Column::Number(totals.map(|totals| if taken { totals.taken_kwh } else { totals.delivered_kwh }).collect())
        };
        match kind {
            Some(Kind::Supply(_)) => table.push(convergence::supply_kwh(site, technology), of(false)),
            Some(Kind::Conversion(_)) => {
                table.push(convergence::output_kwh(site, technology), of(false));
                table.push(convergence::input_kwh(site, technology), of(true));
            }
            _ => {}
        }
    }
    Some(table)
}

/// Returns the loop temperature of every iteration, at the start of each step and at the end of the last step; `None`
/// without a loop.
#[must_use]
pub fn loop_temperature_table(case: &Case, run: &CosimResult) -> Option<Table> {
    let coupling = run.coupling.as_ref()?;
    let axis = case.district.axis();
    let mut table = Table::default();
    table.push(TIMESTAMP, Column::Time((0..=axis.len()).map(|step| axis.stamp(step)).collect()));
    for (iteration, temp_c) in coupling.temperatures.iter().enumerate() {
        table.push(loop_temperature::iteration_c(iteration), Column::Number(temp_c.to_vec()));
    }
    Some(table)
}

/// Returns wall-clock seconds by phase and iteration; the only table with durations. `phases` are the phases outside
/// the iteration.
#[must_use]
pub fn timings_table(run: &CosimResult, phases: &[(&str, f64)]) -> Table {
    let (mut names, mut iterations, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |name: &str, iteration: f64, value: f64| {
        names.push(name.to_owned());
        iterations.push(iteration);
        seconds.push(value);
    };
    for (name, value) in phases {
        add(name, f64::NAN, *value);
    }
    for record in run.coupling.iter().flat_map(|coupling| &coupling.records) {
        #[expect(clippy::cast_precision_loss, reason = "iterations are few")]
        let iteration = record.iteration as f64;
        add("dispatch", iteration, record.seconds.dispatch);
        add("water_loop", iteration, record.seconds.water_loop);
        add("bookkeeping", iteration, record.seconds.rest);
    }
    let mut table = Table::default();
    table.push(timings::PHASE, Column::Text(names));
    table.push(timings::ITERATION, Column::Number(iterations));
    table.push(timings::SECONDS, Column::Number(seconds));
    table
}

/// Returns the LPs that were solved to find the plan of a dispatcher who knows the plan's effect on the loop; `None`
/// unless the scheme is `anticipative`.
#[must_use]
pub fn anticipative_table(run: &CosimResult) -> Option<Table> {
    let found = &run.myopia.as_ref()?.found;
    let number = |of: &dyn Fn(&Descent) -> f64| Column::Number(found.descent.iter().map(of).collect());
    let mut table = Table::default();
    table.push(anticipative::LP, Column::Count((1..=found.descent.len()).collect()));
    table.push(anticipative::OBJECTIVE_EUR, number(&|lp| lp.objective_eur));
    table.push(anticipative::PROMISED_EUR, number(&|lp| lp.promised_eur));
    table.push(anticipative::STEP, number(&|lp| lp.step));
    table.push(anticipative::TRUST_REGION, number(&|lp| lp.radius));
    Some(table)
}

/// Returns the anticipative plan: every variable by its name in the dispatch, loop temperature (before the step) and
/// COPs; `None` unless the scheme is `anticipative`.
#[must_use]
pub fn anticipative_plan_table(case: &Case, run: &CosimResult) -> Option<Table> {
    let found = &run.myopia.as_ref()?.found;
    let (axis, coupled) = (case.district.axis(), case.coupled.as_ref()?);
    let mut table = Table::default();
    table.push(TIMESTAMP, Column::Time((0..axis.len()).map(|step| axis.stamp(step)).collect()));
    let values = found.plan.plan.decisions.values.rows();
    for (column, row) in run.dispatch.problem().columns().iter().zip(values) {
        table.push(column.name.clone(), Column::Number(row.to_vec()));
    }
    table.push(
        anticipative_plan::LOOP_TEMPERATURE_C,
        Column::Number(found.temp_c.iter().take(axis.len()).copied().collect()),
    );
    for (pump, cops) in coupled.pumps.iter().zip(found.cops.rows()) {
        table.push(anticipative_plan::cop(&pump.site, &pump.technology), Column::Number(cops.to_vec()));
    }
    Some(table)
}
