//! Real numbers as the sum of two `f32`, about 46 bits, for devices without `f64` \[D71\].
//!
//! Products are split by masks of bits and not by a fused multiply-add, which a device may round twice.
//! Whether a compiler fuses a product into a sum changes nothing: where it could, the product is exact. But
//! some take `(a + b) − a` for `b`: what they must not see through goes through [`opaque`], with a zero that
//! only the caller knows to be one.

use cubecl::ir::Scope;
use cubecl::prelude::*;

/// `high + low`, `low` below half a unit in the last place of `high`.
#[derive(CubeType, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) high: f32,
    pub(crate) low: f32,
}

impl Assign for PairExpand {
    fn expand_assign(&mut self, scope: &mut Scope, value: Self) {
        self.high.expand_assign(scope, value.high);
        self.low.expand_assign(scope, value.low);
    }

    fn init_mut(&self, scope: &mut Scope) -> Self {
        Self { high: self.high.init_mut(scope), low: self.low.init_mut(scope) }
    }
}

/// The same number, as far as no compiler knows.
#[cube]
fn opaque(a: f32, zero: u32) -> f32 {
    f32::reinterpret(u32::reinterpret(a) ^ zero)
}

/// `a + b`, exactly.
#[cube]
pub(crate) fn add(a: f32, b: f32, zero: u32) -> Pair {
    let high = opaque(a + b, zero);
    let of_b = opaque(high - a, zero);
    let of_a = opaque(high - of_b, zero);
    let low = (a - of_a) + (b - of_b);
    Pair { high, low }
}

/// `a + b` where `|a| >= |b|`, exactly.
#[cube]
pub(crate) fn add_smaller(a: f32, b: f32, zero: u32) -> Pair {
    let high = opaque(a + b, zero);
    let of_b = opaque(high - a, zero);
    let low = b - of_b;
    Pair { high, low }
}

/// The upper 12 bits of the mantissa.
#[cube]
fn upper(a: f32) -> f32 {
    f32::reinterpret(u32::reinterpret(a) & 0xffff_f000u32)
}

/// `a · b`, exactly unless the lower part underflows.
#[cube]
pub(crate) fn multiply(a: f32, b: f32, zero: u32) -> Pair {
    let high = opaque(a * b, zero);
    let a1 = upper(a);
    let a2 = a - a1;
    let b1 = upper(b);
    let b2 = b - b1;
    let first = opaque(a1 * b1 - high, zero);
    let second = opaque(first + a1 * b2, zero);
    let third = opaque(second + a2 * b1, zero);
    Pair { high, low: third + a2 * b2 }
}

/// The sum of two pairs.
#[cube]
pub(crate) fn add_pairs(a: Pair, b: Pair, zero: u32) -> Pair {
    let high = add(a.high, b.high, zero);
    let low = add(a.low, b.low, zero);
    let sum = add_smaller(high.high, high.low + low.high, zero);
    add_smaller(sum.high, sum.low + low.low, zero)
}

/// A pair times an `f32`.
#[cube]
pub(crate) fn scale(a: Pair, b: f32, zero: u32) -> Pair {
    let product = multiply(a.high, b, zero);
    add_smaller(product.high, product.low + a.low * b, zero)
}

/// `(a − b)²` of two `f32`.
#[cube]
pub(crate) fn sq_diff(a: f32, b: f32, zero: u32) -> Pair {
    let diff = add(a, -b, zero);
    let square = multiply(diff.high, diff.high, zero);
    add_smaller(square.high, square.low + 2.0 * diff.high * diff.low, zero)
}

/// The reciprocal of the square root of a positive pair, by a step of Newton's from that of `f32`.
#[cube]
pub(crate) fn inverse_sqrt(a: Pair, zero: u32) -> Pair {
    let guess = 1.0 / f32::sqrt(a.high);
    // y·(1 + (1 − a·y²)/2)
    let square = multiply(guess, guess, zero);
    let product = add_pairs(scale(a, square.high, zero), scale(a, square.low, zero), zero);
    let rest = add(1.0f32, -product.high, zero);
    add_smaller(guess, guess * 0.5 * (rest.high + (rest.low - product.low)), zero)
}
