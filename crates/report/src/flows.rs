//! The columns of a run's time series, by technology, balance, and side of the balance.

use anergy_data::schema::columns::timeseries;

use super::run::RunResults;

/// The kind of a column of powers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowKind {
    Supply,
    Output,
    Discharge,
    Arrives,
    Unmet,
    Demand,
    Input,
    Charge,
    Enters,
    Export,
    Circulation,
    Surplus,
}

impl FlowKind {
    const ALL: [(&'static str, Self); 12] = [
        (timeseries::SUPPLY_KW, Self::Supply),
        (timeseries::OUTPUT_KW, Self::Output),
        (timeseries::DISCHARGE_KW, Self::Discharge),
        (timeseries::LEAVES_KW, Self::Arrives),
        (timeseries::UNMET_KW, Self::Unmet),
        (timeseries::DEMAND_KW, Self::Demand),
        (timeseries::INPUT_KW, Self::Input),
        (timeseries::CHARGE_KW, Self::Charge),
        (timeseries::ENTERS_KW, Self::Enters),
        (timeseries::EXPORT_KW, Self::Export),
        (timeseries::CIRCULATION_KW, Self::Circulation),
        (timeseries::SURPLUS_KW, Self::Surplus),
    ];

    /// Returns whether it is a source of its balance.
    pub(super) fn is_source(self) -> bool {
        matches!(self, Self::Supply | Self::Output | Self::Discharge | Self::Arrives | Self::Unmet)
    }

    /// Returns its name in a balance.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Supply => "supply",
            Self::Output => "production",
            Self::Discharge => "discharge",
            Self::Arrives => "from other sites",
            Self::Unmet => "unmet",
            Self::Demand => "demand",
            Self::Input => "consumption",
            Self::Charge => "charge",
            Self::Enters => "to other sites",
            Self::Export => "export",
            Self::Circulation => "for pumps and plants",
            Self::Surplus => "surplus",
        }
    }

    /// Returns all kinds, sources first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(_, what)| what)
    }
}

/// A power over time in a balance.
#[derive(Debug, Clone)]
pub(super) struct Flow<'r> {
    pub(super) site: &'r str,
    /// The name of the technology; empty for unmet demand, surplus and others of the balance itself.
    pub(super) technology: &'r str,
    pub(super) carrier: &'r str,
    pub(super) what: FlowKind,
    pub(super) kw: &'r [f64],
}

impl Flow<'_> {
    /// Returns the name in its balance.
    pub(super) fn name(&self) -> String {
        match self.what {
            FlowKind::Charge | FlowKind::Discharge => format!("{} {}", self.technology, self.what.name()),
            _ if self.technology.is_empty() => self.what.name().to_owned(),
            _ => self.technology.to_owned(),
        }
    }

    /// Returns the energy, kWh.
    pub(super) fn kwh(&self, step_hours: f64) -> f64 {
        self.kw.iter().sum::<f64>() * step_hours
    }
}

/// Returns all powers of a run, in the order of its columns.
pub(super) fn flows(run: &RunResults) -> Vec<Flow<'_>> {
    let flow = |(name, kw)| {
        let [site, technology, carrier, quantity] = timeseries::parts(name)?;
        let (_, what) = FlowKind::ALL.into_iter().find(|(known, _)| *known == quantity)?;
        Some(Flow { site, technology, carrier, what, kw })
    };
    run.series.all_numbers().filter_map(flow).collect()
}

/// Returns the balances (site and carrier), in the order of their first occurrence.
pub(super) fn balances<'r>(flows: &[Flow<'r>]) -> Vec<(&'r str, &'r str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for flow in flows {
        if !found.contains(&(flow.site, flow.carrier)) {
            found.push((flow.site, flow.carrier));
        }
    }
    found
}

/// A balance over the whole time.
#[derive(Debug, Clone)]
pub(super) struct Balance<'r> {
    pub(super) site: &'r str,
    pub(super) carrier: &'r str,
    /// The energy of each part, kWh, > 0.
    pub(super) parts: Vec<(FlowKind, f64)>,
    /// The residual, kWh.
    pub(super) residual_kwh: f64,
    /// The largest residual in a step, kW.
    pub(super) worst_kw: f64,
}

/// Returns every balance of a run, from its time series alone.
pub(super) fn account<'r>(run: &RunResults, flows: &[Flow<'r>]) -> Vec<Balance<'r>> {
    let step_hours = run.axis.step_hours();
    let balance = |(site, carrier): (&'r str, &'r str)| {
        let own = || flows.iter().filter(|flow| flow.site == site && flow.carrier == carrier);
        let mut left = vec![0.0; run.axis.len];
        for flow in own() {
            let sign = if flow.what.is_source() { 1.0 } else { -1.0 };
            left.iter_mut().zip(flow.kw).for_each(|(left, kw)| *left += sign * kw);
        }
        let part = |what: FlowKind| {
            let kwh: f64 = own().filter(|flow| flow.what == what).map(|flow| flow.kwh(step_hours)).sum();
            (kwh.abs() > 1e-6).then_some((what, kwh))
        };
        Balance {
            site,
            carrier,
            parts: FlowKind::all().filter_map(part).collect(),
            residual_kwh: left.iter().sum::<f64>() * step_hours,
            worst_kw: left.iter().fold(0.0, |worst: f64, left| worst.max(left.abs())),
        }
    };
    balances(flows).into_iter().map(balance).collect()
}
