//! Methods by name.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A way to choose k.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// Where the curve of inertia bends most ([`crate::elbow`]).
    Elbow,
    /// The least k whose mean silhouette ([`crate::silhouette`]) is within a standard error of the highest.
    Silhouette,
    /// The highest index ([`crate::calinski_harabasz`]).
    CalinskiHarabasz,
    /// The lowest index ([`crate::davies_bouldin`]).
    DaviesBouldin,
    /// The least k whose gap to rows without clusters is not below that of the next k by more than its error. Source:
    /// \[TWH01\].
    Gap,
    /// The highest Bayesian information criterion ([`crate::bic`]).
    Bic,
    /// Where splits of clusters are no longer worth their parameters ([`crate::x_means`]).
    XMeans,
    /// Where trainings on halves of the rows agree most ([`crate::stability`]).
    Stability,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Elbow,
        Self::Silhouette,
        Self::CalinskiHarabasz,
        Self::DaviesBouldin,
        Self::Gap,
        Self::Bic,
        Self::XMeans,
        Self::Stability,
    ];

    /// Whether it asks by how much the objective falls, or for inertias: the objective of the inner product rises.
    pub fn compares_inertias(self) -> bool {
        matches!(self, Self::Elbow | Self::Gap | Self::Bic | Self::XMeans)
    }

    /// The name in commands and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Elbow => "elbow",
            Self::Silhouette => "silhouette",
            Self::CalinskiHarabasz => "calinski-harabasz",
            Self::DaviesBouldin => "davies-bouldin",
            Self::Gap => "gap",
            Self::Bic => "bic",
            Self::XMeans => "x-means",
            Self::Stability => "stability",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|method| method.name() == s)
            .ok_or_else(|| format!("expected one of {}", names()))
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
