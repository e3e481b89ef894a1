//! The g-function of a borehole field: finite line sources in homogeneous ground, with a cylindrical source for each
//! borehole's own wall.

use std::collections::{BTreeMap, VecDeque};
use std::f64::consts::PI;
use std::num::NonZeroUsize;

use gauss_quad::GaussLegendre;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::cylinder::CylinderSource;
use super::{BoreholeError, BoreholeField};

/// Number of segments of a borehole, each with its own heat flow; an even number.
const SEGMENTS: usize = 8;
/// Length of the first and of the last segment, as a share of the borehole; segments grow geometrically towards the
/// middle (Cimmino and Cook 2022, *pygfunction 2.2: new features and improvements in accuracy and computational
/// efficiency*).
const END_SHARE: f64 = 0.02;
/// Number of times per decade.
const TIMES_A_DECADE: f64 = 7.0;
/// First time, s; no later than the shortest step.
const FIRST_S: f64 = 60.0;
/// Number of quadrature nodes between two times.
const NODES: usize = 12;
/// Number of systems of equations that are factored together, in parallel.
const AT_ONCE: usize = 4;
/// Value of d s above which e^(-d^2 s^2) is negligible.
const FAR: f64 = 6.5;
/// Ratio whose square, below the first time, gives the time until which the response is that of an infinite cylinder.
const SHORT: f64 = 64.0;
/// Number of quadrature intervals before the first time.
const TAILS: i32 = 12;

/// The g-function of a borehole field (Eskilson): under a constant heat flow from time 0 on, the wall temperature
/// falls by q' / (2 pi k) times its value, where q' is the mean heat flow per length taken out of the field. All
/// boreholes and all depths have the same wall temperature, as in a field of boreholes connected in parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct GFunction {
    log_s: Vec<f64>,
    values: Vec<f64>,
    slopes: Vec<f64>,
}

impl GFunction {
    /// Computes the g-function of a field up to `years` years.
    ///
    /// # Errors
    /// [`BoreholeError`] when numbers of the field are out of range.
    pub fn of(field: &BoreholeField, years: f64) -> Result<Self, BoreholeError> {
        field.check()?;
        let last_s = (years * 8760.0 * 3600.0).max(2.0 * FIRST_S);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some dozens")]
        let count = ((last_s / FIRST_S).log10() * TIMES_A_DECADE).ceil().max(4.0) as usize;
        #[expect(clippy::cast_precision_loss, reason = "some dozens")]
        let times_s: Vec<f64> =
            (0..=count).map(|index| FIRST_S * (last_s / FIRST_S).powf(index as f64 / count as f64)).collect();
        let groups = BoreholeGroups::of(field);
        let responses = Responses::of(field, &groups, &times_s);
        let values = responses.equal_walls(&groups, &times_s);
        let rises = values[0] > 0.0 && values.windows(2).all(|pair| pair[0] < pair[1]) && values[count].is_finite();
        if !rises {
            return Err(BoreholeError::NoAnswer { after_s: times_s[0], first: values[0], last: values[count] });
        }
        Ok(Self::from_points(&times_s, values))
    }

    fn from_points(times_s: &[f64], values: Vec<f64>) -> Self {
        let log_s: Vec<f64> = times_s.iter().map(|time| time.ln()).collect();
        let slopes = slopes(&log_s, &values);
        Self { log_s, values, slopes }
    }

    /// Returns the value after `seconds`, dimensionless; before the first minute, a power law that is continuous
    /// there.
    #[must_use]
    pub fn at(&self, seconds: f64) -> f64 {
        if seconds <= 0.0 {
            return 0.0;
        }
        hermite(&self.log_s, &self.values, &self.slopes, seconds.ln())
    }
}

/// Returns the slopes of a smooth curve through points: at each, that of the parabola through three neighbours.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let rise = |k: usize| (y[k + 1] - y[k]) / (x[k + 1] - x[k]);
    let last = x.len() - 1;
    let slope = |k: usize| match k {
        0 => rise(0),
        k if k == last => rise(last - 1),
        k => ((x[k + 1] - x[k]) * rise(k - 1) + (x[k] - x[k - 1]) * rise(k)) / (x[k + 1] - x[k - 1]),
    };
    (0..x.len()).map(slope).collect()
}

