//! Silhouettes: how much nearer a row is to its own cluster than to the next one.
//!
//! | file | what |
//! |---|---|
//! | `exact.rs` | of every row, from all pairs |
//! | `sampled.rs` | of some rows, each from all pairs with it, and how sure their mean is |
//! | `simplified.rs` | with distances to means in place of distances to rows |
//! | `values.rs` | the result: a value a row, their mean, by cluster |

mod exact;
mod sampled;
mod simplified;
mod values;

pub use exact::silhouette;
pub use sampled::{SilhouetteEstimate, sampled_silhouette};
pub use simplified::simplified_silhouette;
pub use values::Silhouettes;

/// `(b − a) / max(a, b)` of the mean distance a to the other rows of the own cluster and the least mean distance b to
/// the rows of another; 0 where both are 0.
fn value(a: f64, b: f64) -> f64 {
    let most = a.max(b);
    if most > 0.0 { (b - a) / most } else { 0.0 }
}
