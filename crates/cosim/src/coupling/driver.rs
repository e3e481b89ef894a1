//! The driver: alternates dispatcher and loop until a stop rule holds.

use std::rc::Rc;
use std::time::Instant;

use ndarray::{Array1, Array2};

use super::history::History;
use super::{
    CopSeries, CouplingError, CouplingSettings, Dispatcher, Gap, InitialCopDispatch, InitialCopRing, IterationState,
    Journal, JournalError, Kept, LoopCop, LoopModel, LoopRequest, LoopResponse, LoopSignal, Observer, PhaseSeconds,
    PlanCost, Record, Scheme, SchemePlan, Stop, StoreTemperature, Unrest, Verdict,
};

/// The COPs that the iteration can start from.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// COPs given in the district's files.
    pub committed: CopSeries,
    /// Start COPs of the heat pumps.
    pub start: CopSeries,
}

/// The result of the iteration.
#[derive(Debug, Clone)]
pub struct Outcome<P, A> {
    /// Verdict on its convergence.
    pub verdict: Verdict,
    /// Records of all iterations.
    pub records: Vec<Record>,
    /// Loop temperatures of all iterations, degrees Celsius, steps + 1 each.
    pub temperatures: Vec<Array1<f64>>,
    /// Heat into the loop in all iterations, kWh by step.
    pub loop_heat: Vec<Array1<f64>>,
    /// Accounts of the plans of all iterations.
    pub accounts: Vec<A>,
    /// Index of the iteration that is the answer.
    pub answer: usize,
    /// Plan of the answer.
    pub plan: P,
    /// Signal for which the answer's plan was made.
    pub signal: LoopSignal,
    /// Request to the loop that follows from the answer's plan.
    pub request: LoopRequest,
    /// Response of the loop to the answer's plan.
    pub response: LoopResponse,
    /// Gap of the answer; `None` if it could not be measured.
    pub gap: Option<Gap>,
    /// Reason why the gap could not be measured; `None` if it was.
    pub gap_missing: Option<String>,
    /// Last change of the loop temperature, and its estimated distance from a fixed point.
    pub unrest: Unrest,
    /// Reason why the last dispatch was infeasible, where that ended the iteration; `None` otherwise.
    pub refusal: Option<String>,
}

/// An iterate that is a candidate for the answer.
struct Iterate<P> {
    iteration: usize,
    plan: P,
    signal: LoopSignal,
    request: LoopRequest,
    response: LoopResponse,
    cost_at_own_cops: PlanCost,
}

/// A journalled iteration of an earlier run, to compare with.
struct JournalledIteration {
    seconds: PhaseSeconds,
    fingerprint: String,
}

/// The result of [`drive`].
pub type DriveResult<D, L> = Result<
    Outcome<<D as Dispatcher>::Plan, <D as Dispatcher>::Account>,
    CouplingError<<D as Dispatcher>::Error, <L as LoopModel>::Error>,
>;

/// Alternates `dispatcher` and `water_loop` under `scheme` until the stop rule of `settings` holds, a cycle is found,
/// the iterations run out or `observer` asks to stop. Iterations in `journal` are taken from it and not dispatched
/// again.
///
/// With `stop: gap` the answer is the iterate of the smallest gap, otherwise the last one; either way its gap is
/// measured.
///
/// # Errors
/// [`CouplingError`] when the settings contradict each other, a participant fails, a COP is not positive, or the
/// journal cannot be continued.
pub fn drive<D: Dispatcher, L: LoopModel>(
    dispatcher: &mut D,
    water_loop: &mut L,
    scheme: &mut dyn Scheme<D>,
    settings: &CouplingSettings,
    start: &Start,
    journal: &mut dyn Journal<D::Plan>,
    observer: &mut dyn Observer,
) -> DriveResult<D, L> {
    settings.check()?;
    let cops = match settings.initial_cop_dispatch {
        InitialCopDispatch::Committed => start.committed.clone(),
        InitialCopDispatch::Start => start.start.clone(),
    };
    check_positive(&cops, 0)?;
    let mut driver = Driver {
        dispatcher,
        water_loop,
        scheme,
        settings,
        start,
        journal,
        observer,
        history: History::new(settings),
        accounts: Vec::new(),
        frozen_levels: None,
        signal: LoopSignal::of_cops(cops),
        last: None,
        best: None,
        refusal: None,
    };
    let mut iteration = 0;
    let verdict = loop {
        let began = Instant::now();
        let journalled = driver.journal.recall(iteration)?;
        let (answer, journalled) = match driver.dispatch(iteration, journalled) {
            Err(CouplingError::Dispatch { source, .. }) if driver.is_infeasible(&source) => {
                driver.refusal = Some(source.to_string());
                break Verdict::Infeasible { iteration };
            }
            answered => answered?,
        };
        let dispatch_seconds = began.elapsed().as_secs_f64();
        if let Some(verdict) = driver.judge_gap(&answer) {
            break verdict;
        }
        if let Some(verdict) = driver.iterate(iteration, answer, dispatch_seconds, journalled)? {
            break verdict;
        }
        iteration += 1;
    };
    Ok(driver.finish(verdict))
}

