//! Thermal model of a pipe: water that moves in parcels past a fixed wall.
//!
//! The pipe is divided into cells of equal length, each with a piece of wall; the water is a train of parcels as long
//! as a cell, which moves without mixing. Only the parts of a parcel that is being filled, or that lies across two
//! cells, mix: over any distance, a front is smeared over one cell at most. Water, wall and ground exchange heat
//! exactly ([`Exchange`]), at once for the whole time that the train needs for a cell, when parcels and cells are
//! aligned. A pipe that is flushed several times is solved as a whole, with a common temperature change of its wall.
//!
//! A step has one flow and several parts, each with its own inlet temperature. The outlet of a part is linear in the
//! inlet: a part is first computed for an unknown inlet ([`Pipe::prepare`]), and evaluated when the inlet is known
//! ([`Pipe::commit`]).

use super::exchange::{Exchange, Piece};

/// Smallest numbers of flushes in a part for which a pipe is solved as a whole: as such, and relative to the response
/// time of its wall.
const FLUSHES: f64 = 2.0;
const FOLLOWS: f64 = 1.5;
/// Largest share of a cell that counts as empty.
const NOTHING: f64 = 1e-12;

/// A value that is linear in the inlet temperature: its value for an inlet at 0, and its change per K.
type Linear = [f64; 2];

/// The temperatures of one cell, degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cell {
    /// Temperature of the part of a parcel that has come from the previous cell.
    entered: Linear,
    /// Temperature of the part of a parcel that is leaving into the next cell.
    leaving: Linear,
    wall: Linear,
}

/// A pipe with its temperatures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipe {
    /// Heat capacity of the water in one cell, J/K; wall, film (1 W/K per W/(m2 K) and piece of surface) and ground
    /// follow.
    water_j_k: f64,
    wall_j_k: f64,
    surface_m2: f64,
    ground_w_k: f64,
    /// Temperatures by cell, from the pipe's beginning: of the part up to `offset`, and of the rest.
    before: Vec<f64>,
    after: Vec<f64>,
    wall: Vec<f64>,
    /// Shares of every cell before and behind the border of two parcels. Both are stored, since the difference from 1
    /// would lose digits where a flow that hardly moves is reversed.
    shares: [f64; 2],
    course: WaterMotion,
    backwards: bool,
    /// Length of a part, s.
    part_s: f64,
    /// Along a flushed pipe, by cell: remaining share of the inlet's difference from the ground, and of a difference
    /// from the wall.
    along: Vec<[f64; 2]>,
    /// Lowest and highest temperatures of water and wall, degrees Celsius.
    span_c: [f64; 2],
    ground_c: f64,
    part: PreparedPart,
}

/// The prepared part of a step, in the direction of the flow.
#[derive(Debug, Clone, PartialEq)]
struct PreparedPart {
    cells: Vec<Cell>,
    /// Shares of every cell before and behind the border of two parcels.
    shares: [f64; 2],
    outlet: Linear,
    lost_j: Linear,
}

/// The motion of the water in a step.
#[derive(Debug, Clone, PartialEq)]
enum WaterMotion {
    Rest(Exchange),
    Train(Train),
    Flush(Flush),
}

/// A moving train of parcels. It exchanges heat where parcels and cells are aligned, for the time of half a cell
/// before and half a cell after that position; the remainders at the ends of the step are exchanged there.
#[derive(Debug, Clone, PartialEq)]
struct Train {
    /// Cells moved in a part, and in the whole step.
    moves: f64,
    way: f64,
    /// Position, in cells from that at the beginning of the step.
    at: f64,
    /// First position at which parcels and cells are aligned.
    first: f64,
    /// Position of the next exchange; its length in cells follows.
    next: f64,
    lasting: f64,
    piece: Piece,
    cell_s: f64,
    whole: Exchange,
}

/// The coefficients of a flushed pipe.
#[derive(Debug, Clone, PartialEq)]
struct Flush {
    flow_w_k: f64,
    to_wall: f64,
    to_ground: f64,
    wall_j_k: f64,
    water_j_k: f64,
    /// Share of the film in the wall's equilibrium temperature.
    of_film: f64,
    /// Remaining share of the wall's difference from the steady state after a part; its integral, s, follows.
    left: f64,
    area: f64,
    /// Mean along the pipe of the remaining share of the inlet's difference from the ground, and of the water's
    /// response to the wall.
    mean: [f64; 2],
}

