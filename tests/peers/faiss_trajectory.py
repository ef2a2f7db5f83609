#!/usr/bin/env python3
"""Check that `kmeans train --seeding faiss` takes the same way as Faiss, iteration by iteration.

Run by hand, from the root of the repository, after `cargo build --release`:

    python3 tests/peers/faiss_trajectory.py --sift sift_150k_128.u8.npy

Needs numpy and faiss-cpu >= 1.15.1. Without `--sift` that data set is left out. Takes a few minutes.

Both train from the same seed: plain, spherical (rows of length 1, and rows as they are), weighted, with restarts, on a
sample, on a sample drawn with replacement, from given centroids of which some are so far out that their clusters are
empty and get split, and on data of duplicate rows, which leave many clusters empty. The objective of every iteration
of every restart is compared. A row of the table:

    vs f32    largest relative difference between our objective and the one that Faiss reports
    vs f64    the same against the objective in float64 of the centroids with which Faiss began that iteration
    own f32   the largest relative error of what Faiss reports, against that float64: it adds in float32
    splits    empty clusters that Faiss split over all iterations; 'same' if ours are equal in each iteration
    one step  only where the objectives differ, ours begun anew at Faiss's centroids of each iteration: the largest
              difference of a coordinate of the centroids, over the largest coordinate, after one iteration in which
              all labels were Faiss's; the number of iterations in which some were not; how much farther than its
              nearest centroid a row's own was at most, over (|x| + |c|)^2

A case passes with
    ok        'vs f32' at most 1e-5
    ok (f64)  'vs f64' at most 1e-5: what Faiss reports is off by its own rounding
    parts     'one step' at most 1e-5, and no row farther than 2e-7 beyond its nearest centroid: the rules are the
              same, but a row stood so nearly between two centroids that float32 decided, and there the ways part
and fails otherwise. Faiss's objective has no weights, so for weighted cases ours is recomputed without them from the
centroids of runs of 0, 1, 2, … iterations. Exit code 1 if a case fails.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

# The wheel's OpenBLAS does not know new processors and would fall back to slow kernels.
with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in info.read() else "Haswell")
# On a shared machine, threads that spin while they wait take the time of those that work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import faiss  # noqa: E402
import numpy as np  # noqa: E402

TOLERANCE = 1e-5
# A few roundings of float32, whose unit is 6e-8, in the products behind a distance.
NEAR_TIE = 2e-7
SEEDS = (1234, 77)
NREDO = 3
REDO_STRIDE = 15486557
SAMPLE_PER_CENTROID = 40
ALL = 10**9


def mixture(n=20000, d=16, components=50):
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(components, d)) * 3
    return (centres[rng.integers(components, size=n)] + rng.normal(size=(n, d))).astype("f4")


def grid(n=20000, d=4, components=30):
    """Whole numbers, so that many rows are equal and random rows as centroids leave clusters empty."""
    rng = np.random.default_rng(6)
    centres = rng.integers(-9, 10, size=(components, d))
    return (centres[rng.integers(components, size=n)] + np.rint(rng.normal(size=(n, d)) * 0.6)).astype("f4")


def unit_rows(x):
    return (x / np.linalg.norm(x.astype("f8"), axis=1, keepdims=True)).astype("f4")


def objective(x, centroids, spherical):
    """In float64: the sum of squared distances, or of products where spherical."""
    c = centroids.astype("f8")
    sq_norms = (c * c).sum(1)
    total = 0.0
    for start in range(0, len(x), 4096):
        rows = x[start:start + 4096].astype("f8")
        products = rows @ c.T
        if spherical:
            total += products.max(1).sum()
        else:
            nearest = (sq_norms - 2 * products).argmin(1)
            total += ((rows - c[nearest]) ** 2).sum()
    return total


def largest_gap(x, centroids, labels, spherical):
    """How much farther than its nearest centroid a row's own is, over (|x| + |c|)^2; the largest of all rows."""
    c = centroids.astype("f8")
    sq_norms = (c * c).sum(1)
    gap = 0.0
    for start in range(0, len(x), 4096):
        rows, own = x[start:start + 4096].astype("f8"), labels[start:start + 4096]
        products = rows @ c.T
        distances = -2 * products if spherical else sq_norms - 2 * products
        beyond = distances[np.arange(len(rows)), own] - distances.min(1)
        scale = (np.linalg.norm(rows, axis=1) + np.sqrt(sq_norms[own])) ** 2
        gap = max(gap, float((beyond / scale).max()))
    return gap


