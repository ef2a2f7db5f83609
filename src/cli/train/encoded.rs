//! Rows that are read through a codec.

use clap::Args;
use kmeans::Params;

#[derive(Args)]
#[command(next_help_heading = "Encoded and sparse input")]
pub(super) struct Encoded {
    /// DATA holds codes (.npy u8, one row of bytes a row), decoded as they are read: f16, bf16, u8,
    /// sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC")]
    pub(super) codec: Option<String>,
    /// Rows of encoded input that are decoded at a time; changes no bit of the result
    #[arg(long, value_name = "N", requires = "codec", default_value_t = Params::default().decode_block_size)]
    decode_block_size: usize,
}

impl Encoded {
    pub(super) fn set(&self, params: &mut Params) {
        params.decode_block_size = self.decode_block_size;
    }
}