/// The error of a driver with these participants.
type DriverError<D, L> = CouplingError<<D as Dispatcher>::Error, <L as LoopModel>::Error>;

/// Participants, settings and state of the iteration.
struct Driver<'a, D: Dispatcher, L> {
    dispatcher: &'a mut D,
    water_loop: &'a mut L,
    scheme: &'a mut dyn Scheme<D>,
    settings: &'a CouplingSettings,
    start: &'a Start,
    journal: &'a mut dyn Journal<D::Plan>,
    observer: &'a mut dyn Observer,
    history: History<'a>,
    accounts: Vec<D::Account>,
    /// Store levels of the first plan, where the settings freeze them; `None` otherwise.
    frozen_levels: Option<Array2<f64>>,
    /// Signal of the next dispatch.
    signal: LoopSignal,
    last: Option<Rc<Iterate<D::Plan>>>,
    /// The iterate of the smallest gap so far.
    best: Option<(Gap, Rc<Iterate<D::Plan>>)>,
    refusal: Option<String>,
}

impl<D: Dispatcher, L: LoopModel> Driver<'_, D, L> {
    /// Returns whether the error is a proof of infeasibility, after an earlier iteration had a plan.
    fn is_infeasible(&self, error: &D::Error) -> bool {
        self.last.is_some() && self.dispatcher.is_infeasible(error)
    }

    /// Returns the dispatcher's answer: from the journal where it has one, otherwise by a dispatch, which is then
    /// added to the journal.
    fn dispatch(
        &mut self,
        iteration: usize,
        journalled: Option<Kept<D::Plan>>,
    ) -> Result<(D::Plan, Option<JournalledIteration>), DriverError<D, L>> {
        let failed = |source| CouplingError::Dispatch { iteration, source };
        if let Some(Kept { answer, memory, seconds, fingerprint }) = journalled {
            let answer = self.dispatcher.recall(answer, &self.signal).map_err(failed)?;
            if let Some(memory) = memory {
                self.scheme.recall(&memory);
            }
            return Ok((answer, Some(JournalledIteration { seconds, fingerprint })));
        }
        let answer = self.dispatcher.dispatch(&self.signal).map_err(failed)?;
        self.journal.answered(&answer);
        Ok((answer, None))
    }

    /// Computes the gap of the last iterate, if `answer` is the cheapest plan at the COPs that the iterate led to
    /// (then no further dispatch is needed). Returns the verdict if it ends the iteration, otherwise `None`.
    fn judge_gap(&mut self, answer: &D::Plan) -> Option<Verdict> {
        let free = self.settings.gap_is_free() && self.scheme.answers_own_cops();
        let iterate = self.last.as_ref().filter(|_| free).map(Rc::clone)?;
        let gap = iterate.cost_at_own_cops.gap_to(&self.dispatcher.cost(answer));
        self.gap_known(gap, &iterate);
        self.history.judge_gap()
    }

    fn gap_known(&mut self, gap: Gap, iterate: &Rc<Iterate<D::Plan>>) {
        self.history.gap_known(iterate.iteration, gap, self.observer);
        let smaller = |(known, _): &(Gap, _)| gap.size().total_cmp(&known.size()).is_lt();
        if self.best.as_ref().is_none_or(smaller) {
            self.best = Some((gap, Rc::clone(iterate)));
        }
    }

    /// Makes the iteration's plan, simulates the loop, records the iteration and sets the next COPs. Returns the
    /// verdict if this iteration is the last, otherwise `None`.
    fn iterate(
        &mut self,
        iteration: usize,
        answer: D::Plan,
        dispatch_seconds: f64,
        journalled: Option<JournalledIteration>,
    ) -> Result<Option<Verdict>, DriverError<D, L>> {
        let began = Instant::now();
        let dispatch_failed = |source| CouplingError::Dispatch { iteration, source };
        let last = self.last.as_deref();
        let state = IterationState {
            iteration,
            previous: last.map(|iterate| &iterate.plan),
            gap: last.and_then(|iterate| self.history.records[iterate.iteration].gap),
            signal: &self.signal,
        };
        let SchemePlan { plan, scheme, step } =
            self.scheme.plan(self.dispatcher, answer, &state).map_err(dispatch_failed)?;
        let simulating = Instant::now();
        let (request, response) = self.simulate(iteration, &plan)?;
        let water_loop_seconds = simulating.elapsed().as_secs_f64();
        check_positive(&response.signal.cops, iteration)?;

        self.accounts.push(self.dispatcher.account(&plan));
        let cost = self.dispatcher.cost(&plan);
        let certificate = self.dispatcher.certificate(&plan);
        let cost_at_own_cops = self.dispatcher.price(&plan, &response.signal).map_err(dispatch_failed)?;
        let rest = began.elapsed().as_secs_f64() - water_loop_seconds;
        let record = Record {
            cost,
            cost_at_own_cops_eur: cost_at_own_cops.cost_eur - cost_at_own_cops.charge_eur,
            unmet_at_own_cops_kwh: cost_at_own_cops.unmet_kwh,
            certificate,
            seconds: PhaseSeconds { dispatch: dispatch_seconds, water_loop: water_loop_seconds, rest },
            ..Record::of_response(iteration, (scheme, step), &self.signal.cops, &response)
        };
        let verdict = self.history.add(record, &response, self.observer);
        self.commit(iteration, journalled)?;
        let verdict = verdict.or_else(|| self.observer.wants_to_stop().then_some(Verdict::Interrupted));
        let mut next = LoopSignal { cops: self.signal.cops.clone(), ..response.signal.clone() };
        self.scheme.advance(&mut next.cops, &response.signal.cops);
        let signal = std::mem::replace(&mut self.signal, next);
        self.last = Some(Rc::new(Iterate { iteration, plan, signal, request, response, cost_at_own_cops }));
        Ok(verdict)
    }

    /// Adds a finished iteration to the journal, or checks that it equals the journalled iteration.
    fn commit(&mut self, iteration: usize, journalled: Option<JournalledIteration>) -> Result<(), JournalError> {
        let record = &mut self.history.records[iteration];
        let Some(JournalledIteration { seconds, fingerprint }) = journalled else {
            return self.journal.keep(record, &|| self.scheme.memory());
        };
        if record.fingerprint() != fingerprint {
            return Err(JournalError::Differs { iteration });
        }
        record.seconds = seconds;
        Ok(())
    }

    /// Simulates the loop under a plan, with the COPs and store levels that the settings select.
    fn simulate(&mut self, iteration: usize, plan: &D::Plan) -> Result<(LoopRequest, LoopResponse), DriverError<D, L>> {
        let mut request = self.dispatcher.request(plan);
        if self.settings.store_temperature == StoreTemperature::Frozen {
            let frozen = self.frozen_levels.get_or_insert_with(|| request.level_kwh.clone());
            request.level_kwh.assign(frozen);
        }
        request.given_cops = match (self.settings.loop_cop, self.settings.initial_cop_ring, iteration) {
            (LoopCop::WithinStep, ..) => None,
            (LoopCop::AsDispatched, InitialCopRing::Start, 0) => Some(self.start.start.clone()),
            (LoopCop::AsDispatched, ..) => Some(self.signal.cops.clone()),
        };
        let simulated = self.water_loop.simulate(&request);
        let response = simulated.map_err(|source| CouplingError::Loop { iteration, source })?;
        Ok((request, response))
    }

    /// Measures the last iterate's gap if it is not known yet, and selects the answer.
    fn finish(mut self, verdict: Verdict) -> Outcome<D::Plan, D::Account> {
        let Some(last) = self.last.take() else { unreachable!("the first pass through the loop leaves an iterate") };
        let mut gap_missing = None;
        if self.history.records[last.iteration].gap.is_none() && self.refusal.is_none() {
            match self.final_gap(&last) {
                Ok(gap) => self.gap_known(gap, &last),
                // The iterations remain a valid result; only the gap is unknown.
                Err(error) => gap_missing = Some(error.to_string()),
            }
        }
        let answer = match self.best.take() {
            Some((_, best)) if self.settings.stop == Stop::Gap => best,
            _ => Rc::clone(&last),
        };
        let verdict = match (verdict, self.history.judge_gap()) {
            // The final dispatch has shown that the last iterate meets the tolerance.
            (Verdict::MaxIterations | Verdict::Interrupted | Verdict::Cycle { .. }, Some(Verdict::Converged)) => {
                Verdict::Converged
            }
            (verdict, _) => self.history.limited(verdict, &last.response),
        };
        let History { records, temperatures, loop_heat, .. } = self.history;
        let unrest = Unrest::of(&records, &temperatures, self.settings.temperature_tolerance_k);
        Outcome {
            verdict,
            temperatures,
            loop_heat,
            accounts: self.accounts,
            answer: answer.iteration,
            plan: answer.plan.clone(),
            signal: answer.signal.clone(),
            request: answer.request.clone(),
            response: answer.response.clone(),
            gap: records[answer.iteration].gap,
            gap_missing,
            unrest,
            refusal: self.refusal,
            records,
        }
    }

    /// Measures the gap of an iterate by an additional dispatch: the loop is simulated with COPs of each step's own
    /// temperature and the plan's own store levels, and the dispatcher answers to those COPs.
    fn final_gap(&mut self, iterate: &Iterate<D::Plan>) -> Result<Gap, DriverError<D, L>> {
        let iteration = iterate.iteration;
        let failed = |source| CouplingError::Dispatch { iteration, source };
        let simulated = self.water_loop.simulate(&self.dispatcher.request(&iterate.plan));
        let response = simulated.map_err(|source| CouplingError::Loop { iteration, source })?;
        check_positive(&response.signal.cops, iteration)?;
        let plan = self.dispatcher.price(&iterate.plan, &response.signal).map_err(failed)?;
        let cheapest = self.dispatcher.dispatch(&response.signal).map_err(failed)?;
        Ok(plan.gap_to(&self.dispatcher.cost(&cheapest)))
    }
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