/// The properties of a pipe that its thermal model needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PipeProperties {
    /// Inner surface, m2.
    pub(super) surface_m2: f64,
    /// Heat capacity of the water in it, J/K.
    pub(super) water_j_k: f64,
    /// Heat capacity of its wall, J/K.
    pub(super) wall_j_k: f64,
    /// Conductance from its wall to the ground, W/K.
    pub(super) ground_w_k: f64,
}

/// The results of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PartResult {
    /// Mean outlet temperature, degrees Celsius.
    pub(super) outlet_c: f64,
    /// Heat lost to the ground, J.
    pub(super) lost_j: f64,
    /// Lowest and highest temperatures of the water and wall before, the inlet and the ground, degrees Celsius.
    pub(super) met_c: [f64; 2],
}

#[inline]
fn map(a: Linear, b: Linear, of: impl Fn(f64, f64) -> f64) -> Linear {
    [of(a[0], b[0]), of(a[1], b[1])]
}

impl Pipe {
    /// Creates a pipe of `cells` cells at the uniform temperature `temp_c`.
    pub(super) fn new(make: &PipeProperties, cells: usize, temp_c: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let of_cells = cells as f64;
        Self {
            water_j_k: make.water_j_k / of_cells,
            // A wall without any heat capacity would have no defined temperature.
            wall_j_k: make.wall_j_k.max(1e-6 * make.water_j_k) / of_cells,
            surface_m2: make.surface_m2 / of_cells,
            ground_w_k: make.ground_w_k / of_cells,
            before: vec![temp_c; cells],
            after: vec![temp_c; cells],
            wall: vec![temp_c; cells],
            shares: [0.0, 1.0],
            course: WaterMotion::Rest(Exchange::NOTHING),
            backwards: false,
            part_s: 0.0,
            along: vec![[0.0; 2]; cells],
            span_c: [temp_c; 2],
            ground_c: temp_c,
            part: PreparedPart {
                cells: vec![Cell::default(); cells],
                shares: [0.0, 1.0],
                outlet: [temp_c, 0.0],
                lost_j: [0.0; 2],
            },
        }
    }

    /// Sets the temperatures of water and wall along the pipe; `temp_c` is a function of the cell centre's share of
    /// the length.
    pub(super) fn set_profile(&mut self, temp_c: impl Fn(f64) -> f64) {
        let cells = self.wall.len();
        for cell in 0..cells {
            #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
            let here = temp_c((cell as f64 + 0.5) / cells as f64);
            (self.before[cell], self.after[cell], self.wall[cell]) = (here, here, here);
        }
        self.shares = [0.0, 1.0];
        self.span_c = self.spans_c();
    }

