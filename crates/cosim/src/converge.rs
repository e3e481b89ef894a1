//! Runs one case from the district's settings to its result: a dispatch alone, or the coupling of dispatch and water
//! loop.

use std::time::Instant;

use anergy_data::series::TimeAxis;
use anergy_dispatch::dispatch::{Account, Decisions, Dispatch, DispatchError, Plan, PlanCertificate};
use anergy_dispatch::district::{District, Shortage};
use anergy_lp::{Backend, Duals, StagedProblem, default_backend, vertex_backend};
use anergy_thermal::water_loop::district_network::{DistrictNetwork, NetworkError, NetworkReport, Recording};
use ndarray::Array2;

use crate::Myopia;
use crate::coupled::Coupled;
use crate::coupling::{
    Auto, Averaging, BalancingPrice, CouplingError, CouplingSettings, InitialCopDispatch, Journal, LoopCop, Observer,
    Outcome, Picard, Scheme, SchemeChoice, SmoothAtFirst, Start, Stop, Verdict, drive, scheme,
};
use crate::equilibrium::{Newton, Refining, Stages, Unsuited};
use crate::error::CosimError;
use crate::participants::{DistrictDispatcher, LoopParticipant, NEGLIGIBLE_KWH, PricedPlan, WellMixedParticipant};

/// Price of unmet demand or surplus from which on it counts as a penalty, EUR/kWh: beside it, the money in the
/// objective is below the solver's precision.
const PENALTY_EUR_PER_KWH: f64 = 1e4;

/// Returns the LP backend for `district`: the default solver, or one that returns a vertex where penalties on unmet
/// demand or surplus dominate the objective. There, an answer inside the optimal face would depend on rounding.
#[must_use]
pub fn solver(district: &District) -> &'static dyn Backend {
    let Shortage { unmet_eur_per_kwh, surplus_eur_per_kwh } = district.shortage();
    let penalty = |price: Option<f64>| price.is_some_and(|price| price >= PENALTY_EUR_PER_KWH);
    if penalty(unmet_eur_per_kwh) || penalty(surplus_eur_per_kwh) { vertex_backend() } else { default_backend() }
}

/// The result of the coupling, with this crate's plan and account.
pub type Coupling = Outcome<PricedPlan, Account>;

/// The simulation of a network of pipes under the answer.
#[derive(Debug)]
pub struct NetworkAnswer {
    /// Results of each component.
    pub report: NetworkReport,
    /// Results of each step.
    pub recording: Recording,
}

/// The result of a finished run.
#[derive(Debug)]
pub struct CosimResult {
    /// Dispatch problem with the answer's COPs set.
    pub dispatch: Dispatch,
    /// Values of the decision variables in the answer.
    pub decisions: Decisions,
    /// Duals of the cheapest plan at the COPs of the answer: shadow prices of the rows and reduced costs of the
    /// columns; see [`Dispatch::prices`]. `None` if the solver returns no duals.
    pub duals: Option<Duals>,
    /// Account of the answer: costs, energies and emissions.
    pub account: Account,
    /// Certificate of the answer's plan.
    pub certificate: PlanCertificate,
    /// Result of the coupling; `None` without a loop.
    pub coupling: Option<Coupling>,
    /// Electricity demand of the loop itself in the answer, kW, shape (balances of [`Coupled::auxiliary`], steps);
    /// without rows if no loop had been simulated before the answer's dispatch.
    pub auxiliary_kw: Array2<f64>,
    /// Simulation of the network under the answer; `None` without a network of pipes.
    pub network: Option<NetworkAnswer>,
    /// Comparison with the joint optimum; `None` unless the settings ask for it.
    pub myopia: Option<Myopia>,
    /// Reason why the joint optimum was not found; `None` if it was found or not asked for.
    pub myopia_missing: Option<String>,
    /// Seconds for building the LPs and preparing the solver.
    pub build_seconds: f64,
    /// Seconds from the prepared solver to the answer.
    pub solve_seconds: f64,
}

/// Highest temperature of liquid water at the pressures of a network, degrees Celsius.
const BOILS_C: f64 = 100.0;
/// Largest supercooling below the freezing point that is accepted, K. Beyond it the plants' shortage is not one of a
/// few hours.
const ICE_K: f64 = 10.0;

