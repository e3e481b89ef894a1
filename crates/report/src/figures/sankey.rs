//! The Sankey diagram of the energy of the whole time.

use anergy_data::schema::{Service, TechnologyKind, TechnologySummary};

use crate::figure::{Colour, Figure, Node, Plot};
use crate::flows::{Flow, FlowKind};
use crate::run::RunResults;

/// The node of the water loop.
const LOOP: &str = "water loop";
/// The number of sites above which technologies of the same name are one node.
const MOST_SITES: usize = 3;
/// The share of the largest flow below which a flow is not drawn.
const FAINT: f64 = 1e-4;

/// The kind of a node; nodes of the same name and different kind are different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    Carrier,
    Technology,
    /// A node outside the district's balances: demands, the ground, and others.
    Outside,
    Loop,
    /// A copy of a node, which breaks a cycle.
    Repeated,
}

/// The builder of a Sankey diagram.
#[derive(Debug, Default)]
struct SankeyBuilder {
    nodes: Vec<(NodeKind, Node)>,
    flows: Vec<(usize, usize, f64)>,
}

impl SankeyBuilder {
    fn node(&mut self, kind: NodeKind, name: &str, colour: Colour) -> usize {
        let known = |(of, node): &(NodeKind, Node)| *of == kind && node.name == name;
        self.nodes.iter().position(known).unwrap_or_else(|| {
            self.nodes.push((kind, Node { name: name.to_owned(), colour }));
            self.nodes.len() - 1
        })
    }

    fn add(&mut self, [from, to]: [usize; 2], kwh: f64) {
        match self.flows.iter_mut().find(|(a, b, _)| [*a, *b] == [from, to]) {
            Some((.., known)) => *known += kwh,
            None => self.flows.push((from, to, kwh)),
        }
    }

    /// Returns nodes and flows: opposite flows between two nodes are combined, small ones removed, and a flow that
    /// would close a cycle ends in a node of its own.
    fn finish(mut self) -> (Vec<Node>, Vec<(usize, usize, f64)>) {
        let largest = self.flows.iter().map(|(.., kwh)| kwh.abs()).fold(0.0, f64::max);
        let mut net: Vec<(usize, usize, f64)> = Vec::new();
        for (from, to, kwh) in std::mem::take(&mut self.flows) {
            match net.iter_mut().find(|(a, b, _)| [*a, *b] == [to, from]) {
                Some((.., known)) => *known -= kwh,
                None => net.push((from, to, kwh)),
            }
        }
        let forward = |(from, to, kwh): (usize, usize, f64)| if kwh < 0.0 { (to, from, -kwh) } else { (from, to, kwh) };
        let mut kept: Vec<(usize, usize, f64)> = Vec::new();
        for (from, to, kwh) in net.into_iter().map(forward).filter(|(.., kwh)| *kwh > FAINT * largest) {
            let to = if reaches(&kept, to, from) {
                let Node { name, colour } = self.nodes[to].1.clone();
                self.node(NodeKind::Repeated, &format!("{name} (again)"), colour)
            } else {
                to
            };
            kept.push((from, to, kwh));
        }
        // Nodes without a flow are removed, and the others renumbered.
        let used: Vec<usize> =
            (0..self.nodes.len()).filter(|node| kept.iter().any(|(a, b, _)| a == node || b == node)).collect();
        let moved = |node: usize| used.iter().position(|used| *used == node).unwrap_or_default();
        let flows = kept.into_iter().map(|(from, to, kwh)| (moved(from), moved(to), kwh)).collect();
        (self.names(&used), flows)
    }

    /// Returns the nodes in use; names that are equal are extended by the kind of the node.
    fn names(&self, used: &[usize]) -> Vec<Node> {
        let nodes = || used.iter().map(|node| &self.nodes[*node]);
        let named = |(kind, node): &(NodeKind, Node)| {
            let alike = nodes().filter(|(_, other)| other.name == node.name).count() > 1;
            let word = match kind {
                NodeKind::Carrier => "carrier",
                NodeKind::Technology => "technology",
                NodeKind::Outside => "outside",
                NodeKind::Loop | NodeKind::Repeated => "water",
            };
            let name = if alike { format!("{} ({word})", node.name) } else { node.name.clone() };
            Node { name, colour: node.colour }
        };
        nodes().map(named).collect()
    }
}

/// Returns whether a path of flows leads from one node to another.
fn reaches(flows: &[(usize, usize, f64)], from: usize, to: usize) -> bool {
    let (mut seen, mut queue) = (vec![from], vec![from]);
    while let Some(node) = queue.pop() {
        if node == to {
            return true;
        }
        for (_, next, _) in flows.iter().filter(|(a, ..)| *a == node) {
            if !seen.contains(next) {
                seen.push(*next);
                queue.push(*next);
            }
        }
    }
    false
}

