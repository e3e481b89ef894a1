//! Layout of places and pipes as water nodes and pipes: two of each where a warm and a cold line run side by side,
//! two nodes per place in a ring.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use indexmap::IndexMap;

use super::settings::{Line, NetworkSettings, PipeSettings, PipeTypeSettings};
use crate::water_loop::WaterLoopError;
use crate::water_loop::network::PipeDesign;

/// Length of the internal bypass of a place in a ring, m, along which the water passes the place.
const BYPASS_M: f64 = 1.0;
/// Name of the internal bypass.
const BYPASS: &str = "beside";
/// Thermal resistance of the ground's surface, m2 K/W (EN 13941).
const SURFACE_M2_K_W: f64 = 0.0685;

/// A pipe between two water nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WaterPipe {
    /// Name; with the name of its line where there are two.
    pub(super) name: String,
    pub(super) design: PipeDesign,
    pub(super) depth_m: f64,
    /// Whether it is the internal bypass of a place in a ring.
    pub(super) is_beside: bool,
}

/// The water nodes and pipes of a network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NetworkLayout {
    /// Names of the water nodes.
    pub(super) nodes: Vec<String>,
    /// Nodes of each place: those of its warm and its cold line; in a ring, the upstream and the downstream node.
    pub(super) places: IndexMap<String, [Option<usize>; 2]>,
    pub(super) pipes: Vec<WaterPipe>,
    /// Nodes before and after the main pump; `None` without one.
    pub(super) main: Option<[usize; 2]>,
}

/// Creates an error for a path of the network's settings.
pub(super) fn wrong(path: impl Into<String>, message: impl Into<String>) -> WaterLoopError {
    WaterLoopError::Network { path: path.into(), message: message.into() }
}

/// Returns an error unless `fine` holds for a number.
pub(super) fn number(path: &str, value: f64, fine: bool, expected: &str) -> Result<(), WaterLoopError> {
    if fine { Ok(()) } else { Err(wrong(path, format!("it is {value}; expected {expected}"))) }
}

/// Returns the value of a name, or an error with the known names.
pub(super) fn known<'m, T>(map: &'m IndexMap<String, T>, name: &str, path: &str) -> Result<&'m T, WaterLoopError> {
    map.get(name).ok_or_else(|| WaterLoopError::UnknownName {
        path: path.to_owned(),
        name: name.to_owned(),
        known: map.keys().cloned().collect(),
    })
}

impl NetworkLayout {
    /// Creates the layout from the settings.
    ///
    /// # Errors
    /// Unknown names, numbers out of range, lines that are not connected.
    pub(super) fn new(settings: &NetworkSettings) -> Result<Self, WaterLoopError> {
        for (name, make) in &settings.pipe_types {
            check_make(name, make)?;
        }
        for (name, pipe) in &settings.pipes {
            for (key, node) in [("from", &pipe.from), ("to", &pipe.to)] {
                known(&settings.nodes, node, &format!("pipes.{name}.{key}"))?;
            }
            known(&settings.pipe_types, &pipe.make, &format!("pipes.{name}.type"))?;
            if pipe.from == pipe.to {
                return Err(wrong(format!("pipes.{name}.to"), "the pipe ends where it begins"));
            }
        }
        let single = settings.pipes.values().filter(|pipe| pipe.line == Line::Single).count();
        if settings.pipes.is_empty() {
            return Err(wrong("pipes", "there are none; a loop of no length is `kind: well_mixed`"));
        }
        if single == settings.pipes.len() {
            return Self::ring(settings);
        }
        if single > 0 {
            let mixed = settings.pipes.iter().find(|(_, pipe)| pipe.line == Line::Single);
            let name = mixed.map_or("", |(name, _)| name);
            let message = "a one-pipe ring among pipes of a warm and a cold line; expected one or the other";
            return Err(wrong(format!("pipes.{name}.line"), message));
        }
        if settings.main_pump.is_some() {
            return Err(wrong("main_pump", "only a one-pipe ring (pipes with `line: single`) has one"));
        }
        Self::two_lines(settings)
    }

    fn two_lines(settings: &NetworkSettings) -> Result<Self, WaterLoopError> {
        let mut layout = Self { nodes: Vec::new(), places: IndexMap::new(), pipes: Vec::new(), main: None };
        for (name, pipe) in &settings.pipes {
            for (line, called) in ["warm", "cold"].into_iter().enumerate() {
                let other = if line == 0 { Line::Cold } else { Line::Warm };
                if pipe.line == other {
                    continue;
                }
                let mut node = |place: &str| {
                    let entry = layout.places.entry(place.to_owned()).or_default();
                    *entry[line].get_or_insert_with(|| {
                        layout.nodes.push(format!("{place}/{called}"));
                        layout.nodes.len() - 1
                    })
                };
                let ends = [node(&pipe.from), node(&pipe.to)];
                let both = pipe.line == Line::Both;
                let name = if both { format!("{name}/{called}") } else { name.clone() };
                layout.pipes.push(laid(settings, &name, pipe, ends)?);
            }
        }
        layout.hangs_together()?;
        Ok(layout)
    }

