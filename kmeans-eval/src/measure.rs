//! Measures by name.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What can be measured of a clustering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Measure {
    /// Of the centroids that are given, else [`crate::sum_of_squares`].
    Inertia,
    /// [`crate::mean_distance`].
    MeanDistance,
    /// [`crate::silhouette`], or of a sample [`crate::sampled_silhouette`].
    Silhouette,
    /// [`crate::simplified_silhouette`].
    SimplifiedSilhouette,
    /// [`crate::davies_bouldin`].
    DaviesBouldin,
    /// [`crate::calinski_harabasz`].
    CalinskiHarabasz,
    /// [`crate::dunn`].
    Dunn,
    /// [`crate::imbalance_factor`].
    ImbalanceFactor,
    /// [`crate::adjusted_rand_index`].
    AdjustedRand,
    /// [`crate::adjusted_mutual_information`].
    AdjustedMutualInfo,
    /// [`crate::normalized_mutual_information`].
    NormalizedMutualInfo,
    /// [`crate::homogeneity`].
    Homogeneity,
    /// [`crate::completeness`].
    Completeness,
    /// [`crate::v_measure`].
    VMeasure,
    /// [`crate::fowlkes_mallows`].
    FowlkesMallows,
    /// [`crate::purity`].
    Purity,
}

/// What a measure needs besides rows and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Rows,
    /// Two clusters or more, and fewer than rows.
    Comparison,
    /// The true classes.
    Truth,
}

impl Measure {
    /// All of them, internal ones first.
    pub const ALL: [Self; 16] = [
        Self::Inertia,
        Self::MeanDistance,
        Self::Silhouette,
        Self::SimplifiedSilhouette,
        Self::DaviesBouldin,
        Self::CalinskiHarabasz,
        Self::Dunn,
        Self::ImbalanceFactor,
        Self::AdjustedRand,
        Self::AdjustedMutualInfo,
        Self::NormalizedMutualInfo,
        Self::Homogeneity,
        Self::Completeness,
        Self::VMeasure,
        Self::FowlkesMallows,
        Self::Purity,
    ];

    /// The name in commands and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inertia => "inertia",
            Self::MeanDistance => "mean-distance",
            Self::Silhouette => "silhouette",
            Self::SimplifiedSilhouette => "simplified-silhouette",
            Self::DaviesBouldin => "davies-bouldin",
            Self::CalinskiHarabasz => "calinski-harabasz",
            Self::Dunn => "dunn",
            Self::ImbalanceFactor => "imbalance-factor",
            Self::AdjustedRand => "adjusted-rand",
            Self::AdjustedMutualInfo => "adjusted-mutual-info",
            Self::NormalizedMutualInfo => "normalized-mutual-info",
            Self::Homogeneity => "homogeneity",
            Self::Completeness => "completeness",
            Self::VMeasure => "v-measure",
            Self::FowlkesMallows => "fowlkes-mallows",
            Self::Purity => "purity",
        }
    }

    /// Its name in tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::Inertia => "inertia",
            Self::MeanDistance => "mean distance",
            Self::Silhouette => "silhouette",
            Self::SimplifiedSilhouette => "simplified silhouette",
            Self::DaviesBouldin => "Davies–Bouldin",
            Self::CalinskiHarabasz => "Calinski–Harabasz",
            Self::Dunn => "Dunn",
            Self::ImbalanceFactor => "imbalance factor",
            Self::AdjustedRand => "adjusted Rand",
            Self::AdjustedMutualInfo => "adjusted mutual information",
            Self::NormalizedMutualInfo => "normalized mutual information",
            Self::Homogeneity => "homogeneity",
            Self::Completeness => "completeness",
            Self::VMeasure => "V-measure",
            Self::FowlkesMallows => "Fowlkes–Mallows",
            Self::Purity => "purity",
        }
    }

    /// What its values mean, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Inertia => "sum of squared distances to centroids; lower is tighter",
            Self::MeanDistance => "mean distance to the mean of the cluster",
            Self::Silhouette => "−1 to 1: nearer to the own cluster than to the next",
            Self::SimplifiedSilhouette => "the same with distances to means",
            Self::DaviesBouldin => "from 0, lower is better: widths by gaps",
            Self::CalinskiHarabasz => "higher is better: spread between by spread within",
            Self::Dunn => "higher is better: least gap by largest width",
            Self::ImbalanceFactor => "1 to k: 1 if all sizes are equal",
            Self::AdjustedRand => "pairs that agree; 1 equal, 0 by chance",
            Self::AdjustedMutualInfo => "information shared; 1 equal, 0 by chance",
            Self::NormalizedMutualInfo => "information shared, 0 to 1",
            Self::Homogeneity => "0 to 1: clusters hold one class",
            Self::Completeness => "0 to 1: classes lie in one cluster",
            Self::VMeasure => "harmonic mean of the two before",
            Self::FowlkesMallows => "0 to 1: precision and recall of pairs",
            Self::Purity => "0 to 1: rows in the main class of their cluster",
        }
    }

    pub(crate) fn needs(self) -> Needs {
        match self {
            Self::Inertia | Self::MeanDistance | Self::ImbalanceFactor => Needs::Rows,
            Self::Silhouette
            | Self::SimplifiedSilhouette
            | Self::DaviesBouldin
            | Self::CalinskiHarabasz
            | Self::Dunn => Needs::Comparison,
            _ => Needs::Truth,
        }
    }

    /// Whether it compares labels with true classes.
    pub fn needs_truth(self) -> bool {
        self.needs() == Needs::Truth
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|measure| measure.name() == s);
        found.ok_or_else(|| format!("expected one of {}", names()))
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
