//! The effect of each quirk of the published case on its results: the published variant, each switch flipped alone, and
//! the corrected variant.

use std::path::Path;

use anergy_config::switches::Preset;
use anergy_config::{Case, ConfigError, LoopSource, Request};
use anergy_cosim::coupling::{LoopCop, Observer, Verdict};
use anergy_cosim::{CosimError, CosimResult, solver};
use anergy_data::results::{Column, Table};
use anergy_data::schema::columns::effects as column;
use anergy_dispatch::dispatch::Account;
use anergy_run::run_case;
use serde::{Deserialize, Serialize};

use super::reproduce::{Scenario, Window};

/// The first iteration of the mean by which published variants are compared: they cycle, so no single iteration is
/// representative.
const FIRST_OF_MEAN: usize = 7;
const LAST_OF_MEAN: usize = 11;

/// The variants: name, preset, and the value of the switch that is flipped.
const VARIANTS: [(&str, Preset, Option<&str>); 13] = [
    (column::PUBLISHED, Preset::Published, None),
    ("initial_cop_dispatch", Preset::Published, Some("start")),
    ("initial_cop_ring", Preset::Published, Some("as_dispatch")),
    ("loop_cop", Preset::Published, Some("within_step")),
    ("store_temperature", Preset::Published, Some("current")),
    ("loop_limit", Preset::Published, Some("balance")),
    ("cooling_lift", Preset::Published, Some("loop_minus_store")),
    ("cold_store_temperature", Preset::Published, Some("falling")),
    ("commercial_store_capacity", Preset::Published, Some("own")),
    // The gap is not known with the other published switches; the residual is the remaining criterion.
    ("stop", Preset::Published, Some("residual")),
    ("outlier", Preset::Published, Some("mend")),
    ("surplus_and_unmet", Preset::Published, Some("surplus_free")),
    (column::CORRECTED, Preset::Corrected, None),
];

/// A variant and its results; means over iterations 7 to 11 where the case was run as published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// `published`, `corrected`, or the name of the only switch that was flipped.
    pub variant: String,
    /// The value to which the switch was flipped; empty for a preset.
    pub flipped_to: String,
    /// The total cost, EUR: of a variant that converges the cost of its summary, else the mean of the plans' costs, at
    /// their own COPs where the loop evaluates COPs within each step.
    pub cost_eur: f64,
    /// Electricity from the grid, both sites, kWh.
    pub grid_kwh: f64,
    /// Demand left unserved, kWh.
    pub unmet_kwh: f64,
    /// Production not used, kWh.
    pub surplus_kwh: f64,
    /// Mean loop temperature, degrees Celsius.
    pub loop_c: f64,
    /// The numbers of steps in which the low and the high limit were reached.
    pub limit_steps: [f64; 2],
    /// Energy that appeared and vanished without a source, kWh.
    pub created_kwh: [f64; 2],
    /// The gap of the solution, EUR; `None` where it is not known.
    pub gap_eur: Option<f64>,
    /// The relative gap of the solution; `None` where it is not known.
    pub gap: Option<f64>,
    /// The verdict.
    pub verdict: String,
    /// The number of iterations after the first.
    pub iterations: usize,
    /// The first and the last iteration of the means.
    pub mean_over: [usize; 2],
}

/// The finished effects of one version, window and set of inputs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Effects {
    /// The version, window and inputs of the effects, as a text.
    pub of: String,
    /// The effects, in the order of the variants.
    pub effects: Vec<Effect>,
}

/// The reasons why there are no effects.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EffectsError {
    /// The published model cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A variant cannot be run.
    #[error("{variant}: {source}")]
    Study {
        /// The variant.
        variant: &'static str,
        /// The error of the run.
        source: Box<CosimError>,
    },
}

