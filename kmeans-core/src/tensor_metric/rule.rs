//! Which point of a cluster its centroid is.

use std::fmt;

/// How the centroid of a cluster follows from its rows.
///
/// With a rule that minimises `Σ w·distance` within a cluster, the objective never rises from one iteration to
/// the next but for the rounding of centroids to `f32`: a metric is to be paired with its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CentroidRule {
    /// The weighted mean: the minimiser for squared L2 and for every Bregman divergence `D(x‖c)` with the
    /// row as first argument, Kullback–Leibler among them \[BMDG05\].
    Mean,
    /// The weighted mean, scaled to length 1: the minimiser for cosine distance of unit rows. A cluster
    /// whose mean is zero keeps its centroid.
    NormalizedMean,
    /// The weighted lower median of each column, one of the values: the minimiser for L1 \[BMS97\]. It needs
    /// the rows of a cluster together: of encoded rows, those of one cluster at a time are decoded into memory.
    Median,
    /// `(min + max) / 2` of each column over the rows of positive weight.
    ///
    /// It lowers the *largest* L∞ distance within a cluster, not their sum: weights only count as zero or
    /// not, and the objective, a sum as for every metric, may rise between iterations. Training does not
    /// stop on a rise; of several restarts the one with the smallest sum is kept.
    Midrange,
}

/// What a rule has to bring together of the parts of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Merges {
    /// Sums and weights: O(k·d), whatever the number of rows.
    Sums,
    /// Smallest and largest values: O(k·d).
    Ranges,
    /// The rows themselves: all have to be in one place.
    Rows,
}

impl CentroidRule {
    /// What the rule merges. One that merges [`Merges::Rows`] is refused in a training by chunks.
    pub fn merges(self) -> Merges {
        match self {
            Self::Mean | Self::NormalizedMean => Merges::Sums,
            Self::Midrange => Merges::Ranges,
            Self::Median => Merges::Rows,
        }
    }

    /// The rule's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::NormalizedMean => "normalized mean",
            Self::Median => "median",
            Self::Midrange => "midrange",
        }
    }
}

impl fmt::Display for CentroidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