/// Returns the cubic Hermite interpolant; before the first point, an exponential in `x` towards 0.
fn hermite(x: &[f64], y: &[f64], slopes: &[f64], at: f64) -> f64 {
    if at <= x[0] {
        return y[0] * (slopes[0] / y[0] * (at - x[0])).exp();
    }
    let k = x.partition_point(|x| *x <= at).clamp(1, x.len() - 1) - 1;
    let width = x[k + 1] - x[k];
    let t = (at - x[k]) / width;
    let rise = y[k + 1] - y[k];
    let bend = (1.0 - t) * (slopes[k] * width - rise) + t * (rise - slopes[k + 1] * width);
    y[k] + t * (rise + (1.0 - t) * bend)
}

/// The groups of boreholes that have the same distances to all others.
struct BoreholeGroups {
    /// Index of the first borehole of each group; the number of boreholes in each group follows.
    first: Vec<usize>,
    size: Vec<f64>,
    group: Vec<usize>,
}

impl BoreholeGroups {
    fn of(field: &BoreholeField) -> Self {
        let positions = &field.positions_m;
        // Sorted distances, in millimetres.
        let view = |here: &[f64; 2]| {
            #[expect(clippy::cast_possible_truncation, reason = "kilometres")]
            let mut distances: Vec<i64> = positions
                .iter()
                .map(|there| (1e3 * (here[0] - there[0]).hypot(here[1] - there[1])).round() as i64)
                .collect();
            distances.sort_unstable();
            distances
        };
        let mut known: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
        let (mut first, mut size, mut group) = (Vec::new(), Vec::new(), Vec::new());
        for (index, position) in positions.iter().enumerate() {
            let count = known.len();
            let place = *known.entry(view(position)).or_insert(count);
            if place == first.len() {
                first.push(index);
                size.push(0.0);
            }
            size[place] += 1.0;
            group.push(place);
        }
        Self { first, size, group }
    }
}

/// The responses of the segments of each group to heat flows in the segments of all boreholes of a group, by time.
struct Responses {
    /// One matrix per time: rows are responding segments, columns the segments with heat flow.
    by_time: Vec<DMatrix<f64>>,
}

