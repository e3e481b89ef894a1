//! Random districts of one to three sites: small and large, with shortage and with surplus, with stores of every kind.
//!
//! Every one has a plan of least cost: revenues are limited, and no store has to reach an impossible level.
//! [`infeasible`] generates districts without a plan.

use anergy::district::{
    Availability, Conversion, Demand, District, Export, Investment, Kind, Link, Shortage, Site, Storage,
    StorageBoundary, Supply, SupplyTerms, Technology,
};
use anergy::series::{Profile, TimeAxis};
use proptest::collection::vec;
use proptest::prelude::*;

use super::shapes::{STEPS, between, shape, size};
use super::technologies::{scaled, series, technologies};

/// A random district before its construction: sizes in kW, [`STEPS`] values per series, boundaries as shares.
#[derive(Debug, Clone)]
struct Sketch {
    steps: usize,
    minutes: i64,
    sites: Vec<Vec<Kind>>,
    links: Vec<Link>,
    shortage: Shortage,
    co2_eur_per_t: f64,
    closed: bool,
    dead_store_kwh: Option<f64>,
}

/// Returns the strategy of random districts with a plan.
pub fn district() -> impl Strategy<Value = District> {
    sketch().prop_map(Sketch::district)
}

/// Returns the strategy of random districts without a plan: with unmet demand forbidden and a demand above the largest
/// supply, or with a store that must hold a level and cannot be charged.
pub fn infeasible() -> impl Strategy<Value = District> {
    let carrier = prop_oneof![Just("heat"), Just("electricity"), Just("cold"), Just("gas")];
    let too_much = (sketch(), carrier, shape(), 1.05f64..4.0)
        .prop_map(|(sketch, carrier, when, excess)| sketch.with_excess_demand(carrier, &when, excess));
    let dead_store =
        (sketch(), 0.5f64..30.0).prop_map(|(sketch, level)| Sketch { dead_store_kwh: Some(level), ..sketch });
    prop_oneof![4 => too_much, 1 => dead_store].prop_map(Sketch::district)
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let steps = prop_oneof![1 => Just(1), 3 => 2usize..10, 8 => 10usize..=STEPS];
    let minutes = prop_oneof![Just(60i64), Just(30), Just(15)];
    let scale = prop_oneof![4 => Just(1.0), 4 => 5.0f64..500.0, 1 => Just(1e-3), 1 => Just(1e4)];
    let site = (scale, technologies())
        .prop_map(|(scale, kinds)| kinds.into_iter().map(|kind| scaled(kind, scale)).collect::<Vec<_>>());
    let surplus = prop_oneof![10 => Just(0.0), 5 => 1e-3f64..0.1, 1 => Just(1e6)];
    let shortage = (prop_oneof![3 => Just(100.0), 1 => Just(1000.0)], surplus)
        .prop_map(|(unmet, surplus)| Shortage { unmet_eur_per_kwh: Some(unmet), surplus_eur_per_kwh: Some(surplus) });
    let co2 = prop_oneof![Just(0.0), 20.0f64..300.0];
    let closed = proptest::bool::weighted(0.1);
    (steps, minutes, vec(site, 1..=3), vec(link(), 0..=3), shortage, co2, closed).prop_map(
        |(steps, minutes, sites, links, shortage, co2_eur_per_t, closed)| {
            let links = if sites.len() == 1 { Vec::new() } else { linked(links, sites.len()) };
            Sketch { steps, minutes, sites, links, shortage, co2_eur_per_t, closed, dead_store_kwh: None }
        },
    )
}

/// Returns the strategy of links between two site numbers, which are mapped to the range of the sites later.
fn link() -> impl Strategy<Value = (usize, usize, Link)> {
    let carrier = prop_oneof![3 => Just("electricity"), 2 => Just("heat"), 1 => Just("cold")];
    let efficiency = prop_oneof![Just(1.0), 0.8f64..1.0];
    let price = prop_oneof![Just(Profile::Constant(0.0)), between(0.0f64..0.01, 0.0f64..0.05)];
    let scale = prop_oneof![2 => Just(1.0), 2 => 5.0f64..500.0];
    (0usize..3, 0usize..2, carrier, (size(), scale), efficiency, any::<bool>(), price).prop_map(
        |(from, other, carrier, (size, scale), efficiency, one_way, price_eur_per_kwh)| {
            let link = Link {
                name: String::new(),
                from: String::new(),
                to: String::new(),
                carrier: carrier.into(),
                capacity_kw: size * scale,
                efficiency,
                one_way,
                price_eur_per_kwh,
            };
            (from, other, link)
        },
    )
}

