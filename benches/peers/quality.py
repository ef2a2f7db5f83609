#!/usr/bin/env python3
"""How good each initialisation is after the same number of iterations, beside Faiss and scikit-learn.

    python3 benches/peers/quality.py --sift sift_150k_128.u8.npy --wordnet wordnet_50k_384.f16.npy

Needs numpy, faiss-cpu >= 1.15.1 and scikit-learn, and the command built with `cargo build --release`. Data sets that
are not given are left out. All rows, a fixed number of iterations without early stop, one start a seed; peers take
turns within each seed. Prints a Markdown table for each data set: inertia in float64 over all rows from the centroids
that each returned, the mean inertia of the initial centroids, and mean seconds of the initialisation and of all; then
how far the mean inertia is from that of each peer's same initialisation, in standard errors of the difference.

scikit-learn's k-means++ is greedy and runs here by its own function, so that it can be timed, on float64, on which it
is many times faster than on float32; Faiss's initialisation is timed as a training of no iterations. Our seconds are
those of the report: load to final assignment.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

# The wheel's OpenBLAS does not know new processors and would fall back to slow kernels.
with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in info.read() else "Haswell")
# On a shared machine, threads that spin while they wait take the time of those that work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import faiss  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.cluster import KMeans, kmeans_plusplus  # noqa: E402

OURS = ("random", "kmeans++", "greedy-kmeans++", "kmeans-parallel", "afk-mc2")
FAISS = {"random": "RANDOM", "k-means++": "KMEANS_PLUS_PLUS", "AFK_MC2": "AFK_MC2"}
SKLEARN = ("random", "k-means++")

# Ours, and what each peer calls the same: scikit-learn's k-means++ is greedy.
SAME = [("random", "Faiss random"), ("random", "scikit-learn random"), ("kmeans++", "Faiss k-means++"),
        ("kmeans-parallel", "Faiss k-means++"), ("greedy-kmeans++", "scikit-learn k-means++"),
        ("afk-mc2", "Faiss AFK_MC2")]


def inertia(x, centroids):
    c = centroids.astype("f8")
    sq_norms = (c * c).sum(1)
    total = 0.0
    for start in range(0, len(x), 4096):
        rows = x[start:start + 4096].astype("f8")
        nearest = (sq_norms - 2 * rows @ c.T).argmin(1)
        total += float(((rows - c[nearest]) ** 2).sum())
    return total


def timed(work):
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


class Job:
    """One data set; each method trains once and returns (centroids, initial inertia, seconds of init, seconds)."""

    def __init__(self, command, x, k, niter, folder):
        self.command, self.x, self.k, self.niter = command, x, k, niter
        self.data, self.out = os.path.join(folder, "x.npy"), os.path.join(folder, "c.npy")
        self.model = os.path.join(folder, "m.safetensors")
        np.save(self.data, x)
        self.x_f64 = x.astype("f8")

    def ours(self, init, seed):
        options = ["--init", init, "--seed", str(seed), "--niter", str(self.niter), "--early-stop-threshold", "none",
                   "--max-points-per-centroid", "none", "--centroids", self.out, "-o", self.model,
                   "--json", "-q", "--force"]
        done = subprocess.run([self.command, "train", self.data, "-k", str(self.k), *options],
                              check=True, capture_output=True)
        report = json.loads(done.stdout)
        return np.load(self.out), report["obj"][0], report["seconds"]["init"], report["seconds"]["total"]

    def faiss(self, init, seed):
        def train(niter):
            kmeans = faiss.Kmeans(self.x.shape[1], self.k, niter=niter, seed=seed, max_points_per_centroid=10**9,
                                  min_points_per_centroid=1, early_stop_threshold=-1.0)
            kmeans.cp.init_method = getattr(faiss, "ClusteringInitMethod_" + FAISS[init])
            kmeans.train(self.x)
            return kmeans.centroids
        start, init_seconds = timed(lambda: train(0))
        centroids, seconds = timed(lambda: train(self.niter))
        return centroids, inertia(self.x, start), init_seconds, seconds

    def sklearn(self, init, seed):
        def draw():
            if init == "random":
                return self.x[np.random.default_rng(seed).choice(len(self.x), self.k, replace=False)]
            return kmeans_plusplus(self.x_f64, self.k, random_state=seed)[0].astype("f4")
        start, init_seconds = timed(draw)
        kmeans = KMeans(self.k, init=start, n_init=1, max_iter=self.niter, tol=0, algorithm="lloyd")
        _, seconds = timed(lambda: kmeans.fit(self.x))
        return kmeans.cluster_centers_, inertia(self.x, start), init_seconds, init_seconds + seconds

    def runs(self):
        return ({init: lambda seed, i=init: self.ours(i, seed) for init in OURS}
                | {f"Faiss {init}": lambda seed, i=init: self.faiss(i, seed) for init in FAISS}
                | {f"scikit-learn {init}": lambda seed, i=init: self.sklearn(i, seed) for init in SKLEARN})

    def measure(self, seeds):
        """For each way: (final inertia, initial inertia, seconds of init, seconds) of each seed."""
        measured = {name: [] for name in self.runs()}
        for seed in range(1, seeds + 1):
            for name, run in self.runs().items():
                centroids, *rest = run(seed)
                measured[name].append((inertia(self.x, centroids), *rest))
            print(f"seed {seed} of {seeds}", file=sys.stderr)
        return {name: np.array(rows) for name, rows in measured.items()}


def table(title, measured):
    print(f"\n| {title} | mean | best | worst | sd | initial | s init | s total |\n|---|---|---|---|---|---|---|---|")
    for name, rows in measured.items():
        final, (_, initial, init, total) = rows[:, 0], rows.mean(0)
        spread = final.std(ddof=1) / final.mean()
        print(f"| {name} | {final.mean():.5e} | {final.min():.5e} | {final.max():.5e} | {spread:.2%} | {initial:.4e} "
              f"| {init:.4f} | {total:.3f} |")


def compare(measured):
    """A line for each of our ways beside the same of a peer."""
    for ours, peer in SAME:
        a, b = measured[ours][:, 0], measured[peer][:, 0]
        difference, error = a.mean() - b.mean(), np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        print(f"{ours} against {peer}: mean {difference / b.mean():+.3%}, {difference / error:+.1f} standard errors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", default="data/digits.f32.npy")
    parser.add_argument("--sift")
    parser.add_argument("--wordnet")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--niter", type=int, default=25)
    parser.add_argument("--command", default="target/release/kmeans")
    args = parser.parse_args()
    for name, path, rows, k in (("digits", args.digits, None, 10), ("SIFT 50k", args.sift, 50000, 100),
                                ("WordNet 20k", args.wordnet, 20000, 100)):
        if path is None:
            continue
        x = np.ascontiguousarray(np.load(path, mmap_mode="r")[:rows], dtype="f4")
        with tempfile.TemporaryDirectory() as folder:
            measured = Job(args.command, x, k, args.niter, folder).measure(args.seeds)
        table(f"{name}, {len(x)}×{x.shape[1]}, k={k}, {args.niter} iterations, {args.seeds} seeds", measured)
        print()
        compare(measured)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
