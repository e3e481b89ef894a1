//! Demand above all capacity: in single steps, and over time, when stores run empty. Every figure is a lower bound on
//! the unmet demand of any dispatch.

use anergy_cosim::LoopPump;
use anergy_data::series::Profile;
use anergy_dispatch::district::{Availability, Conversion, District, Kind, Site, Storage};
use anergy_thermal::heat_pump::LoopWater;

use crate::{Case, Finding};

/// The smallest shortage in a step, kWh.
const NEGLIGIBLE_KWH: f64 = 1e-6;
/// The smallest shortage over the whole time, kWh.
const NEGLIGIBLE_OVER_TIME_KWH: f64 = 1e-3;
/// The number of loop temperatures at which the best COP is searched.
const SAMPLES: u32 = 20;

/// Demand at a site that no dispatch can meet.
pub(super) struct Shortage {
    pub(super) site: String,
    carrier: String,
    /// Steps with their unmet demand, kWh.
    pub(super) steps: Vec<(usize, f64)>,
    /// Largest possible supply in the worst step, kW.
    capacity_kw: f64,
}

impl Shortage {
    fn energy_kwh(&self) -> f64 {
        self.steps.iter().map(|(_, energy)| energy).sum()
    }

    pub(super) fn finding(&self, case: &Case) -> Finding {
        let district = &case.district;
        let Self { site, carrier, steps, capacity_kw } = self;
        let total = self.energy_kwh();
        let worst = steps.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or((0, 0.0), |worst| *worst);
        let count = if steps.len() == 1 { "1 step".to_owned() } else { format!("{} steps", steps.len()) };
        let message = format!(
            "{carrier} at {site}: the demand is above all capacity ({capacity_kw:.1} kW with a full store) in \
             {count}: at least {total:.1} kWh cannot be met, {:.1} kWh of them at {}",
            worst.1,
            district.axis().label(worst.0)
        );
        let at = format!(" at {site}");
        let demand = case.columns.iter().find(|used| {
            let technology = used.reader.strip_suffix(&at).and_then(|name| district.technology(site, name));
            matches!(technology.map(|known| &known.kind), Some(Kind::Demand(demand)) if demand.carrier == *carrier)
        });
        let place = demand.map(|used| used.column.place(worst.0));
        Finding { place, ..Finding::shortage(message) }
    }
}

/// Returns, for each site and carrier, the steps in which the demand exceeds the largest possible supply.
pub(super) fn shortages(district: &District) -> Vec<Shortage> {
    let (axis, dt) = (district.axis(), district.axis().step_hours());
    let mut found = Vec::new();
    for site in district.sites() {
        for carrier in district.carriers() {
            let Some(demand) = Needs::of(site, carrier) else { continue };
            let sources = sources(district, site, carrier);
            let stores_kw: f64 = stores(site, carrier)
                .map(|store| store.discharge_kw.min(store.capacity_kwh * store.discharge_efficiency / dt))
                .sum();
            let mut short =
                Shortage { site: site.name.clone(), carrier: carrier.clone(), steps: vec![], capacity_kw: 0.0 };
            let mut worst = 0.0;
            for step in 0..axis.len() {
                let capacity = sources.iter().map(|most| most.at(step)).sum::<f64>() + stores_kw;
                let energy = (demand.at(step) - capacity) * dt;
                if energy > NEGLIGIBLE_KWH {
                    short.steps.push((step, energy));
                    if energy > worst {
                        (worst, short.capacity_kw) = (energy, capacity);
                    }
                }
            }
            if !short.steps.is_empty() {
                found.push(short);
            }
        }
    }
    found
}

