//! The command line.

mod assign;
mod assigner;
mod choose_k;
mod convert;
mod eval;
mod failure;
mod figures;
mod generate;
mod index;
mod info;
mod input;
mod interrupt;
mod output;
mod prepare;
mod progress;
mod search;
mod step_values;
mod steps;
mod summary;
mod text;
mod train;
mod values;
mod watched;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exact, reproducible k-means clustering.
///
/// DATA is a table of rows: .npy (f32, f64, f16, u8, i8), .npz:key, .fvecs, .bvecs, .csv, .tsv, or -
/// for CSV on standard input; or sparse rows: .npz of SciPy, .svm, .libsvm, .svmlight. Binary files are
/// mapped, not read into memory. Results go to the files named, or with --json to standard output; all
/// other text goes to standard error.
#[derive(Parser)]
#[command(name = "kmeans", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(Box<train::Train>),
    Assign(assign::Assign),
    Eval(eval::Eval),
    ChooseK(choose_k::ChooseK),
    Prepare(Box<prepare::Prepare>),
    Index(index::Index),
    Search(search::Search),
    Info(info::Info),
    Convert(convert::Convert),
    Generate(generate::Generate),
}

/// Parses the arguments, runs the command, and turns its outcome into an exit code.
pub(crate) fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Train(train) => train.run(),
        Command::Assign(assign) => assign.run(),
        Command::Eval(eval) => eval.run(),
        Command::ChooseK(choose_k) => choose_k.run(),
        Command::Prepare(prepare) => prepare.run(),
        Command::Index(index) => index.run(),
        Command::Search(search) => search.run(),
        Command::Info(info) => info.run(),
        Command::Convert(convert) => convert.run(),
        Command::Generate(generate) => generate.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}
