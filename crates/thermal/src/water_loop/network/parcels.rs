//! A pipe whose water moves in parcels past a wall that stays.
//!
//! The pipe is cut into cells of equal length, each with a piece of wall; the water is a train of parcels as long as a cell, which moves
//! without mixing. Only where a parcel is being filled, or lies across two cells, its parts mix: however long the way, a front is
//! smeared over a cell and no more. Water, wall and ground exchange heat exactly ([`Exchange`]), at once for all the time that the train needs for
//! a cell, when parcels and cells lie side by side. A pipe that is flushed several times is solved at once, with a wall that is warmed as a whole.
//!
//! A step has one flow and several parts, each with a temperature of its own at the inlet. What leaves in a part is linear in it: so a part is
//! first taken for an unknown inlet ([`Pipe::prepare`]), and made true when the inlet is known ([`Pipe::commit`]).

use super::exchange::{Exchange, Piece};

/// A pipe that is flushed so often in a part, and so often against the time that its wall takes to follow, is solved at once.
const FLUSHES: f64 = 2.0;
const FOLLOWS: f64 = 1.5;
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
    /// Shares of every cell that lie before and behind the border of two parcels. Both are kept, since the one would lose the digits of the other
    /// where a flow that hardly moves turns round.
    shares: [f64; 2],
    course: Course,
    backwards: bool,
    /// Length of a part, s.
    part_s: f64,
    /// Along a pipe that is flushed, by cell: what is left of the inlet's difference from the ground, and of one from the wall.
    along: Vec<[f64; 2]>,
    /// Least and greatest temperature of water and wall, degrees Celsius.
    span_c: [f64; 2],
    ground_c: f64,
    part: Part,
}

/// A part of a step in the making, in the direction of the flow.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    cells: Vec<Cell>,
    /// Shares of every cell that lie before and behind the border of two parcels.
    shares: [f64; 2],
    outlet: Linear,
    lost_j: Linear,
}

/// How the water moves in a step.
#[derive(Debug, Clone, PartialEq)]
enum Course {
    Rest(Exchange),
    Train(Train),
    Flush(Flush),
}

/// A train of parcels on its way. It exchanges heat where parcels and cells lie side by side, for the time of half a cell before and
/// half a cell after that place; what is left at the ends of the step is exchanged there.
#[derive(Debug, Clone, PartialEq)]
struct Train {
    /// Cells by which it moves in a part, and in the whole step.
    moves: f64,
    way: f64,
    /// Where it is, in cells from its place at the beginning of the step.
    at: f64,
    /// Where parcels and cells first lie side by side.
    first: f64,
    /// Where the next exchange takes place, and for how many cells.
    next: f64,
    lasting: f64,
    piece: Piece,
    cell_s: f64,
    whole: Exchange,
}

/// Coefficients of a pipe that is flushed.
#[derive(Debug, Clone, PartialEq)]
struct Flush {
    flow_w_k: f64,
    to_wall: f64,
    to_ground: f64,
    wall_j_k: f64,
    water_j_k: f64,
    /// Share of the film in what the wall's temperature follows.
    of_film: f64,
    /// Of the wall's difference from the steady state: what is left after a part, and its integral, s.
    left: f64,
    area: f64,
    /// Mean along the pipe of what is left of the inlet's difference from the ground, and of what water takes on from the wall.
    mean: [f64; 2],
}

