//! Sixteen f32 lanes and the operations on them that the kernels need.

use half::f16;

/// Lanes of a vector, and centroids in a panel: one AVX-512 register, two of AVX2, four of NEON.
pub(crate) const PANEL: usize = 16;

/// Vectors whose lanes are added up at a time.
pub(crate) const EACH: usize = 8;

/// Lanes of f64 in the direct form of a distance: one AVX-512 register, two of AVX2, four of NEON.
pub(crate) const WIDE: usize = 8;

/// Work that is compiled once for each instruction set.
pub(crate) trait Kernel {
    type Output;

    /// The body. Implementations are `#[inline(always)]`, so that it lands in the shell of
    /// [`Lanes::vectorize`] and is compiled with that shell's instructions.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// The vector operations of one instruction set; a value of the type proves that the set is there.
pub(crate) trait Lanes: Copy {
    /// Sixteen f32.
    type V: Copy;

    /// Eight f64.
    type W: Copy;

    /// Whether [`Lanes::fma`] and [`Lanes::mul_add`] round once.
    const FUSED: bool;

    /// Runs a kernel in a function that may use this instruction set.
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output;

    fn splat(self, value: f32) -> Self::V;
    fn load(self, from: &[f32; PANEL]) -> Self::V;
    fn store(self, value: Self::V, to: &mut [f32; PANEL]);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a * b + c` in each lane.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// `if x < low { x } else { low }` in each lane: `low` stays where `x` is NaN.
    fn min(self, x: Self::V, low: Self::V) -> Self::V;

    /// `if x > high { x } else { high }` in each lane: `high` stays where `x` is NaN.
    fn max(self, x: Self::V, high: Self::V) -> Self::V;

    /// In each lane: `(score, id)` where `score < best`, else `(best, at)`. The bits of `id` and `at`
    /// are moved, never computed with.
    fn keep_less(self, score: Self::V, id: Self::V, best: Self::V, at: Self::V) -> (Self::V, Self::V);

    /// The lanes in which `a > b` does not hold, one bit each: also where one of them is no number.
    #[inline(always)]
    fn not_greater(self, a: Self::V, b: Self::V) -> u32 {
        let (mut x, mut y) = ([0.0; PANEL], [0.0; PANEL]);
        self.store(a, &mut x);
        self.store(b, &mut y);
        (0..PANEL).fold(0, |mask, lane| {
            mask | {
                let is_greater = x[lane] > y[lane];
                u32::from(!is_greater) << lane
            }
        })
    }

    /// The lowest `16 * at + lane` among the lanes whose `best` is smallest; `at` holds the bits of
    /// an i32, and `best` no NaN.
    #[inline(always)]
    fn argmin(self, best: Self::V, at: Self::V) -> i32 {
        let (mut values, mut panels) = ([0.0; PANEL], [0.0; PANEL]);
        self.store(best, &mut values);
        self.store(at, &mut panels);
        let mut lowest = (f32::INFINITY, i32::MAX);
        for lane in 0..PANEL {
            let index = (panels[lane].to_bits() as i32) * PANEL as i32 + lane as i32;
            if values[lane] < lowest.0 || (values[lane] == lowest.0 && index < lowest.1) {
                lowest = (values[lane], index);
            }
        }
        lowest.1
    }

    /// Lane i is the smallest lane of vector i; a lane that is no number may count or not.
    #[inline(always)]
    fn lowest_of_each(self, vectors: [Self::V; PANEL]) -> Self::V {
        let lowest = vectors.map(|vector| {
            let mut values = [0.0; PANEL];
            self.store(vector, &mut values);
            values.into_iter().reduce(|low, x| if x < low { x } else { low }).expect("there are lanes")
        });
        self.load(&lowest)
    }

    /// `x`, but +∞ in the lanes of a mask.
    #[inline(always)]
    fn without(self, x: Self::V, mask: u32) -> Self::V {
        if mask == 0 {
            return x;
        }
        let mut values = [0.0; PANEL];
        self.store(x, &mut values);
        for (lane, value) in values.iter_mut().enumerate() {
            *value = if mask >> lane & 1 == 1 { f32::INFINITY } else { *value };
        }
        self.load(&values)
    }

    /// Writes `first` plus the number of each lane that is set in `mask`, one after the other, to the beginning
    /// of `out`, of which the rest is unspecified; returns how many there are.
    #[inline(always)]
    fn places(self, mask: u32, first: u32, out: &mut [u32; PANEL]) -> usize {
        let (mut left, mut count) = (mask, 0);
        while left != 0 {
            out[count] = first + left.trailing_zeros();
            left &= left - 1;
            count += 1;
        }
        count
    }

    /// Writes the lanes of `mask`, one after the other, to the beginning of `out`, of which the rest is
    /// unspecified.
    #[inline(always)]
    fn pack(self, x: Self::V, mask: u32, out: &mut [f32; PANEL]) {
        let mut values = [0.0; PANEL];
        self.store(x, &mut values);
        let (mut left, mut count) = (mask, 0);
        while left != 0 {
            out[count] = values[left.trailing_zeros() as usize];
            left &= left - 1;
            count += 1;
        }
    }

    /// The sum of the lanes of each vector, in some order.
    #[inline(always)]
    fn sum_of_each(self, vectors: [Self::V; EACH]) -> [f32; EACH] {
        vectors.map(|vector| {
            let mut values = [0.0; PANEL];
            self.store(vector, &mut values);
            values.into_iter().sum()
        })
    }

    /// Lane i of vector j becomes lane j of vector i.
    #[inline(always)]
    fn transposed(self, square: [Self::V; PANEL]) -> [Self::V; PANEL] {
        let (mut from, mut to) = ([[0.0; PANEL]; PANEL], square);
        for (from, vector) in from.iter_mut().zip(square) {
            self.store(vector, from);
        }
        for (i, to) in to.iter_mut().enumerate() {
            *to = self.load(&from.map(|row| row[i]));
        }
        to
    }

    /// The root of each lane.
    #[inline(always)]
    fn sqrt(self, x: Self::V) -> Self::V {
        let mut values = [0.0; PANEL];
        self.store(x, &mut values);
        self.load(&values.map(f32::sqrt))
    }

    fn wide_load(self, from: &[f64; WIDE]) -> Self::W;
    fn wide_store(self, value: Self::W, to: &mut [f64; WIDE]);
    fn wide_sub(self, a: Self::W, b: Self::W) -> Self::W;
    fn wide_mul(self, a: Self::W, b: Self::W) -> Self::W;
    fn wide_add(self, a: Self::W, b: Self::W) -> Self::W;

    /// The sum of the lanes in one fixed tree: halves, quarters, then the two that are left.
    #[inline(always)]
    fn wide_total(self, value: Self::W) -> f64 {
        let mut lanes = [0.0; WIDE];
        self.wide_store(value, &mut lanes);
        tree(lanes)
    }

    /// Eight halves, widened.
    #[inline(always)]
    fn widen(self, from: &[f16; WIDE]) -> [f32; WIDE] {
        from.map(f16::to_f32)
    }

    /// `a * b + c` of one number, rounded as [`Lanes::fma`] rounds.
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32, c: f32) -> f32 {
        if Self::FUSED { a.mul_add(b, c) } else { a * b + c }
    }
}

/// Eight lanes added: halves, quarters, then the two that are left.
#[inline(always)]
pub(super) fn tree([a, b, c, d, e, f, g, h]: [f64; WIDE]) -> f64 {
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Plain arrays, for the compiler to vectorise with what the build target has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Lanes for Portable {
    type V = [f32; PANEL];
    type W = [f64; WIDE];

    // Without the instruction `f32::mul_add` is a call into libm, a hundred times slower.
    const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; PANEL]
    }

    #[inline(always)]
    fn load(self, from: &[f32; PANEL]) -> Self::V {
        *from
    }

    #[inline(always)]
    fn store(self, value: Self::V, to: &mut [f32; PANEL]) {
        *to = value;
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        let mut sum = a;
        for lane in 0..PANEL {
            sum[lane] += b[lane];
        }
        sum
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        let mut sum = c;
        for lane in 0..PANEL {
            sum[lane] = self.mul_add(a[lane], b[lane], c[lane]);
        }
        sum
    }

    #[inline(always)]
    fn min(self, x: Self::V, low: Self::V) -> Self::V {
        let mut lesser = low;
        for lane in 0..PANEL {
            lesser[lane] = if x[lane] < low[lane] { x[lane] } else { low[lane] };
        }
        lesser
    }

    #[inline(always)]
    fn max(self, x: Self::V, high: Self::V) -> Self::V {
        let mut greater = high;
        for lane in 0..PANEL {
            greater[lane] = if x[lane] > high[lane] { x[lane] } else { high[lane] };
        }
        greater
    }

    #[inline(always)]
    fn keep_less(self, score: Self::V, id: Self::V, best: Self::V, at: Self::V) -> (Self::V, Self::V) {
        let (mut value, mut place) = (best, at);
        for lane in 0..PANEL {
            let less = score[lane] < best[lane];
            value[lane] = if less { score[lane] } else { best[lane] };
            place[lane] = if less { id[lane] } else { at[lane] };
        }
        (value, place)
    }

    #[inline(always)]
    fn wide_load(self, from: &[f64; WIDE]) -> Self::W {
        *from
    }

    #[inline(always)]
    fn wide_store(self, value: Self::W, to: &mut [f64; WIDE]) {
        *to = value;
    }

    #[inline(always)]
    fn wide_sub(self, a: Self::W, b: Self::W) -> Self::W {
        let mut out = a;
        for l in 0..WIDE {
            out[l] -= b[l];
        }
        out
    }

    #[inline(always)]
    fn wide_mul(self, a: Self::W, b: Self::W) -> Self::W {
        let mut out = a;
        for l in 0..WIDE {
            out[l] *= b[l];
        }
        out
    }

    #[inline(always)]
    fn wide_add(self, a: Self::W, b: Self::W) -> Self::W {
        let mut out = a;
        for l in 0..WIDE {
            out[l] += b[l];
        }
        out
    }
}
