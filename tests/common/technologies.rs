//! Random technologies of a site, in units of that site: powers of about 1 kW, [`STEPS`] values per series.

use anergy::district::{
    Availability, Byproduct, Conversion, Demand, Export, Kind, Storage, StorageBoundary, Supply, SupplyTerms,
};
use anergy::series::Profile;
use proptest::option;
use proptest::prelude::*;

use super::shapes::{between, shape, size};

/// Returns the strategy of the technologies of a site, each with its own probability, and up to four stores.
pub fn technologies() -> impl Strategy<Value = Vec<Kind>> {
    let pump = |out: &'static str| conversion("electricity", out, between(1.5f64..4.0, 0.0f64..3.0), None);
    let plain = |from, to, efficiency: f64| conversion(from, to, Just(efficiency.into()), None);
    let kinds = vec![
        (0.9, import("electricity", 0.02..0.3).boxed()),
        (0.5, import("gas", 0.02..0.1).boxed()),
        (0.2, import("electricity", 0.3..0.5).boxed()),
        (0.25, import("heat", 0.05..0.2).boxed()),
        (0.4, sun().boxed()),
        (0.25, forced("electricity").boxed()),
        (0.1, forced("heat").boxed()),
        (0.4, export("electricity").boxed()),
        (0.05, export("heat").boxed()),
        (0.8, demand("electricity").boxed()),
        (0.8, demand("heat").boxed()),
        (0.3, demand("cold").boxed()),
        (0.03, demand("gas").boxed()),
        (0.8, pump("heat").boxed()),
        (0.5, pump("cold").boxed()),
        (0.4, plain("gas", "heat", 0.9).boxed()),
        (0.25, conversion("gas", "electricity", Just(0.35.into()), Some("heat")).boxed()),
        (0.15, plain("electricity", "heat", 1.0).boxed()),
        (0.15, plain("heat", "cold", 0.7).boxed()),
        (0.1, plain("electricity", "gas", 0.6).boxed()),
    ];
    let kinds: Vec<_> = kinds.into_iter().map(|(share, kind)| option::weighted(share, kind)).collect();
    (kinds, proptest::collection::vec(storage(), 0..=4))
        .prop_map(|(kinds, stores)| kinds.into_iter().flatten().chain(stores).collect())
}

/// Returns the strategy of small costs, EUR/kWh, often zero.
fn wear() -> impl Strategy<Value = Profile> {
    prop_oneof![3 => Just(Profile::Constant(0.0)), 2 => (5e-4f64..0.03).prop_map(Profile::Constant),
        1 => between(0.0f64..0.01, 0.0f64..0.03)]
}

/// A grid or main: of any power where its price is never below zero, which would be money without end.
fn import(carrier: &'static str, low: std::ops::Range<f64>) -> impl Strategy<Value = Kind> {
    let low = prop_oneof![5 => low, 1 => Just(0.0), 1 => -0.3f64..0.0];
    let capacity = prop_oneof![4 => Just(f64::INFINITY), 3 => size()];
    let co2 = prop_oneof![Just(Profile::Constant(0.0)), between(0.0f64..0.4, 0.0f64..0.5)];
    (between(low, 0.0f64..0.4), capacity, co2).prop_map(move |(price_eur_per_kwh, capacity_kw, co2_kg_per_kwh)| {
        let earns = !price_eur_per_kwh.all(|price| price >= 0.0);
        let capacity_kw = if earns && capacity_kw == f64::INFINITY { 2.0 } else { capacity_kw };
        let available = Availability::Unlimited;
        Kind::Supply(Supply {
            carrier: carrier.into(),
            capacity_kw,
            available,
            price_eur_per_kwh,
            co2_kg_per_kwh,
            terms: SupplyTerms::default(),
        })
    })
}

/// Photovoltaics that may be turned down, sometimes behind a smaller inverter.
fn sun() -> impl Strategy<Value = Kind> {
    let capacity = prop_oneof![3 => Just(f64::INFINITY), 1 => 0.1f64..1.0];
    (shape(), size(), capacity, wear()).prop_map(|(shape, peak, capacity_kw, price_eur_per_kwh)| {
        Kind::Supply(Supply {
            carrier: "electricity".into(),
            capacity_kw,
            available: Availability::UpTo(shape.map(|value| value * peak)),
            price_eur_per_kwh,
            co2_kg_per_kwh: 0.0.into(),
            terms: SupplyTerms::default(),
        })
    })
}

/// What comes whether it is wanted or not.
fn forced(carrier: &'static str) -> impl Strategy<Value = Kind> {
    (shape(), size()).prop_map(move |(shape, peak)| {
        Kind::Supply(Supply {
            carrier: carrier.into(),
            capacity_kw: f64::INFINITY,
            available: Availability::Forced(shape.map(|value| value * peak)),
            price_eur_per_kwh: 0.01.into(),
            co2_kg_per_kwh: 0.0.into(),
            terms: SupplyTerms::default(),
        })
    })
}

fn export(carrier: &'static str) -> impl Strategy<Value = Kind> {
    let price = between(-0.1f64..0.1, 0.0f64..0.3);
    (price, size()).prop_map(move |(price_eur_per_kwh, capacity_kw)| {
        Kind::Export(Export { carrier: carrier.into(), capacity_kw, price_eur_per_kwh })
    })
}

