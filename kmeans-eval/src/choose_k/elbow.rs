//! Where a falling curve bends most.

/// A bend.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Elbow {
    /// Its place in the curve.
    pub at: usize,
    /// How far the curve lies below the straight line there, both axes brought to [0, 1]: 0 for a line, near 1 for a
    /// right angle.
    pub strength: f64,
}

/// The elbow of a falling convex curve `(x, y)` by Kneedle, offline, with sensitivity 1.
///
/// Both axes are brought to [0, 1]; a place where the curve lies farther below the falling diagonal than its neighbours
/// is an elbow once that distance falls by more than the mean step of x before the next such place. The first one counts. x
/// ascends. `None` for fewer than three points, a curve that does not fall, and one without a bend.
///
/// Cost O(m²) for m points in the worst case. Source: \[SAIR11\].
pub fn elbow(x: &[f64], y: &[f64]) -> Option<Elbow> {
    let m = x.len().min(y.len());
    let (first, last) = (x.first()?, x.get(m.checked_sub(1)?)?);
    let (low, high) =
        y[..m].iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
    let range = last - first;
    let is_usable =
        m >= 3 && range > 0.0 && high > low && y[0] > y[m - 1] && y[..m].iter().all(|y| y.is_finite());
    if !is_usable {
        return None;
    }
    let below = |i: usize| (high - y[i]) / (high - low) - (x[i] - first) / range;
    let below: Vec<f64> = (0..m).map(below).collect();
    let is_top = |&i: &usize| below[i] >= below[i - 1] && below[i] >= below[i + 1];
    let tops: Vec<usize> = (1..m - 1).filter(is_top).collect();
    let step = 1.0 / (m - 1) as f64;
    let falls = |(at, &top): (usize, &usize)| {
        let end = tops.get(at + 1).map_or(m, |&next| next);
        below[top + 1..end].iter().any(|&b| b < below[top] - step).then_some(top)
    };
    let at = tops.iter().enumerate().find_map(falls)?;
    Some(Elbow { at, strength: below[at] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_paper_bends_at_its_second_point() {
        // Figure 2 of [SAIR11]: y = −1/x + 5 rises, concave; mirrored here. The paper's knee is x ≈ 0.22 of the range.
        let x: Vec<f64> = (0..10).map(|i| f64::from(i) / 9.0 * 10.0).collect();
        let y: Vec<f64> = x.iter().map(|x| 1.0 / (x + 0.1) - 5.0).collect();
        let found = elbow(&x, &y).unwrap();
        assert_eq!(found.at, 1);
        assert!(found.strength > 0.7);
    }

    #[test]
    fn a_right_angle_is_found_where_it_is() {
        let x: Vec<f64> = (2..20).map(f64::from).collect();
        for corner in [3.0, 5.0, 9.0, 15.0] {
            let y: Vec<f64> =
                x.iter().map(|&x| if x < corner { 100.0 - 6.0 * x } else { 100.0 - 6.0 * corner }).collect();
            assert_eq!(x[elbow(&x, &y).unwrap().at], corner);
        }
    }

    #[test]
    fn lines_and_curves_that_do_not_fall_have_none() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(elbow(&x, &[5.0, 4.0, 3.0, 2.0, 1.0]), None);
        assert_eq!(elbow(&x, &[1.0, 1.0, 1.0, 1.0, 1.0]), None);
        assert_eq!(elbow(&x, &[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(elbow(&x[..2], &[2.0, 1.0]), None);
        assert_eq!(elbow(&[], &[]), None);
    }
}
