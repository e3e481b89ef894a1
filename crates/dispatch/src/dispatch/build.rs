//! Construction of the LP of a district.

use anergy_data::series::Profile;
use anergy_lp::{Column, ColumnId, Lag, Row, RowId, StagedProblem};

use super::layout::{Balance, ConversionTerm, DispatchLayout, Quantity, Role, StoreColumns};
use super::shared::SharedLayout;
use crate::district::{Availability, Conversion, District, Kind, Link, Storage, StorageBoundary, Supply};

impl DispatchLayout {
    /// Writes the LP of `district`: production + discharge + import + unmet = demand + consumption + charge + surplus,
    /// for each site, carrier and step.
    #[must_use]
    pub fn new(district: &District) -> Self {
        LayoutBuilder::new(district).build()
    }
}

/// Returns the LP that the dispatch of `district` solves first, in which the given conversions (site, technology,
/// efficiency in all steps) begin with other efficiencies than those of the district.
pub fn first_problem<'a>(
    district: &District,
    efficiencies: impl Iterator<Item = (&'a str, &'a str, f64)>,
) -> StagedProblem {
    let mut layout = DispatchLayout::new(district);
    for (site, technology, efficiency) in efficiencies {
        if let Some(conversion) = layout.conversion(district, site, technology) {
            layout.set_efficiency(conversion, (0..district.axis().len()).map(|_| efficiency));
        }
    }
    layout.problem
}

/// A layout under construction.
pub(super) struct LayoutBuilder<'a> {
    pub(super) district: &'a District,
    pub(super) dt: f64,
    pub(super) layout: DispatchLayout,
}

impl<'a> LayoutBuilder<'a> {
    pub(super) fn new(district: &'a District) -> Self {
        let layout = DispatchLayout {
            problem: StagedProblem::new("district", district.axis().len()),
            quantities: Vec::new(),
            balances: Vec::new(),
            stores: Vec::new(),
            conversions: Vec::new(),
            shared: SharedLayout::default(),
            step_hours: district.axis().step_hours(),
            forced_cost_eur: 0.0,
        };
        Self { district, dt: district.axis().step_hours(), layout }
    }

    /// Writes the whole LP.
    pub(super) fn build(mut self) -> DispatchLayout {
        for site in 0..self.district.sites().len() {
            self.balances(site);
            for technology in 0..self.district.sites()[site].technologies.len() {
                self.technology(site, technology);
            }
        }
        for (index, link) in self.district.links().iter().enumerate() {
            self.link(index, link);
        }
        self.co2_limit();
        self.layout
    }

    /// Adds the balance rows of a site, with demand and forced supply on the right-hand side, and unmet demand and
    /// surplus on the left.
    fn balances(&mut self, site: usize) {
        let district = self.district;
        let stages = district.axis().len();
        for (carrier, name) in district.carriers().iter().enumerate() {
            let technologies = &district.sites()[site].technologies;
            if !district.touches(&district.sites()[site], name) {
                continue;
            }
            let mut rhs = vec![0.0; stages];
            for technology in technologies {
                match &technology.kind {
                    Kind::Demand(demand) if demand.carrier == *name => add_scaled(&mut rhs, &demand.power_kw, 1.0),
                    Kind::Supply(Supply {
                        carrier, available: Availability::Forced(power), price_eur_per_kwh, ..
                    }) if carrier == name => {
                        add_scaled(&mut rhs, power, -1.0);
                        let cost = |step| power.at(step) * price_eur_per_kwh.at(step) * self.dt;
                        self.layout.forced_cost_eur += (0..stages).map(cost).sum::<f64>();
                    }
                    _ => {}
                }
            }
            let label = format!("balance {} {name}", district.sites()[site].name);
            let row = self.layout.problem.add_row(Row::equal(label, rhs));
            self.layout.balances.push(Balance { site, carrier, row });
            let shortage = district.shortage();
            for (role, price, sign) in
                [(Role::Unmet, shortage.unmet_eur_per_kwh, 1.0), (Role::Surplus, shortage.surplus_eur_per_kwh, -1.0)]
            {
                if let Some(price) = price {
                    let quantity = Quantity { site, technology: None, link: None, carrier, role };
                    let column = self.column(quantity, f64::INFINITY.into(), Profile::Constant(price));
                    self.layout.problem.add_term(row, column, Lag::Same, sign);
                }
            }
        }
    }

