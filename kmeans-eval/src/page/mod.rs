//! Pages of HTML that stand alone: no network, no scripts, one file.
//!
//! A [`Page`] is put together from parts in the order they are given. All text is escaped. It reads on a phone and on
//! a desk, in light and in dark as the reader's system asks, and prints.
//!
//! ```
//! use kmeans_eval::page::Page;
//!
//! let html = Page::new("Clusters of irises")
//!     .summary(&[("clusters", "3", ""), ("inertia", "78.85", "sum of squared distances, cm²")])
//!     .section("Sizes")
//!     .table(&["cluster", "rows"], &[vec!["0", "62"], vec!["1", "50"], vec!["2", "38"]])
//!     .to_html();
//! assert!(html.contains("<td class=\"number\">62</td>"));
//! ```

mod document;
mod parts;
mod style;

pub use document::Page;
