//! Checks of a network's settings, and values derived from them.

use anergy_data::series::{Profile, TimeAxis};
use indexmap::IndexMap;

use super::build::ReadProfile;
use super::layout::{WaterPipe, number, wrong};
use super::settings::{NetworkSettings, Pumping};
use crate::water_loop::WaterLoopError;
use crate::weather::GroundWave;

/// Tolerance of the sum of shares, which is to be 1.
pub(super) const SHARES: f64 = 1e-6;

pub(super) fn check_top(settings: &NetworkSettings) -> Result<(), WaterLoopError> {
    let NetworkSettings { min_c, max_c, start, ground, warnings, resolution, .. } = settings;
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let some = "a number > 0";
    let k = ground.conductivity_w_m_k;
    let checks = [
        ("min_c", *min_c, "a number > -273.15", min_c.is_finite() && *min_c > -273.15),
        ("max_c", *max_c, "a number above min_c", max_c.is_finite() && max_c > min_c),
        ("start.temp_c", start.temp_c, "a temperature in degrees Celsius", start.temp_c.is_finite()),
        (
            "start.spin_up_days",
            start.spin_up_days,
            "a number >= 0",
            start.spin_up_days.is_finite() && start.spin_up_days >= 0.0,
        ),
        ("ground.conductivity_w_m_k", k, some, positive(k)),
        ("warnings.velocity_m_s", warnings.velocity_m_s, some, warnings.velocity_m_s > 0.0),
        ("warnings.loss_pa_m", warnings.loss_pa_m, some, warnings.loss_pa_m > 0.0),
        ("resolution.cell_m", resolution.cell_m, some, positive(resolution.cell_m)),
        (
            "resolution.most_cells",
            f64::from(resolution.most_cells),
            "1 to 10000",
            (1..=10_000).contains(&resolution.most_cells),
        ),
        (
            "resolution.part_minutes",
            resolution.part_minutes,
            "a number >= 0.1",
            resolution.part_minutes.is_finite() && resolution.part_minutes >= 0.1,
        ),
    ];
    checks.into_iter().try_for_each(|(path, value, expected, fine)| number(path, value, fine, expected))?;
    let freezing_c = settings.fluid.at(settings.fluid_temp_c)?.freezing_c;
    number(
        "start.temp_c",
        start.temp_c,
        start.temp_c > freezing_c,
        &format!("more than the fluid's freezing point, {freezing_c:.1} C"),
    )?;
    let unreached = |name: &&String| !settings.pipes.values().any(|pipe| pipe.from == **name || pipe.to == **name);
    if let Some(name) = settings.nodes.keys().find(unreached) {
        return Err(wrong(format!("nodes.{name}"), "no pipe reaches it"));
    }
    let names = settings.pipes.keys().chain(settings.nodes.keys()).chain(settings.substations.keys());
    if let Some(name) =
        names.chain(settings.waste_heat.keys()).chain(settings.plants.keys()).find(|name| name.contains(['/', '|']))
    {
        return Err(wrong("nodes", format!("`{name}`: names have neither / nor | in them")));
    }
    if settings.main_pump.is_some() && settings.pumping == Pumping::Central {
        return Err(wrong("pumping", "a one-pipe ring has its main pump; `central` is for a warm and a cold line"));
    }
    if settings.substations.is_empty() {
        return Err(wrong("substations", "there are none: nothing draws on the network"));
    }
    Ok(())
}

/// Returns the ground temperatures: one profile for each depth, and the index of each pipe's profile.
pub(super) fn grounds<E: From<WaterLoopError>>(
    settings: &NetworkSettings,
    pipes: &[WaterPipe],
    axis: &TimeAxis,
    read: ReadProfile<'_, E>,
) -> Result<(Vec<Profile>, Vec<usize>), E> {
    let wave = match (&settings.ground.temp_c, settings.ground.wave) {
        (Some(temp_c), None) => {
            let temp_c = read("ground.temp_c", temp_c)?;
            if !temp_c.all(|value| value.is_finite() && value > -273.15) {
                return Err(wrong("ground.temp_c", "expected temperatures in degrees Celsius").into());
            }
            return Ok((vec![temp_c], vec![0; pipes.len()]));
        }
        (None, Some(wave)) => wave,
        (None, None) => return Err(wrong("ground", "its temperature is missing: give `temp_c`, or `wave`").into()),
        (Some(_), Some(_)) => return Err(wrong("ground", "takes either `temp_c` or `wave`").into()),
    };
    number("ground.wave.mean_c", wave.mean_c, wave.mean_c.is_finite(), "a temperature in degrees Celsius")?;
    number("ground.wave.coldest_day", wave.coldest_day, (0.0..=366.0).contains(&wave.coldest_day), "0 to 366")?;
    let mut depths: Vec<f64> = Vec::new();
    let mut profiles = Vec::new();
    let mut of_pipes = Vec::new();
    for pipe in pipes {
        let found = depths.iter().position(|depth| *depth == pipe.depth_m);
        of_pipes.push(match found {
            Some(index) => index,
            None => {
                let wave = GroundWave {
                    mean_c: wave.mean_c,
                    amplitude_k: wave.amplitude_k,
                    coldest_day: wave.coldest_day,
                    depth_m: pipe.depth_m,
                    diffusivity_m2_day: wave.diffusivity_m2_day,
                };
                let temp_c = wave.temperatures_c(axis).map_err(|error| wrong("ground.wave", error.to_string()))?;
                depths.push(pipe.depth_m);
                profiles.push(Profile::Series(temp_c));
                depths.len() - 1
            }
        });
    }
    Ok((profiles, of_pipes))
}

/// Returns the shares of the plants, which add up to 1; in a ring all water passes each plant.
pub(super) fn shares(given: &IndexMap<String, Option<f64>>, ring: bool) -> Result<Vec<f64>, WaterLoopError> {
    let count = given.values().filter(|share| share.is_some()).count();
    let sum: f64 = given.values().flatten().sum();
    if ring {
        let found = given.iter().find(|(_, share)| share.is_some());
        let refused =
            |(name, _)| Err(wrong(format!("plants.{name}.share"), "round a ring all water goes through every plant"));
        return found.map_or_else(|| Ok(vec![1.0; given.len()]), refused);
    }
    if let Some((name, _)) = given.iter().find(|(_, share)| share.is_some_and(|share| !(0.0..=1.0).contains(&share))) {
        return Err(wrong(format!("plants.{name}.share"), "expected a share from 0 to 1"));
    }
    match given.first() {
        Some((name, _)) if count > 0 && (count < given.len() || (sum - 1.0).abs() > SHARES) => {
            let message = format!("the shares of all plants add up to {sum}; expected 1, or none given");
            Err(wrong(format!("plants.{name}.share"), message))
        }
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        _ => Ok(given.values().map(|share| share.map_or(1.0 / given.len() as f64, |share| share / sum)).collect()),
    }
}
