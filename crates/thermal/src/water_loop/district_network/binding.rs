//! Assignment of heat pumps to substations.

use anergy_data::series::Profile;

use super::build::DistrictNetwork;
use super::checks::SHARES;
use super::layout::wrong;
use super::parts::Substation;
use crate::water_loop::WaterLoopError;

/// A heat pump on the loop, as the network needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopMachine<'a> {
    /// Name of the site.
    pub site: &'a str,
    /// Name of the technology.
    pub technology: &'a str,
    /// Heat to the loop at full power, kW, negative in heating; infinite where the capacity is unlimited.
    pub loop_kw: f64,
}

/// A heat pump at a substation, with the share of its heat that it exchanges there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// Index of the heat pump.
    pub pump: usize,
    /// Share of the heat pump's heat, 0 to 1.
    pub share: f64,
}

impl DistrictNetwork {
    /// Assigns the heat pumps on the loop to the substations.
    ///
    /// # Errors
    /// [`WaterLoopError`] where a substation has no heat pump, a heat pump has no substation, shares do not add up to
    /// 1, or a design flow is neither given nor derivable.
    pub fn bind(&mut self, machines: &[LoopMachine<'_>]) -> Result<(), WaterLoopError> {
        let mut substations_of: Vec<Vec<usize>> = vec![Vec::new(); machines.len()];
        for (index, substation) in self.substations.iter().enumerate() {
            for pump in drawn(substation, machines)? {
                substations_of[pump].push(index);
            }
        }
        for (pump, (indices, machine)) in substations_of.iter().zip(machines).enumerate() {
            for (&index, share) in indices.iter().zip(self.shares(indices, machine)?) {
                self.substations[index].draws.push(Draw { pump, share });
            }
        }
        self.size_pumps(machines)
    }

    /// Returns the shares of a heat pump's substations.
    fn shares(&self, indices: &[usize], machine: &LoopMachine<'_>) -> Result<Vec<f64>, WaterLoopError> {
        let LoopMachine { site, technology, .. } = machine;
        let share = |index: &usize| self.substations[*index].settings.as_ref().and_then(|settings| settings.share);
        let given: Vec<f64> = indices.iter().filter_map(share).collect();
        let Some(first) = indices.first() else {
            return Err(wrong("substations", format!("none is for `{technology}` at {site}, which is on the loop")));
        };
        let path = |index: usize| format!("substations.{}.share", self.substations[index].name);
        if given.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "some thousand at most")]
            return Ok(vec![1.0 / indices.len() as f64; indices.len()]);
        }
        if given.len() < indices.len() {
            let has_one = indices.iter().copied().find(|index| share(index).is_some()).unwrap_or(*first);
            let message = format!("other substations of `{technology}` at {site} have none; give all or none");
            return Err(wrong(path(has_one), message));
        }
        let sum: f64 = given.iter().sum();
        if (sum - 1.0).abs() > SHARES {
            let message = format!("the shares of `{technology}` at {site} add up to {sum}; expected 1");
            return Err(wrong(path(*first), message));
        }
        Ok(given.into_iter().map(|share| share / sum).collect())
    }

    /// Sets the missing design flows: those of the larger of heating and cooling at full power.
    fn size_pumps(&mut self, machines: &[LoopMachine<'_>]) -> Result<(), WaterLoopError> {
        let heat_kj_kg_k = 1e-3 * self.water.fluid().specific_heat_j_kg_k;
        let mut together_kg_s = 0.0;
        for substation in &mut self.substations {
            let kw = match &substation.source_kw {
                Some(Profile::Constant(kw)) => *kw,
                Some(Profile::Series(values)) => values.iter().copied().fold(0.0, f64::max),
                None => {
                    let of = |sign: f64| -> f64 {
                        let draws = substation.draws.iter();
                        draws.map(|draw| (sign * draw.share * machines[draw.pump].loop_kw).max(0.0)).sum()
                    };
                    of(-1.0).max(of(1.0))
                }
            };
            if substation.pump.design_kg_s == 0.0 {
                if kw.is_infinite() && substation.pump.loss_pa > 0.0 {
                    let path = format!("substations.{}.pump.design_flow_kg_s", substation.name);
                    return Err(wrong(
                        path,
                        "it is missing, and the capacity of a heat pump has no limit it could follow from",
                    ));
                }
                substation.pump.design_kg_s =
                    if kw.is_infinite() { 0.0 } else { kw / (heat_kj_kg_k * substation.spread_k) };
            }
            together_kg_s += substation.pump.design_kg_s;
        }
        for plant in self.plants.iter_mut().filter(|plant| plant.pump.design_kg_s == 0.0) {
            plant.pump.design_kg_s = self.main.as_ref().map_or(plant.share * together_kg_s, |main| main.flow_kg_s[1]);
        }
        Ok(())
    }
}

/// Returns the indices of the heat pumps at a substation.
fn drawn(substation: &Substation, machines: &[LoopMachine<'_>]) -> Result<Vec<usize>, WaterLoopError> {
    let Some(settings) = &substation.settings else { return Ok(Vec::new()) };
    let unknown = |key: &str, name: &str, mut known: Vec<String>| {
        known.dedup();
        let path = format!("substations.{}.{key}", substation.name);
        Err(WaterLoopError::UnknownName { path, name: name.to_owned(), known })
    };
    let of_site = || machines.iter().enumerate().filter(|(_, machine)| machine.site == settings.site);
    if of_site().next().is_none() {
        let known = machines.iter().map(|machine| machine.site.to_owned()).collect();
        return unknown("site", &settings.site, known);
    }
    for name in settings.heat_pumps.iter().flatten() {
        if !of_site().any(|(_, machine)| machine.technology == name) {
            let known = of_site().map(|(_, machine)| machine.technology.to_owned()).collect();
            return unknown("heat_pumps", name, known);
        }
    }
    let draws_here = |(_, machine): &(usize, &LoopMachine<'_>)| {
        settings.heat_pumps.as_ref().is_none_or(|names| names.iter().any(|name| name == machine.technology))
    };
    Ok(of_site().filter(draws_here).map(|(pump, _)| pump).collect())
}
