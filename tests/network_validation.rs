//! The pipe network against independent measurements and tools: a pipe test bench (University of Liege), a district
//! network (AIT) and the DESTEST case CE_0. Prints the errors beside those of an independent model and of the tools.
//! Skipped without the data.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

mod common;

use std::collections::HashMap;
use std::f64::consts::PI;
use std::fs;
use std::path::{Path, PathBuf};

use anergy::water_loop::network::{Drive, Effect, PipeDesign, PipeNetwork, Resolution, Transfer};
use anergy::water_loop::{Fluid, WaterLoopError};

/// Density times specific heat of steel, J/(m3 K).
const STEEL_J_M3_K: f64 = 8000.0 * 500.0;

fn data(folder: &str) -> Option<PathBuf> {
    common::reference_data(&format!("reference/network/{folder}"))
}

/// Returns the numeric columns of a CSV file by name.
fn columns(path: &Path) -> HashMap<String, Vec<f64>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut columns: HashMap<String, Vec<f64>> = HashMap::new();
    for record in reader.records() {
        for (name, cell) in names.iter().zip(record.unwrap().iter()) {
            columns.entry(name.clone()).or_default().push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    columns
}

/// Returns the heat capacity of a tube's wall, J/(m K).
fn wall_j_m_k(inner_m: f64, wall_m: f64) -> f64 {
    PI * (inner_m + wall_m) * wall_m * STEEL_J_M3_K
}

fn rmse(misses: &[f64]) -> f64 {
    (misses.iter().map(|miss| miss * miss).sum::<f64>() / misses.len() as f64).sqrt()
}

fn transfer(from: usize, to: usize) -> Transfer {
    Transfer { from, to }
}

/// Returns the outlet temperature of the test bench's pipe at every sample, degrees Celsius.
fn bench(record: &HashMap<String, Vec<f64>>, start_c: [f64; 2], cells: usize) -> Result<Vec<f64>, WaterLoopError> {
    let inner_m: f64 = 0.05248;
    let outer_m = 0.0603f64;
    let insulated = outer_m / 2.0 + 0.013;
    let insulation = (insulated / (outer_m / 2.0)).ln() / (2.0 * 0.04);
    let pipe = PipeDesign {
        from: 0,
        to: 1,
        length_m: 39.0,
        inner_diameter_m: inner_m,
        roughness_m: 0.05e-3,
        fittings: 0.0,
        wall_j_m_k: wall_j_m_k(inner_m, 0.0039),
        resistance_m_k_w: (insulation + 1.0 / (5.0 * (outer_m + 2.0 * 0.013))) / PI,
    };
    let resolution = Resolution {
        cell_m: 39.0 / cells as f64,
        most_cells: cells,
        part_s: 39.0 / cells as f64 / 0.6,
        node_water_kg: 1e-6,
        ..Resolution::default()
    };
    // Water properties at 40 degrees Celsius, the middle of both records.
    let mut network = PipeNetwork::new(Fluid::water(40.0)?, 2, &[pipe], &[transfer(1, 0)], resolution)?;
    network.set_profile(0, |share| start_c[0] + share * (start_c[1] - start_c[0]));
    let (times, flows, inlets) = (&record["time_s"], &record["m_kg_s"], &record["T_in_water_C"]);
    let mut outlets = vec![start_c[1]];
    for row in 1..times.len() {
        // Linear in time, in parts of about a quarter of a second; the outlet of the last part is that of the sample.
        let seconds = times[row] - times[row - 1];
        let parts = (seconds / 0.25).ceil();
        let mut outlet_c = f64::NAN;
        for part in 0..parts as usize {
            let share = (part as f64 + 0.5) / parts;
            let inlet_c = inlets[row - 1] + share * (inlets[row] - inlets[row - 1]);
            let flow_kg_s = flows[row - 1] + share * (flows[row] - flows[row - 1]);
            let drive = Drive { flow_kg_s, effect: Effect::Outlet(inlet_c) };
            network.step(&[drive], &[18.0], seconds / parts).unwrap();
            outlet_c = network.outlets_c()[0];
        }
        outlets.push(outlet_c);
    }
    Ok(outlets)
}

/// Returns the time at which the outlet first passes half of its change, s.
fn half_time(times: &[f64], values: &[f64]) -> f64 {
    let (start, end) = (values[0], values.iter().copied().fold(f64::MIN, f64::max));
    let half = 0.5 * (start + end);
    let row = values.iter().position(|value| *value >= half).unwrap();
    let share = (half - values[row - 1]) / (values[row] - values[row - 1]);
    times[row - 1] + share * (times[row] - times[row - 1])
}

#[test]
fn measured_pipe_of_the_test_bench() {
    let Some(folder) = data("ulg") else { return };
    // Name, initial temperatures, fronts; then overall and front: target, independent model, model with half the wall
    // as volume at each end.
    type Record = (&'static str, [f64; 2], &'static [[f64; 2]], [[f64; 2]; 3]);
    let records: [Record; 2] = [
        ("151202", [18.8, 18.2], &[[130.0, 330.0]], [[0.65, 1.1], [0.48, 0.80], [0.56, 0.93]]),
        ("151204_4", [31.2, 27.7], &[[60.0, 260.0], [690.0, 880.0]], [[0.65, 1.1], [0.55, 0.78], [0.58, 0.83]]),
    ];
    println!("RMSE overall/front in K, 50 % time in s      ours           independent model   wall as end volumes");
    for (name, start_c, fronts, [target, model, volumes]) in records {
        let record = columns(&folder.join(format!("measured_{name}.csv")));
        let (times, measured) = (&record["time_s"], &record["T_out_water_C"]);
        let scores = |cells: usize| {
            let outlets = bench(&record, start_c, cells).unwrap();
            let misses: Vec<f64> = outlets.iter().zip(measured).map(|(ours, measured)| ours - measured).collect();
            let is_front = |time: f64| fronts.iter().any(|[from, to]| (*from..=*to).contains(&time));
            let front: Vec<f64> =
                times.iter().zip(&misses).filter(|(time, _)| is_front(**time)).map(|(_, miss)| *miss).collect();
            (rmse(&misses), rmse(&front), half_time(times, &outlets) - half_time(times, measured))
        };
        let (overall, front, late) = scores(80);
        let (finer, finer_front, _) = scores(160);
        println!(
            "{name:<42}{overall:.2}/{front:.2} {late:+.1} s   {:.2}/{:.2}           {:.2}/{:.2}",
            model[0], model[1], volumes[0], volumes[1]
        );
        println!("{:<42}{finer:.3}/{finer_front:.3} with twice the cells", "");
        assert!(overall <= target[0] && front <= target[1], "{overall} {front}");
        assert!(late.abs() <= 4.5, "{late}");
        assert!((overall - finer).abs() < 0.02 && (front - finer_front).abs() < 0.02);
    }
}

#[test]
fn measured_district_network() {
    let Some(folder) = data("ait") else { return };
    let record = columns(&folder.join("measured.csv"));
    // Nodes: 0 point 1, 1 after pip0, 2 after pip1, 3 and 5 junctions, 4, 6, 7 substations 4, 2, 3.
    let main = ((0.18f64 / 0.0899).ln() / 0.024 + (2.0f64 / 0.18).ln() / 2.4) / (2.0 * PI);
    let service = ((0.07f64 / 0.0337).ln() / 0.024 + (2.0f64 / 0.07).ln() / 2.4) / (2.0 * PI);
    let pipe = |from, to, length_m, inner_diameter_m: f64, resistance_m_k_w| PipeDesign {
        from,
        to,
        length_m,
        inner_diameter_m,
        roughness_m: 0.05e-3,
        fittings: 0.0,
        wall_j_m_k: wall_j_m_k(inner_diameter_m, 0.0032),
        resistance_m_k_w,
    };
    let pipes = [
        pipe(0, 1, 20.0, 0.0825, main),
        pipe(1, 2, 115.0, 0.0825, main),
        pipe(2, 3, 29.0, 0.0273, service),
        pipe(2, 4, 20.0, 0.0825, main),
        pipe(4, 5, 76.0, 0.0273, service),
        pipe(4, 6, 38.0, 0.0273, service),
    ];
    let transfers = [transfer(1, 0), transfer(5, 0), transfer(6, 0), transfer(3, 0)];
    let fluid = Fluid::water(90.0).unwrap();
    let resolution = Resolution { cell_m: 1.0, most_cells: 200, part_s: 50.0, start_c: 85.0, ..Resolution::default() };
    let mut network = PipeNetwork::new(fluid, 7, &pipes, &transfers, resolution).unwrap();
    let column = |name: &str| &record[name];
    let (times, supply) = (column("time_s"), column("T1_K"));
    let names = ["m2_kg_s", "m3_kg_s", "m4_kg_s"];
    let mut found: Vec<[f64; 3]> = vec![[f64::NAN; 3]];
    for row in 1..times.len() {
        let seconds = times[row] - times[row - 1];
        let parts = 18;
        for part in 0..parts {
            let share = (f64::from(part) + 0.5) / f64::from(parts);
            let at = |name: &str| column(name)[row - 1] + share * (column(name)[row] - column(name)[row - 1]);
            let flow = |name: &str| if at(name) <= 0.001 { 0.0 } else { at(name) };
            let [two, three, four] = names.map(flow);
            // The first meter counts cubic metres per hour.
            let rest = (at("m1_kg_s") * fluid.density_kg_m3 / 3600.0 - two - three - four).max(0.0);
            let effect = Effect::Outlet(supply[row - 1] + share * (supply[row] - supply[row - 1]) - 273.15);
            let drives = [rest, two, three, four].map(|flow_kg_s| Drive { flow_kg_s, effect });
            let around = [at("T_outdoor_K") - 273.15; 6];
            network.step(&drives, &around, seconds / f64::from(parts)).unwrap();
        }
        let nodes = network.nodes_c();
        found.push([nodes[5], nodes[6], nodes[3]]);
    }
    let score = |place: usize, counts: &dyn Fn(usize) -> bool| {
        let measured = column(["T2_K", "T3_K", "T4_K"][place]);
        let rows = (0..times.len()).filter(|&row| times[row] > 10_000.0 && counts(row));
        let misses: Vec<f64> = rows.map(|row| found[row][place] + 273.15 - measured[row]).collect();
        (rmse(&misses), misses.iter().sum::<f64>() / misses.len() as f64)
    };
    let fourth = column("m4_kg_s");
    let flows = |row: usize| row >= 3 && fourth[row - 3..=row].iter().all(|flow| *flow >= 0.005);
    let [two, three, four] = [score(0, &|_| true), score(1, &|_| true), score(2, &flows)];
    println!("RMSE in K (bias)        T2             T3             T4");
    println!(
        "ours             {:.2} ({:+.2})   {:.2} ({:+.2})   {:.2} ({:+.2})",
        two.0, two.1, three.0, three.1, four.0, four.1
    );
    println!("independent      1.76 (+1.23)   1.63           3.07");
    println!("Modelica         1.78           1.46           3.50");
    assert!(two.0 <= 1.9 && two.1 <= 1.4, "T2: {two:?}");
    assert!(three.0 <= 1.8 && four.0 <= 3.3, "T3 {three:?}, T4 {four:?}");
}

/// Returns the index of a node name of the DESTEST pipes, in order of appearance.
fn numbered<'a>(names: &mut Vec<&'a str>, name: &'a str) -> usize {
    names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}