fn linked(links: Vec<(usize, usize, Link)>, sites: usize) -> Vec<Link> {
    let named = |(index, (from, other, link)): (usize, (usize, usize, Link))| {
        let from = from % sites;
        let to = (from + 1 + other % (sites - 1)) % sites;
        Link { name: format!("link {index}"), from: site_name(from), to: site_name(to), ..link }
    };
    links.into_iter().enumerate().map(named).collect()
}

fn site_name(index: usize) -> String {
    format!("site {index}")
}

impl Sketch {
    fn district(mut self) -> District {
        if self.sites.iter().all(Vec::is_empty) {
            self.sites[0].push(Kind::Demand(Demand { carrier: "heat".into(), power_kw: 0.0.into() }));
        }
        if self.closed {
            self.close();
        }
        let axis = TimeAxis::new(jiff::civil::date(2024, 2, 28).at(22, 0, 0, 0), self.minutes, self.steps);
        let sites = self.sites.iter_mut().enumerate().map(|(index, kinds)| {
            let technologies = kinds.drain(..).enumerate().map(|(index, mut kind)| {
                series(&mut kind).into_iter().for_each(|profile| cut(profile, self.steps));
                if let Kind::Storage(store) = &mut kind {
                    store.boundary = boundary(store, axis.step_hours());
                }
                Technology {
                    name: format!("{} {index}", what(&kind)),
                    kind,
                    investment: Investment::default(),
                    chosen_from: None,
                }
            });
            Site { name: site_name(index), technologies: technologies.collect() }
        });
        let mut sites: Vec<Site> = sites.collect();
        sites[0].technologies.extend(self.dead_store_kwh.map(dead_store));
        self.links.iter_mut().for_each(|link| cut(&mut link.price_eur_per_kwh, self.steps));
        let district = District::new(axis, sites, self.shortage).unwrap();
        let district = district.with_links(self.links).unwrap();
        district.with_co2_price(self.co2_eur_per_t).unwrap()
    }

    /// Forbids unmet demand and surplus, and lets every balance import and export without limit.
    fn close(&mut self) {
        self.shortage = Shortage { unmet_eur_per_kwh: None, surplus_eur_per_kwh: None };
        for (index, kinds) in self.sites.iter_mut().enumerate() {
            let at_site = |link: &&Link| link.from == site_name(index) || link.to == site_name(index);
            let linked = self.links.iter().filter(at_site).map(|link| link.carrier.clone());
            let mut carriers: Vec<String> = kinds.iter().flat_map(carriers).chain(linked).collect();
            carriers.sort_unstable();
            carriers.dedup();
            for carrier in carriers {
                let (capacity_kw, available) = (f64::INFINITY, Availability::Unlimited);
                let (price_eur_per_kwh, co2_kg_per_kwh) = (20.0.into(), 0.0.into());
                let (carrier_of_reserve, terms) = (carrier.clone(), SupplyTerms::default());
                let reserve = Supply {
                    carrier: carrier_of_reserve,
                    capacity_kw,
                    available,
                    price_eur_per_kwh,
                    co2_kg_per_kwh,
                    terms,
                };
                kinds.push(Kind::Supply(reserve));
                kinds.push(Kind::Export(Export { carrier, capacity_kw, price_eur_per_kwh: (-0.5).into() }));
            }
        }
    }

    /// Adds a demand at the first site of `excess` times the largest supply, in the first step and where `when` is
    /// above 0.5, and forbids unmet demand.
    fn with_excess_demand(mut self, carrier: &str, when: &Profile, excess: f64) -> Self {
        (self.closed, self.shortage.unmet_eur_per_kwh) = (false, None);
        for kind in self.sites.iter_mut().flatten() {
            if let Kind::Supply(supply) = kind
                && supply.available == Availability::Unlimited
            {
                supply.capacity_kw = supply.capacity_kw.min(10.0);
            }
        }
        let links = self.links.iter().filter(|link| link.carrier == carrier).map(|link| link.capacity_kw);
        let most_kw = links.chain(self.sites.iter().flatten().map(|kind| brought_kw(kind, carrier))).sum::<f64>();
        let asked = |step: usize| if step == 0 || when.at(step) > 0.5 { excess * most_kw + 0.1 } else { 0.0 };
        let power_kw = Profile::Series((0..STEPS).map(asked).collect());
        self.sites[0].push(Kind::Demand(Demand { carrier: carrier.into(), power_kw }));
        self
    }
}

