//! Writes `networks/ambient_mesh.yaml`: a hundred buildings of five quarters on a meshed two-pipe network.
//!
//! ```text
//! cargo run --example ambient_mesh            # writes networks/ambient_mesh.yaml
//! cargo run --example ambient_mesh -- --check # says whether the committed file is this
//! ```
//!
//! Five streets of twenty buildings leave a trunk line; five links between the streets close as many loops in each
//! line. Diameters follow from the flow of the peak at some 150 Pa/m.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

/// Quarters, each a site of `configs/ambient_mesh.yaml` along a street of its own.
const QUARTERS: [&str; 5] = ["riverside", "station", "offices", "gardens", "hill"];
/// Buildings along a street.
const BUILDINGS: usize = 20;
/// Distance of buildings along a street, and of streets, m.
const ALONG_M: usize = 30;
const APART_M: usize = 120;
/// Links between neighbouring streets: the first street of the two, and the building at which they meet.
const LINKS: [[usize; 2]; 5] = [[0, 19], [1, 19], [2, 19], [3, 19], [1, 9]];

const HEAD: &str = "\
# yaml-language-server: $schema=loop.schema.json
# The network of configs/ambient_mesh.yaml: a hundred buildings of five quarters on a warm and a cold line with five loops in each.
# Written by `cargo run --example ambient_mesh`.
name: Ambient mesh

water_loop:
  kind: network
  min_c: 3
  max_c: 26
  start: {temp_c: 12, spin_up_days: 7}

  # Milan: the ground's surface follows the air.
  ground:
    conductivity_w_m_k: 1.6
    wave: {mean_c: 14.5, amplitude_k: 11, coldest_day: 15}

  # Polyethylene SDR 17, bare.
  pipe_types:
    de400: {inner_diameter_m: 0.3526, wall_m: 0.0237}
    de280: {inner_diameter_m: 0.2468, wall_m: 0.0166}
    de200: {inner_diameter_m: 0.1762, wall_m: 0.0119}
    de140: {inner_diameter_m: 0.1234, wall_m: 0.0083}

  plants:
    plant:
      node: plant
      warm_c: [7, 25]
      cold_c: [4, 16]
      units:
        - borehole_field: {columns: 14, rows: 10, spacing_m: 7, length_m: 150, ground_c: 14.5}
        - air:
            heating: {capacity_kw: 1000, cop: 2.8}
            cooling: {capacity_kw: 1200, cop: 18}
      meter:
        price_eur_per_kwh: file=prices.csv:import_eur_per_kwh
        co2_kg_per_kwh: 0.285

";

/// Returns the pipe type of a street's pipe that leads to a building.
fn street_make(building: usize) -> &'static str {
    match building {
        0..6 => "de280",
        6..13 => "de200",
        _ => "de140",
    }
}

/// Returns the text of the file.
pub fn network() -> Result<String, std::fmt::Error> {
    let mut text = HEAD.to_owned();
    writeln!(text, "  nodes:\n    plant: {{x_m: -{APART_M}, y_m: 0}}")?;
    for (street, quarter) in QUARTERS.iter().enumerate() {
        writeln!(text, "    {quarter}: {{x_m: {}, y_m: 0}}", street * APART_M)?;
        for building in 0..BUILDINGS {
            let (x, y) = (street * APART_M, (building + 1) * ALONG_M);
            writeln!(text, "    {quarter}_{:02}: {{x_m: {x}, y_m: {y}}}", building + 1)?;
        }
    }
    writeln!(text, "\n  pipes:")?;
    for (street, quarter) in QUARTERS.iter().enumerate() {
        let before = if street == 0 { "plant" } else { QUARTERS[street - 1] };
        let make = if street < 3 { "de400" } else { "de280" };
        writeln!(text, "    trunk_{quarter}: {{from: {before}, to: {quarter}, type: {make}, fittings: 1}}")?;
        for building in 0..BUILDINGS {
            let from = if building == 0 { (*quarter).to_owned() } else { format!("{quarter}_{building:02}") };
            let to = format!("{quarter}_{:02}", building + 1);
            let make = street_make(building);
            writeln!(text, "    to_{to}: {{from: {from}, to: {to}, type: {make}, fittings: 0.5}}")?;
        }
    }
    for [street, building] in LINKS {
        let [from, to] = [street, street + 1].map(|street| format!("{}_{:02}", QUARTERS[street], building + 1));
        writeln!(text, "    link_{from}: {{from: {from}, to: {to}, type: de140, fittings: 2}}")?;
    }
    writeln!(text, "\n  # The buildings of a quarter share its heat equally.\n  substations:")?;
    for quarter in QUARTERS {
        for building in 1..=BUILDINGS {
            let name = format!("{quarter}_{building:02}");
            writeln!(text, "    {name}: {{node: {name}, site: {quarter}}}")?;
        }
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks/ambient_mesh.yaml");
    let text = network()?;
    if std::env::args().any(|argument| argument == "--check") {
        if std::fs::read_to_string(&path)? != text {
            return Err(format!("{} is not what this program writes", path.display()).into());
        }
        return Ok(());
    }
    std::fs::write(&path, text)?;
    println!("{}", path.display());
    Ok(())
}
