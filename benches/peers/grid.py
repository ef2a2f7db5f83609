#!/usr/bin/env python3
"""Seconds of an iteration over a grid of columns and clusters, beside Faiss and scikit-learn.

    python3 benches/peers/grid.py            # faiss-cpu and scikit-learn installed, `cargo build --release` done

Rows are Gaussian clusters, as many as make an iteration about as long everywhere; all start at the same rows and
run a fixed number of iterations. Ours is timed twice: with every pair scored (`dense`), of which GFLOP/s are
stated (2·n·d·k over the time of an iteration, everything included), and as it is by default. A JSON line a point.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in info.read() else "Haswell")

import numpy as np  # noqa: E402

COLUMNS = (2, 4, 8, 16, 32, 64, 96, 128, 256, 384, 768, 1536)
CLUSTERS = (2, 10, 100, 1000, 4096, 16384)
FLOPS = 8e9
MOST_VALUES = 1 << 26
NITER = 4


def rows_of(d, k):
    n = int(min(FLOPS / (2 * d * k), MOST_VALUES / d, 4_000_000))
    n = max(n, 2 * k)
    draws = np.random.default_rng(d * 31 + k)
    centres = draws.normal(size=(max(2, k // 2), d)).astype("f4")
    x = centres[draws.integers(len(centres), size=n)]
    x += draws.normal(scale=0.4, size=(n, d)).astype("f4")
    return x, x[draws.choice(n, k, replace=False)].copy()


def run_ours(command, folder, k, pruning):
    arguments = [command, "train", os.path.join(folder, "x.npy"), "-k", str(k), "--niter", str(NITER),
                 "--early-stop-threshold", "none", "--max-points-per-centroid", "none", "--init-centroids",
                 os.path.join(folder, "start.npy"), "--pruning", pruning, "--no-final-assign", "--json", "-q",
                 "--force", "-o", os.path.join(folder, "m.safetensors")]
    report = json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
    # The centroids returned are assigned to once more.
    return report["seconds"]["iterate"] / (NITER + 1), report["obj"][-1]


def run_faiss(x, start):
    import faiss
    kmeans = faiss.Kmeans(x.shape[1], len(start), niter=NITER, max_points_per_centroid=10**9,
                          min_points_per_centroid=1, early_stop_threshold=-1.0)
    begun = time.perf_counter()
    kmeans.train(x, init_centroids=start)
    return (time.perf_counter() - begun) / NITER, float(kmeans.obj[-1])


def run_sklearn(x, start):
    import warnings

    from sklearn.cluster import KMeans
    warnings.filterwarnings("ignore")
    kmeans = KMeans(len(start), init=start, n_init=1, max_iter=NITER, tol=0, algorithm="lloyd")
    begun = time.perf_counter()
    kmeans.fit(x)
    return (time.perf_counter() - begun) / kmeans.n_iter_, float(kmeans.inertia_)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="target/release/kmeans")
    parser.add_argument("--columns", default=",".join(map(str, COLUMNS)))
    parser.add_argument("--clusters", default=",".join(map(str, CLUSTERS)))
    parser.add_argument("--peers", default="faiss,sklearn")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        peer, folder = args.one
        x, start = (np.load(os.path.join(folder, name)) for name in ("x.npy", "start.npy"))
        print(json.dumps({"faiss": run_faiss, "sklearn": run_sklearn}[peer](x, start)))
        return
    for d in map(int, args.columns.split(",")):
        for k in map(int, args.clusters.split(",")):
            x, start = rows_of(d, k)
            with tempfile.TemporaryDirectory() as folder:
                np.save(os.path.join(folder, "x.npy"), x)
                np.save(os.path.join(folder, "start.npy"), start)
                found = {name: min(run_ours(args.command, folder, k, pruning) for _ in range(2))
                         for name, pruning in (("dense", "off"), ("kmeans", "auto"))}
                for peer in filter(None, args.peers.split(",")):
                    command = [sys.executable, os.path.abspath(__file__), "--one", peer, folder]
                    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                            for _ in range(2)]
                    found[peer] = min(runs)
            line = {"d": d, "k": k, "n": len(x), "gflops": round(2e-9 * len(x) * d * k / found["dense"][0], 1)}
            line |= {f"{name}_ms": round(1e3 * took, 2) for name, (took, _) in found.items()}
            print(json.dumps(line | {"obj": {name: obj for name, (_, obj) in found.items()}}), flush=True)


if __name__ == "__main__":
    main()