    /// Adds the columns and terms of a technology.
    fn technology(&mut self, site: usize, technology: usize) {
        let district = self.district;
        match &district.sites()[site].technologies[technology].kind {
            Kind::Demand(_) | Kind::Supply(Supply { available: Availability::Forced(_), .. }) => {}
            Kind::Supply(supply) => {
                let capacity_kw = supply.capacity_kw;
                let upper = supply.most_kw(capacity_kw);
                let per_kw = match &supply.available {
                    Availability::PerKw(per_kw) => per_kw.map(|per_kw| per_kw.min(1.0)),
                    _ => 1.0.into(),
                };
                let quantity = self.quantity(site, technology, &supply.carrier, Role::Supply);
                let co2_price = district.co2_price_eur_per_kg();
                let price = if co2_price == 0.0 {
                    supply.price_eur_per_kwh.clone()
                } else {
                    combined(&supply.price_eur_per_kwh, &supply.co2_kg_per_kwh, |price, co2| price + co2 * co2_price)
                };
                let column = self.flow(quantity, upper, &price, 1.0);
                self.within_capacity(site, technology, column, per_kw);
                self.supply_terms(site, technology, column, supply.terms, capacity_kw);
            }
            Kind::Export(export) => {
                let quantity = self.quantity(site, technology, &export.carrier, Role::Export);
                let cost = export.price_eur_per_kwh.map(|price| -price);
                let column = self.flow(quantity, Profile::Constant(export.capacity_kw), &cost, -1.0);
                self.within_capacity(site, technology, column, 1.0.into());
            }
            Kind::Storage(storage) => self.storage(site, technology, storage),
            Kind::Conversion(conversion) => self.conversion(site, technology, conversion),
        }
    }

    /// Adds the output of a conversion, with its input and byproducts as terms.
    fn conversion(&mut self, site: usize, technology: usize, conversion: &Conversion) {
        let Conversion {
            carrier_in, carrier_out, capacity_kw, efficiency, output_eur_per_kwh, input_eur_per_kwh, ..
        } = conversion;
        let cost =
            combined(output_eur_per_kwh, &combined(input_eur_per_kwh, efficiency, |price, eta| price / eta), |a, b| {
                a + b
            });
        let quantity = self.quantity(site, technology, carrier_out, Role::Output);
        let output = self.flow(quantity, Profile::Constant(*capacity_kw), &cost, 1.0);
        self.within_capacity(site, technology, output, 1.0.into());
        let input = self.row_of(site, self.carrier(carrier_in));
        let term = self.layout.problem.add_term(input, output, Lag::Same, efficiency.map(|eta| -1.0 / eta));
        for byproduct in &conversion.byproducts {
            let row = self.row_of(site, self.carrier(&byproduct.carrier));
            self.layout.problem.add_term(row, output, Lag::Same, byproduct.per_output.clone());
        }
        let stages = self.district.axis().len();
        self.layout.conversions.push(ConversionTerm {
            site,
            technology,
            output,
            term,
            efficiency: (0..stages).map(|step| efficiency.at(step)).collect(),
            output_eur_per_kwh: output_eur_per_kwh.clone(),
            input_eur_per_kwh: (!input_eur_per_kwh.all(|price| price == 0.0)).then(|| input_eur_per_kwh.clone()),
            charge_eur_per_kwh: None,
        });
    }

    /// Adds charge, discharge and level of a store, and the row of its level.
    fn storage(&mut self, site: usize, technology: usize, storage: &Storage) {
        let stages = self.district.axis().len();
        let retained = (1.0 - storage.loss_per_hour).powf(self.dt);
        let of = |builder: &Self, role| builder.quantity(site, technology, &storage.carrier, role);
        let limit = storage.charge_kw.into();
        let charge = self.flow(of(self, Role::Charge), limit, &storage.charge_eur_per_kwh, -1.0);
        let limit = storage.discharge_kw.into();
        let discharge = self.flow(of(self, Role::Discharge), limit, &storage.discharge_eur_per_kwh, 1.0);

        let level_quantity = of(self, Role::Level);
        let (mut lower, mut upper) = (Profile::Constant(0.0), Profile::Constant(storage.capacity_kwh));
        if let StorageBoundary::CyclicFixed(rest) = storage.boundary {
            let last = |bound: f64| {
                let mut bounds = vec![bound; stages];
                bounds[stages - 1] = rest / retained;
                Profile::Series(bounds)
            };
            (lower, upper) = (last(0.0), last(storage.capacity_kwh));
        }
        let name = self.name_of(&level_quantity);
        self.layout.quantities.push(level_quantity);
        let problem = &mut self.layout.problem;
        let level = problem.add_column(Column { name: name.clone(), lower, upper, cost: 0.0.into() });

        let first = |value: f64| {
            let mut values = vec![0.0; stages];
            values[0] = value;
            Profile::Series(values)
        };
        let row = problem.add_row(match storage.boundary {
            StorageBoundary::Given(initial) => Row::equal(name, first(retained * initial)),
            // The remainder of any initial level after the loss of a step.
            StorageBoundary::Free => Row { name, lower: 0.0.into(), upper: first(retained * storage.capacity_kwh) },
            StorageBoundary::Cyclic | StorageBoundary::CyclicFixed(_) => Row::equal(name, 0.0),
        });
        let paid = |price: &Profile| price.all(|price| price >= 0.0);
        let passes_through = storage.charge_efficiency * storage.discharge_efficiency == 1.0
            && paid(&storage.charge_eur_per_kwh)
            && paid(&storage.discharge_eur_per_kwh);
        self.layout.stores.push(StoreColumns { charge, discharge, level, row, passes_through });
        problem.add_term(row, charge, Lag::Same, -storage.charge_efficiency * self.dt);
        problem.add_term(row, discharge, Lag::Same, self.dt / storage.discharge_efficiency);
        match (storage.boundary, stages) {
            (StorageBoundary::Given(_) | StorageBoundary::Free, _) => {
                problem.add_term(row, level, Lag::Same, 1.0);
                problem.add_term(row, level, Lag::Previous, -retained);
            }
            // In a single step that begins where it ends, both terms have the same entry.
            (_, 1) => {
                problem.add_term(row, level, Lag::Same, 1.0 - retained);
            }
            _ => {
                problem.add_term(row, level, Lag::Same, 1.0);
                problem.add_term(row, level, Lag::PreviousCyclic, -retained);
            }
        }
        if let Some(capacity) = self.within_capacity(site, technology, level, 1.0.into()) {
            self.before_the_first_step(row, capacity, storage.boundary, retained);
        }
    }

