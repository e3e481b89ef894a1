//! The properties of random districts and their plans, counted so that a change of the strategy cannot make the tests
//! trivial unnoticed.

use anergy::dispatch::{Dispatch, Plan, Quantity, Role};
use anergy::district::{Availability, District, Kind, Storage, StorageBoundary, Supply, Technology};
use ndarray::ArrayView1;

/// All properties that [`traits`] detects, with the least share of districts that must have them.
pub const LEAST_SHARES: [(&str, f64); 36] = [
    ("unmet demand", 0.25),
    ("all demand met", 0.25),
    ("surplus", 0.25),
    ("import", 0.5),
    ("import at its limit", 0.2),
    ("import at a price below zero", 0.15),
    ("export", 0.2),
    ("export at its limit", 0.15),
    ("sun turned down", 0.2),
    ("conversion at its limit", 0.25),
    ("conversion below its limit", 0.4),
    ("byproduct", 0.05),
    ("store in use", 0.5),
    ("store full", 0.15),
    ("store emptied", 0.3),
    ("charging at its limit", 0.2),
    ("discharging at its limit", 0.2),
    ("charging and discharging at once", 0.04),
    ("two stores of one carrier at a site", 0.3),
    ("store without loss or cost", 0.2),
    ("round trip without loss", 0.25),
    ("given level", 0.25),
    ("cyclic level", 0.25),
    ("free level", 0.25),
    ("fixed cyclic level", 0.25),
    ("link in use", 0.2),
    ("link at its limit", 0.1),
    ("several parts", 0.3),
    ("shortage forbidden", 0.05),
    ("surplus at 1e6 EUR/kWh", 0.03),
    ("price of CO2", 0.25),
    ("no demand", 0.02),
    ("less than 0.1 kW of demand", 0.02),
    ("more than 1e4 kW of demand", 0.03),
    ("a single step", 0.04),
    ("step below an hour", 0.3),
];

/// Relative tolerance for a value at its limit, and for a zero.
const NEARLY: f64 = 1e-7;

/// Returns the properties of a district and its plan.
pub fn traits(dispatch: &Dispatch, plan: &Plan) -> Vec<&'static str> {
    let district = dispatch.district();
    let mut found = of_district(district);
    let mut add = |name: &'static str, has: bool| {
        if has && !found.contains(&name) {
            found.push(name);
        }
    };
    let demand_kw = largest_demand_kw(district);
    let negligible = NEARLY * demand_kw.max(NEARLY);
    let rows = || {
        let rows = dispatch.quantities().iter().zip(plan.decisions.values.rows());
        rows.map(|(quantity, values)| (quantity, Values { values, negligible }))
    };
    add(
        "all demand met",
        demand_kw > 0.0 && !rows().any(|(quantity, values)| quantity.role == Role::Unmet && values.any()),
    );
    for (quantity, values) in rows() {
        match (technology(district, quantity), quantity.role) {
            (Some(technology), role) => of_technology(&technology.kind, role, &values, &mut add),
            (None, Role::Unmet) => add("unmet demand", values.any()),
            (None, Role::Surplus) => add("surplus", values.any()),
            (None, _) => {
                let limit = quantity.link.map(|link| district.links()[link].capacity_kw);
                add("link in use", values.any());
                add("link at its limit", limit.is_some_and(|limit| values.reach(limit)));
            }
        }
    }
    add("charging and discharging at once", charges_and_discharges(dispatch, plan));
    add("several parts", dispatch.parts().len() > 1);
    found
}

/// The values of one quantity over time.
struct Values<'a> {
    values: ArrayView1<'a, f64>,
    /// Value below which a value counts as zero.
    negligible: f64,
}

impl Values<'_> {
    fn any(&self) -> bool {
        self.values.iter().any(|value| *value > self.negligible)
    }

    fn reach(&self, limit: f64) -> bool {
        limit > 0.0 && self.values.iter().any(|value| *value >= limit * (1.0 - NEARLY))
    }
}

fn of_technology(kind: &Kind, role: Role, values: &Values<'_>, add: &mut impl FnMut(&'static str, bool)) {
    let (any, steps) = (values.any(), || values.values.iter());
    match (kind, role) {
        (Kind::Supply(supply), _) => of_supply(supply, values, add),
        (Kind::Export(export), _) => {
            add("export", any);
            add("export at its limit", values.reach(export.capacity_kw));
        }
        (Kind::Conversion(conversion), _) => {
            let partly = |value: &f64| *value > values.negligible && *value < 0.999 * conversion.capacity_kw;
            add("conversion at its limit", values.reach(conversion.capacity_kw));
            add("conversion below its limit", steps().any(partly));
            add("byproduct", any && !conversion.byproducts.is_empty());
        }
        (Kind::Storage(store), Role::Charge) => add("charging at its limit", any && values.reach(store.charge_kw)),
        (Kind::Storage(store), Role::Discharge) => {
            add("discharging at its limit", any && values.reach(store.discharge_kw));
        }
        (Kind::Storage(store), _) => {
            let filled = steps().position(|level| *level > values.negligible);
            let emptied = filled.is_some_and(|from| steps().skip(from).any(|level| *level <= values.negligible));
            add("store in use", any);
            add("store full", any && values.reach(store.capacity_kwh));
            add("store emptied", emptied);
        }
        (Kind::Demand(_), _) => {}
    }
}

