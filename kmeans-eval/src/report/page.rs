//! The page of an evaluation.

use kmeans_core::{KMeansModel, Metric, Report};

use super::figures::{objective_figure, silhouette_figure, sizes_figure};
use super::plane::scatter_figure;
use crate::clustering::Clustering;
use crate::error::{Error, Result};
use crate::evaluation::Evaluation;
use crate::figure::Figure;
use crate::measure::Measure;
use crate::page::Page;

/// Clusters in the table, and classes and clusters that are crossed.
const MOST_CLUSTERS: usize = 200;
const MOST_CROSSED: usize = 40;

/// A mean silhouette below which clusters are no more than hints: the scale of \[KR90\], p. 88.
const WEAK_SILHOUETTE: f64 = 0.25;

/// An evaluation as a page that stands alone: measures, figures, tables, parameters, warnings, and how to reproduce it.
pub struct EvaluationReport<'a> {
    evaluation: &'a Evaluation,
    clustering: &'a Clustering<'a>,
    model: Option<&'a KMeansModel>,
    commands: Vec<String>,
    seed: u64,
}

impl<'a> EvaluationReport<'a> {
    /// A report of an evaluation of a clustering.
    pub fn new(evaluation: &'a Evaluation, clustering: &'a Clustering<'a>) -> Self {
        Self { evaluation, clustering, model: None, commands: Vec::new(), seed: 0 }
    }

    /// With the model that made the labels: its training, parameters and warnings.
    #[must_use]
    pub fn model(mut self, model: Option<&'a KMeansModel>) -> Self {
        self.model = model;
        self
    }

    /// The seed of what is drawn of many rows; default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With a command, or code, that makes this report again.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// The page. Figures that there is nothing to draw for are left out.
    ///
    /// # Errors
    /// Those of the figures.
    pub fn page(&self) -> Result<Page> {
        let Evaluation { n, d, k, .. } = self.evaluation;
        let page = Page::new(format!("Clusters of {}", self.name()))
            .subtitle(format!("{n} rows of {d} columns in {k} clusters"));
        let page = self.warnings().iter().fold(self.summary(page), |page, warning| page.warning(warning));
        let page = self.figures(page)?;
        let page = self.parameters(self.crossed(self.clusters(self.measures(page))));
        Ok(self.reproduction(page))
    }

    /// The file's name, without its folder.
    fn name(&self) -> String {
        let name = self.clustering.points().name();
        std::path::Path::new(name)
            .file_name()
            .map_or(name.to_owned(), |name| name.to_string_lossy().into_owned())
    }

    fn summary(&self, page: Page) -> Page {
        let shown =
            [Measure::Silhouette, Measure::DaviesBouldin, Measure::AdjustedRand, Measure::ImbalanceFactor];
        let values: Vec<_> = shown
            .into_iter()
            .filter_map(|measure| Some((measure, self.evaluation.value(measure)?)))
            .map(|(measure, value)| (measure.title(), number(value), measure.meaning()))
            .collect();
        let tiles: Vec<(&str, &str, &str)> =
            values.iter().map(|(name, value, hint)| (*name, &**value, *hint)).collect();
        page.summary(&tiles)
    }

    fn warnings(&self) -> Vec<String> {
        let training = self.model.map(|model| &model.report().warnings).into_iter().flatten();
        let mut warnings: Vec<String> = training.map(|warning| format!("training: {warning}")).collect();
        let left_out = self.evaluation.left_out.iter();
        warnings.extend(left_out.map(|(measure, reason)| format!("{measure} is left out: {reason}")));
        if let Some(mean) = self.evaluation.value(Measure::Silhouette).filter(|&mean| mean < WEAK_SILHOUETTE)
        {
            warnings.push(format!("the mean silhouette is {mean:.3}: clusters overlap, or there are none"));
        }
        if let Some(model) = self.model.filter(|model| model.k() > self.evaluation.k) {
            warnings.push(format!(
                "{} of {} clusters have no rows here",
                model.k() - self.evaluation.k,
                model.k()
            ));
        }
        let alone = self.evaluation.clusters.iter().filter(|cluster| cluster.size == 1).count();
        if alone > 0 {
            warnings.push(format!("{alone} clusters have a single row"));
        }
        warnings
    }

    fn figures(&self, page: Page) -> Result<Page> {
        let page = page.section("Figures");
        let page = drawn(page, sizes_figure(self.evaluation), "Even bars: clusters of equal size.")?;
        let page = drawn(
            page,
            silhouette_figure(self.evaluation),
            "How much nearer rows are to their own cluster than to the next; bars to the left of 0 are nearer to another.",
        )?;
        let page = drawn(
            page,
            scatter_figure(self.clustering, self.seed),
            "Rows and means in a plane. Clusters that overlap here may be apart in the other dimensions.",
        )?;
        match self.model {
            Some(model) => drawn(
                page,
                objective_figure(model.report()),
                "The objective after each iteration of the training, over the rows trained on.",
            ),
            None => Ok(page),
        }
    }

    /// The inertia of a model is what its metric makes of it.
    fn meaning(&self, measure: Measure) -> String {
        match self.model.filter(|model| measure == Measure::Inertia && model.metric() != Metric::L2) {
            Some(model) => format!("the objective of metric {}", model.metric()),
            None => measure.meaning().to_owned(),
        }
    }

