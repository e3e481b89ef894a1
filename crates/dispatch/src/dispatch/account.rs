//! The account of a plan: cost, energy, unmet demand and surplus, each reported separately.

use ndarray::Array2;

use super::index::Owner;
use super::{Decisions, Dispatch, Limit, Role, SharedRole};
use crate::district::{Availability, Kind, Link};

/// The energy of one technology over the whole time, kWh.
#[derive(Debug, Clone, PartialEq)]
pub struct TechnologyTotals {
    /// Site.
    pub site: String,
    /// Technology.
    pub technology: String,
    /// Energy delivered to its carrier: supply, output of a conversion, discharge.
    pub delivered_kwh: f64,
    /// Energy taken from its carrier: demand, export, input of a conversion, charge.
    pub taken_kwh: f64,
}

/// The energy through a link over the whole time, kWh.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkTotals {
    /// The link.
    pub link: String,
    /// Energy that entered at `from`.
    pub forward_kwh: f64,
    /// Energy that entered at `to`.
    pub backward_kwh: f64,
}

/// The unmet demand and the surplus of one carrier at one site, kWh.
#[derive(Debug, Clone, PartialEq)]
pub struct CarrierTotals {
    /// Site.
    pub site: String,
    /// Carrier.
    pub carrier: String,
    /// Demand left unserved.
    pub unmet_kwh: f64,
    /// Production not used.
    pub surplus_kwh: f64,
}

/// A capacity that the dispatch chose.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenCapacity {
    /// Site.
    pub site: String,
    /// Technology.
    pub technology: String,
    /// Whether it is the capacity of a store, in kWh rather than kW.
    pub is_store: bool,
    /// Capacity, kW, or kWh for a store.
    pub capacity: f64,
    /// Largest capacity that could be chosen.
    pub most: f64,
    /// Annuity and fixed upkeep for the time of the run, EUR.
    pub annualised_eur: f64,
}

/// A peak with a demand charge.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidPeak {
    /// Site.
    pub site: String,
    /// Technology.
    pub technology: String,
    /// Largest mean power of a step, kW.
    pub peak_kw: f64,
    /// Demand charge, EUR.
    pub demand_charge_eur: f64,
}

/// The use of a limit on the whole time.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitUse {
    /// Site and technology of a limit on one supply; `None` for the limit on CO2.
    pub supply: Option<(String, String)>,
    /// Limit, kWh, or kg for CO2.
    pub limit: f64,
    /// Part of the limit that is used.
    pub used: f64,
}

/// The account of a plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Account {
    /// Cost that depends on the dispatch: import less export, operation, wear; EUR.
    pub operation_eur: f64,
    /// Price of the CO2 that the supplies emit, EUR.
    pub co2_eur: f64,
    /// CO2 that the supplies emit, kg.
    pub co2_kg: f64,
    /// Cost of forced supply, EUR.
    pub forced_eur: f64,
    /// Annuities and fixed upkeep for the time of the run, EUR, chosen capacities included.
    pub annualised_eur: f64,
    /// Demand charges, EUR.
    pub demand_charge_eur: f64,
    /// Charge that steers the dispatch but is not paid, EUR: see [`Dispatch::set_charge`].
    pub charge_eur: f64,
    /// Prices of unmet demand and surplus, EUR; not an actual payment.
    pub penalty_eur: f64,
    /// Sum of the absolute terms of the cost that the dispatch minimises, EUR: the scale of a relative gap.
    pub absolute_terms_eur: f64,
    /// Demand of all sites and carriers, kWh.
    pub demand_kwh: f64,
    /// Each technology's energy.
    pub technologies: Vec<TechnologyTotals>,
    /// Each link's energy.
    pub links: Vec<LinkTotals>,
    /// Each balance's unmet demand and surplus.
    pub carriers: Vec<CarrierTotals>,
    /// Capacities that the dispatch chose.
    pub capacities: Vec<ChosenCapacity>,
    /// Peaks with a demand charge.
    pub peaks: Vec<PaidPeak>,
    /// Limits on the whole time.
    pub limits: Vec<LimitUse>,
}

impl Account {
    /// Returns the total cost, EUR: operation, CO2, forced supply, annuities and demand charges, without the prices of
    /// unmet demand and surplus.
    #[must_use]
    pub fn cost_eur(&self) -> f64 {
        self.operation_eur + self.co2_eur + self.forced_eur + self.annualised_eur + self.demand_charge_eur
    }

    /// Returns the unmet demand of all sites and carriers, kWh.
    #[must_use]
    pub fn unmet_kwh(&self) -> f64 {
        self.carriers.iter().map(|carrier| carrier.unmet_kwh).sum()
    }

    /// Returns the surplus of all sites and carriers, kWh.
    #[must_use]
    pub fn surplus_kwh(&self) -> f64 {
        self.carriers.iter().map(|carrier| carrier.surplus_kwh).sum()
    }