fn technology<'a>(district: &'a District, quantity: &Quantity) -> Option<&'a Technology> {
    quantity.technology.map(|index| &district.sites()[quantity.site].technologies[index])
}

fn of_supply(supply: &Supply, values: &Values<'_>, add: &mut impl FnMut(&'static str, bool)) {
    let mut steps = values.values.iter().enumerate();
    if let Availability::UpTo(power) = &supply.available {
        let most = |step| power.at(step).min(supply.capacity_kw);
        add("sun turned down", steps.any(|(step, value)| most(step) > 0.0 && *value < 0.999 * most(step)));
    } else {
        let earns =
            |(step, value): (usize, &f64)| *value > values.negligible && supply.price_eur_per_kwh.at(step) < 0.0;
        add("import", values.any());
        add("import at its limit", values.reach(supply.capacity_kw));
        add("import at a price below zero", steps.any(earns));
    }
}

fn charges_and_discharges(dispatch: &Dispatch, plan: &Plan) -> bool {
    dispatch.quantities().iter().enumerate().any(|(index, quantity)| {
        let other = |other: &Quantity| {
            (other.site, other.technology, other.role) == (quantity.site, quantity.technology, Role::Discharge)
        };
        let discharge = dispatch.quantities().iter().position(other);
        quantity.role == Role::Charge
            && discharge.is_some_and(|discharge| {
                let (charge, discharge) = (plan.decisions.values.row(index), plan.decisions.values.row(discharge));
                charge.iter().zip(discharge).any(|(charge, discharge)| charge.min(*discharge) > NEARLY)
            })
    })
}

/// Returns the properties that do not depend on the plan.
fn of_district(district: &District) -> Vec<&'static str> {
    let stores = || {
        district.sites().iter().flat_map(|site| &site.technologies).filter_map(|technology| match &technology.kind {
            Kind::Storage(store) => Some(store),
            _ => None,
        })
    };
    let free = |store: &Storage| store.discharge_eur_per_kwh.all(|price| price == 0.0) && store.loss_per_hour == 0.0;
    let round_trip = |store: &Storage| store.charge_efficiency == 1.0 && store.discharge_efficiency == 1.0;
    let boundary = |accept: fn(&StorageBoundary) -> bool| stores().any(|store| accept(&store.boundary));
    let (shortage, demand_kw) = (district.shortage(), largest_demand_kw(district));
    let all = [
        ("two stores of one carrier at a site", district.sites().iter().any(|site| has_two_stores(&site.technologies))),
        ("store without loss or cost", stores().any(free)),
        ("round trip without loss", stores().any(round_trip)),
        ("given level", boundary(|known| matches!(known, StorageBoundary::Given(_)))),
        ("cyclic level", boundary(|known| matches!(known, StorageBoundary::Cyclic))),
        ("free level", boundary(|known| matches!(known, StorageBoundary::Free))),
        ("fixed cyclic level", boundary(|known| matches!(known, StorageBoundary::CyclicFixed(level) if *level > 0.0))),
        ("shortage forbidden", shortage.unmet_eur_per_kwh.is_none()),
        ("surplus at 1e6 EUR/kWh", shortage.surplus_eur_per_kwh == Some(1e6)),
        ("price of CO2", district.co2_price_eur_per_kg() > 0.0),
        ("no demand", demand_kw == 0.0),
        ("less than 0.1 kW of demand", demand_kw > 0.0 && demand_kw < 0.1),
        ("more than 1e4 kW of demand", demand_kw > 1e4),
        ("a single step", district.axis().len() == 1),
        ("step below an hour", district.axis().step_minutes() < 60),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

fn has_two_stores(technologies: &[Technology]) -> bool {
    let carriers: Vec<&String> = technologies
        .iter()
        .filter_map(|technology| match &technology.kind {
            Kind::Storage(store) => Some(&store.carrier),
            _ => None,
        })
        .collect();
    carriers.iter().enumerate().any(|(index, carrier)| carriers[..index].contains(carrier))
}

fn largest_demand_kw(district: &District) -> f64 {
    let steps = district.axis().len();
    let technologies = district.sites().iter().flat_map(|site| &site.technologies);
    let largest = technologies.map(|technology| match &technology.kind {
        Kind::Demand(demand) => (0..steps).map(|step| demand.power_kw.at(step)).fold(0.0, f64::max),
        _ => 0.0,
    });
    largest.fold(0.0, f64::max)
}