impl Responses {
    fn of(field: &BoreholeField, groups: &BoreholeGroups, times_s: &[f64]) -> Self {
        let diffusivity = field.conductivity_w_m_k / field.heat_capacity_j_m3_k;
        let (tops_m, lengths_m) = segments(field);
        // 1 / sqrt(4 a t), descending; the part of the integral above the first bound is common to all times.
        let bounds: Vec<f64> = times_s.iter().map(|time| 1.0 / (4.0 * diffusivity * time).sqrt()).collect();
        let far = (FAR / field.radius_m).max(SHORT * bounds[0]);
        // Nodes s, weights ds / s^2, and the first time to which they contribute.
        let rule = GaussLegendre::new(NonZeroUsize::new(NODES).unwrap_or(NonZeroUsize::MIN));
        let mut nodes: Vec<(f64, f64, usize)> = Vec::new();
        let mut panel = |from: f64, to: f64, time: usize| {
            let (middle, half) = (0.5 * (to.ln() + from.ln()), 0.5 * (to.ln() - from.ln()));
            for (node, weight) in rule.iter() {
                let s = (middle + half * node).exp();
                nodes.push((s, weight * half / s, time));
            }
        };
        let step = (far / bounds[0]).powf(1.0 / f64::from(TAILS));
        (0..TAILS).for_each(|tail| panel(bounds[0] * step.powi(tail), bounds[0] * step.powi(tail + 1), 0));
        (1..bounds.len()).for_each(|time| panel(bounds[time], bounds[time - 1], time));
        // At a borehole's own wall, the rate of the cylinder replaces the e^(-r^2 s^2) of a line; beyond `far`, where
        // the ends have no effect yet, so does its response. Heat moves along the borehole as around a line, so that
        // the response rises monotonically.
        let cylinder = CylinderSource::new();
        let fourier = |s: f64| 0.25 / (field.radius_m * s).powi(2);
        let mut own: Vec<f64> = nodes.iter().map(|(s, ..)| cylinder.rate(fourier(*s))).collect();
        nodes.push((far, 1.0 / far, 0));
        own.push(cylinder.wall(fourier(far)));
        // Part of the integrand that depends on depths only: by responding and source segment, and node.
        let depths = |i: usize, j: usize, s: f64| {
            let [apart, together] = [tops_m[i] - tops_m[j], tops_m[i] + tops_m[j]];
            let [answers, takes] = [lengths_m[i], lengths_m[j]];
            ierf((apart + answers) * s) - ierf(apart * s) + ierf((apart - takes) * s)
                - ierf((apart + answers - takes) * s)
                + ierf((together + answers) * s)
                - ierf(together * s)
                + ierf((together + takes) * s)
                - ierf((together + answers + takes) * s)
        };
        let pairs: Vec<Vec<f64>> = (0..SEGMENTS * SEGMENTS)
            .map(|pair| {
                let (i, j) = (pair / SEGMENTS, pair % SEGMENTS);
                let of = |&(s, weight, _): &(f64, f64, usize)| 0.5 / lengths_m[i] * weight * depths(i, j, s);
                nodes.iter().map(of).collect()
            })
            .collect();
        let size = groups.first.len() * SEGMENTS;
        let mut by_time = vec![DMatrix::zeros(size, size); times_s.len()];
        let mut near = vec![0.0; nodes.len()];
        for (answering, &here) in groups.first.iter().enumerate() {
            for taking in 0..groups.first.len() {
                near.fill(0.0);
                let others = (0..groups.group.len()).filter(|&other| groups.group[other] == taking);
                for other in others {
                    if other == here {
                        near.iter_mut().zip(&own).for_each(|(near, own)| *near += own);
                        continue;
                    }
                    let distance = field.distance_m(here, other);
                    for (near, (s, ..)) in near.iter_mut().zip(&nodes) {
                        *near += (-(distance * s).powi(2)).exp();
                    }
                }
                for (pair, of_depths) in pairs.iter().enumerate() {
                    let (row, column) = (answering * SEGMENTS + pair / SEGMENTS, taking * SEGMENTS + pair % SEGMENTS);
                    for ((value, near), (.., time)) in of_depths.iter().zip(&near).zip(&nodes) {
                        by_time[*time][(row, column)] += value * near;
                    }
                }
            }
        }
        for time in 1..by_time.len() {
            let before = by_time[time - 1].clone();
            by_time[time] += before;
        }
        Self { by_time }
    }