    /// Returns the totals of `technology` at `site`; `None` if there is no such technology.
    #[must_use]
    pub fn technology(&self, site: &str, technology: &str) -> Option<&TechnologyTotals> {
        self.technologies.iter().find(|totals| totals.site == site && totals.technology == technology)
    }
}

impl Dispatch {
    /// Returns the account of the given decisions at the current efficiencies.
    #[must_use]
    pub fn account(&self, decisions: &Decisions) -> Account {
        let values = &decisions.values;
        let district = &self.district;
        let mut account = Account {
            operation_eur: 0.0,
            co2_eur: 0.0,
            co2_kg: self.co2_kg(values),
            forced_eur: self.layout.forced_cost_eur,
            annualised_eur: district.annualised_cost_eur(),
            demand_charge_eur: 0.0,
            charge_eur: self.charge_eur(values),
            penalty_eur: 0.0,
            absolute_terms_eur: 0.0,
            demand_kwh: 0.0,
            technologies: Vec::new(),
            links: self.link_totals(values),
            carriers: Vec::new(),
            capacities: Vec::new(),
            peaks: Vec::new(),
            limits: Vec::new(),
        };
        account.co2_eur = account.co2_kg * district.co2_price_eur_per_kg();
        // The prices of shortage and surplus are summed separately: beside 1e6 EUR/kWh the other costs would lose their
        // digits.
        let columns = self.layout.problem.columns().iter().zip(&self.layout.quantities).zip(values.rows());
        for ((column, quantity), values) in columns {
            if matches!(quantity.role, Role::Unmet | Role::Surplus) {
                continue;
            }
            let costs = || values.iter().enumerate().map(|(step, value)| column.cost.at(step) * value);
            account.absolute_terms_eur += costs().map(f64::abs).sum::<f64>();
            account.operation_eur += costs().sum::<f64>();
        }
        account.operation_eur -= account.charge_eur;
        // The LP includes the CO2 of the supplies that it decides on; the CO2 of forced supply is added here.
        account.operation_eur -= self.chosen_co2_kg(values) * district.co2_price_eur_per_kg();
        self.account_balances(values, &mut account);
        self.account_technologies(values, &mut account);
        self.account_whole_time(decisions, &mut account);
        account
    }

    /// Adds unmet demand and surplus of each balance, with their prices.
    fn account_balances(&self, values: &Array2<f64>, account: &mut Account) {
        let district = &self.district;
        let energy = |quantity: usize| values.row(quantity).sum() * district.axis().step_hours();
        for balance in &self.layout.balances {
            let find = |role| self.balance_quantity(balance.site, balance.carrier, role).map_or(0.0, energy);
            let (unmet_kwh, surplus_kwh) = (find(Role::Unmet), find(Role::Surplus));
            let shortage = district.shortage();
            account.penalty_eur += shortage.unmet_eur_per_kwh.unwrap_or(0.0) * unmet_kwh;
            account.penalty_eur += shortage.surplus_eur_per_kwh.unwrap_or(0.0) * surplus_kwh;
            account.carriers.push(CarrierTotals {
                site: district.sites()[balance.site].name.clone(),
                carrier: district.carriers()[balance.carrier].clone(),
                unmet_kwh,
                surplus_kwh,
            });
        }
    }

    /// Adds the energy of each technology, and the demand.
    fn account_technologies(&self, values: &Array2<f64>, account: &mut Account) {
        let district = &self.district;
        let dt = district.axis().step_hours();
        let energy = |quantity: usize| values.row(quantity).sum() * dt;
        for (site_index, site) in district.sites().iter().enumerate() {
            for (index, technology) in site.technologies.iter().enumerate() {
                let find = |role| self.index.column(Owner::Technology(site_index, index), role).map_or(0.0, energy);
                let steps = district.axis().len();
                let (delivered_kwh, taken_kwh) = match &technology.kind {
                    Kind::Supply(supply) => match &supply.available {
                        Availability::Forced(power) => ((0..steps).map(|step| power.at(step)).sum::<f64>() * dt, 0.0),
                        _ => (find(Role::Supply), 0.0),
                    },
                    Kind::Export(_) => (0.0, find(Role::Export)),
                    Kind::Demand(demand) => (0.0, (0..steps).map(|step| demand.power_kw.at(step)).sum::<f64>() * dt),
                    Kind::Storage(_) => (find(Role::Discharge), find(Role::Charge)),
                    Kind::Conversion(_) => {
                        (find(Role::Output), self.input_kw(values, site_index, index).iter().sum::<f64>() * dt)
                    }
                };
                if matches!(technology.kind, Kind::Demand(_)) {
                    account.demand_kwh += taken_kwh;
                }
                account.technologies.push(TechnologyTotals {
                    site: site.name.clone(),
                    technology: technology.name.clone(),
                    delivered_kwh,
                    taken_kwh,
                });
            }
        }
    }