def faster_sample(m, n, seed):
    """Faiss's rows for use_faster_subsampling: SplitMix64."""
    mask = 2**64 - 1
    rows, state = [], seed
    for _ in range(m):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        rows.append(((z ^ (z >> 31)) & (mask >> 1)) % n)
    return np.array(rows)


class Case:
    """One job for both."""

    def __init__(self, name, x, k, seed, niter, weights=None, start=None, **options):
        self.name, self.x, self.k, self.seed, self.niter = name, x, k, seed, niter
        self.weights, self.start, self.options = weights, start, options
        self.spherical = options.get("spherical", False)
        self.nredo = options.pop("nredo", 1)

    def faiss(self, **changed):
        options = {"niter": self.niter, "seed": self.seed, "max_points_per_centroid": ALL, **self.options, **changed}
        x, weights = options.pop("x", self.x), options.pop("weights", self.weights)
        start = options.pop("start", self.start)
        kmeans = faiss.Kmeans(x.shape[1], self.k, min_points_per_centroid=1, early_stop_threshold=-1.0, **options)
        kmeans.train(x, weights=weights, init_centroids=None if start is None else start.copy())
        stats = kmeans.iteration_stats
        return kmeans.centroids, [s["obj"] for s in stats], [s["nsplit"] for s in stats]

    def trained_rows(self):
        m = self.k * self.options.get("max_points_per_centroid", ALL)
        if len(self.x) <= m:
            return np.arange(len(self.x))
        if self.options.get("use_faster_subsampling"):
            return faster_sample(m, len(self.x), self.seed)
        permutation = np.empty(len(self.x), "i4")
        faiss.rand_perm(faiss.swig_ptr(permutation), len(self.x), self.seed)
        return permutation[:m]

    def faiss_redos(self):
        """Each restart as a training of its own, since Faiss's report ends with the best of them."""
        seeds = [self.seed + redo * REDO_STRIDE for redo in range(self.nredo)]
        return [(seed, *self.faiss(seed=seed)[1:]) for seed in seeds]

    def on_trained_rows(self):
        """The same job without sampling, for single steps."""
        rows = self.trained_rows()
        weights = None if self.weights is None else self.weights[rows]
        x = np.ascontiguousarray(self.x[rows])
        return Case(self.name, x, self.k, self.seed, 1, weights, spherical=self.spherical)

    def faiss_way(self, seed):
        """The centroids with which each iteration of Faiss begins, and those after the last; step by step, as its
        splits draw from a stream that every iteration starts anew."""
        step = self.on_trained_rows()
        way = [self.faiss(seed=seed, niter=0)[0]]
        for _ in range(self.niter):
            way.append(step.faiss(start=way[-1])[0])
        return way

    def one_step(self, way, command, folder):
        """Ours begun at each point of Faiss's way: (steps where a row has another label than from Faiss, the largest
        difference of a coordinate after one iteration in the other steps, the largest gap of a row)."""
        step = self.on_trained_rows()
        index = (faiss.IndexFlatIP if self.spherical else faiss.IndexFlatL2)(step.x.shape[1])
        others, difference, gap = 0, 0.0, 0.0
        for begun_with, next_one in zip(way, way[1:]):
            step.start = begun_with
            labels = step.run_ours(command, folder, 0)[2]
            gap = max(gap, largest_gap(step.x, begun_with, labels, self.spherical))
            index.reset()
            index.add(begun_with)
            if (index.search(step.x, 1)[1][:, 0] != labels).any():
                others += 1
                continue
            reached = step.run_ours(command, folder, 1)[1]
            difference = max(difference, float(np.abs(reached - next_one).max() / np.abs(next_one).max()))
        return others, difference, gap

    def ours(self, command, folder):
        """Objectives and splits of each iteration of each restart."""
        report = self.run_ours(command, folder, self.niter)[0]
        stats = [redo["iteration_stats"] for redo in report["redos"]]
        splits = [[s["nsplit"] for s in redo] for redo in stats]
        if self.weights is None:
            return [[s["obj"] for s in redo] for redo in stats], splits
        rows = self.x[self.trained_rows()]
        begun_with = (self.run_ours(command, folder, niter)[1] for niter in range(self.niter))
        return [[objective(rows, centroids, self.spherical) for centroids in begun_with]], splits

    def run_ours(self, command, folder, niter):
        path = lambda name: os.path.join(folder, name)  # noqa: E731
        np.save(path("x.npy"), self.x)
        most = self.options.get("max_points_per_centroid", "none")
        options = ["--niter", niter, "--nredo", self.nredo, "--seed", self.seed, "--seeding", "faiss",
                   "--init", "random", "--early-stop-threshold", "none", "--max-points-per-centroid", most,
                   "--centroids", path("c.npy"), "--labels", path("l.npy"), "-o", path("m.safetensors"),
                   "--json", "-q", "--force"]
        for name, value in (("--weights", self.weights), ("--init-centroids", self.start)):
            if value is not None:
                np.save(path(name + ".npy"), value)
                options += [name, path(name + ".npy")]
        flags = ("spherical", "use_faster_subsampling")
        options += ["--" + flag.replace("_", "-") for flag in flags if self.options.get(flag)]
        done = subprocess.run([command, "train", path("x.npy"), "-k", str(self.k), *map(str, options)],
                              check=True, capture_output=True)
        return json.loads(done.stdout), np.load(path("c.npy")), np.load(path("l.npy"))