/// Checks that the simulated water stays liquid. It does not where the heat taken or given exceeds the capacity of
/// the network's plants.
fn liquid(axis: &TimeAxis, network: &DistrictNetwork, recording: &Recording) -> Result<(), CosimError> {
    let [coldest_c, hottest_c] = [network.freezing_c() - ICE_K, BOILS_C];
    let beyond_k = |temp_c: f64| (coldest_c - temp_c).max(temp_c - hottest_c);
    let all = recording.node_c.indexed_iter().filter(|(_, temp_c)| !(coldest_c..=hottest_c).contains(*temp_c));
    match all.max_by(|(_, a), (_, b)| beyond_k(**a).total_cmp(&beyond_k(**b))) {
        None => Ok(()),
        Some(((node, step), &temp_c)) => {
            Err(CosimError::NotLiquid { node: network.node_names()[node].clone(), stamp: axis.label(step), temp_c })
        }
    }
}

/// Checks that no water leaves a substation beyond the temperature of its heat pumps' refrigerant.
fn possible(axis: &TimeAxis, network: &DistrictNetwork, report: &NetworkReport) -> Result<(), CosimError> {
    let crossed = network.substation_names().zip(&report.substations).filter(|(_, totals)| totals.crossing.steps > 0);
    match crossed.max_by(|(_, a), (_, b)| a.crossing.worst_k.total_cmp(&b.crossing.worst_k)) {
        None => Ok(()),
        Some((name, totals)) => Err(CosimError::PinchCrossed {
            substation: name.to_owned(),
            stamp: axis.label(totals.crossing.at),
            worst_k: totals.crossing.worst_k,
        }),
    }
}

/// Runs a case: a dispatch alone, or the coupling of dispatch and loop.
///
/// # Errors
/// [`CosimError`] when there is no plan, the solver fails, or a COP is not positive.
pub fn run(
    district: &District,
    coupled: Option<&Coupled>,
    backend: &'static dyn Backend,
    observer: &mut dyn Observer,
) -> Result<CosimResult, CosimError> {
    run_with_journal(district, coupled, backend, &mut (), observer)
}

/// Runs a case like [`run`], resumes it from the iterations in `journal`, and adds new iterations to it.
///
/// # Errors
/// As [`run`], and when the journal cannot be read, written or continued.
pub fn run_with_journal(
    district: &District,
    coupled: Option<&Coupled>,
    backend: &'static dyn Backend,
    journal: &mut dyn Journal<PricedPlan>,
    observer: &mut dyn Observer,
) -> Result<CosimResult, CosimError> {
    let began = Instant::now();
    let dispatch = Dispatch::new(district.clone(), backend)?;
    let build_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let axis = district.axis();
    let Some(coupled) = coupled else { return dispatched(dispatch, backend, build_seconds) };
    let mut dispatcher = dispatcher_of(dispatch, coupled, backend);
    let mut water_loop = LoopParticipant::of(coupled, axis.step_hours());
    let start = start(coupled, &dispatcher);
    let mut scheme = scheme_for(&coupled.settings, &dispatcher, &water_loop)?;
    let settings = &coupled.settings;
    let known_loop = match settings.scheme_in_force() {
        SchemeChoice::Anticipative => Some(known_loop(&dispatcher, &water_loop)?),
        _ => None,
    };
    let outcome = drive(&mut dispatcher, &mut water_loop, scheme.as_mut(), settings, &start, journal, observer)
        .map_err(|error| named(error, axis, coupled))?;

    let (myopia, myopia_missing) = match known_loop {
        Some(known) => myopia(&mut dispatcher, &known, &outcome, &start, settings, (backend, observer)),
        None => (None, None),
    };
    // The answer's plan, COPs and costs have to be consistent: they are taken at the COPs that its plan leads to
    // where the loop computes the COP of each step, and at the COPs of its dispatch in the published variant.
    let plan = &outcome.plan.plan;
    // Where the next COPs have no plan, the last COPs that had a plan stay in force.
    let consistent = coupled.settings.loop_cop == LoopCop::WithinStep && outcome.refusal.is_none();
    let signal = if consistent { &outcome.response.signal } else { &outcome.signal };
    dispatcher.set_signal(signal);
    let auxiliary_kw = signal.auxiliary_kw.clone();
    let network = network_answer(&water_loop, &outcome, axis)?;
    let mut dispatch = dispatcher.into_dispatch();
    let Plan { decisions, certificate, duals, .. } =
        if consistent { closed(&mut dispatch, plan, backend)? } else { plan.clone() };
    let account = dispatch.account(&decisions);
    let solve_seconds = began.elapsed().as_secs_f64();
    let coupling = Some(outcome);
    Ok(CosimResult {
        dispatch,
        decisions,
        duals,
        account,
        certificate,
        coupling,
        auxiliary_kw,
        network,
        myopia,
        myopia_missing,
        build_seconds,
        solve_seconds,
    })
}

