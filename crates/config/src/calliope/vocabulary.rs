//! The keys of Calliope 0.6, by their support.

/// The keys of one level of a model.
pub(super) struct Vocabulary {
    /// Keys that are read.
    pub read: &'static [&'static str],
    /// Keys that are accepted and have no effect.
    pub without_effect: &'static [&'static str],
    /// Keys that are known to Calliope and not supported.
    pub unsupported: &'static [&'static str],
}

impl Vocabulary {
    /// Returns all keys that are not errors.
    pub(super) fn known(&self) -> impl Iterator<Item = &'static str> {
        self.read.iter().chain(self.without_effect).copied()
    }
}

pub(super) const TOP: Vocabulary = Vocabulary {
    read: &["model", "run", "techs", "locations"],
    without_effect: &[],
    unsupported: &["links", "tech_groups", "group_share", "group_constraints"],
};

pub(super) const MODEL: Vocabulary = Vocabulary {
    read: &["calliope_version", "timeseries_data_path", "subset_time"],
    without_effect: &["name"],
    unsupported: &["timeseries_data", "timeseries_dateformat", "time", "random_seed", "reserve_margin", "file_allowed"],
};

pub(super) const RUN: Vocabulary = Vocabulary {
    read: &["mode", "ensure_feasibility", "bigM", "cyclic_storage", "objective"],
    without_effect: &["solver", "solver_io", "solver_options", "zero_threshold", "operation", "backend", "save_logs"],
    unsupported: &["objective_options", "relax_constraint", "spores_options"],
};

pub(super) const LOCATION: Vocabulary =
    Vocabulary { read: &["techs"], without_effect: &["coordinates"], unsupported: &["available_area"] };

pub(super) const TECHNOLOGY: Vocabulary = Vocabulary {
    read: &["essentials", "constraints", "costs", "exists"],
    without_effect: &[],
    unsupported: &["switches"],
};

pub(super) const ESSENTIALS: Vocabulary = Vocabulary {
    read: &["parent", "carrier", "carrier_in", "carrier_out", "primary_carrier_in", "primary_carrier_out"],
    without_effect: &["name", "color", "stack_weight"],
    unsupported: &["carrier_in_2", "carrier_in_3", "carrier_out_2", "carrier_out_3", "primary_carrier"],
};

pub(super) const CONSTRAINTS: Vocabulary = Vocabulary {
    read: &[
        "energy_cap_equals",
        "energy_eff",
        "force_resource",
        "lifetime",
        "resource",
        "resource_scale",
        "resource_unit",
        "storage_cap_equals",
        "storage_initial",
        "storage_loss",
    ],
    without_effect: &[],
    unsupported: &[
        "asynchronous_prod_con",
        "carrier_ratios",
        "charge_rate",
        "energy_cap_equals_systemwide",
        "energy_cap_max",
        "energy_cap_max_systemwide",
        "energy_cap_min",
        "energy_cap_min_use",
        "energy_cap_per_storage_cap_equals",
        "energy_cap_per_storage_cap_max",
        "energy_cap_per_storage_cap_min",
        "energy_cap_per_unit",
        "energy_cap_scale",
        "energy_con",
        "energy_prod",
        "energy_ramping",
        "export_cap",
        "export_carrier",
        "one_way",
        "parasitic_eff",
        "resource_area_equals",
        "resource_area_max",
        "resource_area_min",
        "resource_area_per_energy_cap",
        "resource_cap_equals",
        "resource_cap_equals_energy_cap",
        "resource_cap_max",
        "resource_cap_min",
        "resource_eff",
        "resource_min_use",
        "resource_scale_to_peak",
        "storage_cap_max",
        "storage_cap_min",
        "storage_cap_per_unit",
        "storage_discharge_depth",
        "storage_time_max",
        "units_equals",
        "units_equals_systemwide",
        "units_max",
        "units_max_systemwide",
        "units_min",
    ],
};

pub(super) const COSTS: Vocabulary =
    Vocabulary { read: &["monetary"], without_effect: &[], unsupported: &["emissions", "co2"] };

pub(super) const MONETARY: Vocabulary = Vocabulary {
    read: &["interest_rate", "energy_cap", "storage_cap", "om_annual", "om_prod", "om_con"],
    without_effect: &[],
    unsupported: &[
        "depreciation_rate",
        "energy_cap_per_distance",
        "export",
        "om_annual_investment_fraction",
        "purchase",
        "resource_area",
        "resource_cap",
    ],
};