    /// Returns the lowest and highest temperatures of water and wall, in degrees Celsius.
    fn spans_c(&self) -> [f64; 2] {
        let all = self.before.iter().chain(&self.after).chain(&self.wall);
        // NaN is preserved here; `min` and `max` would drop it.
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &here| {
            [
                if here < low || here.is_nan() { here } else { low },
                if here > high || here.is_nan() { here } else { high },
            ]
        })
    }

    /// Returns the heat in water and wall above 0 degrees Celsius, J.
    pub(super) fn content_j(&self) -> f64 {
        self.water_j_k * self.waters_c() + self.wall_j_k * self.wall.iter().sum::<f64>()
    }

    /// Returns the heat capacity of water and wall, J/K.
    pub(super) fn heat_capacity_j_k(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.wall.len() as f64;
        cells * (self.water_j_k + self.wall_j_k)
    }

    /// Returns the mean temperature of the water, degrees Celsius.
    pub(super) fn mean_c(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.wall.len() as f64;
        self.waters_c() / cells
    }

    /// Returns the temperature of the water at the pipe's beginning or end, degrees Celsius.
    pub(super) fn end_c(&self, at_end: bool) -> f64 {
        match at_end {
            true => self.after[self.after.len() - 1],
            false if self.shares[0] > 0.0 => self.before[0],
            false => self.after[0],
        }
    }

    /// Returns the sum of the water's temperatures over the cells.
    fn waters_c(&self) -> f64 {
        let waters = self.before.iter().zip(&self.after);
        waters.map(|(before, after)| self.shares[0] * before + self.shares[1] * after).sum()
    }

    /// Begins a step of `parts` parts of `part_s` seconds, with `capacity_flow_w_k` of water (mass flow times
    /// specific heat, > 0 from beginning to end, < 0 reversed) and a film of `film_w_m2_k`.
    pub(super) fn begin(&mut self, capacity_flow_w_k: f64, film_w_m2_k: f64, part_s: f64, parts: f64) {
        self.backwards = capacity_flow_w_k < 0.0;
        self.part_s = part_s;
        let flow = capacity_flow_w_k.abs();
        let piece = Piece {
            water_j_k: self.water_j_k,
            wall_j_k: self.wall_j_k,
            film_w_k: film_w_m2_k * self.surface_m2,
            ground_w_k: self.ground_w_k,
        };
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.part.cells.len() as f64;
        let moves = flow * part_s / self.water_j_k;
        let follows = cells * (1.0 + self.wall_j_k / self.water_j_k);
        self.course = if moves < NOTHING {
            WaterMotion::Rest(Exchange::over(part_s, &piece))
        } else if moves >= FLUSHES * cells && moves >= FOLLOWS * follows {
            WaterMotion::Flush(self.flushed(flow, &piece, cells))
        } else {
            WaterMotion::Train(Train::new(moves, moves * parts, self.flow_shares(), part_s / moves, &piece))
        };
    }

    /// Prepares a part of the step with the ground at `ground_c`. Returns the mean outlet temperature as a linear
    /// function: for an inlet at 0 degrees Celsius, and its change per K of the inlet.
    pub(super) fn prepare(&mut self, ground_c: f64) -> Linear {
        self.load();
        self.ground_c = ground_c;
        let part = &mut self.part;
        part.lost_j = [0.0; 2];
        match &mut self.course {
            WaterMotion::Rest(exchange) => {
                part.exchange(exchange, ground_c);
                part.outlet = part.cells[part.cells.len() - 1].leaving;
            }
            WaterMotion::Train(train) => part.advance(train, ground_c),
            WaterMotion::Flush(flush) => part.flush(flush, &self.along, self.part_s, ground_c),
        }
        part.outlet
    }

    /// Completes the prepared part with an inlet at `inlet_c`.
    pub(super) fn commit(&mut self, inlet_c: f64) -> PartResult {
        let at = |value: Linear| value[0] + inlet_c * value[1];
        let [low_c, high_c] = self.span_c;
        let met_c = match self.course {
            WaterMotion::Rest(_) => [low_c.min(self.ground_c), high_c.max(self.ground_c)],
            _ => [low_c.min(self.ground_c).min(inlet_c), high_c.max(self.ground_c).max(inlet_c)],
        };
        let count = self.part.cells.len();
        for (place, cell) in self.part.cells.iter().enumerate() {
            let (entered, leaving, wall) = (at(cell.entered), at(cell.leaving), at(cell.wall));
            let (place, before, after) =
                if self.backwards { (count - 1 - place, leaving, entered) } else { (place, entered, leaving) };
            (self.before[place], self.after[place], self.wall[place]) = (before, after, wall);
        }
        self.shares = self.part.shares;
        if self.backwards {
            let [entered, leaving] = self.part.shares;
            // Without an entered part, all water of a cell is the leaving part: in the pipe's own direction, the part
            // before the border.
            if entered < NOTHING {
                self.shares = [0.0, 1.0];
                self.after.copy_from_slice(&self.before);
            } else {
                self.shares = [leaving, entered];
            }
        }
        self.span_c = self.spans_c();
        if matches!(self.course, WaterMotion::Flush(_)) && (self.span_c[0] < met_c[0] || self.span_c[1] > met_c[1]) {
            self.limit(met_c);
        }
        PartResult { outlet_c: at(self.part.outlet), lost_j: at(self.part.lost_j), met_c }
    }

    /// Returns the current lowest and highest temperatures of water and wall, in degrees Celsius.
    pub(super) fn span_c(&self) -> [f64; 2] {
        self.span_c
    }

    /// Limits the profiles of water and wall along a flushed pipe to `met_c`, in degrees Celsius, by scaling each
    /// about its mean, which is preserved. The steady profile of the flushed solution can exceed these bounds while
    /// the wall is far from steady.
    fn limit(&mut self, [low_c, high_c]: [f64; 2]) {
        for course in [&mut self.after, &mut self.wall] {
            #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
            let mean_c = course.iter().sum::<f64>() / course.len() as f64;
            let share = course.iter().fold(1.0_f64, |share, here| match here - mean_c {
                above if above > 0.0 => share.min((high_c - mean_c).max(0.0) / above),
                below if below < 0.0 => share.min((mean_c - low_c).max(0.0) / -below),
                _ => share,
            });
            course.iter_mut().for_each(|here| *here = mean_c + share * (*here - mean_c));
        }
        self.before.copy_from_slice(&self.after);
        self.span_c = self.spans_c();
    }

    fn load(&mut self) {
        let backwards = self.backwards;
        let count = self.part.cells.len();
        for (place, cell) in self.part.cells.iter_mut().enumerate() {
            let (from, entered, leaving) = if backwards {
                (count - 1 - place, &self.after, &self.before)
            } else {
                (place, &self.before, &self.after)
            };
            *cell = Cell { entered: [entered[from], 0.0], leaving: [leaving[from], 0.0], wall: [self.wall[from], 0.0] };
        }
        self.part.shares = self.flow_shares();
        if backwards && self.shares[0] < NOTHING {
            self.part.cells.iter_mut().for_each(|cell| cell.leaving = cell.entered);
        }
    }

    /// Returns the shares of every cell before and behind the border of two parcels, in the direction of the flow.
    fn flow_shares(&self) -> [f64; 2] {
        match (self.backwards, self.shares) {
            (false, shares) => shares,
            (true, [before, _]) if before < NOTHING => [0.0, 1.0],
            (true, [before, after]) => [after, before],
        }
    }

    /// Returns the coefficients of a pipe that is flushed in every part: its wall changes as a whole, under water
    /// that passes quickly.
    fn flushed(&mut self, flow_w_k: f64, piece: &Piece, cells: f64) -> Flush {
        let (film, ground) = (cells * piece.film_w_k, cells * piece.ground_w_k);
        let wall_j_k = cells * piece.wall_j_k;
        let units = film / flow_w_k;
        let to_wall = flow_w_k * -(-units).exp_m1();
        // Chosen such that the steady loss equals that of a wall that follows the water along the pipe.
        let exact_units = if ground > 0.0 { 1.0 / (flow_w_k / film + flow_w_k / ground) } else { 0.0 };
        let exact = flow_w_k * -(-exact_units).exp_m1();
        let to_ground = if exact > 0.0 { 1.0 / (1.0 / exact - 1.0 / to_wall) } else { 0.0 };
        let rate = (to_wall + to_ground) / wall_j_k;
        let mut mean = [0.0; 2];
        for (place, along) in self.along.iter_mut().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
            let way = (place as f64 + 0.5) / cells;
            *along = [(-exact_units * way).exp(), -(-units * way).exp_m1()];
            mean = map(mean, *along, |sum, here| sum + here / cells);
        }
        Flush {
            flow_w_k,
            to_wall,
            to_ground,
            wall_j_k,
            water_j_k: cells * piece.water_j_k,
            of_film: film / (film + ground),
            left: (-rate * self.part_s).exp(),
            area: -(-rate * self.part_s).exp_m1() / rate,
            mean,
        }
    }
}

