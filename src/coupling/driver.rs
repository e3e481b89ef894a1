//! The loop itself.

use std::rc::Rc;
use std::time::Instant;

use ndarray::{Array1, Array2};

use super::history::History;
use super::{
    CopSeries, CopUse, CouplingError, CouplingSettings, Dispatcher, Gap, InitialCopDispatch, InitialCopRing, LoopCop,
    LoopModel, LoopResponse, Observer, PhaseSeconds, PlanCost, Record, Scheme, Stop, StoreTemperature, Verdict,
};

/// The COPs that an iteration may begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// COPs of the district's files.
    pub committed: CopSeries,
    /// Start COPs of the heat pumps.
    pub start: CopSeries,
}

/// The end of an iteration.
#[derive(Debug, Clone)]
pub struct Outcome<P, A> {
    /// How it ended.
    pub verdict: Verdict,
    /// Every iteration.
    pub records: Vec<Record>,
    /// Loop temperatures of every iteration, degrees Celsius, steps + 1 each.
    pub temperatures: Vec<Array1<f64>>,
    /// Heat into the loop of every iteration, kWh by step.
    pub loop_heat: Vec<Array1<f64>>,
    /// What the dispatcher keeps of every iteration.
    pub accounts: Vec<A>,
    /// The iteration that is the answer.
    pub answer: usize,
    /// Its plan.
    pub plan: P,
    /// The COPs its plan was made with.
    pub cops: CopSeries,
    /// What it did to the loop.
    pub response: LoopResponse,
    /// Its gap; `None` when it could not be measured.
    pub gap: Option<Gap>,
    /// Why it could not be measured.
    pub gap_missing: Option<String>,
}

/// An iterate that may become the answer.
struct Iterate<P> {
    iteration: usize,
    plan: P,
    cops: CopSeries,
    response: LoopResponse,
    cost_at_own_cops: PlanCost,
}

/// The iterate of the smallest gap so far.
type Best<P> = Option<(Gap, Rc<Iterate<P>>)>;

/// What [`drive`] returns.
pub type Driven<D, L> = Result<
    Outcome<<D as Dispatcher>::Plan, <D as Dispatcher>::Account>,
    CouplingError<<D as Dispatcher>::Error, <L as LoopModel>::Error>,
>;

