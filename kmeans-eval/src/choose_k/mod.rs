//! How many clusters?
//!
//! | file | what |
//! |---|---|
//! | `method.rs` | the methods, by name |
//! | `sweep.rs` | which k to try, and how |
//! | `models.rs` | a model for each k, each from those next to it |
//! | `merge.rs` | fewer centroids from more |
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
mod merge;
mod method;
mod models;
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
