//! Tests of the measures against scikit-learn, by hand and by law.

mod dunn;
mod external;
mod golden;
mod inertia;
mod iris;
mod naive;
mod silhouettes;