/// Returns the strategy of demands, mostly smaller than the supply.
fn demand(carrier: &'static str) -> impl Strategy<Value = Kind> {
    (shape(), prop_oneof![4 => 0.05f64..1.0, 3 => size(), 1 => Just(0.0)]).prop_map(move |(shape, peak)| {
        Kind::Demand(Demand { carrier: carrier.into(), power_kw: shape.map(|value| value * peak) })
    })
}

fn conversion(
    carrier_in: &'static str,
    carrier_out: &'static str,
    efficiency: impl Strategy<Value = Profile>,
    byproduct: Option<&'static str>,
) -> impl Strategy<Value = Kind> {
    let ratio = prop_oneof![4 => between(0.8f64..1.5, 0.0f64..0.5), 1 => Just(0.0.into())];
    (size(), efficiency, wear(), wear(), ratio).prop_map(move |(capacity_kw, efficiency, output, input, ratio)| {
        let byproduct = byproduct.map(|carrier| Byproduct { carrier: carrier.into(), per_output: ratio });
        Kind::Conversion(Conversion {
            carrier_in: carrier_in.into(),
            carrier_out: carrier_out.into(),
            capacity_kw,
            efficiency,
            output_eur_per_kwh: output,
            input_eur_per_kwh: input,
            byproducts: byproduct.into_iter().collect(),
        })
    })
}

/// Returns the strategy of stores; the level of the boundary is a share of the largest possible one until the length of
/// a step is known.
fn storage() -> impl Strategy<Value = Kind> {
    let carrier = prop_oneof![3 => Just("electricity"), 4 => Just("heat"), 2 => Just("cold"), 1 => Just("gas")];
    let efficiency = || prop_oneof![2 => Just(1.0), 3 => 0.7f64..1.0];
    let loss = prop_oneof![2 => Just(0.0), 3 => 5e-4f64..0.05, 1 => 0.05f64..0.6];
    let share = || prop_oneof![1 => Just(0.0), 5 => 0.0f64..1.0, 1 => Just(1.0)];
    let boundary = prop_oneof![
        Just(StorageBoundary::Cyclic),
        Just(StorageBoundary::Free),
        share().prop_map(StorageBoundary::Given),
        share().prop_map(StorageBoundary::CyclicFixed),
    ];
    let numbers = (size(), option::weighted(0.4, size()), size(), 0.5f64..8.0, efficiency(), efficiency(), loss);
    (carrier, numbers, boundary, wear(), wear()).prop_map(|(carrier, numbers, boundary, discharging, charging)| {
        let (charge_kw, discharge_kw, capacity, hours, charge_efficiency, discharge_efficiency, loss_per_hour) =
            numbers;
        Kind::Storage(Storage {
            carrier: carrier.into(),
            charge_kw,
            discharge_kw: discharge_kw.unwrap_or(charge_kw),
            capacity_kwh: capacity * hours,
            charge_efficiency,
            discharge_efficiency,
            loss_per_hour,
            boundary,
            discharge_eur_per_kwh: discharging,
            charge_eur_per_kwh: charging,
        })
    })
}

/// Returns the technology for a site `scale` times as large.
pub fn scaled(kind: Kind, scale: f64) -> Kind {
    match kind {
        Kind::Supply(supply) => {
            let available = match supply.available {
                // Per kW it grows with the capacity.
                fixed @ (Availability::Unlimited | Availability::PerKw(_)) => fixed,
                Availability::UpTo(power) => Availability::UpTo(power.map(|power| power * scale)),
                Availability::Forced(power) => Availability::Forced(power.map(|power| power * scale)),
            };
            Kind::Supply(Supply { capacity_kw: supply.capacity_kw * scale, available, ..supply })
        }
        Kind::Export(export) => Kind::Export(Export { capacity_kw: export.capacity_kw * scale, ..export }),
        Kind::Demand(demand) => Kind::Demand(Demand { power_kw: demand.power_kw.map(|power| power * scale), ..demand }),
        Kind::Conversion(conversion) => {
            Kind::Conversion(Conversion { capacity_kw: conversion.capacity_kw * scale, ..conversion })
        }
        Kind::Storage(store) => Kind::Storage(Storage {
            charge_kw: store.charge_kw * scale,
            discharge_kw: store.discharge_kw * scale,
            capacity_kwh: store.capacity_kwh * scale,
            ..store
        }),
    }
}

/// Returns all series of a technology.
pub fn series(kind: &mut Kind) -> Vec<&mut Profile> {
    match kind {
        Kind::Supply(Supply { available, price_eur_per_kwh, co2_kg_per_kwh, .. }) => {
            let mut series = vec![price_eur_per_kwh, co2_kg_per_kwh];
            if let Availability::UpTo(power) | Availability::Forced(power) = available {
                series.push(power);
            }
            series
        }
        Kind::Export(export) => vec![&mut export.price_eur_per_kwh],
        Kind::Demand(demand) => vec![&mut demand.power_kw],
        Kind::Storage(store) => vec![&mut store.discharge_eur_per_kwh, &mut store.charge_eur_per_kwh],
        Kind::Conversion(Conversion { efficiency, output_eur_per_kwh, input_eur_per_kwh, byproducts, .. }) => {
            let byproducts = byproducts.iter_mut().map(|byproduct| &mut byproduct.per_output);
            [efficiency, output_eur_per_kwh, input_eur_per_kwh].into_iter().chain(byproducts).collect()
        }
    }
}
