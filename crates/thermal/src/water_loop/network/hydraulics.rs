//! Flows and pressures in the pipes, given what enters and leaves at the nodes.
//!
//! Newton's method on flows and pressures at once (Todini and Pilati 1988, the global gradient algorithm): every iterate conserves mass, and
//! the pressures follow from one system of the size of the nodes. In a tree the flows follow from mass alone.

use indexmap::IndexMap;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::unionfind::UnionFind;

use super::FlowError;
use super::friction::Bore;
use super::sparse::Pattern;

/// Iterations allowed; meshes take three to ten.
const ITERATIONS: usize = 60;
/// Flows are known when none changes by more than this, relative to the largest that enters: the method doubles the digits, so the next change
/// would be lost in rounding.
const CHANGE: f64 = 1e-7;
/// Less than this, by the same measure, is rounding.
const ROUNDING: f64 = 1e-11;

/// Pipes between nodes.
#[derive(Debug, Clone)]
pub(super) struct Hydraulics {
    ends: Vec<[usize; 2]>,
    bores: Vec<Bore>,
    pattern: Pattern,
    /// For every node, the first node of the part of the network that pipes join it to; and that of the mesh, which it is in alone where it is in
    /// none.
    part: Vec<usize>,
    mesh: Vec<usize>,
    /// Pipes in no loop: mass alone determines their flows.
    is_bridge: Vec<bool>,
    values: Vec<f64>,
    /// From beginning to end, kg/s.
    pub(super) flow_kg_s: Vec<f64>,
    /// Above that at the first node of its part, Pa.
    pub(super) pressure_pa: Vec<f64>,
    /// Loss of each pipe, and flow by pressure.
    tangents: Vec<[f64; 2]>,
    /// What balances at each part.
    sums: Vec<f64>,
}

/// Which pipes are free to take on another flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Meshes,
}

/// Returns, for every node, the first node of the part of the network that edges join it to.
fn parts<'a>(nodes: usize, edges: impl Iterator<Item = &'a [usize; 2]>) -> Vec<usize> {
    let mut sets = UnionFind::new(nodes);
    edges.for_each(|&[i, j]| {
        sets.union(i, j);
    });
    let mut first = vec![None; nodes];
    let labels = sets.into_labeling().into_iter().enumerate();
    labels.map(|(node, label): (usize, usize)| *first[label].get_or_insert(node)).collect()
}

/// Returns, for every edge, whether the network falls apart without it. Of several edges between the same nodes none is a bridge.
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

    /// Pressure lost along a pipe with the flow it has, Pa.
    pub(super) fn loss_pa(&self, pipe: usize) -> f64 {
        self.bores[pipe].pressure_pa(self.flow_kg_s[pipe])[0]
    }

    /// The pipe's bore.
    pub(super) fn bore(&self, pipe: usize) -> &Bore {
        &self.bores[pipe]
    }

    /// Finds flows and pressures for what enters at the nodes (kg/s; leaves where negative).
    ///
    /// # Errors
    /// [`FlowError::Unbalanced`] where more enters a part of the network than leaves it, [`FlowError::NotFound`] where the method does not converge.
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
        // With equal resistances: in a tree right whatever they are, in a mesh a beginning.
        let begins = self.flow_kg_s.iter().all(|flow| *flow == 0.0);
        self.linearised(entering_kg_s, Which::All, |_, flow| [flow, 1.0]);
        for (pipe, &[from, to]) in self.ends.iter().enumerate() {
            if begins || self.is_bridge[pipe] {
                let flow = self.pressure_pa[from] - self.pressure_pa[to];
                // Rounding is no flow: a dead end has none.
                self.flow_kg_s[pipe] = if flow.abs() <= ROUNDING * scale { 0.0 } else { flow };
            }
        }
        if self.is_bridge.iter().all(|is_bridge| *is_bridge) {
            self.linearised(entering_kg_s, Which::All, Bore::pressure_pa);
            return Ok(());
        }
        let mut least = f64::INFINITY;
        for _ in 0..ITERATIONS {
            self.linearised(entering_kg_s, Which::Meshes, Bore::pressure_pa);
            let change = self.advance();
            least = least.min(change);
            if change <= CHANGE * scale {
                self.flow_kg_s.iter_mut().filter(|flow| flow.abs() <= ROUNDING * scale).for_each(|flow| *flow = 0.0);
                self.linearised(entering_kg_s, Which::All, Bore::pressure_pa);
                return Ok(());
            }
        }
        Err(FlowError::NotFound { change_kg_s: least })
    }

    /// Pressures for which mass is conserved with the pipes' tangents at their flows.
    fn linearised(&mut self, entering_kg_s: &[f64], which: Which, resistance: impl Fn(&Bore, f64) -> [f64; 2]) {
        let Self { ends, bores, pattern, part, mesh, is_bridge, values, flow_kg_s, pressure_pa, tangents, .. } = self;
        values.fill(0.0);
        pressure_pa.copy_from_slice(entering_kg_s);
        for (pipe, (&[from, to], flow)) in ends.iter().zip(&*flow_kg_s).enumerate() {
            // The flow of a bridge is known: it enters one mesh and leaves another.
            let fixed = is_bridge[pipe] && which == Which::Meshes;
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
        let firsts = if which == Which::Meshes { mesh } else { part };
        for (node, first) in firsts.iter().enumerate() {
            if node == *first {
                // This pressure is 0: a tie as strong as all others together does not spoil the balance, which closes without it.
                let place = pattern.diagonal(node);
                values[place] = if values[place] > 0.0 { 2.0 * values[place] } else { 1.0 };
            }
        }
        pattern.solve(values, pressure_pa);
    }

    /// Takes the flows that belong to these pressures; the largest change of one.
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
