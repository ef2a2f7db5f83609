//! Figures of clusterings, drawn from plain numbers whatever tool made them.
//!
//! | question | figure |
//! |---|---|
//! | did the runs converge, and to the same value? | [`Objective`] |
//! | how many clusters? | [`Elbow`], a panel for each [`Curve`] of a measure |
//! | does each row lie well in its cluster? | [`Silhouette`] |
//! | how even are the clusters? | [`Sizes`] |
//! | where do the clusters lie? | [`Scatter`] |
//! | what does recall cost? | [`RecallSpeed`] |
//!
//! Each is given numbers, checks them, and makes a [`Figure`], which is written as SVG or PNG in a [`Theme`]. The
//! same numbers give the same bytes. Colours are those of Okabe and Ito, which colour-blind readers can tell apart;
//! where there are more clusters than colours, the shapes of points differ too. Text is 9 points or larger in a
//! figure 12 cm wide. What is too much to draw is thinned, and the figure says so.
//!
//! ```
//! use kmeans_eval::figure::{Objective, Theme};
//!
//! # fn main() -> kmeans_eval::Result<()> {
//! let runs = [vec![98.0, 81.0, 79.0], vec![120.0, 90.0, 78.9, 78.8]];
//! let figure = Objective::new(&runs).chosen(1).figure()?;
//! assert!(figure.to_svg(Theme::Light).starts_with("<svg"));
//! let png = figure.to_png(Theme::Dark, 2.0)?;
//! assert_eq!(&png[1..4], b"PNG");
//! # Ok(())
//! # }
//! ```

mod chart;
mod check;
mod elbow;
mod legend;
mod mark;
mod number;
mod objective;
mod panel;
mod range;
mod recall_speed;
mod scatter;
mod silhouette;
mod sizes;
mod spread;
mod svg;
mod symbol;
mod theme;
mod words;

pub use chart::Figure;
pub use elbow::{Better, Curve, Elbow};
pub use objective::Objective;
pub use recall_speed::RecallSpeed;
pub use scatter::Scatter;
pub use silhouette::Silhouette;
pub use sizes::Sizes;
pub use theme::Theme;

pub(crate) use theme::css_variables;
