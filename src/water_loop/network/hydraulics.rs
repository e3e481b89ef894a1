//! Flows and pressures in the pipes, given what enters and leaves at the nodes.
//!
//! Newton's method on flows and pressures at once (Todini and Pilati 1988, the global gradient algorithm): every iterate conserves mass, and
//! the pressures follow from one system of the size of the nodes. In a tree the flows follow from mass alone.

use super::FlowError;
use super::friction::Bore;
use super::sparse::Pattern;

/// Iterations allowed; meshes take three to ten.
const ITERATIONS: usize = 60;
/// Flows are known when none changes by more than this, relative to the largest that enters.
const CHANGE: f64 = 1e-11;

/// Pipes between nodes.
#[derive(Debug, Clone)]
pub(super) struct Hydraulics {
    ends: Vec<[usize; 2]>,
    bores: Vec<Bore>,
    pattern: Pattern,
    /// For every node, the first node of the part of the network that pipes join it to.
    part: Vec<usize>,
    has_loops: bool,
    values: Vec<f64>,
    /// From beginning to end, kg/s.
    pub(super) flow_kg_s: Vec<f64>,
    /// Above that at the first node of its part, Pa.
    pub(super) pressure_pa: Vec<f64>,
    /// What balances at each part.
    sums: Vec<f64>,
}

impl Hydraulics {
    pub(super) fn new(nodes: usize, ends: &[[usize; 2]], bores: Vec<Bore>) -> Self {
        let mut part: Vec<usize> = (0..nodes).collect();
        let mut has_loops = false;
        for &[i, j] in ends {
            let (a, b) = (part[i].min(part[j]), part[i].max(part[j]));
            has_loops |= a == b;
            part.iter_mut().filter(|part| **part == b).for_each(|part| *part = a);
        }
        let pattern = Pattern::new(nodes, ends);
        Self {
            values: vec![0.0; pattern.values()],
            flow_kg_s: vec![0.0; ends.len()],
            pressure_pa: vec![0.0; nodes],
            sums: vec![0.0; nodes],
            ends: ends.to_vec(),
            bores,
            pattern,
            part,
            has_loops,
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
        if !self.has_loops || self.flow_kg_s.iter().all(|flow| *flow == 0.0) {
            // With equal resistances: in a tree, whatever they are; in a mesh, a beginning.
            self.flow_kg_s.fill(0.0);
            self.linearised(entering_kg_s, |_, flow| [flow, 1.0]);
        }
        if !self.has_loops {
            self.linearised(entering_kg_s, |bore, flow| bore.pressure_pa(flow));
            return Ok(());
        }
        let mut least = f64::INFINITY;
        for iteration in 0..ITERATIONS {
            let change = self.linearised(entering_kg_s, |bore, flow| bore.pressure_pa(flow));
            least = least.min(change);
            if change <= CHANGE * scale || iteration > 20 && change <= 1e3 * CHANGE * scale {
                return Ok(());
            }
        }
        Err(FlowError::NotFound { change_kg_s: least })
    }

    /// One step of Newton's method; the largest change of a flow.
    fn linearised(&mut self, entering_kg_s: &[f64], resistance: impl Fn(&Bore, f64) -> [f64; 2]) -> f64 {
        let Self { ends, bores, pattern, part, values, flow_kg_s, pressure_pa, .. } = self;
        values.fill(0.0);
        pressure_pa.copy_from_slice(entering_kg_s);
        for (pipe, (&[from, to], flow)) in ends.iter().zip(&*flow_kg_s).enumerate() {
            let [loss, slope] = resistance(&bores[pipe], *flow);
            let weight = 1.0 / slope;
            let kept = flow - loss * weight;
            values[pattern.diagonal(from)] += weight;
            values[pattern.diagonal(to)] += weight;
            for place in pattern.edge(pipe) {
                values[place] -= weight;
            }
            pressure_pa[from] -= kept;
            pressure_pa[to] += kept;
        }
        for (node, first) in part.iter().enumerate() {
            if node == *first {
                // This pressure is 0: a tie as strong as all others together does not spoil the balance, which closes without it.
                let place = pattern.diagonal(node);
                values[place] = if values[place] > 0.0 { 2.0 * values[place] } else { 1.0 };
            }
        }
        pattern.solve(values, pressure_pa);
        let mut change = 0.0_f64;
        for (pipe, &[from, to]) in ends.iter().enumerate() {
            let flow = flow_kg_s[pipe];
            let [loss, slope] = resistance(&bores[pipe], flow);
            let more = (pressure_pa[from] - pressure_pa[to] - loss) / slope;
            flow_kg_s[pipe] += more;
            change = change.max(more.abs());
        }
        change
    }
}
