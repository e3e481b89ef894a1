//! A pipe whose water moves in parcels past a wall that stays.
//!
//! The pipe is cut into cells of equal length, each with a piece of wall; the water is a train of parcels as long as a cell, which moves
//! without mixing. Only where a parcel is being filled, or lies across two cells, its parts mix: however long the way, a front is
//! smeared over a cell and no more. In between, water, wall and ground exchange heat exactly ([`Exchange`]), half before and half after
//! each movement. A pipe that is flushed several times in a step is solved at once, with a wall that is warmed as a whole.
//!
//! What leaves is linear in the temperature that enters, and enters at one temperature throughout a step; so a step is first taken for
//! an unknown inlet ([`Pipe::prepare`]), and made true when the inlet is known ([`Pipe::commit`]).

use super::exchange::{Exchange, Piece};

/// A pipe that is flushed so often in a step, and so often against the time that its wall takes to follow, is solved at once.
const FLUSHES: f64 = 4.0;
const FOLLOWS: f64 = 2.0;
/// Less of a cell than this is none.
const NOTHING: f64 = 1e-12;

/// A value that is linear in the inlet's temperature: what it is with an inlet at 0, and what it gains per K.
type Linear = [f64; 2];

/// Temperatures of one cell, degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cell {
    /// Of the part of a parcel that has come from the cell before.
    entered: Linear,
    /// Of the part of a parcel that is leaving into the next cell.
    leaving: Linear,
    wall: Linear,
}

/// A pipe and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipe {
    /// One cell; the film is that of 1 W/K per W/(m2 K) and piece of surface.
    water_j_k: f64,
    wall_j_k: f64,
    surface_m2: f64,
    ground_w_k: f64,
    /// Temperatures by cell, from the pipe's beginning: of the part up to `offset`, and of the rest.
    before: Vec<f64>,
    after: Vec<f64>,
    wall: Vec<f64>,
    /// Share of every cell that lies before the border of two parcels.
    offset: f64,
    /// The step in the making, in the direction of the flow.
    cells: Vec<Cell>,
    next_offset: f64,
    backwards: bool,
    outlet: Linear,
    lost_j: Linear,
}

/// What a pipe is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Make {
    /// Length, m.
    pub(super) length_m: f64,
    /// Inner surface, m2.
    pub(super) surface_m2: f64,
    /// Heat capacity of the water in it, J/K.
    pub(super) water_j_k: f64,
    /// Heat capacity of its wall, J/K.
    pub(super) wall_j_k: f64,
    /// Conductance from its wall to the ground, W/K.
    pub(super) ground_w_k: f64,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Passed {
    /// Mean temperature of what left, degrees Celsius.
    pub(super) outlet_c: f64,
    /// Heat lost to the ground, J.
    pub(super) lost_j: f64,
}

#[inline]
fn map(a: Linear, b: Linear, of: impl Fn(f64, f64) -> f64) -> Linear {
    [of(a[0], b[0]), of(a[1], b[1])]
}

impl Pipe {
    /// A pipe of `cells` cells, all of it at `temp_c`.
    pub(super) fn new(make: &Make, cells: usize, temp_c: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let of_cells = cells as f64;
        Self {
            water_j_k: make.water_j_k / of_cells,
            // Without any capacity of its own, a wall would have no temperature.
            wall_j_k: make.wall_j_k.max(1e-6 * make.water_j_k) / of_cells,
            surface_m2: make.surface_m2 / of_cells,
            ground_w_k: make.ground_w_k / of_cells,
            before: vec![temp_c; cells],
            after: vec![temp_c; cells],
            wall: vec![temp_c; cells],
            offset: 0.0,
            cells: vec![Cell::default(); cells],
            next_offset: 0.0,
            backwards: false,
            outlet: [temp_c, 0.0],
            lost_j: [0.0; 2],
        }
    }

    /// Sets the temperatures along the pipe: of water and wall, at the middle of a cell that lies at a share of the length.
    pub(super) fn set_profile(&mut self, temp_c: impl Fn(f64) -> f64) {
        let cells = self.wall.len();
        for cell in 0..cells {
            #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
            let here = temp_c((cell as f64 + 0.5) / cells as f64);
            (self.before[cell], self.after[cell], self.wall[cell]) = (here, here, here);
        }
        self.offset = 0.0;
    }

    /// Heat in water and wall above 0 degrees Celsius, J.
    pub(super) fn content_j(&self) -> f64 {
        let waters = self.before.iter().zip(&self.after);
        let water: f64 = waters.map(|(before, after)| self.offset * before + (1.0 - self.offset) * after).sum();
        self.water_j_k * water + self.wall_j_k * self.wall.iter().sum::<f64>()
    }

