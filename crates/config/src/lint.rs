//! Checks of a case before it is solved: each finding has a place, a size, and a hint.

mod shortage;

use std::collections::HashSet;

use anergy_cosim::coupling::BalancingPrice;
use anergy_cosim::{Coupled, LoopPump};
use anergy_data::series::{Profile, outliers};
use anergy_dispatch::district::{Availability, District, Kind, Site, Supply};
use anergy_thermal::heat_pump::{CopModel, LoopWater, OutsideRange, Service};
use anergy_thermal::water_loop::WaterLoop;

use super::{Case, Finding, UsedColumn};
use shortage::{Shortage, over_time, shortages};

/// The largest plausible yield per peak power of photovoltaics; a larger one is in W/m2, or in kWh instead of kW.
const LARGEST_PV_YIELD: f64 = 1.5;
/// The largest plausible price, EUR/kWh; a larger one is probably per MWh.
const LARGEST_PRICE: f64 = 10.0;
/// The lowest and the highest plausible COP of a machine.
const USUAL_COP: [f64; 2] = [1.0, 20.0];

/// Adds the findings of all checks to a case.
pub fn lint(case: &mut Case) {
    let mut found = Vec::new();
    let shortages = shortages(&case.district);
    check_outliers(case, &shortages, &mut found);
    found.extend(shortages.iter().map(|shortage| shortage.finding(case)));
    found.extend(over_time(case, &shortages));
    check_numbers_of_technologies(case, &mut found);
    check_arbitrage(&case.district, &mut found);
    if let Some(coupled) = &case.coupled {
        check_balancing_price(coupled, &mut found);
        let limits = coupled.water_loop.limits_c();
        for (index, pump) in coupled.pumps.iter().enumerate() {
            let (spread_k, _) = coupled.water_loop.widest_spread_k(index);
            check_heat_pump(&case.district, pump, limits, spread_k, &mut found);
        }
    }
    case.findings.extend(found);
}

/// Finds outliers in time series: values far from their neighbours and from all others.
fn check_outliers(case: &Case, shortages: &[Shortage], found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for UsedColumn { column, rows, .. } in &case.columns {
        if !seen.insert((column.path().to_owned(), column.name().to_owned())) {
            continue;
        }
        for outlier in outliers(rows) {
            let (stamp, line) = column.row_place(outlier.step);
            let [before, after] = outlier.neighbours;
            let short: f64 = shortages
                .iter()
                .filter(|short| reads(case, column.path(), column.name(), &short.site))
                .flat_map(|short| &short.steps)
                .filter(|(step, _)| column.row_of(*step) == outlier.step)
                .map(|(_, energy)| energy)
                .sum();
            let unmet =
                if short > 0.0 { format!("; at least {short:.0} kWh cannot be met then") } else { String::new() };
            let message = format!(
                "column `{}`, {stamp}: {} is {:.0} times the largest other value; its neighbours are {before} and \
                 {after}{unmet}",
                column.name(),
                outlier.value,
                outlier.times,
            );
            let place = Some(format!("{}:{line}", column.path().display()));
            found.push(Finding { place, ..Finding::warning(None, message) });
        }
    }
}

/// Returns whether a technology at `site` reads a column.
fn reads(case: &Case, path: &std::path::Path, column: &str, site: &str) -> bool {
    let at = format!(" at {site}");
    case.columns
        .iter()
        .any(|used| used.column.path() == path && used.column.name() == column && used.reader.ends_with(&at))
}

