//! The command line, as a hostile first user meets it.
//!
//! Every run happens in a directory of its own, on copies of the data: no test can harm the repository.

#[path = "cli/assign.rs"]
mod assign;
#[path = "cli/bad_data.rs"]
mod bad_data;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/formats.rs"]
mod formats;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/options.rs"]
mod options;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/room.rs"]
mod room;
#[path = "cli/train.rs"]
mod train;
#[path = "cli/usage.rs"]
mod usage;