/// Returns the diagram from the sources of energy through carriers and machines to its uses. A cold carrier is drawn as
/// the heat that it absorbs: from the cooled demand through the machine to the loop.
pub(crate) fn sankey(run: &RunResults, flows: &[Flow<'_>]) -> Option<Figure> {
    let mut graph = SankeyBuilder::default();
    let mut sites: Vec<&str> = flows.iter().map(|flow| flow.site).collect();
    sites.sort_unstable();
    sites.dedup();
    let several = sites.len() > 1 && sites.len() <= MOST_SITES;
    let at = |name: &str, site: &str| if several { format!("{name}, {site}") } else { name.to_owned() };
    let technologies = &run.summary.technologies;
    let machine = |flow: &Flow<'_>| {
        technologies.iter().find(|known| known.site == flow.site && known.technology == flow.technology)
    };
    let mut carriers: Vec<&str> = flows.iter().map(|flow| flow.carrier).collect();
    carriers.sort_unstable();
    carriers.dedup();
    let is_cold = |carrier: &str| {
        technologies.iter().any(|known| known.service == Some(Service::Cooling) && known.carrier == carrier)
    };
    for flow in flows {
        let kwh = flow.kwh(run.axis.step_hours());
        let colour = Colour::Nth(carriers.iter().position(|carrier| *carrier == flow.carrier).unwrap_or_default());
        let carrier = at(flow.carrier, flow.site);
        let (kind, other) = match (flow.what, machine(flow)) {
            (FlowKind::Enters | FlowKind::Arrives, _) => (NodeKind::Technology, flow.technology.to_owned()),
            (FlowKind::Charge | FlowKind::Discharge, _) => {
                (NodeKind::Technology, at(&format!("{} kept or lost", flow.technology), flow.site))
            }
            (FlowKind::Demand | FlowKind::Surplus | FlowKind::Unmet | FlowKind::Circulation, _) => {
                (NodeKind::Outside, format!("{} {}", flow.carrier, flow.what.name()))
            }
            (_, Some(known))
                if matches!(known.kind, TechnologyKind::Import | TechnologyKind::Source | TechnologyKind::Export) =>
            {
                (NodeKind::Outside, flow.technology.to_owned())
            }
            _ => (NodeKind::Technology, at(flow.technology, flow.site)),
        };
        let carrier = graph.node(NodeKind::Carrier, &carrier, colour);
        let other = graph.node(kind, &other, if flow.technology.is_empty() { Colour::Grey } else { colour });
        let inwards = flow.what.is_source() != is_cold(flow.carrier);
        graph.add(if inwards { [other, carrier] } else { [carrier, other] }, kwh);
    }
    loop_side(run, &mut graph, &at);
    let (nodes, flows) = graph.finish();
    if flows.is_empty() {
        return None;
    }
    let mut largest: Vec<&(usize, usize, f64)> = flows.iter().collect();
    largest.sort_by(|a, b| b.2.total_cmp(&a.2));
    let words = largest
        .iter()
        .take(6)
        .map(|(from, to, kwh)| format!("{} to {} {} kWh", nodes[*from].name, nodes[*to].name, super::number(*kwh)));
    let text = format!(
        "Energy of the whole time; of a store what it keeps or loses, of the ground and of what balances the \
         loop the net, of a carrier of cold the heat that it takes away. The largest: {}.",
        words.collect::<Vec<_>>().join(", ")
    );
    Some(Figure {
        id: "energy-flows".to_owned(),
        title: "Energy flows".to_owned(),
        text,
        plot: Plot::Sankey { nodes, flows },
    })
}

/// Adds the heat that heat pumps, ground and balancing units exchange with the loop.
fn loop_side(run: &RunResults, graph: &mut SankeyBuilder, at: &dyn Fn(&str, &str) -> String) {
    let Some(coupling) = &run.summary.coupling else { return };
    let water = graph.node(NodeKind::Loop, LOOP, Colour::Nth(5));
    for known in run.summary.technologies.iter() {
        let TechnologySummary { site, technology, service, delivered_kwh, taken_kwh, .. } = known;
        let pump = at(technology, site);
        match service {
            Some(Service::Heating) => {
                let pump = graph.node(NodeKind::Technology, &pump, Colour::Grey);
                graph.add([water, pump], delivered_kwh - taken_kwh);
            }
            Some(Service::Cooling) => {
                let pump = graph.node(NodeKind::Technology, &pump, Colour::Grey);
                graph.add([pump, water], delivered_kwh + taken_kwh);
            }
            None => {}
        }
    }
    let mut bound = |name: &str, [into, out]: [f64; 2]| {
        let node = graph.node(NodeKind::Outside, name, Colour::Grey);
        graph.add([node, water], into + out);
    };
    bound("ground", coupling.ground_kwh);
    bound("out of nothing", coupling.created_kwh);
    match &run.summary.network {
        None => bound("balancing unit", coupling.balancing_kwh),
        Some(network) => {
            bound("waste heat", [network.waste_heat_kwh, 0.0]);
            network.units.iter().for_each(|unit| bound(&unit.name, [unit.heating_kwh, -unit.cooling_kwh]));
        }
    }
}