    /// Adds chosen capacities, peaks and limits.
    fn account_whole_time(&self, decisions: &Decisions, account: &mut Account) {
        let shared = &self.layout.shared;
        let names = |site: usize, technology: usize| {
            let site = &self.district.sites()[site];
            (site.name.clone(), site.technologies[technology].name.clone())
        };
        let columns = self.layout.problem.global_columns().iter().zip(&shared.quantities).zip(&decisions.globals);
        for ((column, quantity), &value) in columns {
            let (site, technology) = names(quantity.site, quantity.technology);
            let cost_eur = column.cost * value;
            account.absolute_terms_eur += cost_eur.abs();
            match quantity.role {
                SharedRole::Capacity => {
                    account.annualised_eur += cost_eur;
                    let kind = &self.district.sites()[quantity.site].technologies[quantity.technology].kind;
                    account.capacities.push(ChosenCapacity {
                        site,
                        technology,
                        is_store: matches!(kind, Kind::Storage(_)),
                        capacity: value,
                        most: column.upper,
                        annualised_eur: cost_eur,
                    });
                }
                SharedRole::Peak => {
                    account.demand_charge_eur += cost_eur;
                    account.peaks.push(PaidPeak { site, technology, peak_kw: value, demand_charge_eur: cost_eur });
                }
            }
        }
        for (limit, _) in &shared.limits {
            account.limits.push(match *limit {
                Limit::Co2 => {
                    let limit = self.district.co2_limit_kg().unwrap_or_default();
                    LimitUse { supply: None, limit, used: account.co2_kg }
                }
                Limit::Supply { site, technology } => {
                    let supply = names(site, technology);
                    let used = account.technology(&supply.0, &supply.1).map_or(0.0, |totals| totals.delivered_kwh);
                    let limit = match &self.district.sites()[site].technologies[technology].kind {
                        Kind::Supply(supply) => supply.terms.limit_kwh.unwrap_or_default(),
                        _ => 0.0,
                    };
                    LimitUse { supply: Some(supply), limit, used }
                }
            });
        }
    }

    /// Returns the charge on the conversions that is not paid, EUR.
    fn charge_eur(&self, values: &Array2<f64>) -> f64 {
        let charged = self.layout.conversions.iter().filter_map(|conversion| {
            let charge_eur_per_kwh = conversion.charge_eur_per_kwh.as_ref()?;
            let output_kw = values.row(conversion.output.index());
            Some(output_kw.iter().zip(charge_eur_per_kwh).map(|(power, charge)| power * charge).sum::<f64>())
        });
        // The fold starts at plus zero, since an empty sum of floats is minus zero.
        charged.fold(0.0, |sum, charge| sum + charge) * self.district.axis().step_hours()
    }

    /// Returns the CO2 of the supplies that the dispatch decides on, kg.
    fn chosen_co2_kg(&self, values: &Array2<f64>) -> f64 {
        let dt = self.district.axis().step_hours();
        let columns = self.layout.quantities.iter().zip(values.rows());
        let kg = columns.filter_map(|(quantity, row)| {
            let technology = &self.district.sites()[quantity.site].technologies[quantity.technology?];
            let Kind::Supply(supply) = &technology.kind else { return None };
            let of_step = |(step, power): (usize, &f64)| power * supply.co2_kg_per_kwh.at(step) * dt;
            Some(row.iter().enumerate().map(of_step).sum::<f64>())
        });
        kg.sum()
    }

    /// Returns the CO2 of all supplies, forced ones included, kg.
    fn co2_kg(&self, values: &Array2<f64>) -> f64 {
        self.chosen_co2_kg(values) + self.district.forced_co2_kg()
    }

    /// Returns the energy through each link.
    fn link_totals(&self, values: &Array2<f64>) -> Vec<LinkTotals> {
        let dt = self.district.axis().step_hours();
        let energy =
            |link: usize, role: Role| self.link_quantity(link, role).map_or(0.0, |row| values.row(row).sum() * dt);
        let totals = |(index, link): (usize, &Link)| LinkTotals {
            link: link.name.clone(),
            forward_kwh: energy(index, Role::Forward),
            backward_kwh: energy(index, Role::Backward),
        };
        self.district.links().iter().enumerate().map(totals).collect()
    }

    /// Returns the input of a conversion at the current efficiencies, kW by step; empty if the technology is no
    /// conversion.
    #[must_use]
    pub fn input_kw(&self, values: &Array2<f64>, site: usize, technology: usize) -> Vec<f64> {
        let found = self.layout.conversions.iter().find(|known| known.site == site && known.technology == technology);
        found.map_or_else(Vec::new, |conversion| {
            let output = values.row(conversion.output.index());
            output.iter().zip(&conversion.efficiency).map(|(power, efficiency)| power / efficiency).collect()
        })
    }
}
