//! Preparations written and read.

use std::path::Path;

use kmeans_data::Overwrite;
use proptest::prelude::*;

use super::{data, pca, prepared, rows};
use crate::error::Error;
use crate::pca::PcaSolver;
use crate::preparation::{Impute, Outliers, Preparation, Step};

fn preparation() -> Preparation {
    let steps = [
        Step::Impute(Impute::Constant(0.1)),
        Step::DropOutliers(Outliers::ZScore(3.0)),
        Step::Standardize,
        Step::DropOutliers(Outliers::Distance { z: 3.0, centroids: Some(rows(&[0.1; 26], 13)) }),
        Step::Pca { components: 3, whiten: true, solver: PcaSolver::Randomized { seed: u64::MAX } },
        Step::Normalize,
        Step::MinMax,
    ];
    Preparation::fit(&data("wine"), None, &steps).unwrap()
}

fn loaded(text: &str) -> Result<Preparation, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.json");
    std::fs::write(&path, text).unwrap();
    Preparation::load(&path)
}

#[test]
fn a_preparation_read_back_has_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.json");
    let saved = preparation();
    saved.save(&path, Overwrite::Refuse).unwrap();
    let read = Preparation::load(&path).unwrap();
    assert_eq!(read, saved);
    assert_eq!(prepared(&read, &data("wine")), prepared(&saved, &data("wine")));
    assert!(saved.save(&path, Overwrite::Refuse).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(r#"{"format":"kmeans-preparation","version":1,"dim_in":13,"steps":[{"impute""#));
}

#[test]
fn what_is_no_preparation_is_refused_by_what_is_wrong() {
    let text = serde_json::to_string(&preparation()).unwrap();
    let refused = |from: &str, to: &str, words: &str| {
        assert!(text.contains(from), "{from}");
        let error = loaded(&text.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(error, Error::PreparationFile { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{from} {to}: {error}");
    };
    refused(r#""dim_in":13"#, r#""dim_in":12"#, "step 1: it fills 13 columns of 12");
    refused(r#""dim_in":13"#, r#""dim_in":0"#, "for 0 columns");
    refused(r#""values":[0.1,"#, r#""values":[1e39,"#, "number out of range");
    refused(r#""low":["#, r#""low":[0.0,"#, "step 2: its rule for outliers (zscore:3) has not finite limits");
    refused(r#""by":["#, r#""by":[1.0,"#, "step 3: it scales 13 and 14 columns of 13");
    refused(r#""centroids":["#, r#""centroids":[0.5,"#, "step 4: its rule");
    refused(r#""mean":["#, r#""mean":[0.5,"#, "no principal components");
    refused(r#""whiten":["#, r#""whiten":[1.0,"#, "not whitened by 3 positive numbers");
    refused(r#""whiten":["#, r#""whiten":[-"#, "not whitened by 3 positive numbers");
    refused(r#""normalize""#, r#""square""#, "unknown variant");
    refused("kmeans-preparation", "kmeans-model", "its format is not kmeans-preparation");
    refused(
        r#"{"impute""#,
        r#""normalize",{"impute""#,
        "step 2: missing values are filled by the first step",
    );
    let empty = loaded(r#"{"format":"kmeans-preparation","version":1,"dim_in":3,"steps":[]}"#).unwrap_err();
    assert!(empty.to_string().contains("0 steps"), "{empty}");
    let later = loaded(&text.replacen(r#""version":1"#, r#""version":2"#, 1)).unwrap_err();
    assert!(matches!(later, Error::PreparationVersion { ref found, .. } if found == "2"), "{later:?}");
    let missing = Preparation::load(Path::new("/none/p.json")).unwrap_err();
    assert!(matches!(missing, Error::Data(_)), "{missing:?}");
}

#[test]
fn columns_of_components_must_be_those_that_come_in() {
    let wide = Preparation::fit(&data("wine"), None, &[pca(3, false)]).unwrap();
    let text = serde_json::to_string(&wide).unwrap().replacen(r#""dim_in":13"#, r#""dim_in":4"#, 1);
    assert!(loaded(&text).unwrap_err().to_string().contains("its components are of 13 columns, not of 4"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_damaged_file_is_an_error_or_a_usable_preparation(at in 0.0_f64..1.0, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = serde_json::to_vec(&preparation()).unwrap();
        let place = (at * bytes.len() as f64) as usize;
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        if let Ok(read) = serde_json::from_slice::<Preparation>(&bytes) {
            prop_assert!(!cut);
            let mut out = vec![0.0; read.dim_out()];
            let _ = read.transform(&vec![1.0; read.dim_in()], &mut out);
        }
    }
}