/// Returns a store with losses that must end at `level_kwh` and cannot be charged.
fn dead_store(level_kwh: f64) -> Technology {
    let storage = Storage {
        carrier: "heat".into(),
        charge_kw: 0.0,
        discharge_kw: 1.0,
        capacity_kwh: 2.0 * level_kwh,
        charge_efficiency: 1.0,
        discharge_efficiency: 1.0,
        loss_per_hour: 0.1,
        boundary: StorageBoundary::CyclicFixed(level_kwh),
        discharge_eur_per_kwh: 0.0.into(),
        charge_eur_per_kwh: 0.0.into(),
    };
    Technology {
        name: "dead store".into(),
        kind: Kind::Storage(storage),
        investment: Investment::default(),
        chosen_from: None,
    }
}

/// Returns the boundary with its level in kWh, now that the step is known. A store that ends where it begins must be
/// able to make up for its loss, level (1 - retained) <= efficiency x charge x dt at constant level; a margin of a
/// twentieth is kept.
fn boundary(store: &Storage, step_hours: f64) -> StorageBoundary {
    let kept = (1.0 - store.loss_per_hour).powf(step_hours);
    match store.boundary {
        StorageBoundary::Given(share) => StorageBoundary::Given(share * store.capacity_kwh),
        StorageBoundary::CyclicFixed(share) => {
            let charged_kwh = store.charge_efficiency * store.charge_kw * step_hours;
            let held_kwh = if kept < 1.0 { 0.95 * charged_kwh / (1.0 - kept) } else { f64::INFINITY };
            StorageBoundary::CyclicFixed(share * kept * store.capacity_kwh.min(held_kwh))
        }
        other => other,
    }
}

/// Returns the largest power of `carrier` that a technology can deliver, kW.
fn brought_kw(kind: &Kind, carrier: &str) -> f64 {
    let largest = |profile: &Profile| (0..STEPS).map(|step| profile.at(step)).fold(0.0, f64::max);
    match kind {
        Kind::Supply(supply) if supply.carrier == carrier => match &supply.available {
            Availability::Unlimited => supply.capacity_kw,
            Availability::PerKw(power) => supply.capacity_kw * largest(power),
            Availability::UpTo(power) | Availability::Forced(power) => largest(power),
        },
        Kind::Storage(store) if store.carrier == carrier => store.discharge_kw,
        Kind::Conversion(Conversion { carrier_out, capacity_kw, byproducts, .. }) => {
            let beside = byproducts.iter().filter(|byproduct| byproduct.carrier == carrier);
            let beside: f64 = beside.map(|byproduct| largest(&byproduct.per_output)).sum();
            capacity_kw * (beside + if carrier_out == carrier { 1.0 } else { 0.0 })
        }
        _ => 0.0,
    }
}

fn carriers(kind: &Kind) -> Vec<String> {
    let technology =
        Technology { name: String::new(), kind: kind.clone(), investment: Investment::default(), chosen_from: None };
    technology.carriers().into_iter().map(str::to_owned).collect()
}

fn cut(profile: &mut Profile, steps: usize) {
    if let Profile::Series(values) = profile {
        values.truncate(steps);
    }
}

/// Returns the name of a technology before its number.
fn what(kind: &Kind) -> &'static str {
    match kind {
        Kind::Supply(Supply { available: Availability::Unlimited, .. }) => "grid",
        Kind::Supply(Supply { available: Availability::UpTo(_) | Availability::PerKw(_), .. }) => "sun",
        Kind::Supply(Supply { available: Availability::Forced(_), .. }) => "forced",
        Kind::Export(_) => "export",
        Kind::Demand(_) => "demand",
        Kind::Storage(_) => "store",
        Kind::Conversion(_) => "conversion",
    }
}