def cases(name, x, k, seed, niter):
    weights = np.random.default_rng(8).uniform(0.5, 2, len(x)).astype("f4")
    far = (1e3 * np.abs(x).max() * np.eye(5, x.shape[1]) + x.mean(0)).astype("f4")
    few = {"max_points_per_centroid": SAMPLE_PER_CENTROID}
    job = {"x": x, "k": k, "seed": seed, "niter": niter}
    if name == "grid":
        return [Case("duplicate rows", **job), Case("duplicate rows, weighted", weights=weights, **job)]
    return [
        Case("plain", **job),
        Case("spherical, unit rows", spherical=True, **{**job, "x": unit_rows(x)}),
        Case("spherical, rows as they are", spherical=True, **job),
        Case("weighted", weights=weights, **job),
        Case("3 restarts", nredo=NREDO, **job),
        Case("sampled", **few, **job),
        Case("sampled, weighted", weights=weights, **few, **job),
        Case("sampled with replacement", use_faster_subsampling=True, **few, **job),
        Case("5 given far out", start=far, **job),
    ]


def largest(a, b):
    a, b = np.array(a, "f8"), np.array(b, "f8")
    return float((np.abs(a - b) / np.maximum(np.abs(b), np.finfo("f8").tiny)).max())


def compare(case, command, folder):
    """One row of the table, and whether the case passed."""
    redos = case.faiss_redos()
    reported = [value for _, obj, _ in redos for value in obj]
    splits = [count for _, _, nsplit in redos for count in nsplit]
    ways = [case.faiss_way(seed) for seed, _, _ in redos]
    trained = case.x[case.trained_rows()]
    exact = [objective(trained, centroids, case.spherical) for way in ways for centroids in way[:-1]]
    if case.nredo > 1:
        together = case.faiss(nredo=case.nredo)[1]
        assert together == reported[:len(together)], "restarts of Faiss are not the trainings they were taken for"
    objectives, our_splits = case.ours(command, folder)
    ours = [value for redo in objectives for value in redo]
    assert len(ours) == len(reported)
    same = [count for redo in our_splits for count in redo] == splits
    vs_f32, vs_f64, own = largest(ours, reported), largest(ours, exact), largest(reported, exact)
    step = ""
    if same and vs_f32 <= TOLERANCE:
        verdict = "ok"
    elif same and vs_f64 <= TOLERANCE:
        verdict = "ok (f64)"
    else:
        others, differences, gaps = zip(*(case.one_step(way, command, folder) for way in ways))
        difference, gap = max(differences), max(gaps)
        step = f"{difference:.1e}, {sum(others)}, {gap:.1e}"
        verdict = "parts" if difference <= TOLERANCE and gap <= NEAR_TIE else "FAIL"
    split = f"{sum(splits)}, {'same' if same else 'NOT same'}"
    return f"{len(ours)} | {vs_f32:.1e} | {vs_f64:.1e} | {own:.1e} | {split} | {step} | {verdict}", verdict != "FAIL"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", default="data/digits.f32.npy")
    parser.add_argument("--sift")
    parser.add_argument("--niter", type=int, default=25)
    parser.add_argument("--command", default="target/release/kmeans")
    args = parser.parse_args()
    data = {"digits": (np.load(args.digits), 20), "mixture": (mixture(), 50), "grid": (grid(), 400)}
    if args.sift:
        data["sift 20k"] = (np.load(args.sift, mmap_mode="r")[:20000], 100)
    failed = 0
    print("| case | data | seed | iterations | vs f32 | vs f64 | own f32 | splits | one step | |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (x, k) in data.items():
            x = np.ascontiguousarray(x, dtype="f4")
            for seed in SEEDS:
                for case in cases(name, x, k, seed, args.niter):
                    row, passed = compare(case, args.command, folder)
                    failed += not passed
                    print(f"| {case.name} | {name}, k={k} | {seed} | {row} |", flush=True)
    print(f"{failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
