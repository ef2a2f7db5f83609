//! Steps of a preparation, as flags.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use kmeans::data::{Missing, Rows};
use kmeans::{Impute, KMeansModel, Metric, Outliers, PcaSolver, Points, Preparation, Step};

use super::failure::BadInput;
use super::step_values::{OutlierArg, impute, solver};

/// The flags of steps, or a file of fitted ones.
#[derive(Args)]
#[command(next_help_heading = "Preparation (steps are done in the order of their flags)")]
struct StepFlags {
    /// Fill missing values: NaN, and in text also empty fields, NA, N/A and null; by the mean or the median of
    /// the column, or a number. It comes first
    #[arg(long, value_name = "mean|median|VALUE", value_parser = impute, allow_negative_numbers = true)]
    impute: Option<Impute>,
    /// Subtract the mean of each column and divide by its standard deviation
    #[arg(long)]
    standardize: bool,
    /// Bring each column to 0 to 1
    #[arg(long)]
    min_max: bool,
    /// Bring each row to length 1
    #[arg(long)]
    normalize: bool,
    /// Replace columns by the coordinates of D principal components
    #[arg(long, value_name = "D")]
    pca: Option<usize>,
    /// How components are found: exact, or randomized or randomized:SEED for few of many columns; the seed is 1234
    /// unless given [default: exact]
    #[arg(long, value_name = "exact|randomized", requires = "pca", value_parser = solver)]
    pca_solver: Option<PcaSolver>,
    /// Divide each coordinate of --pca by its standard deviation
    #[arg(long, requires = "pca")]
    whiten: bool,
    /// Drop outliers: zscore:Z (a value farther than Z standard deviations from the mean of its column), iqr:F
    /// (farther than F interquartile ranges from the quartiles; 1.5 is usual), distance:Z or
    /// distance:Z:MODEL.safetensors (farther from the mean, or from the nearest centroid of a model, than is
    /// usual by Z standard deviations). May be given again. Training leaves them out, but gives them labels
    #[arg(long, value_name = "RULE")]
    drop_outliers: Vec<OutlierArg>,
    /// Apply the steps that --save-pipeline kept, or those of a model, instead of fitting others
    #[arg(
        long,
        value_name = "F",
        conflicts_with_all = ["impute", "standardize", "min_max", "normalize", "pca", "drop_outliers"]
    )]
    pipeline: Option<PathBuf>,
}

/// The flags, and in which order they were typed.
pub(crate) struct Steps {
    flags: StepFlags,
    order: Vec<Typed>,
}

/// A flag that is a step; outliers by how many came before.
#[derive(Clone, Copy)]
enum Typed {
    Impute,
    Standardize,
    MinMax,
    Normalize,
    Pca,
    DropOutliers(usize),
}

/// What is to be done with the rows.
pub(crate) enum Plan {
    Nothing,
    Fit(Vec<Step>),
    Apply(Preparation),
}

impl Args for Steps {
    fn augment_args(command: Command) -> Command {
        StepFlags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        StepFlags::augment_args_for_update(command)
    }
}

impl FromArgMatches for Steps {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { flags: StepFlags::from_arg_matches(matches)?, order: order(matches) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The steps by where their flags stand.
fn order(matches: &ArgMatches) -> Vec<Typed> {
    let once = [
        ("impute", Typed::Impute),
        ("standardize", Typed::Standardize),
        ("min_max", Typed::MinMax),
        ("normalize", Typed::Normalize),
        ("pca", Typed::Pca),
    ];
    let places = |id: &str| match matches.value_source(id) {
        Some(ValueSource::CommandLine) => matches.indices_of(id).map_or(Vec::new(), Iterator::collect),
        _ => Vec::new(),
    };
    let once = once.into_iter().flat_map(|(id, step)| places(id).into_iter().map(move |place| (place, step)));
    let rules = places("drop_outliers").into_iter().enumerate();
    let mut steps: Vec<(usize, Typed)> =
        once.chain(rules.map(|(i, place)| (place, Typed::DropOutliers(i)))).collect();
    steps.sort_by_key(|&(place, _)| place);
    steps.into_iter().map(|(_, step)| step).collect()
}

impl Steps {
    /// Whether there is anything to do.
    pub(crate) fn are_given(&self) -> bool {
        self.flags.pipeline.is_some() || !self.order.is_empty()
    }