impl Effects {
    /// Returns the names of all variants.
    pub fn variants() -> impl Iterator<Item = &'static str> {
        VARIANTS.into_iter().map(|(variant, ..)| variant)
    }

    /// Runs those of the variants in `wanted` that are not in `known`; calls `keep` after every new effect.
    ///
    /// # Errors
    /// [`EffectsError`], and any error of `keep`.
    pub fn run<E: From<EffectsError>>(
        data: &Path,
        window: &Window,
        wanted: &[&str],
        known: Option<Self>,
        observer: &mut dyn Observer,
        mut keep: impl FnMut(&Self) -> Result<(), E>,
    ) -> Result<Self, E> {
        let load = |preset, settings| load(data, window, preset, settings).map_err(EffectsError::from);
        let published = load(Preset::Published, Vec::new())?;
        let hashes: Vec<&str> = published.inputs.iter().map(|input| input.sha256.as_str()).collect();
        let of = format!("anergy {} {} {}", env!("CARGO_PKG_VERSION"), window.name(), hashes.join(" "));
        let mut effects = known.filter(|known| known.of == of).unwrap_or(Self { of, effects: Vec::new() });
        for (variant, preset, flipped_to) in VARIANTS {
            let is_known = effects.effects.iter().any(|effect| effect.variant == variant);
            if is_known || !wanted.contains(&variant) {
                continue;
            }
            let settings = flipped_to.map(|to| format!("switches.{variant}={to}"));
            let case = load(preset, settings.into_iter().collect())?;
            let run = run_case(&case, solver(&case.district), observer)
                .map_err(|source| EffectsError::Study { variant, source: Box::new(source) })?;
            effects.effects.push(Effect::of(variant, flipped_to.unwrap_or_default(), preset, &case, &run));
            keep(&effects)?;
        }
        Ok(effects)
    }

    /// Returns one row per variant; differences are to the published variant.
    #[must_use]
    pub fn table(&self) -> Table {
        let effects = &self.effects;
        let mut table = Table::default();
        let text = |of: &dyn Fn(&Effect) -> String| Column::Text(effects.iter().map(of).collect());
        let number = |of: &dyn Fn(&Effect) -> f64| Column::Number(effects.iter().map(of).collect());
        let published_eur = effects.first().map_or(f64::NAN, |effect| effect.cost_eur);
        #[expect(clippy::cast_precision_loss, reason = "iterations are few")]
        let count = |count: usize| count as f64;
        table.push(column::VARIANT, text(&|effect| effect.variant.clone()));
        table.push(column::FLIPPED_TO, text(&|effect| effect.flipped_to.clone()));
        table.push(column::COST_EUR, number(&|effect| effect.cost_eur));
        table.push(column::COST_DIFFERENCE_EUR, number(&|effect| effect.cost_eur - published_eur));
        table.push(column::GRID_KWH, number(&|effect| effect.grid_kwh));
        table.push(column::UNMET_KWH, number(&|effect| effect.unmet_kwh));
        table.push(column::SURPLUS_KWH, number(&|effect| effect.surplus_kwh));
        table.push(column::LOOP_C, number(&|effect| effect.loop_c));
        table.push(column::LOW_LIMIT_STEPS, number(&|effect| effect.limit_steps[0]));
        table.push(column::HIGH_LIMIT_STEPS, number(&|effect| effect.limit_steps[1]));
        table.push(column::CREATED_KWH, number(&|effect| effect.created_kwh[0]));
        table.push(column::VANISHED_KWH, number(&|effect| effect.created_kwh[1]));
        table.push(column::GAP_EUR, number(&|effect| effect.gap_eur.unwrap_or(f64::NAN)));
        table.push(column::RELATIVE_GAP, number(&|effect| effect.gap.unwrap_or(f64::NAN)));
        table.push(column::VERDICT, text(&|effect| effect.verdict.clone()));
        table.push(column::ITERATIONS, number(&|effect| count(effect.iterations)));
        table.push(column::MEAN_FROM, number(&|effect| count(effect.mean_over[0])));
        table.push(column::MEAN_TO, number(&|effect| count(effect.mean_over[1])));
        table
    }

    /// Returns the effects as aligned text.
    #[must_use]
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!(
            "{:<26}{:>14}{:>12}{:>14}{:>14}{:>8}{:>12}{:>11}  verdict\n",
            "variant", "cost EUR", "difference", "grid kWh", "surplus kWh", "loop C", "limits", "gap"
        );
        let published_eur = self.effects.first().map_or(f64::NAN, |effect| effect.cost_eur);
        for effect in &self.effects {
            let Effect { variant, cost_eur, grid_kwh, surplus_kwh, loop_c, limit_steps: [low, high], .. } = effect;
            let gap = effect.gap.map_or_else(|| "-".to_owned(), |gap| format!("{gap:.1e}"));
            let limits = format!("{low:.0}/{high:.0}");
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{variant:<26}{cost_eur:>14.0}{:>+12.0}{grid_kwh:>14.0}{surplus_kwh:>14.0}{loop_c:>8.2}{limits:>12}{gap:>11}  {}",
                cost_eur - published_eur,
                effect.verdict
            );
        }
        text.push_str(
            "Each line flips one switch of the published case; costs are means over iterations 7 to 11, except for those that\n\
             converge: there the answer stands.\n",
        );
        text
    }
}

