#!/usr/bin/env python3
"""Exact silhouettes by `kmeans` and by scikit-learn, turn by turn, in one run, of the same labels.

    python3 -m venv peers && peers/bin/pip install scikit-learn==1.9.1
    cargo bench --no-run --bench evaluation && cargo build --release
    peers/bin/python benches/peers/evaluate.py DATA.npy --rows 50000 -k 100 --repeat 3
"""
import argparse
import glob
import json
import os
import subprocess
import tempfile
import time

import numpy as np
from sklearn.metrics import silhouette_score

HERE = os.path.dirname(os.path.abspath(__file__))
RELEASE = os.path.join(HERE, "../../target/release")


def bench_program():
    built = [path for path in glob.glob(os.path.join(RELEASE, "deps/evaluation-*")) if not path.endswith(".d")]
    return max((path for path in built if os.access(path, os.X_OK)), key=os.path.getmtime)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--rows", type=int, default=50000)
    parser.add_argument("-k", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    x = np.ascontiguousarray(np.load(args.data, mmap_mode="r")[: args.rows], dtype="f4")
    with tempfile.TemporaryDirectory() as folder:
        rows, labels = os.path.join(folder, "x.npy"), os.path.join(folder, "labels.npy")
        np.save(rows, x)
        model = os.path.join(folder, "m.safetensors")
        kmeans = os.path.join(RELEASE, "kmeans")
        subprocess.run([kmeans, "train", rows, "-k", str(args.k), "-o", model, "--labels", labels, "-q"], check=True)
        names = np.load(labels)
        for _ in range(args.repeat):
            command = [bench_program(), "silhouette", rows, labels]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
            ours = min((json.loads(line) for line in lines), key=lambda line: line["seconds"])
            begun = time.perf_counter()
            theirs = silhouette_score(x, names)
            seconds = time.perf_counter() - begun
            print(json.dumps({
                "kmeans": ours["seconds"], "silhouette": ours["silhouette"], "scikit-learn": seconds,
                "its silhouette": float(theirs), "times": seconds / ours["seconds"],
            }), flush=True)


main()
