//! Sparse rows: compressed sparse rows (CSR) in memory, in SciPy's files and in svmlight's.

mod npz;
mod rows;
mod svmlight;
mod view;
mod write;

pub use rows::CsrRows;
pub use view::CsrView;
pub(crate) use write::SPARSE_OUTPUTS;
pub use write::write_csr_npz;
