//! Flows and pressures in the pipes, given the inflow and outflow at the nodes.
//!
//! Newton's method on flows and pressures together (Todini and Pilati 1988, the global gradient algorithm): every
//! iterate conserves mass, and the pressures follow from one system of the size of the number of nodes. In a tree the
//! flows follow from the conservation of mass alone.

use indexmap::IndexMap;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::unionfind::UnionFind;

use super::FlowError;
use super::friction::Bore;
use super::sparse::Pattern;

/// Largest number of iterations; meshes take three to ten.
const ITERATIONS: usize = 60;
/// Largest change of a flow at convergence, relative to the largest inflow: since the method doubles the digits, the
/// next change would be within rounding.
const CHANGE: f64 = 1e-7;
/// Largest relative flow that counts as rounding.
const ROUNDING: f64 = 1e-11;

/// The pipes between nodes, with their flows and pressures.
#[derive(Debug, Clone)]
pub(super) struct Hydraulics {
    ends: Vec<[usize; 2]>,
    bores: Vec<Bore>,
    pattern: Pattern,
    /// For every node, the first node of its connected component; the first node of its mesh follows (a node in no
    /// mesh is its own).
    part: Vec<usize>,
    mesh: Vec<usize>,
    /// Whether the pipe is in no loop, so that mass conservation alone determines its flow.
    is_bridge: Vec<bool>,
    values: Vec<f64>,
    /// Flow from beginning to end, kg/s.
    pub(super) flow_kg_s: Vec<f64>,
    /// Pressure above that of the first node of its component, Pa.
    pub(super) pressure_pa: Vec<f64>,
    /// Pressure loss of each pipe, and derivative of its flow by the pressure.
    tangents: Vec<[f64; 2]>,
    /// Sum of the inflows of each component.
    sums: Vec<f64>,
}

/// The pipes whose flows are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FreePipes {
    All,
    Meshes,
}

/// Returns, for every node, the first node of its connected component.
fn parts<'a>(nodes: usize, edges: impl Iterator<Item = &'a [usize; 2]>) -> Vec<usize> {
    let mut sets = UnionFind::new(nodes);
    edges.for_each(|&[i, j]| {
        sets.union(i, j);
    });
    let mut first = vec![None; nodes];
    let labels = sets.into_labeling().into_iter().enumerate();
    labels.map(|(node, label): (usize, usize)| *first[label].get_or_insert(node)).collect()
}

/// Returns, for every edge, whether it is a bridge: whether its removal disconnects a component. Of several edges
/// between the same two nodes none is a bridge.
fn bridges(nodes: usize, edges: &[[usize; 2]]) -> Vec<bool> {
    let between = |&[i, j]: &[usize; 2]| [i.min(j), i.max(j)];
    let mut parallel: IndexMap<[usize; 2], Vec<usize>> = IndexMap::new();
    for (edge, ends) in edges.iter().enumerate() {
        parallel.entry(between(ends)).or_default().push(edge);
    }
    let mut graph = UnGraph::<(), usize, usize>::with_capacity(nodes, parallel.len());
    (0..nodes).for_each(|_| {
        graph.add_node(());
    });
    for (&[i, j], edges) in parallel.iter().filter(|([i, j], _)| i != j) {
        graph.add_edge(NodeIndex::new(i), NodeIndex::new(j), edges[0]);
    }
    let mut is_bridge = vec![false; edges.len()];
    for bridge in petgraph::algo::bridges::bridges(&graph) {
        let edge = *bridge.weight();
        is_bridge[edge] = parallel[&between(&edges[edge])].len() == 1;
    }
    is_bridge
}

impl Hydraulics {
    pub(super) fn new(nodes: usize, ends: &[[usize; 2]], bores: Vec<Bore>) -> Self {
        let is_bridge = bridges(nodes, ends);
        let part = parts(nodes, ends.iter());
        let mesh =
            parts(nodes, ends.iter().zip(&is_bridge).filter(|(_, is_bridge)| !**is_bridge).map(|(ends, _)| ends));
        let pattern = Pattern::new(nodes, ends);
        Self {
            values: vec![0.0; pattern.values()],
            flow_kg_s: vec![0.0; ends.len()],
            pressure_pa: vec![0.0; nodes],
            tangents: vec![[0.0; 2]; ends.len()],
            sums: vec![0.0; nodes],
            ends: ends.to_vec(),
            bores,
            pattern,
            part,
            mesh,
            is_bridge,
        }
    }

    /// Returns the pressure loss of a pipe at its current flow, Pa.
    pub(super) fn loss_pa(&self, pipe: usize) -> f64 {
        self.bores[pipe].pressure_pa(self.flow_kg_s[pipe])[0]
    }

