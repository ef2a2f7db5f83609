//! Codes of 4 or 8 bits in bytes.

/// The bits of one code of a scalar or product quantizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeBits {
    /// 16 levels; two codes a byte, the first in the low half.
    Four,
    /// 256 levels; a code a byte.
    Eight,
}

impl CodeBits {
    /// 4 or 8 bits; `None` for other numbers.
    pub const fn of(bits: usize) -> Option<Self> {
        match bits {
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// The number of bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The number of codes there are: 16 or 256.
    pub const fn levels(self) -> usize {
        1 << self.bits()
    }

    /// The bytes that `count` codes take. An odd number of half bytes leaves the last high half 0.
    pub(crate) const fn bytes(self, count: usize) -> usize {
        match self {
            Self::Four => count.div_ceil(2),
            Self::Eight => count,
        }
    }

    /// The code at `index` of a row.
    pub(crate) fn unpack(self, codes: &[u8], index: usize) -> u8 {
        match self {
            Self::Four => (codes[index / 2] >> ((index & 1) << 2)) & 0xf,
            Self::Eight => codes[index],
        }
    }

    /// Puts a code at `index` of a row, whose bytes begin as 0 and are filled in order.
    pub(crate) fn pack(self, codes: &mut [u8], index: usize, code: u8) {
        match self {
            Self::Four => codes[index / 2] |= code << ((index & 1) << 2),
            Self::Eight => codes[index] = code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back_and_the_low_half_is_first() {
        for (bits, packed) in
            [(CodeBits::Four, &[0x21, 0xf3, 0x04][..]), (CodeBits::Eight, &[1, 2, 3, 15, 4])]
        {
            let mut bytes = vec![0; bits.bytes(5)];
            for (index, code) in [1, 2, 3, 15, 4].into_iter().enumerate() {
                bits.pack(&mut bytes, index, code);
            }
            assert_eq!(bytes, packed);
            assert_eq!([0, 1, 2, 3, 4].map(|index| bits.unpack(&bytes, index)), [1, 2, 3, 15, 4]);
        }
    }
}