/// What a pipe is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Make {
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
    /// Least and greatest temperature of what water and wall met: of themselves before, the inlet and the ground, degrees Celsius.
    pub(super) met_c: [f64; 2],
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
            shares: [0.0, 1.0],
            course: Course::Rest(Exchange::NOTHING),
            backwards: false,
            part_s: 0.0,
            along: vec![[0.0; 2]; cells],
            span_c: [temp_c; 2],
            ground_c: temp_c,
            part: Part {
                cells: vec![Cell::default(); cells],
                shares: [0.0, 1.0],
                outlet: [temp_c, 0.0],
                lost_j: [0.0; 2],
            },
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
        self.shares = [0.0, 1.0];
        self.span_c = self.spans_c();
    }

    /// Returns the least and the greatest temperature of water and wall, in degrees Celsius.
    fn spans_c(&self) -> [f64; 2] {
        let all = self.before.iter().chain(&self.after).chain(&self.wall);
        // A temperature that is no number stays one, where `min` and `max` would drop it.
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &here| {
            [
                if here < low || here.is_nan() { here } else { low },
                if here > high || here.is_nan() { here } else { high },
            ]
        })
    }

    /// Heat in water and wall above 0 degrees Celsius, J.
    pub(super) fn content_j(&self) -> f64 {
        self.water_j_k * self.waters_c() + self.wall_j_k * self.wall.iter().sum::<f64>()
    }

    /// Heat capacity of water and wall, J/K.
    pub(super) fn heat_capacity_j_k(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.wall.len() as f64;
        cells * (self.water_j_k + self.wall_j_k)
    }

    /// Mean temperature of the water, degrees Celsius.
    pub(super) fn mean_c(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousand cells at most")]
        let cells = self.wall.len() as f64;
        self.waters_c() / cells
    }

    /// Temperature of the water at the pipe's beginning or end, degrees Celsius.
    pub(super) fn end_c(&self, at_end: bool) -> f64 {
        match at_end {
            true => self.after[self.after.len() - 1],
            false if self.shares[0] > 0.0 => self.before[0],
            false => self.after[0],
        }
    }

    /// Sum of the water's temperatures over the cells.
    fn waters_c(&self) -> f64 {
        let waters = self.before.iter().zip(&self.after);
        waters.map(|(before, after)| self.shares[0] * before + self.shares[1] * after).sum()
    }

    /// Begins a step of `parts` parts of `part_s` seconds, with `capacity_flow_w_k` of water (mass flow times specific heat, > 0 from beginning to end,
    /// < 0 back) against a film of `film_w_m2_k`.
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
            Course::Rest(Exchange::over(part_s, &piece))
        } else if moves >= FLUSHES * cells && moves >= FOLLOWS * follows {
            Course::Flush(self.flushed(flow, &piece, cells))
        } else {
            Course::Train(Train::new(moves, moves * parts, self.flow_shares(), part_s / moves, &piece))
        };
    }

    /// Takes a part of the step against a ground at `ground_c`. Returns the mean temperature of what leaves: with an inlet at 0 degrees Celsius, and
    /// what it gains per K of the inlet.
    pub(super) fn prepare(&mut self, ground_c: f64) -> Linear {
        self.load();
        self.ground_c = ground_c;
        let part = &mut self.part;
        part.lost_j = [0.0; 2];
        match &mut self.course {
            Course::Rest(exchange) => {
                part.exchange(exchange, ground_c);
                part.outlet = part.cells[part.cells.len() - 1].leaving;
            }
            Course::Train(train) => part.advance(train, ground_c),
            Course::Flush(flush) => part.flush(flush, &self.along, self.part_s, ground_c),
        }
        part.outlet
    }

    /// Makes the prepared part true, with an inlet at `inlet_c`.
    pub(super) fn commit(&mut self, inlet_c: f64) -> Passed {
        let at = |value: Linear| value[0] + inlet_c * value[1];
        let [low_c, high_c] = self.span_c;
        let met_c = match self.course {
            Course::Rest(_) => [low_c.min(self.ground_c), high_c.max(self.ground_c)],
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
            // With nothing entered, all that is in a cell is leaving it: in the pipe's own direction, that is what lies before.
            if entered < NOTHING {
                self.shares = [0.0, 1.0];
                self.after.copy_from_slice(&self.before);
            } else {
                self.shares = [leaving, entered];
            }
        }
        self.span_c = self.spans_c();
        if matches!(self.course, Course::Flush(_)) && (self.span_c[0] < met_c[0] || self.span_c[1] > met_c[1]) {
            self.limit(met_c);
        }
        Passed { outlet_c: at(self.part.outlet), lost_j: at(self.part.lost_j), met_c }
    }

    /// Returns the least and the greatest temperature of water and wall now, in degrees Celsius.
    pub(super) fn span_c(&self) -> [f64; 2] {
        self.span_c
    }

    /// Brings the courses of water and wall along a flushed pipe within `met_c`, in degrees Celsius: each is drawn nearer to its mean, which
    /// stays. The steady course, which the pipe has been given, may leave them while the wall is still far from steady.
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

    /// Returns the shares of every cell that lie before and behind the border of two parcels, in the direction of the flow.
    fn flow_shares(&self) -> [f64; 2] {
        match (self.backwards, self.shares) {
            (false, shares) => shares,
            (true, [before, _]) if before < NOTHING => [0.0, 1.0],
            (true, [before, after]) => [after, before],
        }
    }

    /// What a pipe does that is flushed in every part: the wall is warmed as a whole, by water that passes it quickly.
    fn flushed(&mut self, flow_w_k: f64, piece: &Piece, cells: f64) -> Flush {
        let (film, ground) = (cells * piece.film_w_k, cells * piece.ground_w_k);
        let wall_j_k = cells * piece.wall_j_k;
        let units = film / flow_w_k;
        let to_wall = flow_w_k * -(-units).exp_m1();
        // Chosen so that in the end as much is lost as by a wall that follows the water along the pipe.
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

impl Part {
    /// Heat between water, wall and ground, with the water at rest.
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

    /// Moves the train on for a part.
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

    /// Moves the train by a part of a cell, up to the next border; returns what leaves.
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

    /// Flushes the pipe with what stands `along` it.
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
            // Along the pipe: the steady course, moved so far that the wall has the heat it has.
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
    /// A train that moves by `moves` cells a part and `way` cells in all, each in `cell_s` seconds, with `shares` of each cell before and behind the border of
    /// two parcels.
    fn new(moves: f64, way: f64, shares: [f64; 2], cell_s: f64, piece: &Piece) -> Self {
        let piece = piece.in_steps(cell_s);
        let whole = Exchange::over(cell_s, &piece);
        let first = if shares[0] < NOTHING { 0.0 } else { shares[1] };
        let mut train = Self { moves, way, at: 0.0, first, next: 0.0, lasting: 0.0, piece, cell_s, whole };
        // What lies before the half cell around the first place, or everything where there is no such place.
        train.lasting = (first - 0.5).max(0.0);
        if first > way {
            (train.next, train.lasting) = (0.5 * way, way);
        } else if train.lasting == 0.0 {
            train.next = first;
            train.lasting = train.around(first);
        }
        train
    }

    /// How much of the half cells around a place lies within the step.
    fn around(&self, place: f64) -> f64 {
        (place + 0.5).min(self.way) - (place - 0.5).max(0.0)
    }

    /// The exchange that is next.
    fn exchange(&self) -> Exchange {
        match self.lasting {
            lasting if lasting > 1.0 - NOTHING => self.whole,
            lasting => Exchange::over(lasting * self.cell_s, &self.piece),
        }
    }

    /// Finds the exchange after this one.
    fn plan(&mut self) {
        let after = if self.next < self.first { self.first } else { self.next + 1.0 };
        let done = self.first <= self.way && self.next + 0.5 < self.way - NOTHING;
        (self.next, self.lasting) = match () {
            () if self.next >= self.way - NOTHING || self.first > self.way => (f64::INFINITY, 0.0),
            () if after <= self.way + NOTHING => (after, self.around(after)),
            // The end of the step, beyond the half cell around the last place.
            () if done => (self.way, self.way - self.next - 0.5),
            () => (f64::INFINITY, 0.0),
        };
    }
}