/// Solves a dispatch without a loop.
fn dispatched(
    mut dispatch: Dispatch,
    backend: &'static dyn Backend,
    build_seconds: f64,
) -> Result<CosimResult, CosimError> {
    let began = Instant::now();
    let plan = dispatch.solve(backend)?;
    let account = dispatch.account(&plan.decisions);
    let tied_steps = if backend.gives_duals() { dispatch.tied_steps(&plan, backend) } else { None };
    let solve_seconds = began.elapsed().as_secs_f64();
    let Plan { decisions, certificate, duals, .. } = plan;
    Ok(CosimResult {
        dispatch,
        decisions,
        duals,
        account,
        certificate: PlanCertificate { tied_steps, ..certificate },
        coupling: None,
        auxiliary_kw: Array2::default((0, 0)),
        network: None,
        myopia: None,
        myopia_missing: None,
        build_seconds,
        solve_seconds,
    })
}

/// Returns the dispatch as a participant, with the signals of the loop that the settings let it know.
fn dispatcher_of(dispatch: Dispatch, coupled: &Coupled, backend: &'static dyn Backend) -> DistrictDispatcher {
    let pumps = coupled.pumps.iter();
    let names = pumps.map(|pump| (pump.site.as_str(), pump.technology.as_str(), pump.store.as_deref()));
    let dispatcher = DistrictDispatcher::new(dispatch, backend, names).with_auxiliary(&coupled.auxiliary);
    match coupled.settings.balancing_price {
        BalancingPrice::Marginal => {
            dispatcher.with_balancing_price(coupled.pumps.iter().map(|pump| pump.pump.clone()).collect())
        }
        BalancingPrice::Ignored => dispatcher,
    }
}