    /// Lays out a ring in the direction of its main pump, whichever way its pipes are drawn.
    fn ring(settings: &NetworkSettings) -> Result<Self, WaterLoopError> {
        let Some(main) = &settings.main_pump else {
            return Err(wrong("main_pump", "a one-pipe ring needs one: give its `node`, `towards` and `flow_kg_s`"));
        };
        known(&settings.nodes, &main.node, "main_pump.node")?;
        known(&settings.nodes, &main.towards, "main_pump.towards")?;
        let mut places: Vec<String> = vec![main.node.clone()];
        let mut order: Vec<(&str, &PipeSettings)> = Vec::new();
        let (mut here, mut next) = (main.node.as_str(), Some(main.towards.as_str()));
        loop {
            let unused = |name: &str| !order.iter().any(|(used, _)| *used == name);
            let joins = |pipe: &PipeSettings, to: Option<&str>| {
                let far = if pipe.from == here { &pipe.to } else { &pipe.from };
                (pipe.from == here || pipe.to == here) && to.is_none_or(|to| far == to)
            };
            let found = settings.pipes.iter().find(|(name, pipe)| unused(name) && joins(pipe, next));
            let Some((name, pipe)) = found else {
                let message = match next {
                    Some(to) => format!("no pipe leads from {here} to {to}"),
                    None => format!("the ring is open: no pipe leads on from {here}"),
                };
                return Err(wrong(if next.is_some() { "main_pump.towards" } else { "pipes" }, message));
            };
            order.push((name, pipe));
            here = if pipe.from == here { &pipe.to } else { &pipe.from };
            next = None;
            if here == main.node {
                break;
            }
            if places.iter().any(|place| place == here) {
                return Err(wrong(format!("pipes.{name}"), format!("the ring meets itself at {here}")));
            }
            places.push(here.to_owned());
        }
        if let Some((name, _)) = settings.pipes.iter().find(|(name, _)| !order.iter().any(|(used, _)| used == name)) {
            return Err(wrong(format!("pipes.{name}"), "it is no part of the ring; a ring has no branches"));
        }
        // An upstream and a downstream node, and at the main pump a third one behind it.
        let mut nodes = Vec::new();
        let sides: IndexMap<String, [Option<usize>; 2]> = places
            .iter()
            .map(|place| {
                nodes.extend([format!("{place}/comes"), format!("{place}/goes")]);
                (place.clone(), [Some(nodes.len() - 2), Some(nodes.len() - 1)])
            })
            .collect();
        nodes.push(format!("{}/pumped", main.node));
        let pumped = nodes.len() - 1;
        let mut layout = Self { nodes, places: sides, pipes: Vec::new(), main: Some([1, pumped]) };
        for (index, (name, pipe)) in order.iter().enumerate() {
            let from = if index == 0 { pumped } else { 2 * index + 1 };
            let to = 2 * ((index + 1) % places.len());
            layout.pipes.push(laid(settings, name, pipe, [from, to])?);
        }
        for (index, place) in places.iter().enumerate() {
            let beside = PipeSettings { length_m: Some(BYPASS_M), fittings: 0.0, ..order[index].1.clone() };
            let pipe = laid(settings, &format!("{place}/{BYPASS}"), &beside, [2 * index, 2 * index + 1])?;
            layout.pipes.push(pipe);
        }
        Ok(layout)
    }

    /// Checks that each line is connected.
    fn hangs_together(&self) -> Result<(), WaterLoopError> {
        for (line, called) in ["warm", "cold"].into_iter().enumerate() {
            let of_line = |[warm, cold]: &[Option<usize>; 2]| if line == 0 { *warm } else { *cold };
            let mut nodes = self.places.iter().filter_map(|(place, nodes)| Some((place, of_line(nodes)?)));
            let Some((first, start)) = nodes.next() else {
                return Err(wrong("pipes", format!("there is no {called} line")));
            };
            let mut reached = vec![false; self.nodes.len()];
            let mut queue = VecDeque::from([start]);
            reached[start] = true;
            while let Some(node) = queue.pop_front() {
                for WaterPipe { design, .. } in &self.pipes {
                    for (from, to) in [(design.from, design.to), (design.to, design.from)] {
                        if from == node && !reached[to] {
                            reached[to] = true;
                            queue.push_back(to);
                        }
                    }
                }
            }
            if let Some((place, _)) = nodes.find(|(_, node)| !reached[*node]) {
                return Err(wrong("pipes", format!("no {called} line joins {place} to {first}")));
            }
        }
        Ok(())
    }

    /// Returns the two nodes between which a component at a place is connected.
    pub(super) fn at(&self, settings: &NetworkSettings, place: &str, path: &str) -> Result<[usize; 2], WaterLoopError> {
        known(&settings.nodes, place, path)?;
        match self.places.get(place) {
            Some([Some(first), Some(second)]) => Ok([*first, *second]),
            Some([warm, _]) => {
                let missing = if warm.is_none() { "warm" } else { "cold" };
                Err(wrong(path, format!("no {missing} line reaches {place}")))
            }
            None => Err(wrong(path, format!("no pipe reaches {place}"))),
        }
    }
}