    /// Returns the bore of the pipe.
    pub(super) fn bore(&self, pipe: usize) -> &Bore {
        &self.bores[pipe]
    }

    /// Computes flows and pressures for the inflows at the nodes (kg/s; negative for outflow).
    ///
    /// # Errors
    /// [`FlowError::Unbalanced`] where inflow and outflow of a component differ, [`FlowError::NotFound`] where the
    /// method does not converge.
    pub(super) fn solve(&mut self, entering_kg_s: &[f64]) -> Result<(), FlowError> {
        let scale = entering_kg_s.iter().fold(0.0_f64, |most, flow| most.max(flow.abs()));
        if scale == 0.0 {
            self.flow_kg_s.fill(0.0);
            self.pressure_pa.fill(0.0);
            return Ok(());
        }
        self.sums.fill(0.0);
        for (&part, &flow) in self.part.iter().zip(entering_kg_s) {
            self.sums[part] += flow;
        }
        if let Some(node) = self.sums.iter().position(|sum| sum.abs() > 1e-9 * scale) {
            return Err(FlowError::Unbalanced { node, flow_kg_s: self.sums[node] });
        }
        // Starting point with equal resistances: in a tree these flows are exact.
        let begins = self.flow_kg_s.iter().all(|flow| *flow == 0.0);
        self.linearised(entering_kg_s, FreePipes::All, |_, flow| [flow, 1.0]);
        for (pipe, &[from, to]) in self.ends.iter().enumerate() {
            if begins || self.is_bridge[pipe] {
                let flow = self.pressure_pa[from] - self.pressure_pa[to];
                // Flows within rounding are set to zero, as in a dead end.
                self.flow_kg_s[pipe] = if flow.abs() <= ROUNDING * scale { 0.0 } else { flow };
            }
        }
        if self.is_bridge.iter().all(|is_bridge| *is_bridge) {
            self.linearised(entering_kg_s, FreePipes::All, Bore::pressure_pa);
            return Ok(());
        }
        let mut least = f64::INFINITY;
        for _ in 0..ITERATIONS {
            self.linearised(entering_kg_s, FreePipes::Meshes, Bore::pressure_pa);
            let change = self.advance();
            least = least.min(change);
            if change <= CHANGE * scale {
                self.flow_kg_s.iter_mut().filter(|flow| flow.abs() <= ROUNDING * scale).for_each(|flow| *flow = 0.0);
                self.linearised(entering_kg_s, FreePipes::All, Bore::pressure_pa);
                return Ok(());
            }
        }
        Err(FlowError::NotFound { change_kg_s: least })
    }

    /// Computes the pressures for which mass is conserved with the pipes' linearised losses.
    fn linearised(&mut self, entering_kg_s: &[f64], which: FreePipes, resistance: impl Fn(&Bore, f64) -> [f64; 2]) {
        let Self { ends, bores, pattern, part, mesh, is_bridge, values, flow_kg_s, pressure_pa, tangents, .. } = self;
        values.fill(0.0);
        pressure_pa.copy_from_slice(entering_kg_s);
        for (pipe, (&[from, to], flow)) in ends.iter().zip(&*flow_kg_s).enumerate() {
            // The flow of a bridge is known: it is an outflow of one mesh and an inflow of another.
            let fixed = is_bridge[pipe] && which == FreePipes::Meshes;
            let [loss, slope] = if fixed { [0.0, f64::INFINITY] } else { resistance(&bores[pipe], *flow) };
            let weight = 1.0 / slope;
            let kept = flow - loss * weight;
            tangents[pipe] = [loss, weight];
            values[pattern.diagonal(from)] += weight;
            values[pattern.diagonal(to)] += weight;
            for place in pattern.edge(pipe) {
                values[place] -= weight;
            }
            pressure_pa[from] -= kept;
            pressure_pa[to] += kept;
        }
        let firsts = if which == FreePipes::Meshes { mesh } else { part };
        for (node, first) in firsts.iter().enumerate() {
            if node == *first {
                // Fixes this pressure at 0: a diagonal term as large as the sum of all others does not change the
                // balance, which holds without it.
                let place = pattern.diagonal(node);
                values[place] = if values[place] > 0.0 { 2.0 * values[place] } else { 1.0 };
            }
        }
        pattern.solve(values, pressure_pa);
    }

    /// Sets the flows that follow from these pressures. Returns the largest change.
    fn advance(&mut self) -> f64 {
        let Self { ends, flow_kg_s, pressure_pa, tangents, .. } = self;
        let mut change = 0.0_f64;
        for ((flow, &[from, to]), &[loss, weight]) in flow_kg_s.iter_mut().zip(&*ends).zip(&*tangents) {
            let more = (pressure_pa[from] - pressure_pa[to] - loss) * weight;
            *flow += more;
            change = change.max(more.abs());
        }
        change
    }
}