    /// Mean temperature of the water, degrees Celsius.
    pub(super) fn mean_c(&self) -> f64 {
        let waters = self.before.iter().zip(&self.after);
        let water: f64 = waters.map(|(before, after)| self.offset * before + (1.0 - self.offset) * after).sum();
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.wall.len() as f64;
        water / cells
    }

    /// Takes a step of `seconds` with `capacity_flow_w_k` of water (mass flow times specific heat, > 0 from beginning to end, < 0 back)
    /// against a film of `film_w_m2_k` and a ground at `ground_c`. Returns what leaves: with an inlet at 0 degrees Celsius, and more per K
    /// of the inlet.
    pub(super) fn prepare(&mut self, capacity_flow_w_k: f64, film_w_m2_k: f64, ground_c: f64, seconds: f64) -> Linear {
        self.load(capacity_flow_w_k < 0.0);
        let flow = capacity_flow_w_k.abs();
        let piece = Piece {
            water_j_k: self.water_j_k,
            wall_j_k: self.wall_j_k,
            film_w_k: film_w_m2_k * self.surface_m2,
            ground_w_k: self.ground_w_k,
        };
        self.lost_j = [0.0; 2];
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.cells.len() as f64;
        let moves = flow * seconds / self.water_j_k;
        let follows = cells * (1.0 + self.wall_j_k / self.water_j_k);
        if moves < NOTHING {
            self.exchange(&Exchange::over(seconds, &piece), ground_c);
            let last = self.cells[self.cells.len() - 1];
            self.outlet = last.leaving;
        } else if moves >= FLUSHES * cells && moves >= FOLLOWS * follows {
            self.flush(flow, &piece, ground_c, seconds);
        } else {
            self.advance(moves, &piece, ground_c, seconds);
        }
        self.outlet
    }

    /// Makes the prepared step true, with an inlet at `inlet_c`.
    pub(super) fn commit(&mut self, inlet_c: f64) -> Passed {
        let at = |value: Linear| value[0] + inlet_c * value[1];
        let count = self.cells.len();
        for (place, cell) in self.cells.iter().enumerate() {
            let (entered, leaving, wall) = (at(cell.entered), at(cell.leaving), at(cell.wall));
            let (place, before, after) =
                if self.backwards { (count - 1 - place, leaving, entered) } else { (place, entered, leaving) };
            (self.before[place], self.after[place], self.wall[place]) = (before, after, wall);
        }
        self.offset = if self.backwards { 1.0 - self.next_offset } else { self.next_offset };
        Passed { outlet_c: at(self.outlet), lost_j: at(self.lost_j) }
    }

    fn load(&mut self, backwards: bool) {
        self.backwards = backwards;
        let count = self.cells.len();
        for (place, cell) in self.cells.iter_mut().enumerate() {
            let (from, entered, leaving) = if backwards {
                (count - 1 - place, &self.after, &self.before)
            } else {
                (place, &self.before, &self.after)
            };
            *cell = Cell { entered: [entered[from], 0.0], leaving: [leaving[from], 0.0], wall: [self.wall[from], 0.0] };
        }
        self.next_offset = if backwards { 1.0 - self.offset } else { self.offset };
    }

    /// Heat between water, wall and ground, with the water at rest.
    fn exchange(&mut self, exchange: &Exchange, ground_c: f64) {
        let (share, ground) = (self.next_offset, [ground_c, 0.0]);
        let mut lost = [0.0; 2];
        for cell in &mut self.cells {
            for lane in 0..2 {
                let (entered, leaving) = (cell.entered[lane], cell.leaving[lane]);
                let water = share * entered + (1.0 - share) * leaving - ground[lane];
                let wall = cell.wall[lane] - ground[lane];
                let mean = ground[lane] + exchange.water[0] * water + exchange.water[1] * wall;
                let apart = (entered - leaving) * exchange.difference;
                cell.entered[lane] = mean + (1.0 - share) * apart;
                cell.leaving[lane] = mean - share * apart;
                cell.wall[lane] = ground[lane] + exchange.wall[0] * water + exchange.wall[1] * wall;
                lost[lane] += exchange.lost_j_k[0] * water + exchange.lost_j_k[1] * wall;
            }
        }
        self.lost_j = map(self.lost_j, lost, |a, b| a + b);
    }