impl PreparedPart {
    /// Exchanges heat between water, wall and ground, with the water at rest.
    fn exchange(&mut self, exchange: &Exchange, ground_c: f64) {
        let ([share, rest], ground) = (self.shares, [ground_c, 0.0]);
        let mut lost = [0.0; 2];
        for cell in &mut self.cells {
            for lane in 0..2 {
                let (entered, leaving) = (cell.entered[lane], cell.leaving[lane]);
                let water = share * entered + rest * leaving - ground[lane];
                let wall = cell.wall[lane] - ground[lane];
                let mean = ground[lane] + exchange.water[0] * water + exchange.water[1] * wall;
                let apart = (entered - leaving) * exchange.difference;
                cell.entered[lane] = mean + rest * apart;
                cell.leaving[lane] = mean - share * apart;
                cell.wall[lane] = ground[lane] + exchange.wall[0] * water + exchange.wall[1] * wall;
                lost[lane] += exchange.lost_j_k[0] * water + exchange.lost_j_k[1] * wall;
            }
        }
        self.lost_j = map(self.lost_j, lost, |a, b| a + b);
    }

    /// Moves the train by one part.
    fn advance(&mut self, train: &mut Train, ground_c: f64) {
        let end = train.at + train.moves;
        let mut outlet = [0.0; 2];
        loop {
            while train.next - train.at < NOTHING {
                self.exchange(&train.exchange(), ground_c);
                train.plan();
            }
            if end - train.at < NOTHING {
                break;
            }
            let to_border = self.shares[1];
            let part = to_border.min(end - train.at).min(train.next - train.at);
            outlet = map(outlet, self.shift(part), |sum, out| sum + part * out);
            train.at += part;
        }
        self.outlet = outlet.map(|sum| sum / train.moves);
    }

    /// Moves the train by a fraction of a cell, up to the next border. Returns the leaving heat as a linear function.
    fn shift(&mut self, part: f64) -> Linear {
        let [share, rest] = self.shares;
        let grown = share + part;
        let [of_old, of_new] = [share / grown, part / grown];
        let mut behind: Linear = [0.0, 1.0];
        for cell in &mut self.cells {
            cell.entered = map(cell.entered, behind, |old, new| of_old * old + of_new * new);
            behind = cell.leaving;
        }
        self.shares = [grown, rest - part];
        if rest - part < NOTHING {
            self.shares = [0.0, 1.0];
            for cell in &mut self.cells {
                cell.leaving = cell.entered;
            }
        }
        behind
    }