fn check_make(name: &str, make: &PipeTypeSettings) -> Result<(), WaterLoopError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let not_negative = |value: f64| value.is_finite() && value >= 0.0;
    let (some, any) = ("a number > 0", "a number >= 0");
    let checks = [
        ("inner_diameter_m", make.inner_diameter_m, some, positive(make.inner_diameter_m)),
        ("wall_m", make.wall_m.unwrap_or(1.0), some, make.wall_m.is_none_or(positive)),
        ("wall_conductivity_w_m_k", make.wall_conductivity_w_m_k, some, positive(make.wall_conductivity_w_m_k)),
        (
            "wall_heat_capacity_j_m3_k",
            make.wall_heat_capacity_j_m3_k,
            any,
            not_negative(make.wall_heat_capacity_j_m3_k),
        ),
        ("roughness_m", make.roughness_m, any, not_negative(make.roughness_m)),
        ("insulation_m", make.insulation_m, any, not_negative(make.insulation_m)),
        (
            "insulation_conductivity_w_m_k",
            make.insulation_conductivity_w_m_k,
            some,
            positive(make.insulation_conductivity_w_m_k),
        ),
        ("u_w_m_k", make.u_w_m_k.unwrap_or(0.0), any, make.u_w_m_k.is_none_or(not_negative)),
    ];
    checks
        .into_iter()
        .try_for_each(|(key, value, expected, fine)| number(&format!("pipe_types.{name}.{key}"), value, fine, expected))
}

/// Creates a pipe between two water nodes.
fn laid(
    settings: &NetworkSettings,
    name: &str,
    pipe: &PipeSettings,
    [from, to]: [usize; 2],
) -> Result<WaterPipe, WaterLoopError> {
    let (own, part) = name.split_once('/').unwrap_or((name, ""));
    let path = |key: &str| format!("pipes.{own}.{key}");
    let make = known(&settings.pipe_types, &pipe.make, &path("type"))?;
    let length_m = match pipe.length_m {
        Some(length_m) => length_m,
        None => {
            let at = |node: &str| settings.nodes.get(node).and_then(|node| Some([node.x_m?, node.y_m?]));
            let [Some(a), Some(b)] = [at(&pipe.from), at(&pipe.to)] else {
                return Err(wrong(path("length_m"), "it is missing, and its nodes have no `x_m` and `y_m`"));
            };
            (a[0] - b[0]).hypot(a[1] - b[1])
        }
    };
    let depth_m = pipe.burial_depth_m;
    number(&path("length_m"), length_m, length_m.is_finite() && length_m > 0.0, "a length > 0 m")?;
    number(&path("fittings"), pipe.fittings, pipe.fittings.is_finite() && pipe.fittings >= 0.0, "a number >= 0")?;
    let inner_m = 0.5 * make.inner_diameter_m;
    let wall_m = make.wall_m.unwrap_or(make.inner_diameter_m / 16.0);
    let (outer_m, jacket_m) = (inner_m + wall_m, inner_m + wall_m + make.insulation_m);
    number(
        &path("burial_depth_m"),
        depth_m,
        depth_m.is_finite() && depth_m > jacket_m,
        "deeper than the pipe's radius",
    )?;
    let resistance_m_k_w = match make.u_w_m_k {
        Some(u_w_m_k) => 1.0 / u_w_m_k,
        None => series_resistance(settings.ground.conductivity_w_m_k, make, [inner_m, outer_m, jacket_m], depth_m),
    };
    let area_m2 = std::f64::consts::PI * (outer_m * outer_m - inner_m * inner_m);
    let design = PipeDesign {
        from,
        to,
        length_m,
        inner_diameter_m: make.inner_diameter_m,
        roughness_m: make.roughness_m,
        fittings: pipe.fittings,
        wall_j_m_k: area_m2 * make.wall_heat_capacity_j_m3_k,
        resistance_m_k_w,
    };
    Ok(WaterPipe { name: name.to_owned(), design, depth_m, is_beside: part == BYPASS })
}

/// Returns the thermal resistance of wall, insulation and ground in series, m K/W: a cylinder below an isothermal
/// surface, whose depth is increased by the surface's own resistance (EN 13941).
fn series_resistance(
    ground_w_m_k: f64,
    make: &PipeTypeSettings,
    [inner, outer, jacket]: [f64; 3],
    depth_m: f64,
) -> f64 {
    let wall = (outer / inner).ln() / (TAU * make.wall_conductivity_w_m_k);
    let insulation = (jacket / outer).ln() / (TAU * make.insulation_conductivity_w_m_k);
    let depth_m = depth_m + SURFACE_M2_K_W * ground_w_m_k;
    wall + insulation + (depth_m / jacket).acosh() / (TAU * ground_w_m_k)
}