    /// Moves the train by `moves` cells, parcel by parcel.
    fn advance(&mut self, moves: f64, piece: &Piece, ground_c: f64, seconds: f64) {
        let cell_seconds = seconds / moves;
        let piece = &piece.in_steps(cell_seconds);
        let mut known = Exchange::over(0.0, piece);
        let mut rest = |pipe: &mut Self, seconds: f64| {
            if (known.seconds - seconds).abs() > 1e-9 * seconds {
                known = Exchange::over(seconds, piece);
            }
            pipe.exchange(&known, ground_c);
        };
        let (mut left, mut waiting, mut outlet) = (moves, 0.0, [0.0; 2]);
        while left > NOTHING {
            let part = left.min(1.0 - self.next_offset);
            // Half before the movement, half after it; the latter goes with the next one.
            let half = 0.5 * part * cell_seconds;
            rest(self, waiting + half);
            outlet = map(outlet, self.shift(part), |sum, out| sum + part * out);
            waiting = half;
            left -= part;
        }
        rest(self, waiting);
        self.outlet = outlet.map(|sum| sum / moves);
    }

    /// Moves the train by a part of a cell, up to the next border; returns what leaves.
    fn shift(&mut self, part: f64) -> Linear {
        let share = self.next_offset;
        let grown = share + part;
        let mut behind: Linear = [0.0, 1.0];
        for cell in &mut self.cells {
            cell.entered = map(cell.entered, behind, |old, new| (share * old + part * new) / grown);
            behind = cell.leaving;
        }
        self.next_offset = grown;
        if grown > 1.0 - NOTHING {
            self.next_offset = 0.0;
            for cell in &mut self.cells {
                cell.leaving = cell.entered;
            }
        }
        behind
    }

    /// A step in which the pipe is flushed several times: the wall is warmed as a whole, by water that passes it quickly.
    fn flush(&mut self, flow_w_k: f64, piece: &Piece, ground_c: f64, seconds: f64) {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.cells.len() as f64;
        let (film, ground) = (cells * piece.film_w_k, cells * piece.ground_w_k);
        let wall_j_k = cells * piece.wall_j_k;
        let units = film / flow_w_k;
        let to_wall = flow_w_k * -(-units).exp_m1();
        // Chosen so that in the end as much is lost as by a wall that follows the water along the pipe.
        let exact_units = if ground > 0.0 { 1.0 / (flow_w_k / film + flow_w_k / ground) } else { 0.0 };
        let exact = flow_w_k * -(-exact_units).exp_m1();
        let to_ground = if exact > 0.0 { 1.0 / (1.0 / exact - 1.0 / to_wall) } else { 0.0 };
        let rate = (to_wall + to_ground) / wall_j_k;
        let [left, area] = [(-rate * seconds).exp(), -(-rate * seconds).exp_m1() / rate];
        let (ground_c, inlet) = ([ground_c, 0.0], [0.0, 1.0]);
        let share = self.next_offset;
        for lane in 0..2 {
            let mean =
                |of: fn(&Cell, f64) -> Linear| self.cells.iter().map(|cell| of(cell, share)[lane]).sum::<f64>() / cells;
            let water = mean(|cell, share| map(cell.entered, cell.leaving, |a, b| share * a + (1.0 - share) * b));
            let wall = mean(|cell, _| cell.wall);
            let (inlet, ground_c) = (inlet[lane], ground_c[lane]);
            let steady = (to_wall * inlet + to_ground * ground_c) / (to_wall + to_ground);
            let wall_after = steady + (wall - steady) * left;
            let lost_j = to_ground * ((steady - ground_c) * seconds + (wall - steady) * area);
            // Along the pipe: the steady course, moved so far that the wall has the heat it has.
            let along = |place: usize| {
                #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
                let way = (place as f64 + 0.5) / cells;
                let water = ground_c + (inlet - ground_c) * (-exact_units * way).exp();
                (way, water, (film * water + ground * ground_c) / (film + ground))
            };
            let course = (0..self.cells.len()).map(|place| along(place).2).sum::<f64>() / cells;
            let mut water_after = 0.0;
            for place in 0..self.cells.len() {
                let (way, here, wall_here) = along(place);
                let here = here + (wall_after - course) * -(-units * way).exp_m1();
                water_after += here / cells;
                let cell = &mut self.cells[place];
                (cell.entered[lane], cell.leaving[lane]) = (here, here);
                cell.wall[lane] = wall_here + wall_after - course;
            }
            let kept_j = cells * piece.water_j_k * (water_after - water) + wall_j_k * (wall_after - wall);
            self.outlet[lane] = inlet - (kept_j + lost_j) / (flow_w_k * seconds);
            self.lost_j[lane] = lost_j;
        }
        self.next_offset = 0.0;
    }
}