    /// Returns the common temperature response of all walls when the field has a constant total heat flow: at every
    /// time, the heat flows of the segments are solved for which all walls are equal, given the flows before (Cimmino
    /// and Bernier 2014, doi:10.1016/j.ijheatmasstransfer.2013.11.037).
    fn equal_walls(&self, groups: &BoreholeGroups, times_s: &[f64]) -> Vec<f64> {
        let size = self.by_time[0].nrows();
        let boreholes: f64 = groups.size.iter().sum();
        let lengths = segment_shares();
        let share = |column: usize| groups.size[column / SEGMENTS] / boreholes * lengths[column % SEGMENTS];
        let logs: Vec<f64> = times_s.iter().map(|time| time.ln()).collect();
        // Interpolation weights of the response at a time between the tabulated ones.
        let between = |seconds: f64| -> Vec<(usize, f64)> {
            let at = seconds.ln();
            if at <= logs[0] {
                // Short-time response of a cylinder.
                return vec![(0, (seconds / times_s[0]).sqrt())];
            }
            let k = logs.partition_point(|log| *log <= at).clamp(1, logs.len() - 1) - 1;
            let width = logs[k + 1] - logs[k];
            let t = (at - logs[k]) / width;
            let rise = t * (1.0 + (1.0 - t) * (2.0 * t - 1.0));
            let mut shares = vec![(k, 1.0 - rise), (k + 1, rise)];
            for (k, share) in [(k, t * (1.0 - t) * (1.0 - t) * width), (k + 1, -t * t * (1.0 - t) * width)] {
                let (low, high) = (k.saturating_sub(1), (k + 1).min(logs.len() - 1));
                let share = share / (logs[high] - logs[low]);
                shares.extend([(high, share), (low, -share)]);
            }
            shares
        };
        // Unknowns at every time: the segments' flows and the common temperature; the current flow acts from the
        // previous time on.
        let system = |now: usize| {
            let latest = match now {
                0 => self.by_time[0].clone(),
                _ => {
                    let shares = between(times_s[now] - times_s[now - 1]);
                    let mut sum = DMatrix::zeros(size, size);
                    shares.into_iter().for_each(|(time, share)| sum += &self.by_time[time] * share);
                    sum
                }
            };
            let system = DMatrix::from_fn(size + 1, size + 1, |row, column| match (row < size, column < size) {
                (true, true) => latest[(row, column)],
                (true, false) => -1.0,
                (false, true) => share(column),
                (false, false) => 0.0,
            });
            system.lu()
        };
        // Only a few systems are held at a time: all of them would need as much memory as all responses.
        let mut systems = VecDeque::new();
        // By flow and later time: response to the flow.
        let mut answers: Vec<Vec<DVector<f64>>> = Vec::new();
        let mut found = Vec::new();
        for (now, &time) in times_s.iter().enumerate() {
            if systems.is_empty() {
                let coming: Vec<usize> = (now..times_s.len().min(now + AT_ONCE)).collect();
                systems.extend(coming.into_par_iter().map(system).collect::<Vec<_>>());
            }
            let Some(system) = systems.pop_front() else { unreachable!("it has just been filled") };
            // Response to the flows of earlier times.
            let mut history = DVector::zeros(size);
            for (then, answers) in answers.iter().enumerate() {
                let from = if then == 0 { time } else { time - times_s[then - 1] };
                between(from).into_iter().for_each(|(at, share)| history += &answers[at] * share);
                between(time - times_s[then]).into_iter().for_each(|(at, share)| history -= &answers[at] * share);
            }
            let right = DVector::from_fn(size + 1, |row, _| if row < size { -history[row] } else { 1.0 });
            let solution = system.solve(&right).unwrap_or_else(|| DVector::repeat(size + 1, f64::NAN));
            found.push(solution[size]);
            if now + 1 < times_s.len() {
                let flow = solution.rows(0, size).into_owned();
                answers.push(self.by_time.iter().map(|answer| answer * &flow).collect());
            }
        }
        found
    }
}

/// Returns the lengths of a borehole's segments from its upper end, as shares of the borehole.
fn segment_shares() -> [f64; SEGMENTS] {
    let growing =
        |ratio: f64| std::iter::successors(Some(END_SHARE), move |share| Some(share * ratio)).take(SEGMENTS / 2);
    // Ratio of neighbours for which the segments of one half add up to a half.
    let (mut low, mut high) = (1.0, 0.5 / END_SHARE);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if growing(middle).sum::<f64>() < 0.5 { low = middle } else { high = middle }
    }
    let mut shares = [0.0; SEGMENTS];
    for (segment, share) in growing(low).enumerate() {
        (shares[segment], shares[SEGMENTS - 1 - segment]) = (share, share);
    }
    shares
}

/// Returns the depths of the upper ends of a borehole's segments, m, and their lengths, m.
fn segments(field: &BoreholeField) -> (Vec<f64>, Vec<f64>) {
    let lengths_m: Vec<f64> = segment_shares().iter().map(|share| share * field.length_m).collect();
    let tops_m = lengths_m.iter().scan(field.buried_m, |next_m, length_m| {
        let top_m = *next_m;
        *next_m += length_m;
        Some(top_m)
    });
    (tops_m.collect(), lengths_m)
}

/// Returns the integral of the error function from 0.
fn ierf(x: f64) -> f64 {
    x * libm::erf(x) + (-x * x).exp_m1() / PI.sqrt()
}
