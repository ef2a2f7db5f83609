//! How many clusters?
//!
//! | file | what |
//! |---|---|
//! | `method.rs` | the methods, by name |
//! | `sweep.rs` | one training for each k, each beginning with the centroids of the one before |
//! | `measures.rs` | what is measured of each k |
//! | `elbow.rs` | where a falling curve bends most |
//! | `gap.rs` | against rows without clusters |
//! | `bic.rs` | likelihood against the number of parameters |
//! | `x_means.rs` | splits of clusters, as long as they are worth their parameters |
//! | `recommend.rs` | the vote of each method, and what they say together |

mod bic;
mod elbow;
mod gap;
mod measures;
mod method;
mod recommend;
mod sweep;
mod x_means;

pub use bic::bic;
pub use elbow::{Elbow, elbow};
pub use measures::KMeasures;
pub use method::Method;
pub use recommend::{Recommendation, Vote};
pub use sweep::{ChooseK, KChoice};
pub use x_means::x_means;
