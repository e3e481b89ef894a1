//! Test participants of the coupling whose fixed points and cycles are known.

use std::convert::Infallible;

use anergy::coupling::{Dispatcher, LoopModel, LoopRequest, LoopResponse, LoopSignal, PlanCost};
use ndarray::{Array1, Array2};

/// A dispatcher whose plan is one number, which is also its store level. It answers `map(cop)`, and its objective at
/// a COP is the distance of the plan from that answer.
pub struct Toy<F>(pub F);

impl<F: Fn(f64) -> f64> Dispatcher for Toy<F> {
    type Plan = f64;
    type Account = ();
    type Error = Infallible;

    fn dispatch(&mut self, signal: &LoopSignal) -> Result<f64, Infallible> {
        Ok((self.0)(signal.cops[[0, 0]]))
    }

    fn request(&self, plan: &f64) -> LoopRequest {
        LoopRequest::new(Array2::from_elem((1, 2), *plan), Array2::from_elem((1, 2), *plan))
    }

    fn blend(&mut self, plans: &[(&f64, f64)], _signal: &LoopSignal) -> Result<Option<f64>, Infallible> {
        assert!(plans.iter().all(|(_, weight)| (0.0..=1.0).contains(weight)), "{plans:?}");
        assert!((plans.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-15, "{plans:?}");
        Ok(Some(plans.iter().map(|(plan, weight)| *plan * weight).sum()))
    }

    fn distance(&self, a: &f64, b: &f64) -> f64 {
        (a - b).abs()
    }

    fn price(&mut self, plan: &f64, signal: &LoopSignal) -> Result<PlanCost, Infallible> {
        let miss = (plan - (self.0)(signal.cops[[0, 0]])).abs();
        Ok(PlanCost {
            objective_eur: 100.0 + miss,
            absolute_terms_eur: 100.0,
            cost_eur: 100.0 + miss,
            ..PlanCost::default()
        })
    }

    fn cost(&self, _plan: &f64) -> PlanCost {
        PlanCost { objective_eur: 100.0, absolute_terms_eur: 100.0, cost_eur: 100.0, ..PlanCost::default() }
    }

    fn account(&self, _plan: &f64) {}

    fn certificate(&self, _plan: &f64) -> f64 {
        0.0
    }
}

/// A loop model whose COP and temperature equal the plan.
pub struct Mirror;

impl LoopModel for Mirror {
    type Error = Infallible;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Infallible> {
        let plan = request.output_kw[[0, 0]];
        Ok(LoopResponse {
            temp_c: Array1::from_elem(3, plan),
            signal: LoopSignal::of_cops(Array2::from_elem((1, 2), plan)),
            ..LoopResponse::zeros(1, 2)
        })
    }
}

/// A dispatcher like [`Toy`], in which every plan but the answer has `unmet_kwh` more unmet demand, at no price.
pub struct Idle<F> {
    pub toy: Toy<F>,
    pub unmet_kwh: f64,
}

impl<F: Fn(f64) -> f64> Dispatcher for Idle<F> {
    type Plan = f64;
    type Account = ();
    type Error = Infallible;

    fn dispatch(&mut self, signal: &LoopSignal) -> Result<f64, Infallible> {
        self.toy.dispatch(signal)
    }

    fn request(&self, plan: &f64) -> LoopRequest {
        self.toy.request(plan)
    }

    fn blend(&mut self, plans: &[(&f64, f64)], signal: &LoopSignal) -> Result<Option<f64>, Infallible> {
        self.toy.blend(plans, signal)
    }

    fn distance(&self, a: &f64, b: &f64) -> f64 {
        self.toy.distance(a, b)
    }

    fn price(&mut self, plan: &f64, signal: &LoopSignal) -> Result<PlanCost, Infallible> {
        Ok(PlanCost { unmet_kwh: self.unmet_kwh, demand_kwh: 50_000.0, ..self.toy.price(plan, signal)? })
    }

    fn cost(&self, plan: &f64) -> PlanCost {
        PlanCost { demand_kwh: 50_000.0, ..self.toy.cost(plan) }
    }

    fn account(&self, _plan: &f64) {}

    fn certificate(&self, _plan: &f64) -> f64 {
        0.0
    }
}
