//! The command line, as a hostile first user meets it.
//!
//! Every run happens in a directory of its own, on copies of the data: no test can harm the repository.

#[path = "cli/assign.rs"]
mod assign;
#[path = "cli/bad_data.rs"]
mod bad_data;
#[path = "cli/choose_k.rs"]
mod choose_k;
#[path = "cli/codecs.rs"]
mod codecs;
#[path = "cli/eval.rs"]
mod eval;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/formats.rs"]
mod formats;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/index.rs"]
mod index;
#[cfg(unix)]
#[path = "cli/interrupt.rs"]
mod interrupt;
#[path = "cli/options.rs"]
mod options;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/own_metric.rs"]
mod own_metric;
#[path = "cli/parameters.rs"]
mod parameters;
#[path = "cli/prepare.rs"]
mod prepare;
#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/room.rs"]
mod room;
#[path = "cli/search.rs"]
mod search;
#[path = "cli/sparse.rs"]
mod sparse;
#[path = "cli/train.rs"]
mod train;
#[path = "cli/transform.rs"]
mod transform;
#[path = "cli/usage.rs"]
mod usage;
