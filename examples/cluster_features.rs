//! Distances to centroids, of rows trained on only, as features of a linear classifier of digits; in four folds.

use kmeans::{KMeans, Points, Preparation, Step, data::Rows, data::read_labels, open};
use linfa::prelude::{Fit, Predict, ToConfusionMatrix};
use ndarray_016::{Array1, Array2};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
type Labeled = (Rows, Array1<usize>);

fn main() -> Result<()> {
    let (digits, classes) = (open("data/digits.f32.npy")?, read_labels("data/digits_target.u8.npy")?);
    let part = |rows: Vec<usize>| -> Result<Labeled> {
        let mut x = vec![0.0; rows.len() * digits.dim()];
        digits.gather(&rows, &mut x)?;
        Ok((Rows::new(x, digits.dim())?, rows.iter().map(|&row| classes[row] as usize).collect()))
    };
    let (kmeans, mut by_pixels, mut by_distances) = (KMeans::new(200), 0.0, 0.0);
    for fold in 0..4 {
        let (test, train) = (0..digits.rows()).partition(|row| row % 4 == fold);
        let (train, test) = (part(train)?, part(test)?);
        let model = kmeans.train_points(&train.0, None)?.model;
        let distances = |(rows, classes): &Labeled| -> Result<Labeled> {
            let mut x = Vec::new();
            kmeans.transform(&model, rows, &mut |sq| {
                x.extend(sq.iter().map(|sq| sq.sqrt()));
                Ok(())
            })?;
            Ok((Rows::new(x, model.k())?, classes.clone()))
        };
        // Of the penalties 0.1, 1 and 10 the best for each.
        by_pixels += right(&train, &test, 10.0)? / 4.0;
        by_distances += right(&distances(&train)?, &distances(&test)?, 0.1)? / 4.0;
    }
    println!("right: {:.2} % by pixels, {:.2} % by distances", 100.0 * by_pixels, 100.0 * by_distances);
    assert!(by_distances > by_pixels);
    Ok(())
}

/// The share of rows that a logistic regression on standardised columns gets right.
fn right(train: &Labeled, test: &Labeled, alpha: f64) -> Result<f32> {
    let scale = Preparation::fit(&train.0, None, &[Step::Standardize])?;
    let scaled = |rows: &Rows| -> Result<Array2<f64>> {
        let x = Rows::copy_of(&scale.rows(rows)?)?.into_values().into_iter().map(f64::from).collect();
        Ok(Array2::from_shape_vec((rows.rows(), rows.dim()), x)?)
    };
    let regression = linfa_logistic::MultiLogisticRegression::default().alpha(alpha);
    let fitted = regression.fit(&linfa::Dataset::new(scaled(&train.0)?, train.1.clone()))?;
    Ok(fitted.predict(&scaled(&test.0)?).confusion_matrix(&test.1)?.accuracy())
}