/// Finds numbers that are not plausible for their technology.
fn check_numbers_of_technologies(case: &Case, found: &mut Vec<Finding>) {
    let district = &case.district;
    // A heat exchanger needs hardly any electricity.
    let is_exchanger = |site: &Site, technology: &str| {
        let mut pumps = case.coupled.iter().flat_map(|coupled| &coupled.pumps);
        let here = pumps.find(|pump| pump.site == site.name && pump.technology == technology);
        here.is_some_and(|pump| matches!(pump.pump.cop, CopModel::Direct(_)))
    };
    let heats = |site: &Site, technology: &str| {
        let mut pumps = case.coupled.iter().flat_map(|coupled| &coupled.pumps);
        pumps.any(|pump| {
            pump.site == site.name && pump.technology == technology && pump.pump.service == Service::Heating
        })
    };
    let first = |profile: &Profile, odd: &dyn Fn(f64) -> bool| {
        (0..profile.steps().unwrap_or(1)).find(|&step| odd(profile.at(step))).map(|step| {
            let when = profile.steps().map_or_else(|| "always".to_owned(), |_| district.axis().label(step));
            (profile.at(step), when)
        })
    };
    for site in district.sites() {
        for technology in &site.technologies {
            let mut warn = |message: String| {
                found.push(Finding::warning(None, format!("{} at {}: {message}", technology.name, site.name)));
            };
            match &technology.kind {
                Kind::Supply(supply) => {
                    if let Some((price, when)) = first(&supply.price_eur_per_kwh, &|price| price.abs() > LARGEST_PRICE)
                    {
                        warn(format!("the price is {price} EUR/kWh ({when}); one per MWh?"));
                    }
                    let unlimited = supply.available == Availability::Unlimited;
                    let paid = first(&supply.price_eur_per_kwh, &|price| price < 0.0).filter(|_| unlimited);
                    if let Some((price, when)) = paid {
                        warn(format!(
                            "pays {} EUR for every kWh that is taken ({when}), also for what is wasted",
                            -price
                        ));
                    }
                    let free = supply.price_eur_per_kwh.all(|price| price == 0.0);
                    if free && unlimited {
                        warn("brings as much as is wanted for nothing: a price is missing".to_owned());
                    }
                    if let Some((power, when)) = beyond_peak(supply, &first) {
                        warn(format!(
                            "its resource is {power:.1} kW at a capacity of {} kW ({when})",
                            supply.capacity_kw
                        ));
                    }
                }
                Kind::Conversion(_) if is_exchanger(site, &technology.name) => {}
                Kind::Conversion(conversion) => {
                    let [low, high] = USUAL_COP;
                    if let Some((cop, when)) = first(&conversion.efficiency, &|cop| cop > high) {
                        warn(format!("its efficiency or COP is {cop:.2} ({when}); expected at most {high}"));
                    }
                    // A conversion that never gains energy and is not a heat pump is a boiler.
                    let gains = !conversion.efficiency.all(|cop| cop <= low) || heats(site, &technology.name);
                    if let (true, Some((cop, when))) = (gains, first(&conversion.efficiency, &|cop| cop < low)) {
                        warn(format!("its COP is {cop:.2} ({when}), below {low}"));
                    }
                }
                Kind::Export(_) | Kind::Demand(_) | Kind::Storage(_) => {}
            }
        }
    }
}

type First<'a> = dyn Fn(&Profile, &dyn Fn(f64) -> bool) -> Option<(f64, String)> + 'a;

/// Returns the first step in which a resource is far above the capacity of its supply.
fn beyond_peak(supply: &Supply, first: &First<'_>) -> Option<(f64, String)> {
    match &supply.available {
        Availability::Unlimited => None,
        Availability::UpTo(power) | Availability::Forced(power) => {
            let most = LARGEST_PV_YIELD * supply.capacity_kw;
            first(power, &|power| power > most)
        }
        Availability::PerKw(per_kw) => {
            let found = first(per_kw, &|per_kw| per_kw > LARGEST_PV_YIELD);
            found.map(|(per_kw, when)| (per_kw * supply.capacity_kw, when))
        }
    }
}

/// Finds carriers that sell at a higher price than they cost at the same site.
fn check_arbitrage(district: &District, found: &mut Vec<Finding>) {
    for site in district.sites() {
        for technology in &site.technologies {
            let Kind::Export(export) = &technology.kind else { continue };
            for other in &site.technologies {
                let Kind::Supply(supply) = &other.kind else { continue };
                if supply.carrier != export.carrier || supply.available != Availability::Unlimited {
                    continue;
                }
                let co2_price = district.co2_price_eur_per_kg();
                let steps: Vec<usize> = (0..district.axis().len())
                    .filter(|&step| {
                        let co2 = supply.co2_kg_per_kwh.at(step) * co2_price;
                        export.price_eur_per_kwh.at(step) > supply.price_eur_per_kwh.at(step) + co2
                    })
                    .collect();
                let Some(&first) = steps.first() else { continue };
                let message = format!(
                    "{} sells {} at {} for more than {} pays for it in {} steps, first at {}: buying to sell makes \
                     money",
                    technology.name,
                    export.carrier,
                    site.name,
                    other.name,
                    steps.len(),
                    district.axis().label(first)
                );
                found.push(Finding::warning(None, message));
            }
        }
    }
}

