//! Integers of 64 bits as pairs of words, and real numbers split on a grid: the same bits on every device.

use cubecl::ir::Scope;
use cubecl::prelude::*;

/// A 64-bit integer in two's complement.
#[derive(CubeType, Clone, Copy)]
pub(crate) struct Wide {
    pub(crate) low: u32,
    pub(crate) high: u32,
}

impl Assign for WideExpand {
    fn expand_assign(&mut self, scope: &mut Scope, value: Self) {
        self.low.expand_assign(scope, value.low);
        self.high.expand_assign(scope, value.high);
    }

    fn init_mut(&self, scope: &mut Scope) -> Self {
        Self { low: self.low.init_mut(scope), high: self.high.init_mut(scope) }
    }
}

/// A real number on a grid: units of the grid, and the remainder in units `2^bits` times finer, as
/// `kmeans_core::Fixed` has them.
#[derive(CubeType, Clone, Copy)]
pub(crate) struct Limbs {
    pub(crate) upper: Wide,
    pub(crate) lower: Wide,
}

#[cube]
pub(crate) fn add(a: Wide, b: Wide) -> Wide {
    let low = a.low + b.low;
    let carry = select(low < a.low, 1u32, 0u32);
    Wide { low, high: a.high + b.high + carry }
}

#[cube]
pub(crate) fn negate(a: Wide) -> Wide {
    let borrow = select(a.low == 0, 0u32, 1u32);
    Wide { low: 0u32 - a.low, high: 0u32 - a.high - borrow }
}

/// `a · 2^by`, `by < 64`.
#[cube]
pub(crate) fn shift_left(a: Wide, by: u32) -> Wide {
    let far = by >= 32;
    let by = by & 31;
    let carry = select(by == 0, 0u32, a.low >> ((32 - by) & 31));
    let low = a.low << by;
    Wide { low: select(far, 0u32, low), high: select(far, low, (a.high << by) | carry) }
}

/// `a / 2^by` without its fraction, `by < 64`, of an integer without sign.
#[cube]
pub(crate) fn shift_right(a: Wide, by: u32) -> Wide {
    let far = by >= 32;
    let by = by & 31;
    let carry = select(by == 0, 0u32, a.high << ((32 - by) & 31));
    let high = a.high >> by;
    Wide { low: select(far, high, (a.low >> by) | carry), high: select(far, 0u32, high) }
}

/// `a / 2^by` rounded to an integer, ties to even; of an integer without sign.
#[cube]
pub(crate) fn round_right(a: Wide, by: u32) -> Wide {
    let by = min(by, 63u32);
    let down = shift_right(a, by);
    // Where `by` is 0 nothing is lost, and the shifts by one less mean nothing.
    let before = shift_right(a, max(by, 1u32) - 1);
    let back = shift_left(before, max(by, 1u32) - 1);
    let is_more = a.low != back.low || a.high != back.high || (down.low & 1) == 1;
    let up = by > 0 && (before.low & 1) == 1 && is_more;
    add(down, Wide { low: select(up, 1u32, 0u32), high: 0u32 })
}

/// The bits of an `f32`: `±mantissa · 2^exponent`.
#[derive(CubeType, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) negative: u32,
    pub(crate) mantissa: u32,
    pub(crate) exponent: i32,
}

#[cube]
pub(crate) fn parts(v: f32) -> Parts {
    let bits = u32::reinterpret(v);
    let exponent = (bits >> 23) & 0xff;
    let fraction = bits & 0x7f_ffff;
    let is_normal = exponent > 0;
    Parts {
        negative: bits >> 31,
        mantissa: select(is_normal, fraction | 0x80_0000, fraction),
        exponent: i32::cast_from(max(exponent, 1u32)) - 150,
    }
}

/// `±mantissa · 2^exponent` on the grid of step `2^grid`, with `bits` bits from limb to limb. The
/// mantissa has at most 50 bits and, on the grid, no more than 62.
#[cube]
pub(crate) fn split(
    negative: u32,
    mantissa: Wide,
    exponent: i32,
    grid: i32,
    bits: u32,
    #[comptime] both: bool,
) -> Limbs {
    let left = u32::cast_from(clamp(exponent - grid, 0, 63));
    let right = u32::cast_from(clamp(grid - exponent, 0, 63));
    let magnitude = round_right(shift_left(mantissa, left), right);
    let mut lower = Wide { low: 0u32, high: 0u32 };
    if comptime!(both) {
        // What rounding left, in units of the mantissa; negative where it rounded up.
        let back = shift_left(magnitude, right);
        let rest = select_wide(right == 0, Wide { low: 0u32, high: 0u32 }, add(mantissa, negate(back)));
        let is_below = rest.high >> 31;
        let size = signed(rest, is_below);
        // A mantissa of 50 bits that rounded to nothing is far below the grid, too.
        let gap = u32::cast_from(clamp(grid - exponent, 0, 4000));
        let finer = select(gap < bits, bits - min(gap, bits), 0u32);
        let coarser = select(gap > bits, gap - min(bits, gap), 0u32);
        let size = round_right(shift_left(size, finer), coarser);
        lower = signed(size, is_below ^ negative);
    }
    Limbs { upper: signed(magnitude, negative), lower }
}

#[cube]
fn select_wide(condition: bool, a: Wide, b: Wide) -> Wide {
    Wide { low: select(condition, a.low, b.low), high: select(condition, a.high, b.high) }
}

/// `a`, or `−a` where `negative` is 1.
#[cube]
pub(crate) fn signed(a: Wide, negative: u32) -> Wide {
    let turned = negate(a);
    select_wide(negative == 1, turned, a)
}

/// `a · weight` on a grid, exactly as `kmeans_core::Grid::split` has it; without a weight, `a`.
#[cube]
pub(crate) fn split_product(
    a: f32,
    weight: f32,
    grid: i32,
    bits: u32,
    #[comptime] weighted: bool,
    #[comptime] both: bool,
) -> Limbs {
    let a = parts(a);
    if comptime!(weighted) {
        let w = parts(weight);
        let mantissa = Wide { low: a.mantissa * w.mantissa, high: u32::mul_hi(a.mantissa, w.mantissa) };
        split(a.negative ^ w.negative, mantissa, a.exponent + w.exponent, grid, bits, both)
    } else {
        split(a.negative, Wide { low: a.mantissa, high: 0u32 }, a.exponent, grid, bits, both)
    }
}

/// Adds to integer number `at` of a list in memory, whoever else adds to it.
#[cube]
pub(crate) fn add_to(sums: &Array<Atomic<u32>>, at: usize, term: Wide) {
    let before = sums[2 * at].fetch_add(term.low);
    let carry = select(before + term.low < before, 1u32, 0u32);
    let upper = term.high + carry;
    if upper != 0 {
        sums[2 * at + 1].fetch_add(upper);
    }
}