    /// Flushes the pipe with the coefficients `along` it.
    fn flush(&mut self, flush: &Flush, along: &[[f64; 2]], seconds: f64, ground_c: f64) {
        let Flush { flow_w_k, to_wall, to_ground, wall_j_k, water_j_k, of_film, left, area, mean } = *flush;
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let per_cell = 1.0 / self.cells.len() as f64;
        let [share, rest] = self.shares;
        let (mut water, mut wall) = ([0.0; 2], [0.0; 2]);
        for cell in &self.cells {
            let mixed = map(cell.entered, cell.leaving, |a, b| share * a + rest * b);
            water = map(water, mixed, |sum, here| sum + per_cell * here);
            wall = map(wall, cell.wall, |sum, here| sum + per_cell * here);
        }
        let (mut above, mut wall_more) = ([0.0; 2], [0.0; 2]);
        let ground = [ground_c, 0.0];
        for (lane, inlet) in [0.0, 1.0].into_iter().enumerate() {
            let steady = (to_wall * inlet + to_ground * ground[lane]) / (to_wall + to_ground);
            let wall_after = steady + (wall[lane] - steady) * left;
            let lost_j = to_ground * ((steady - ground[lane]) * seconds + (wall[lane] - steady) * area);
            // Steady profile along the pipe, shifted such that the wall's heat is preserved.
            above[lane] = inlet - ground[lane];
            wall_more[lane] = wall_after - ground[lane] - of_film * mean[0] * above[lane];
            let water_after = ground[lane] + mean[0] * above[lane] + mean[1] * wall_more[lane];
            let kept_j = water_j_k * (water_after - water[lane]) + wall_j_k * (wall_after - wall[lane]);
            self.outlet[lane] = inlet - (kept_j + lost_j) / (flow_w_k * seconds);
            self.lost_j[lane] = lost_j;
        }
        for (cell, [left, taken]) in self.cells.iter_mut().zip(along) {
            for lane in 0..2 {
                let here = ground[lane] + left * above[lane] + taken * wall_more[lane];
                (cell.entered[lane], cell.leaving[lane]) = (here, here);
                cell.wall[lane] = ground[lane] + of_film * left * above[lane] + wall_more[lane];
            }
        }
        self.shares = [0.0, 1.0];
    }
}

impl Train {
    /// Creates a train that moves by `moves` cells a part and `way` cells in all, each in `cell_s` seconds, with
    /// `shares` of each cell before and behind the border of two parcels.
    fn new(moves: f64, way: f64, shares: [f64; 2], cell_s: f64, piece: &Piece) -> Self {
        let piece = piece.in_steps(cell_s);
        let whole = Exchange::over(cell_s, &piece);
        let first = if shares[0] < NOTHING { 0.0 } else { shares[1] };
        let mut train = Self { moves, way, at: 0.0, first, next: 0.0, lasting: 0.0, piece, cell_s, whole };
        // Motion before the half cell around the first aligned position, or the whole motion without such a position.
        train.lasting = (first - 0.5).max(0.0);
        if first > way {
            (train.next, train.lasting) = (0.5 * way, way);
        } else if train.lasting == 0.0 {
            train.next = first;
            train.lasting = train.around(first);
        }
        train
    }

    /// Returns the part of the half cells around a position that lies within the step, cells.
    fn around(&self, place: f64) -> f64 {
        (place + 0.5).min(self.way) - (place - 0.5).max(0.0)
    }

    /// Returns the next exchange.
    fn exchange(&self) -> Exchange {
        match self.lasting {
            lasting if lasting > 1.0 - NOTHING => self.whole,
            lasting => Exchange::over(lasting * self.cell_s, &self.piece),
        }
    }

    /// Schedules the exchange after this one.
    fn plan(&mut self) {
        let after = if self.next < self.first { self.first } else { self.next + 1.0 };
        let done = self.first <= self.way && self.next + 0.5 < self.way - NOTHING;
        (self.next, self.lasting) = match () {
            () if self.next >= self.way - NOTHING || self.first > self.way => (f64::INFINITY, 0.0),
            () if after <= self.way + NOTHING => (after, self.around(after)),
            // End of the step, beyond the half cell around the last aligned position.
            () if done => (self.way, self.way - self.next - 0.5),
            () => (f64::INFINITY, 0.0),
        };
    }
}