/// Returns, for each site and carrier, the demand left unserved over time although every store begins full, where it
/// exceeds the demand that `known` reports step by step. Demand for another carrier that only a conversion from this
/// carrier can supply counts too, at the best COP within the loop's range.
pub(super) fn over_time(case: &Case, known: &[Shortage]) -> Vec<Finding> {
    let district = &case.district;
    let mut found = Vec::new();
    for site in district.sites() {
        for carrier in district.carriers() {
            let derived = derived(case, site, carrier);
            let own = Needs::of(site, carrier);
            if own.is_none() && derived.is_empty() {
                continue;
            }
            let told_kwh: f64 = known
                .iter()
                .filter(|short| short.site == site.name && short.carrier == *carrier)
                .map(Shortage::energy_kwh)
                .sum();
            let (unmet_kwh, first) = Balance::of(district, site, carrier, own.as_ref(), &derived).unmet_kwh();
            if unmet_kwh > told_kwh + NEGLIGIBLE_OVER_TIME_KWH {
                let others: Vec<&str> = derived.iter().map(|derived| derived.carrier).collect();
                let together = match others.as_slice() {
                    [] => String::new(),
                    names => {
                        format!(", also for {} at the best COPs that the loop's range allows,", names.join(" and "))
                    }
                };
                found.push(Finding::shortage(format!(
                    "{carrier} at {}: over time the demand{together} is above all capacity, even with full stores at \
                     the beginning: at least {unmet_kwh:.1} kWh cannot be met, the first of them by {}",
                    site.name,
                    district.axis().label(first)
                )));
            }
        }
    }
    found
}

/// The demands for a carrier at a site.
struct Needs<'d>(Vec<&'d Profile>);

impl<'d> Needs<'d> {
    /// Returns the demands; `None` where there are none.
    fn of(site: &'d Site, carrier: &str) -> Option<Self> {
        let demands = site.technologies.iter().filter_map(|technology| match &technology.kind {
            Kind::Demand(demand) if demand.carrier == carrier => Some(&demand.power_kw),
            _ => None,
        });
        let demands: Vec<&Profile> = demands.collect();
        (!demands.is_empty()).then_some(Self(demands))
    }

    fn at(&self, step: usize) -> f64 {
        self.0.iter().map(|demand| demand.at(step)).sum()
    }
}

/// Demands for another carrier that only a conversion from this carrier can supply.
struct Derived<'d> {
    carrier: &'d str,
    needs: Needs<'d>,
    /// The most energy of the other carrier from one kWh of this carrier, kWh/kWh.
    best_efficiency: f64,
    /// The energy that the full stores of the other carrier deliver, kWh.
    stores_kwh: f64,
}

/// Returns the demands at `site` that are served from `carrier` and from no other carrier.
fn derived<'d>(case: &'d Case, site: &'d Site, carrier: &str) -> Vec<Derived<'d>> {
    let district = &case.district;
    let others = district.carriers().iter().filter(|other| *other != carrier);
    let of = |other: &'d String| {
        let needs = Needs::of(site, other)?;
        let linked = district.links().iter().any(|link| link.carrier == *other);
        let mut best_efficiency = 0.0_f64;
        for technology in &site.technologies {
            match &technology.kind {
                Kind::Supply(supply) if supply.carrier == *other => return None,
                Kind::Conversion(conversion) if brings(conversion, other) => {
                    if conversion.carrier_in != carrier || conversion.carrier_out != *other {
                        return None;
                    }
                    let best = best_efficiency_of(case, site, &technology.name, conversion);
                    best_efficiency = best_efficiency.max(best);
                }
                _ => {}
            }
        }
        let stores_kwh = stores(site, other).map(|store| store.capacity_kwh * store.discharge_efficiency).sum();
        (!linked && best_efficiency > 0.0).then_some(Derived { carrier: other, needs, best_efficiency, stores_kwh })
    };
    others.filter_map(of).collect()
}

fn brings(conversion: &Conversion, carrier: &str) -> bool {
    conversion.carrier_out == carrier || conversion.byproducts.iter().any(|byproduct| byproduct.carrier == carrier)
}