/// Alternates `dispatcher` and `water_loop` under `scheme` until the stop rule of `settings` holds, a cycle is found or
/// the iterations run out.
///
/// With `stop: gap` the answer is the iterate of the smallest gap, otherwise the last one; either way its gap is measured.
///
/// # Errors
/// [`CouplingError`] when the settings contradict each other, a partner fails, or a COP is not positive.
pub fn drive<D: Dispatcher, L: LoopModel>(
    dispatcher: &mut D,
    water_loop: &mut L,
    scheme: &mut dyn Scheme<D>,
    settings: &CouplingSettings,
    start: &Start,
    observer: &mut dyn Observer,
) -> Driven<D, L> {
    settings.check()?;
    let mut cops = match settings.initial_cop_dispatch {
        InitialCopDispatch::Committed => start.committed.clone(),
        InitialCopDispatch::Start => start.start.clone(),
    };
    check_positive(&cops, 0)?;
    let mut history = History::new(settings);
    let mut frozen_levels: Option<Array2<f64>> = None;
    let mut last: Option<Rc<Iterate<D::Plan>>> = None;
    let mut best: Best<D::Plan> = None;
    let mut accounts = Vec::new();
    let mut iteration = 0;
    let verdict = loop {
        let dispatch_failed = |source| CouplingError::Dispatch { iteration, source };
        let began = Instant::now();
        let answer = dispatcher.dispatch(&cops).map_err(dispatch_failed)?;
        let dispatched = Instant::now();

        // This dispatch is the least that is possible at the COPs the last plan led to: the last plan's gap comes free.
        if let (Some(before), true) = (&last, settings.gap_is_free()) {
            let gap = Gap::between(before.cost_at_own_cops, dispatcher.cost(&answer));
            history.gap_known(before.iteration, gap, observer);
            keep_best(&mut best, gap, before);
            // A gap below zero would prove a wrong minimum; only rounding may put it there.
            if settings.stop == Stop::Gap && gap.relative.abs() <= settings.gap_tolerance {
                break Verdict::Converged;
            }
        }

        let previous = last.as_ref().map(|iterate| &iterate.plan);
        let plan = scheme.plan(dispatcher, previous, answer, &cops).map_err(dispatch_failed)?;
        let thermal = dispatcher.thermal(&plan);
        let levels = match settings.store_temperature {
            StoreTemperature::Frozen => frozen_levels.get_or_insert_with(|| thermal.level_kwh.clone()),
            StoreTemperature::Current => &thermal.level_kwh,
        };
        let cop_use = match (settings.loop_cop, settings.initial_cop_ring, iteration) {
            (LoopCop::WithinStep, ..) => CopUse::WithinStep,
            (LoopCop::AsDispatched, InitialCopRing::Start, 0) => CopUse::Given(&start.start),
            (LoopCop::AsDispatched, ..) => CopUse::Given(&cops),
        };
        let simulating = Instant::now();
        let response = water_loop
            .simulate(&thermal.output_kw, levels, cop_use)
            .map_err(|source| CouplingError::Loop { iteration, source })?;
        let simulated = Instant::now();
        check_positive(&response.cop, iteration)?;

        accounts.push(dispatcher.account(&plan));
        let cost = dispatcher.cost(&plan);
        let certificate = dispatcher.certificate(&plan);
        let cost_at_own_cops = dispatcher.price(&plan, &response.cop).map_err(dispatch_failed)?;
        let dispatch = (dispatched - began).as_secs_f64();
        let water_loop_seconds = (simulated - simulating).as_secs_f64();
        let rest = began.elapsed().as_secs_f64() - dispatch - water_loop_seconds;
        let record = Record {
            cost,
            cost_at_own_cops_eur: cost_at_own_cops.cost_eur,
            certificate,
            seconds: PhaseSeconds { dispatch, water_loop: water_loop_seconds, rest },
            ..Record::of_response(iteration, scheme.name(), &cops, &response)
        };
        let judged = history.add(record, &response, observer);
        let used = cops.clone();
        scheme.advance(&mut cops, &response.cop);
        last = Some(Rc::new(Iterate { iteration, plan, cops: used, response, cost_at_own_cops }));
        if let Some(verdict) = judged {
            break verdict;
        }
        iteration += 1;
    };

    let Some(last) = last else { unreachable!("the first pass through the loop leaves an iterate") };
    let mut gap_missing = None;
    if !verdict.is_converged() || settings.stop != Stop::Gap {
        match final_gap(dispatcher, water_loop, &last) {
            Ok(gap) => {
                history.gap_known(last.iteration, gap, observer);
                keep_best(&mut best, gap, &last);
            }
            // The iterations are done and stay; only their gap is unknown.
            Err(error) => gap_missing = Some(error.to_string()),
        }
    }
    let answer = match &best {
        Some((_, best)) if settings.stop == Stop::Gap => Rc::clone(best),
        _ => last,
    };
    let gap = history.records[answer.iteration].gap;
    let History { records, temperatures, loop_heat, .. } = history;
    Ok(Outcome {
        verdict,
        records,
        temperatures,
        loop_heat,
        accounts,
        answer: answer.iteration,
        plan: answer.plan.clone(),
        cops: answer.cops.clone(),
        response: answer.response.clone(),
        gap,
        gap_missing,
    })
}

fn keep_best<P>(best: &mut Best<P>, gap: Gap, iterate: &Rc<Iterate<P>>) {
    if best.as_ref().is_none_or(|(known, _)| gap.relative.abs().total_cmp(&known.relative.abs()).is_lt()) {
        *best = Some((gap, Rc::clone(iterate)));
    }
}

/// The gap of the last iterate, measured for itself: the plan is simulated with the COPs of each step's own temperature and
/// its own stores, and dispatched once more at those.
fn final_gap<D: Dispatcher, L: LoopModel>(
    dispatcher: &mut D,
    water_loop: &mut L,
    iterate: &Iterate<D::Plan>,
) -> Result<Gap, CouplingError<D::Error, L::Error>> {
    let iteration = iterate.iteration;
    let failed = |source| CouplingError::Dispatch { iteration, source };
    let thermal = dispatcher.thermal(&iterate.plan);
    let response = water_loop
        .simulate(&thermal.output_kw, &thermal.level_kwh, CopUse::WithinStep)
        .map_err(|source| CouplingError::Loop { iteration, source })?;
    check_positive(&response.cop, iteration)?;
    let plan = dispatcher.price(&iterate.plan, &response.cop).map_err(failed)?;
    let cheapest = dispatcher.dispatch(&response.cop).map_err(failed)?;
    Ok(Gap::between(plan, dispatcher.cost(&cheapest)))
}

fn check_positive<D: std::error::Error, L: std::error::Error>(
    cops: &CopSeries,
    iteration: usize,
) -> Result<(), CouplingError<D, L>> {
    match cops.indexed_iter().find(|(_, cop)| !(cop.is_finite() && **cop > 0.0)) {
        None => Ok(()),
        Some(((pump, step), &cop)) => Err(CouplingError::CopNotPositive { iteration, pump, step, cop }),
    }
}
