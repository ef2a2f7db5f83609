"""Golden values of measures of clustering quality, from scikit-learn 1.9.1 and NumPy in float64.

    python kmeans-eval/tests/golden.py > kmeans-eval/tests/golden.json

Labels are those of the nearest of some rows, so that they need not be stored; the cosine silhouette is that of the same
labels. Dunn is by the definition of R's clusterCrit: least distance between clusters by largest within one.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from scipy.spatial.distance import cdist
from sklearn import metrics

DATA = Path(__file__).resolve().parents[2] / "data"
SETS = {
    "iris": [0, 50, 100],
    "wine": [0, 60, 150, 90],
    "breast_cancer": [0, 100],
    "digits": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 500, 1000],
}


def golden(name, rows):
    x = np.load(DATA / f"{name}.f32.npy").astype(np.float64)
    truth = np.load(DATA / f"{name}_target.u8.npy").astype(int)
    labels = cdist(x, x[rows]).argmin(1)
    apart = cdist(x, x)
    same = labels[:, None] == labels[None, :]
    means = np.stack([x[labels == j].mean(0) for j in range(len(rows))])
    own = np.linalg.norm(x - means[labels], axis=1)
    to_means = cdist(x, means)
    others = to_means.copy()
    others[np.arange(len(x)), labels] = np.inf
    b = others.min(1)
    table = metrics.cluster.contingency_matrix(truth, labels)
    samples = metrics.silhouette_samples(x, labels)
    return {
        "rows": rows,
        "silhouette": samples.mean(),
        "silhouette_of_cluster_0": samples[labels == 0].mean(),
        "silhouette_cosine": metrics.silhouette_score(x, labels, metric="cosine"),
        "simplified_silhouette": np.mean((b - own) / np.maximum(own, b)),
        "davies_bouldin": metrics.davies_bouldin_score(x, labels),
        "calinski_harabasz": metrics.calinski_harabasz_score(x, labels),
        "separation": apart[~same].min(),
        "diameter": apart[same].max(),
        "sum_of_squares": (own**2).sum(),
        "mean_distance": own.mean(),
        "radius_of_cluster_0": own[labels == 0].max(),
        "adjusted_rand": metrics.adjusted_rand_score(truth, labels),
        "adjusted_mutual_information": metrics.adjusted_mutual_info_score(truth, labels),
        "normalized_mutual_information": metrics.normalized_mutual_info_score(truth, labels),
        "homogeneity": metrics.homogeneity_score(truth, labels),
        "completeness": metrics.completeness_score(truth, labels),
        "v_measure": metrics.v_measure_score(truth, labels),
        "fowlkes_mallows": metrics.fowlkes_mallows_score(truth, labels),
        "purity": table.max(0).sum() / len(x),
    }


def main():
    sets = {name: golden(name, rows) for name, rows in SETS.items()}
    corners = [
        ([0, 0, 0], [1, 1, 1]), ([0, 0, 0, 0], [0, 1, 2, 3]), ([0, 1, 2, 3], [0, 0, 0, 0]), ([0, 1, 2], [2, 0, 1]),
        ([0, 0, 1, 1], [0, 1, 0, 1]), ([0, 0, 0, 0], [0, 0, 1, 1]), ([0, 0, 1, 1, 2, 2, 2], [0, 0, 1, 1, 1, 2, 2]),
    ]
    ami = [[a, b, metrics.adjusted_mutual_info_score(a, b)] for a, b in corners]
    print(json.dumps({"scikit-learn": sklearn.__version__, "sets": sets, "adjusted_mutual_information": ami}, indent=1))


main()