/// Returns the best efficiency or COP of a conversion; on the loop, the best over its range with an empty and with a
/// full store.
fn best_efficiency_of(case: &Case, site: &Site, technology: &str, conversion: &Conversion) -> f64 {
    let coupled = case.coupled.as_ref();
    let pump = coupled.and_then(|coupled| {
        let mut pumps = coupled.pumps.iter();
        let index = pumps.position(|pump| pump.site == site.name && pump.technology == technology)?;
        let (spread_k, _) = coupled.water_loop.widest_spread_k(index);
        Some((&coupled.pumps[index], coupled.water_loop.limits_c(), spread_k))
    });
    let Some((LoopPump { store, pump, .. }, [low, high], spread_k)) = pump else {
        let steps = conversion.efficiency.steps().unwrap_or(1);
        return (0..steps).map(|step| conversion.efficiency.at(step)).fold(0.0, f64::max);
    };
    let full_kwh = store.as_ref().and_then(|store| match &case.district.technology(&site.name, store)?.kind {
        Kind::Storage(storage) => Some(storage.capacity_kwh),
        _ => None,
    });
    let temps = (0..=SAMPLES).map(|index| low + (high - low) * f64::from(index) / f64::from(SAMPLES));
    let waters = temps.map(|inlet_c| LoopWater { inlet_c, spread_k });
    let cops = waters.flat_map(|water| [0.0, full_kwh.unwrap_or(0.0)].map(|level_kwh| pump.cop(water, level_kwh)));
    // A curve outside its range may return any number; a machine that needs no input cannot cause a shortage.
    cops.map(|cop| if cop.is_finite() && cop > 0.0 { cop } else { f64::INFINITY }).fold(0.0, f64::max)
}

/// The balance of one carrier at one site over time: net demand per step, kWh, and one store that replaces all stores.
struct Balance {
    /// Demand minus supply, kWh.
    short_kwh: Vec<f64>,
    /// Capacity of the store, kWh.
    full_kwh: f64,
    /// Largest charge and largest discharge in a step, kWh.
    most_kwh: [f64; 2],
    /// Smallest unmet demand of any carrier that reduces the demand for this carrier by 1 kWh.
    per_unmet: f64,
}

impl Balance {
    fn of(district: &District, site: &Site, carrier: &str, own: Option<&Needs<'_>>, derived: &[Derived<'_>]) -> Self {
        let (axis, dt) = (district.axis(), district.axis().step_hours());
        let sources = sources(district, site, carrier);
        let need_kw = |step: usize| {
            let others = derived.iter().map(|derived| derived.needs.at(step) / derived.best_efficiency);
            own.map_or(0.0, |own| own.at(step)) + others.sum::<f64>()
        };
        let supply_kw = |step: usize| sources.iter().map(|most| most.at(step)).sum::<f64>();
        let mut balance = Self {
            short_kwh: (0..axis.len()).map(|step| (need_kw(step) - supply_kw(step)) * dt).collect(),
            full_kwh: 0.0,
            most_kwh: [0.0; 2],
            per_unmet: derived.iter().map(|derived| derived.best_efficiency).fold(1.0, f64::min),
        };
        for store in stores(site, carrier) {
            let Storage { charge_efficiency, discharge_efficiency, charge_kw, discharge_kw, .. } = store;
            balance.full_kwh += store.capacity_kwh * discharge_efficiency;
            balance.most_kwh[0] += charge_kw * dt * charge_efficiency * discharge_efficiency;
            balance.most_kwh[1] += discharge_kw * dt;
        }
        for Derived { stores_kwh, best_efficiency, .. } in derived.iter().filter(|derived| derived.stores_kwh > 0.0) {
            balance.full_kwh += stores_kwh / best_efficiency;
            balance.most_kwh = [f64::INFINITY; 2];
        }
        balance
    }

    /// Returns the smallest possible unmet demand, kWh, and the step by whose end its first part occurs.
    ///
    /// One store that begins full, has no losses and the capacity of all stores can do whatever they can. Serving the
    /// present demand first and charging all that remains leaves the least unserved: a higher level is never worse.
    fn unmet_kwh(&self) -> (f64, usize) {
        let [most_in, most_out] = self.most_kwh;
        let (mut level, mut unmet, mut first) = (self.full_kwh, 0.0, None);
        for (step, short) in self.short_kwh.iter().enumerate() {
            if *short <= 0.0 {
                level = (level + (-short).min(most_in)).min(self.full_kwh);
                continue;
            }
            let given = short.min(most_out).min(level);
            level -= given;
            unmet += short - given;
            if unmet > NEGLIGIBLE_OVER_TIME_KWH {
                first = first.or(Some(step));
            }
        }
        (unmet * self.per_unmet, first.unwrap_or_default())
    }
}