    /// Adds the two directions of a link (one if it is one-way): the power that enters at one end leaves, less its
    /// loss, at the other.
    fn link(&mut self, index: usize, link: &Link) {
        let site = |name: &str| self.district.sites().iter().position(|site| site.name == name);
        let site = |name: &str| site(name).unwrap_or_else(|| unreachable!("the district has a site `{name}`"));
        let (from, to, carrier) = (site(&link.from), site(&link.to), self.carrier(&link.carrier));
        let directions = [(from, to, Role::Forward), (to, from, Role::Backward)];
        for (site, other, role) in directions.into_iter().take(if link.one_way { 1 } else { 2 }) {
            let quantity = Quantity { site, technology: None, link: Some(index), carrier, role };
            let column = self.flow(quantity, link.capacity_kw.into(), &link.price_eur_per_kwh, -1.0);
            let arrives = self.row_of(other, carrier);
            self.layout.problem.add_term(arrives, column, Lag::Same, link.efficiency);
        }
    }

    /// Adds a flow in 0..upper kW that enters the balance of its site and carrier with `sign`.
    fn flow(&mut self, quantity: Quantity, upper: Profile, price_eur_per_kwh: &Profile, sign: f64) -> ColumnId {
        let row = self.row_of(quantity.site, quantity.carrier);
        let column = self.column(quantity, upper, price_eur_per_kwh.clone());
        self.layout.problem.add_term(row, column, Lag::Same, sign);
        column
    }

    /// Adds a column in 0..upper kW at a price per kWh.
    fn column(&mut self, quantity: Quantity, upper: Profile, price_eur_per_kwh: Profile) -> ColumnId {
        let name = self.name_of(&quantity);
        self.layout.quantities.push(quantity);
        let cost = price_eur_per_kwh.map(|price| price * self.dt);
        self.layout.problem.add_column(Column { name, lower: 0.0.into(), upper, cost })
    }

    /// Returns the meaning of a technology's column.
    fn quantity(&self, site: usize, technology: usize, carrier: &str, role: Role) -> Quantity {
        Quantity { site, technology: Some(technology), link: None, carrier: self.carrier(carrier), role }
    }

    /// Returns the index of a carrier.
    fn carrier(&self, name: &str) -> usize {
        let carriers = self.district.carriers();
        carriers.iter().position(|known| known == name).unwrap_or_else(|| unreachable!("the district lists `{name}`"))
    }

    /// Returns the balance row of a carrier at a site.
    fn row_of(&self, site: usize, carrier: usize) -> RowId {
        let found = self.layout.balances.iter().find(|balance| balance.site == site && balance.carrier == carrier);
        found.unwrap_or_else(|| unreachable!("balances of a site come before its technologies")).row
    }

    /// Returns the name of a column.
    pub(super) fn name_of(&self, quantity: &Quantity) -> String {
        let site = &self.district.sites()[quantity.site];
        if let Some(link) = quantity.link {
            return format!("link {} from {}", self.district.links()[link].name, site.name);
        }
        let what = match quantity.role {
            Role::Supply | Role::Export | Role::Output | Role::Forward | Role::Backward => "",
            Role::Charge => " charge",
            Role::Discharge => " discharge",
            Role::Level => " level",
            Role::Unmet => "unmet ",
            Role::Surplus => "surplus ",
        };
        match quantity.technology {
            Some(technology) => {
                format!("{} {}{what}", site.name, site.technologies[technology].name)
            }
            None => format!("{} {what}{}", site.name, self.district.carriers()[quantity.carrier]),
        }
    }
}

/// Adds `sign` times a profile to `sum`.
fn add_scaled(sum: &mut [f64], profile: &Profile, sign: f64) {
    sum.iter_mut().enumerate().for_each(|(step, value)| *value += sign * profile.at(step));
}

/// Returns the profile of `f(a_t, b_t)`; a constant if both profiles are constants.
fn combined(a: &Profile, b: &Profile, f: impl Fn(f64, f64) -> f64) -> Profile {
    match (a.steps(), b.steps()) {
        (None, None) => Profile::Constant(f(a.at(0), b.at(0))),
        (steps, other) => {
            let len = steps.or(other).unwrap_or(0);
            Profile::Series((0..len).map(|step| f(a.at(step), b.at(step))).collect())
        }
    }
}
