#!/usr/bin/env python3
"""How the time of an iteration grows with rows, columns and clusters: each doubled four times.

    python3 benches/scaling.py sift_150k_128.u8.npy

Rows, columns and clusters are cut from one file; 25 iterations from random rows, no early stop, with pruning and
without. Prints a JSON line for each size (the faster of three runs, and its inertia) and, for each series, the
exponent: the slope of log time over log size.
"""
import argparse
import json
import os
import subprocess
import tempfile

import numpy as np

NITER = 25


def seconds(command, rows, k, pruning, folder):
    data = os.path.join(folder, "rows.npy")
    np.save(data, rows)
    arguments = [command, "train", data, "-k", str(k), "--niter", str(NITER), "--early-stop-threshold", "none",
                 "--max-points-per-centroid", "none", "--init", "random", "--seed", "1", "--pruning", pruning, "--json",
                 "-q", "--force", "-o", os.path.join(folder, "model.safetensors")]
    runs = [json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout) for _ in range(3)]
    best = min(runs, key=lambda run: run["seconds"]["iterate"])
    return best["seconds"]["iterate"] / (NITER + 1), best["inertia"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--command", default="target/release/kmeans")
    args = parser.parse_args()
    x = np.ascontiguousarray(np.load(args.data), dtype="f4")
    x = x[np.random.default_rng(3).permutation(len(x))]
    n, d, k = len(x), x.shape[1], 1000
    series = {
        "n": [(n >> shift, d, k) for shift in (4, 3, 2, 1, 0)],
        "d": [(n, d >> shift, k) for shift in (4, 3, 2, 1, 0)],
        "k": [(n, d, size) for size in (250, 500, 1000, 2000, 4000)],
    }
    with tempfile.TemporaryDirectory() as folder:
        for pruning in ("auto", "off"):
            for name, shapes in series.items():
                times = []
                for shape in shapes:
                    time, inertia = seconds(args.command, x[:shape[0], :shape[1]], shape[2], pruning, folder)
                    times.append(time)
                    print(json.dumps({"pruning": pruning, "grows": name, "shape": shape,
                                      "ms_per_iteration": round(1e3 * time, 2), "inertia": inertia}), flush=True)
                sizes = [shape["ndk".index(name)] for shape in shapes]
                slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
                print(json.dumps({"pruning": pruning, "grows": name, "exponent": round(float(slope), 2)}), flush=True)


if __name__ == "__main__":
    main()