#[test]
fn destest_ce_0() {
    let Some(folder) = data("destest_ce0") else { return };
    let text = fs::read_to_string(folder.join("pipes.csv")).unwrap();
    let mut names = Vec::new();
    let rows: Vec<(usize, usize, [f64; 4])> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |index: usize| cells[index].trim().parse::<f64>().unwrap();
            let [far, near] = [0, 1].map(|index| numbered(&mut names, cells[index]));
            (near, far, [2, 3, 4, 5].map(number))
        })
        .collect();
    let count = names.len();
    let place = |name: &str| names.iter().position(|known| *known == name).unwrap();
    // Supply and return, node by node: the index of the return is that of the supply plus `count`.
    let mut pipes = Vec::new();
    for (near, far, [length_m, inner_m, wall_m, insulation_m]) in rows {
        let outer_m = inner_m + 2.0 * wall_m;
        let resistance = (outer_m / inner_m).ln() / 0.35 + ((outer_m + 2.0 * insulation_m) / outer_m).ln() / 0.026;
        let design = PipeDesign {
            from: near,
            to: far,
            length_m,
            inner_diameter_m: inner_m,
            roughness_m: 0.007e-3,
            fittings: 0.0,
            wall_j_m_k: 0.0,
            resistance_m_k_w: resistance / (2.0 * PI),
        };
        pipes.push(design);
        pipes.push(PipeDesign { from: far + count, to: near + count, ..design });
    }
    let fluid = Fluid {
        density_kg_m3: 988.0,
        specific_heat_j_kg_k: 4180.0,
        viscosity_pa_s: 5.434e-4,
        conductivity_w_m_k: 0.64,
        freezing_c: 0.0,
    };
    let consumers: Vec<usize> = (0..count).filter(|&node| names[node].starts_with("SimpleDistrict")).collect();
    let plant = place("i");
    let flow_kg_s = 553.0 / 3600.0;
    let mut transfers = vec![transfer(plant + count, plant)];
    let mut drives = vec![Drive { flow_kg_s: flow_kg_s * consumers.len() as f64, effect: Effect::Outlet(70.0) }];
    for &consumer in &consumers {
        transfers.push(transfer(consumer, consumer + count));
        let effect = Effect::Heat(-30.0 * flow_kg_s * fluid.specific_heat_j_kg_k);
        drives.push(Drive { flow_kg_s, effect });
    }
    let resolution = Resolution { perfect_film: true, start_c: 50.0, ..Resolution::default() };
    let mut network = PipeNetwork::new(fluid, 2 * count, &pipes, &transfers, resolution).unwrap();
    for _ in 0..48 {
        network.step(&drives, &vec![10.0; pipes.len()], 3600.0).unwrap();
    }
    let (pressure, temp) = (network.pressures_pa(), network.nodes_c());
    let supply_and_return = |name: &str| [temp[place(name)], temp[place(name) + count]];
    let main = pipes.iter().position(|pipe| pipe.from == plant && pipe.to == place("h")).unwrap();
    let heat_w = network.received_j()[0] / 3600.0;
    let nodes = ["i", "h", "g", "f", "e", "SimpleDistrict_1"].map(supply_and_return);
    let shown = |values: &[f64]| values.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(" ");
    let side = |side: usize, from: usize| nodes[from..].iter().map(|both| both[side]).collect::<Vec<f64>>();
    let flow = 3600.0 * drives[0].flow_kg_s;
    let dp = [
        pressure[plant] - pressure[place("e")],
        pressure[place("a") + count] - pressure[plant + count],
        pressure[place("h") + count] - pressure[plant + count],
    ];
    let loss_w = network.losses_j()[main] / 3600.0;
    println!("quantity                       ours      independent    consistent tools, slack included");
    println!("flow kg/h                  {flow:.1}           8848.0    8847.9-8865.1");
    println!("dp Pa   {}       23416 23416 5909", shown(&dp));
    println!("supply h g f e SD1  {}  69.938 .866 .758 .588 .451", shown(&side(0, 1)));
    println!("return i h g f e SD1 {}  39.478 .508 .469 .427 .384 .451", shown(&side(1, 0)));
    println!("loss i-h W {loss_w:.1}   319.9    heat W {heat_w:.0}    313571");
    let within = |value: f64, [low, high]: [f64; 2], slack: f64| {
        assert!((low - slack..=high + slack).contains(&value), "{value} is not within {low}..{high}");
    };
    within(flow, [8847.9, 8865.1], 0.0);
    for (value, [low, high]) in dp.into_iter().zip([[22385.0, 23443.0], [23012.0, 24224.0], [5806.0, 5912.0]]) {
        within(value, [low, high], 0.01 * low);
    }
    let supply = [[69.937, 69.940], [69.863, 69.870], [69.754, 69.763], [69.580, 69.595], [69.440, 69.461]];
    side(0, 1).into_iter().zip(supply).for_each(|(value, range)| within(value, range, 0.02));
    let back = [[39.46, 39.486], [39.42, 39.516], [39.36, 39.478], [39.28, 39.436], [39.36, 39.394], [39.44, 39.461]];
    side(1, 0).into_iter().zip(back).for_each(|(value, range)| within(value, range, 0.02));
    within(loss_w, [314.4, 325.9], 3.2);
    within(heat_w, [313_496.0, 314_334.0], 313.0);
}
