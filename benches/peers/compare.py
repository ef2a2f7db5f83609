#!/usr/bin/env python3
"""Time Faiss's Kmeans and `kmeans train` on one job, turn by turn.

The same rows, the same initial centroids, all rows, a fixed number of iterations. Prints a JSON line
for each run, with the inertia of its centroids recomputed here in float64, and at the end the medians
and their ratio. Needs numpy and faiss-cpu >= 1.15.1, and the command built with `cargo build --release`.

    python3 benches/peers/compare.py DATA.npy -k 1000 --niter 25 --repeat 5
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

# The wheel's OpenBLAS does not know new processors and would fall back to slow kernels.
with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in info.read() else "Haswell")

import faiss  # noqa: E402
import numpy as np  # noqa: E402


def inertia(x, centroids):
    c = centroids.astype("f8")
    sq_norms = (c * c).sum(1)
    total = 0.0
    for start in range(0, len(x), 4096):
        rows = x[start:start + 4096].astype("f8")
        nearest = (sq_norms[None] - 2 * rows @ c.T).argmin(1)
        total += float(((rows - c[nearest]) ** 2).sum())
    return total


def run_faiss(x, start, niter):
    kmeans = faiss.Kmeans(x.shape[1], len(start), niter=niter, max_points_per_centroid=10**9,
                          min_points_per_centroid=1, early_stop_threshold=-1.0)
    begun = time.perf_counter()
    kmeans.train(x, init_centroids=start)
    return time.perf_counter() - begun, kmeans.centroids


def run_ours(command, data, start_file, k, niter, folder):
    centroids = os.path.join(folder, "centroids.npy")
    options = ["--niter", str(niter), "--early-stop-threshold", "none", "--max-points-per-centroid", "none",
               "--init-centroids", start_file, "--centroids", centroids, "--json", "-q", "--force",
               "-o", os.path.join(folder, "model.safetensors")]
    done = subprocess.run([command, "train", data, "-k", str(k), *options], check=True, capture_output=True)
    return json.loads(done.stdout)["seconds"]["total"], np.load(centroids)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("-k", type=int, required=True)
    parser.add_argument("--niter", type=int, default=25)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--command", default="target/release/kmeans")
    args = parser.parse_args()
    x = np.ascontiguousarray(np.load(args.data), dtype="f4")
    start = x[np.random.default_rng(7).choice(len(x), args.k, replace=False)].copy()
    seconds = {"faiss": [], "kmeans": []}
    with tempfile.TemporaryDirectory() as folder:
        start_file = os.path.join(folder, "start.npy")
        np.save(start_file, start)
        for _ in range(args.repeat):
            runs = {"faiss": lambda: run_faiss(x, start.copy(), args.niter),
                    "kmeans": lambda: run_ours(args.command, args.data, start_file, args.k, args.niter, folder)}
            for name, run in runs.items():
                took, centroids = run()
                seconds[name].append(took / args.niter)
                print(json.dumps({"peer": name, "n": len(x), "d": x.shape[1], "k": args.k,
                                  "seconds_per_iter": round(took / args.niter, 5),
                                  "inertia": inertia(x, centroids)}), flush=True)
    ratios = [f / o for f, o in zip(seconds["faiss"], seconds["kmeans"])]
    print(json.dumps({"median_seconds_per_iter": {name: round(statistics.median(s), 5) for name, s in seconds.items()},
                      "faiss_over_kmeans": [round(min(ratios), 2), round(statistics.median(ratios), 2),
                                            round(max(ratios), 2)]}))


if __name__ == "__main__":
    main()