/// Returns the price of myopia, or the reason why the joint optimum was not found: the equilibrium is a valid result even
/// then. After a request to stop it is not computed.
fn myopia(
    dispatcher: &mut DistrictDispatcher,
    (newton, ring): &(Newton, WellMixedParticipant),
    outcome: &Coupling,
    start: &Start,
    settings: &CouplingSettings,
    (backend, observer): (&'static dyn Backend, &mut dyn Observer),
) -> (Option<Myopia>, Option<String>) {
    if outcome.verdict == Verdict::Interrupted || outcome.refusal.is_some() {
        return (None, None);
    }
    let first_cops = match settings.initial_cop_dispatch {
        InitialCopDispatch::Committed => &start.committed,
        InitialCopDispatch::Start => &start.start,
    };
    match Myopia::of(dispatcher, ring, newton, outcome, first_cops, backend, observer) {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

/// Returns what a network of pipes does in the answer; `None` for a well-mixed loop.
///
/// # Errors
/// [`CosimError`] when no flows are found, or the answer needs ice, steam or an exchanger that cannot be.
fn network_answer(
    water_loop: &LoopParticipant,
    outcome: &Coupling,
    axis: &TimeAxis,
) -> Result<Option<NetworkAnswer>, CosimError> {
    let LoopParticipant::Network(participant) = water_loop else { return Ok(None) };
    let failed = |source: NetworkError| {
        let stamp = axis.label(source.step);
        CosimError::Loop { iteration: outcome.answer, stamp, source }
    };
    let (report, recording) = participant.look(&outcome.request).map_err(failed)?;
    possible(axis, &participant.network, &report)?;
    liquid(axis, &participant.network, &recording)?;
    Ok(Some(NetworkAnswer { report, recording }))
}

/// Returns a plan with its balances closed at the efficiencies in force, and the duals of the cheapest plan there: an
/// average of plans has none. The answer is complete without them.
///
/// # Errors
/// [`CosimError::Short`] when import cannot close the balances.
fn closed(dispatch: &mut Dispatch, plan: &Plan, backend: &'static dyn Backend) -> Result<Plan, CosimError> {
    let priced = dispatch.price(&plan.decisions)?;
    if priced.short_kwh > NEGLIGIBLE_KWH {
        return Err(CosimError::Short { energy_kwh: priced.short_kwh });
    }
    let plan = dispatch.certified(priced.decisions)?;
    let cheapest = if backend.gives_duals() { dispatch.solve(backend).ok() } else { None };
    let gap = cheapest.as_ref().and_then(|cheapest| cheapest.certificate.gap);
    let tied_steps = cheapest.as_ref().and_then(|cheapest| dispatch.tied_steps(cheapest, backend));
    let certificate = PlanCertificate { gap, tied_steps, ..plan.certificate };
    Ok(Plan { certificate, duals: cheapest.and_then(|cheapest| cheapest.duals), ..plan })
}

/// Returns the loop with derivatives and Newton's method, which some schemes need.
fn known_loop(
    dispatcher: &DistrictDispatcher,
    water_loop: &LoopParticipant,
) -> Result<(Newton, WellMixedParticipant), CosimError> {
    let known = |ring: &WellMixedParticipant| {
        let newton = Newton::new(dispatcher.problem(), &dispatcher.loop_pumps(), dispatcher.step_hours())?;
        Ok((newton, ring.clone()))
    };
    let found = water_loop.smooth().and_then(known);
    found.map_err(|unsuited| CosimError::Unsuited { scheme: SchemeChoice::Anticipative.name(), unsuited })
}

/// Picard iterations before Newton's method where it is the chosen scheme; they show where the horizon can be cut.
const PICARD_BEFORE_NEWTON: usize = 3;
/// Iterations of averaging after which Newton's method begins.
const AVERAGING_BEFORE_NEWTON: usize = 40;

/// Returns the scheme that `settings` select.
fn scheme_for(
    settings: &CouplingSettings,
    dispatcher: &DistrictDispatcher,
    water_loop: &LoopParticipant,
) -> Result<Box<dyn Scheme<DistrictDispatcher>>, CosimError> {
    // The price of balancing jumps where a unit starts, so that Newton's method does not apply.
    if settings.balancing_price == BalancingPrice::Marginal
        && let Some(scheme) = scheme(settings)
    {
        return Ok(scheme);
    }
    let refining =
        |before, begins| water_loop.smooth().and_then(|ring| Refining::new(dispatcher, ring.clone(), before, begins));
    match (settings.scheme_in_force(), scheme(settings)) {
        (SchemeChoice::Auto | SchemeChoice::Anticipative, Some(averaging)) => {
            Ok(match refining(averaging, AVERAGING_BEFORE_NEWTON) {
                Ok(refining) => Box::new(refining),
                Err(Unsuited::Network) if settings.stop == Stop::Residual => Box::new(SmoothAtFirst::default()),
                Err(_) => Box::new(Averaging::by(Auto::default())),
            })
        }
        (_, Some(scheme)) => Ok(scheme),
        (choice, None) => {
            let refining = refining(Box::new(Picard { relaxation: 1.0 }), PICARD_BEFORE_NEWTON);
            let refused = |unsuited| CosimError::Unsuited { scheme: choice.name(), unsuited };
            Ok(Box::new(refining.map_err(refused)?))
        }
    }
}

impl CosimResult {
    /// Returns the total cost, EUR: the plan's, and the energy and emissions of the loop's balancing unit.
    #[must_use]
    pub fn total_eur(&self) -> f64 {
        let balancing_eur = self.coupling.as_ref().map_or(0.0, |coupling| coupling.response.balancing_eur);
        self.account.cost_eur() + balancing_eur + self.balancing_co2_eur()
    }

    /// Returns the cost of the CO2 emitted by the loop's balancing unit, EUR.
    #[must_use]
    pub fn balancing_co2_eur(&self) -> f64 {
        let balancing_co2_kg = self.coupling.as_ref().map_or(0.0, |coupling| coupling.response.balancing_co2_kg);
        balancing_co2_kg * self.dispatch.district().co2_price_eur_per_kg()
    }
}

/// Returns the LP that [`run`] solves first, at the initial COPs.
#[must_use]
pub fn first_problem(district: &District, coupled: Option<&Coupled>) -> StagedProblem {
    let begins = |coupled: &&Coupled| coupled.settings.initial_cop_dispatch == InitialCopDispatch::Start;
    let pumps = coupled.into_iter().filter(begins).flat_map(|coupled| &coupled.pumps);
    let cops = pumps.map(|pump| (pump.site.as_str(), pump.technology.as_str(), pump.start_cop));
    anergy_dispatch::dispatch::first_problem(district, cops)
}

fn start(coupled: &Coupled, dispatcher: &DistrictDispatcher) -> Start {
    let committed = dispatcher.cops();
    let mut start = committed.clone();
    for (pump, mut row) in coupled.pumps.iter().zip(start.rows_mut()) {
        row.fill(pump.start_cop);
    }
    Start { committed, start }
}

/// Converts an error of the driver, with names and time stamps in place of indices.
fn named(error: CouplingError<DispatchError, NetworkError>, axis: &TimeAxis, coupled: &Coupled) -> CosimError {
    match error {
        CouplingError::Dispatch { iteration, source } => CosimError::Dispatch { iteration: Some(iteration), source },
        CouplingError::Loop { iteration, source } => {
            CosimError::Loop { iteration, stamp: axis.label(source.step), source }
        }
        CouplingError::Journal(error) => error.into(),
        CouplingError::Settings(error) => error.into(),
        CouplingError::CopNotPositive { iteration, pump, step, cop } => CosimError::CopNotPositive {
            iteration,
            site: coupled.pumps[pump].site.clone(),
            technology: coupled.pumps[pump].technology.clone(),
            stamp: axis.label(step),
            cop,
        },
    }
}
