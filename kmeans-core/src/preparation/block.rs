//! Some rows on their way through fitted steps.

use super::fitted::FittedStep;

/// Rows in a buffer of their own, and their numbers in the source.
#[derive(Debug, Default)]
pub(super) struct Block {
    x: Vec<f32>,
    d: usize,
    rows: Vec<usize>,
    /// Where a step puts rows that it does not change in place.
    spare: Vec<f32>,
}

/// A value that is no number, by its place.
#[derive(Debug, PartialEq)]
pub(super) struct NotFinite {
    /// The row in the source.
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) value: f32,
}

impl Block {
    /// Takes rows of `d` columns, and their numbers.
    pub(super) fn load(&mut self, x: &[f32], d: usize, rows: impl IntoIterator<Item = usize>) {
        self.x.clear();
        self.x.extend_from_slice(x);
        self.d = d;
        self.rows.clear();
        self.rows.extend(rows);
        debug_assert_eq!(self.x.len(), self.rows.len() * d);
    }

    /// A buffer for rows of `d` columns with these numbers.
    pub(super) fn room(&mut self, d: usize, rows: impl IntoIterator<Item = usize>) -> &mut [f32] {
        self.rows.clear();
        self.rows.extend(rows);
        self.d = d;
        self.x.resize(self.rows.len() * d, 0.0);
        &mut self.x
    }

    /// All rows through all steps; rules for outliers change nothing.
    pub(super) fn prepare(&mut self, steps: &[FittedStep]) -> Result<(), NotFinite> {
        self.go(steps, |_, _| {})
    }

    /// The rows through all steps but those that a rule turns down, which are left out.
    pub(super) fn prepare_kept(&mut self, steps: &[FittedStep]) -> Result<(), NotFinite> {
        self.go(steps, |block, step| {
            if let FittedStep::DropOutliers(rule) = step {
                block.retain(|x| !rule.turns_down(x));
            }
        })
    }

    /// Values are looked at where missing ones are filled, so that messages name the column of the source, and at the
    /// end, where they may have grown too large for `f32`.
    fn go(
        &mut self,
        steps: &[FittedStep],
        mut sift: impl FnMut(&mut Self, &FittedStep),
    ) -> Result<(), NotFinite> {
        let fills = usize::from(matches!(steps.first(), Some(FittedStep::Impute(_))));
        let (first, rest) = steps.split_at(fills);
        first.iter().for_each(|step| self.apply(step));
        self.check_finite()?;
        for step in rest {
            self.apply(step);
            sift(self, step);
        }
        if rest.is_empty() { Ok(()) } else { self.check_finite() }
    }

    fn apply(&mut self, step: &FittedStep) {
        match step {
            FittedStep::Impute(filling) => filling.apply(&mut self.x),
            FittedStep::Standardize(scaling) | FittedStep::MinMax(scaling) => scaling.apply(&mut self.x),
            FittedStep::Normalize => normalize(&mut self.x, self.d),
            FittedStep::Pca(projected) => {
                self.d = projected.dim_out();
                self.spare.resize(self.rows.len() * self.d, 0.0);
                projected.apply(&self.x, &mut self.spare);
                std::mem::swap(&mut self.x, &mut self.spare);
            }
            FittedStep::DropOutliers(_) => {}
        }
    }

    fn retain(&mut self, keep: impl Fn(&[f32]) -> bool) {
        let (d, mut kept) = (self.d, 0);
        for place in 0..self.rows.len() {
            let range = place * d..(place + 1) * d;
            if keep(&self.x[range.clone()]) {
                self.x.copy_within(range, kept * d);
                self.rows[kept] = self.rows[place];
                kept += 1;
            }
        }
        self.x.truncate(kept * d);
        self.rows.truncate(kept);
    }

    /// As they came: NaN is a missing value, infinity an error.
    pub(super) fn check_missing_only(&self) -> Result<(), NotFinite> {
        self.check(|x| !x.is_infinite())
    }

    fn check_finite(&self) -> Result<(), NotFinite> {
        self.check(f32::is_finite)
    }

    fn check(&self, is_right: impl Fn(f32) -> bool) -> Result<(), NotFinite> {
        match self.x.iter().position(|&x| !is_right(x)) {
            None => Ok(()),
            Some(at) => {
                let (row, column) = (self.rows[at / self.d], at % self.d);
                Err(NotFinite { row, column, value: self.x[at] })
            }
        }
    }

    /// The values, row-major.
    pub(super) fn values(&self) -> &[f32] {
        &self.x
    }

    /// The rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.x.chunks_exact(self.d)
    }

    /// The numbers of the rows in the source.
    pub(super) fn numbers(&self) -> &[usize] {
        &self.rows
    }
}

/// Gives rows the length 1; those of zeros stay.
fn normalize(x: &mut [f32], d: usize) {
    for row in x.chunks_exact_mut(d) {
        let norm = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        if norm > 0.0 {
            row.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
        }
    }
}
