//! Tests of figures and pages: what they hold, that they can be read back, and what is refused.

mod edges;
mod page;
mod png_files;
mod samples;
mod svg;