    fn measures(&self, page: Page) -> Page {
        let row = |&(measure, value): &(Measure, f64)| {
            let sure = self.evaluation.silhouettes.as_ref().filter(|_| measure == Measure::Silhouette);
            let width = sure.and_then(|found| {
                Some(format!(" ± {} (95 %, {} rows)", number(found.half_width?), found.rows))
            });
            vec![
                measure.title().to_owned(),
                number(value),
                format!("{}{}", self.meaning(measure), width.unwrap_or_default()),
            ]
        };
        let rows: Vec<Vec<String>> = self.evaluation.values.iter().map(row).collect();
        page.section("Measures").table(&["measure", "value", "meaning"], &rows)
    }

    fn clusters(&self, page: Page) -> Page {
        let means = |at: usize| {
            let values = &self.evaluation.silhouettes.as_ref()?.by_cluster[at];
            (!values.is_empty()).then(|| number(values.iter().sum::<f64>() / values.len() as f64))
        };
        let row = |(at, cluster): (usize, &crate::Spread)| {
            vec![
                cluster.label.to_string(),
                cluster.size.to_string(),
                format!("{:.1} %", 100.0 * cluster.size as f64 / self.evaluation.n as f64),
                number(cluster.mean_distance),
                number(cluster.radius),
                cluster.outliers.to_string(),
                means(at).unwrap_or_else(|| "–".to_owned()),
            ]
        };
        let shown = self.evaluation.clusters.iter().enumerate().take(MOST_CLUSTERS);
        let rows: Vec<Vec<String>> = shown.map(row).collect();
        let headers = ["cluster", "rows", "share", "mean distance", "radius", "outliers", "silhouette"];
        let page = page.section("Clusters").table(&headers, &rows);
        let page = page.paragraph(
            "Distances are to the mean of the cluster. Outliers lie more than three standard deviations beyond the mean \
             distance.",
        );
        let is_plain =
            self.evaluation.clusters.iter().zip(0..).all(|(cluster, number)| cluster.label == number);
        let page = match is_plain {
            true => page,
            false => page.paragraph("Figures number clusters from 0 in the order of this table."),
        };
        match self.evaluation.clusters.len() {
            k if k > MOST_CLUSTERS => page.paragraph(&format!("The first {MOST_CLUSTERS} of {k} clusters.")),
            _ => page,
        }
    }

    /// How many rows of each class are in each cluster.
    fn crossed(&self, page: Page) -> Page {
        let Some(table) = &self.evaluation.contingency else { return page };
        let page = page.section("Classes and clusters");
        if table.classes().len().max(table.clusters().len()) > MOST_CROSSED {
            return page
                .paragraph(&format!("More than {MOST_CROSSED} classes or clusters: too many for a table."));
        }
        let mut rows: Vec<Vec<String>> = table
            .classes()
            .iter()
            .map(|class| {
                [class.to_string()]
                    .into_iter()
                    .chain(table.clusters().iter().map(|_| "0".to_owned()))
                    .collect()
            })
            .collect();
        table.cells().iter().for_each(|cell| rows[cell.class][cell.cluster + 1] = cell.count.to_string());
        let names: Vec<String> = table.clusters().iter().map(i32::to_string).collect();
        let headers: Vec<&str> = ["class"].into_iter().chain(names.iter().map(String::as_str)).collect();
        page.table(&headers, &rows)
    }

    fn parameters(&self, page: Page) -> Page {
        let Some(model) = self.model else { return page };
        let Report { n, n_trained, niter_done, stop, device, version, .. } = model.report();
        let mut pairs = vec![
            ("rows trained on".to_owned(), format!("{n_trained} of {n}")),
            ("iterations".to_owned(), format!("{niter_done}, stopped by {stop}")),
            ("device".to_owned(), device.clone()),
            ("version".to_owned(), version.clone()),
            ("metric".to_owned(), model.metric().to_string()),
        ];
        let params = serde_json::to_value(model.params()).unwrap_or_default();
        for (name, value) in params.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push((name.clone(), text));
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        page.section("Training").key_values(&pairs)
    }

    fn reproduction(&self, page: Page) -> Page {
        let page = page.section("How to reproduce this");
        let page = self.commands.iter().fold(page, |page, command| page.code(command));
        page.paragraph(&format!(
            "Made by kmeans {}. The same version, data, parameters and seed give the same numbers, for any number of threads.",
            env!("CARGO_PKG_VERSION")
        ))
    }
}

/// The page with a figure, where there is something to draw.
fn drawn(page: Page, figure: Result<Figure>, caption: &str) -> Result<Page> {
    match figure {
        Ok(figure) => Ok(page.figure(caption, &figure)),
        Err(Error::NothingToDraw { .. }) => Ok(page),
        Err(error) => Err(error),
    }
}

/// Five digits that count.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value > 0.0 { "∞".to_owned() } else { value.to_string() };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if (1e-4..1e9).contains(&value.abs()) {
        let digits = (4 - value.abs().log10().floor() as i32).max(0) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.4e}")
    }
}