/// Returns the carrier that a conversion produces, if nothing else at its site supplies it.
fn only_source<'d>(district: &'d District, site: &str, technology: &str) -> Option<&'d str> {
    let brings = |kind: &'d Kind| match kind {
        Kind::Conversion(conversion) => Some(conversion.carrier_out.as_str()),
        Kind::Supply(supply) => Some(supply.carrier.as_str()),
        Kind::Export(_) | Kind::Demand(_) | Kind::Storage(_) => None,
    };
    let carrier = brings(&district.technology(site, technology)?.kind)?;
    let here = district.sites().iter().find(|known| known.name == site)?;
    let mut others = here.technologies.iter().filter(|other| other.name != technology);
    let linked = district.links().iter().any(|link| link.carrier == carrier && (link.from == site || link.to == site));
    (!linked && !others.any(|other| brings(&other.kind) == Some(carrier))).then_some(carrier)
}

/// Finds a price of balancing that is zero, or that does not follow from the loop.
fn check_balancing_price(coupled: &Coupled, found: &mut Vec<Finding>) {
    if coupled.settings.balancing_price != BalancingPrice::Marginal {
        return;
    }
    let mut warn = |why: String| {
        found.push(Finding::warning(None, format!("coupling.balancing_price: marginal has no effect on {why}")));
    };
    match &coupled.water_loop {
        WaterLoop::WellMixed(ring) if !ring.balances_at_a_cost() => {
            warn("this loop: its balancing units cost nothing (give `electricity_per_heat` and a price)".to_owned());
        }
        WaterLoop::WellMixed(_) => {}
        WaterLoop::Network(network) => {
            for plant in network.plants_on_site_meters() {
                warn(format!(
                    "plant {plant}: a site's meter brings its electricity, whose price is that of the dispatch itself"
                ));
            }
        }
    }
}

/// Finds COPs that change in the wrong direction with the loop's temperature, and operating points outside a model's
/// range.
fn check_heat_pump(
    district: &District,
    pump: &LoopPump,
    [low, high]: [f64; 2],
    spread_k: f64,
    found: &mut Vec<Finding>,
) {
    let LoopPump { site, technology, store, pump, .. } = pump;
    let capacity_kwh = store.as_ref().and_then(|store| match &district.technology(site, store)?.kind {
        Kind::Storage(storage) => Some(storage.capacity_kwh),
        _ => None,
    });
    let capacity_kwh = capacity_kwh.unwrap_or(0.0);
    if !pump.responds_physically([low, high], spread_k, capacity_kwh) {
        let message = format!(
            "the COP of {technology} at {site} moves the wrong way as the loop warms from {low} to {high} C (heating \
             must gain, cooling must lose)"
        );
        found.push(Finding::warning(None, message));
    }
    let alone = match pump.cop {
        CopModel::Direct(_) => only_source(district, site, technology),
        _ => None,
    };
    if let Some(carrier) = alone {
        let message = format!(
            "{technology} at {site} is a heat exchanger, and nothing else there brings {carrier}: where its water \
             does not suffice, it is reckoned to bring it all the same, at the COP `cop_beyond`"
        );
        found.push(Finding::warning(None, message));
    }
    const SAMPLES: u32 = 20;
    let temps = (0..=SAMPLES).map(|index| low + (high - low) * f64::from(index) / f64::from(SAMPLES));
    let cops = temps
        .clone()
        .flat_map(|loop_c| [0.0, capacity_kwh].map(|level| pump.cop(LoopWater { inlet_c: loop_c, spread_k }, level)));
    let lowest = cops.fold(f64::INFINITY, f64::min);
    if lowest > 0.0 && pump.warms_its_source(lowest) {
        let message = format!(
            "the COP of {technology} at {site} falls to {lowest:.2} while the loop is between {low} and {high} C; \
             expected at least 1: below it a heating machine warms its source"
        );
        found.push(Finding::warning(None, message));
    }
    let side = |inlet_c: f64, level: f64| pump.cop.outside(&pump.working_point(LoopWater { inlet_c, spread_k }, level));
    let sides: Vec<OutsideRange> =
        temps.filter_map(|loop_c| side(loop_c, 0.0).and(side(loop_c, capacity_kwh))).collect();
    let outside = sides.len();
    let share = 100.0 * outside as f64 / f64::from(SAMPLES + 1);
    if outside > 0 {
        let message = format!(
            "{technology} at {site} works outside {} over {share:.0} % of the loop's range from {low} to {high} C, \
             with an empty and with a full store",
            pump.cop.valid_range()
        );
        // Below its range a model that clamps is conservative: the COP is at most its best.
        let exchanger = matches!(pump.cop, CopModel::Direct(_));
        let harmless = exchanger || !pump.cop.extrapolates() && sides.iter().all(|side| *side == OutsideRange::Below);
        found.push(if 2 * outside > SAMPLES as usize && !harmless {
            Finding::warning(None, message)
        } else {
            Finding::note(message)
        });
    }
}