/// Returns the stores of `carrier` at `site`.
fn stores<'d>(site: &'d Site, carrier: &str) -> impl Iterator<Item = &'d Storage> {
    site.technologies.iter().filter_map(move |technology| match &technology.kind {
        Kind::Storage(storage) if storage.carrier == carrier => Some(storage),
        _ => None,
    })
}

/// Returns the supplies of `carrier` at `site` other than stores: the largest power of each, kW.
fn sources(district: &District, site: &Site, carrier: &str) -> Vec<Profile> {
    let own = site.technologies.iter().filter_map(|technology| match &technology.kind {
        Kind::Supply(supply) if supply.carrier == carrier => Some(match &supply.available {
            Availability::Forced(power) => power.map(|power| power.min(supply.capacity_kw)),
            _ => supply.most_kw(supply.capacity_kw),
        }),
        Kind::Conversion(conversion) if conversion.carrier_out == carrier => Some(conversion.capacity_kw.into()),
        Kind::Conversion(conversion) => {
            let along = conversion.byproducts.iter().find(|byproduct| byproduct.carrier == carrier)?;
            let steps = along.per_output.steps().unwrap_or(1);
            let most = (0..steps).map(|step| along.per_output.at(step)).fold(0.0, f64::max);
            Some((conversion.capacity_kw * most).into())
        }
        _ => None,
    });
    let links = district
        .links()
        .iter()
        .filter(|link| link.carrier == carrier && (link.to == site.name || (!link.one_way && link.from == site.name)));
    own.chain(links.map(|link| (link.capacity_kw * link.efficiency).into())).collect()
}

#[cfg(test)]
mod tests {
    use super::Balance;

    fn balance(short_kwh: &[f64], full_kwh: f64, most_kwh: [f64; 2]) -> Balance {
        Balance { short_kwh: short_kwh.to_vec(), full_kwh, most_kwh, per_unmet: 1.0 }
    }

    #[test]
    fn a_store_delivers_no_more_than_its_limits_allow() {
        // 5 kWh short, 2 kWh of surplus, 5 kWh short: the full store delivers 6 of 10 kWh, and the surplus 2.
        assert_eq!(balance(&[5.0, -2.0, 5.0], 6.0, [9.0, 9.0]).unmet_kwh(), (2.0, 2));
        // A store that charges at most 1 kWh per step takes 1 kWh of the surplus.
        assert_eq!(balance(&[5.0, -2.0, 5.0], 6.0, [1.0, 9.0]).unmet_kwh(), (3.0, 2));
        // A store that discharges at most 4 kWh per step leaves 1 kWh short in each step at any level.
        assert_eq!(balance(&[5.0, -2.0, 5.0], 60.0, [9.0, 4.0]).unmet_kwh(), (2.0, 0));
        // The store delivers no more than its capacity.
        assert_eq!(balance(&[-50.0, 5.0], 3.0, [99.0, 99.0]).unmet_kwh(), (2.0, 1));
        assert_eq!(balance(&[f64::NEG_INFINITY, 3.0], 3.0, [f64::INFINITY; 2]).unmet_kwh(), (0.0, 0));
    }

    #[test]
    fn conversion_losses_reduce_the_bound_on_unmet_demand() {
        // At an efficiency of 0.5, leaving 1 kWh unserved saves 2 kWh.
        let halved = Balance { per_unmet: 0.5, ..balance(&[4.0], 0.0, [0.0; 2]) };
        assert_eq!(halved.unmet_kwh(), (2.0, 0));
    }
}