    /// The files that are read for it.
    pub(crate) fn inputs(&self) -> Vec<&Path> {
        let models = self.flags.drop_outliers.iter().filter_map(|rule| rule.model.as_deref());
        self.flags.pipeline.as_deref().into_iter().chain(models).collect()
    }

    /// What is to be done, with the files that say so read.
    pub(crate) fn plan(&self) -> Result<Plan> {
        match &self.flags.pipeline {
            Some(path) => Ok(Plan::Apply(pipeline(path)?)),
            None if self.order.is_empty() => Ok(Plan::Nothing),
            None => self.order.iter().map(|&step| self.step(step)).collect::<Result<_>>().map(Plan::Fit),
        }
    }

    fn step(&self, typed: Typed) -> Result<Step> {
        let flags = &self.flags;
        Ok(match typed {
            Typed::Impute => Step::Impute(flags.impute.expect("it was typed")),
            Typed::Standardize => Step::Standardize,
            Typed::MinMax => Step::MinMax,
            Typed::Normalize => Step::Normalize,
            Typed::Pca => Step::Pca {
                components: flags.pca.expect("it was typed"),
                whiten: flags.whiten,
                solver: flags.pca_solver.unwrap_or_default(),
            },
            Typed::DropOutliers(i) => Step::DropOutliers(rule(&flags.drop_outliers[i])?),
        })
    }
}

impl Plan {
    /// What becomes of fields of text without a value.
    pub(crate) fn missing(&self) -> Missing {
        let fills = match self {
            Self::Nothing => false,
            Self::Fit(steps) => matches!(steps[0], Step::Impute(_)),
            Self::Apply(preparation) => preparation.fills_missing(),
        };
        if fills { Missing::AsNan } else { Missing::Refuse }
    }

    /// Steps that are ready: fitted to these rows by what each counts, or as they came.
    pub(crate) fn carry_out(
        self,
        points: &dyn Points,
        weights: Option<&[f32]>,
    ) -> Result<Option<Preparation>> {
        Ok(match self {
            Self::Nothing => None,
            Self::Fit(steps) => Some(Preparation::fit(points, weights, &steps)?),
            Self::Apply(preparation) => Some(preparation),
        })
    }
}

fn is_model(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
}

/// The steps of a file of their own, or of a model.
fn pipeline(path: &Path) -> Result<Preparation> {
    if !is_model(path) {
        return Ok(Preparation::load(path)?);
    }
    let model = KMeansModel::load(path)?;
    let none = || BadInput(format!("{}: its rows come as they are, it holds no pipeline", path.display()));
    Ok(model.preparation().ok_or_else(none)?.clone())
}

/// A rule with the centroids of its model.
fn rule(typed: &OutlierArg) -> Result<Outliers> {
    let Some(path) = &typed.model else { return Ok(typed.rule.clone()) };
    let model = KMeansModel::load(path)?;
    let (name, metric) = (path.display(), model.metric());
    if metric != Metric::L2 {
        return Err(BadInput(format!("{name}: its metric is {metric}, outliers are far by l2")).into());
    }
    if model.preparation().is_some() {
        let text = "its rows are prepared, outliers are far from centroids in the units of DATA";
        return Err(BadInput(format!("{name}: {text}")).into());
    }
    let centroids = Rows::new(model.centroids().to_vec(), model.dim())?;
    Ok(match typed.rule {
        Outliers::Distance { z, .. } => Outliers::Distance { z, centroids: Some(centroids) },
        ref other => other.clone(),
    })
}