fn load(data: &Path, window: &Window, preset: Preset, settings: Vec<String>) -> Result<Case, ConfigError> {
    Case::load(&Request {
        model: data.join(Scenario::Smarti.name()).join("model_op.yaml"),
        scenario: Some(Scenario::Smarti.scenario().to_owned()),
        water_loop: Some(LoopSource::Published),
        preset: Some(preset),
        settings,
        window: Some(window.dates()),
        ignore_unsupported: false,
    })
}

impl Effect {
    fn of(variant: &str, flipped_to: &str, preset: Preset, case: &Case, run: &CosimResult) -> Self {
        let (Some(coupling), Some(coupled)) = (&run.coupling, &case.coupled) else {
            unreachable!("the published case has a loop")
        };
        let records = &coupling.records;
        let converged = coupling.verdict == Verdict::Converged || preset != Preset::Published;
        let last = records.len() - 1;
        let [from, to] = match converged {
            true => [coupling.answer; 2],
            false => [FIRST_OF_MEAN.min(last), LAST_OF_MEAN.min(last)],
        };
        #[expect(clippy::cast_precision_loss, reason = "iterations and steps are few")]
        let mean = |of: &dyn Fn(usize) -> f64| (from..=to).map(of).sum::<f64>() / (to - from + 1) as f64;
        let grid_kwh = |account: &Account| -> f64 {
            let technologies = account.technologies.iter();
            technologies.filter(|totals| totals.technology == "grid").map(|totals| totals.delivered_kwh).sum()
        };
        // With COPs evaluated within each step, the cost is at the plan's own COPs; with the published loop, at the
        // COPs of the dispatch.
        let own_cops = coupled.settings.loop_cop == LoopCop::WithinStep;
        let co2_eur_per_kg = case.district.co2_price_eur_per_kg();
        let total_eur = |k: usize| {
            let record = &records[k];
            let plan_eur = match own_cops {
                true => record.cost_at_own_cops_eur,
                false => record.cost.cost_eur - record.cost.charge_eur,
            };
            plan_eur + record.balancing_eur + record.balancing_co2_kg * co2_eur_per_kg
        };
        let unmet_kwh = |k: usize| if own_cops { records[k].unmet_at_own_cops_kwh } else { records[k].cost.unmet_kwh };
        let [cost_eur, grid_kwh, unmet_kwh, surplus_kwh] = if converged {
            // The figures of the solution, as in its summary.
            let account = &run.account;
            [run.total_eur(), grid_kwh(account), account.unmet_kwh(), account.surplus_kwh()]
        } else {
            [
                mean(&total_eur),
                mean(&|k| grid_kwh(&coupling.accounts[k])),
                mean(&unmet_kwh),
                mean(&|k| records[k].cost.surplus_kwh),
            ]
        };
        #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
        let limits = |side: usize| mean(&|k| records[k].limit_steps[side] as f64);
        Self {
            variant: variant.to_owned(),
            flipped_to: flipped_to.to_owned(),
            cost_eur,
            grid_kwh,
            unmet_kwh,
            surplus_kwh,
            loop_c: mean(&|k| records[k].temp_c[1]),
            limit_steps: [limits(0), limits(1)],
            created_kwh: [mean(&|k| records[k].created_kwh[0]), mean(&|k| records[k].created_kwh[1])],
            gap_eur: coupling.gap.map(|gap| gap.absolute_eur),
            gap: coupling.gap.map(|gap| gap.relative),
            verdict: coupling.verdict.name().to_owned(),
            iterations: last,
            mean_over: [from, to],
        }
    }
}
