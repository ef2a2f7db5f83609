#!/usr/bin/env python3
"""Small work, end to end, beside scikit-learn: whole processes, and the training alone.

    python3 benches/peers/small.py data/digits.f32.npy:10 data/iris.f32.npy:3

A process starts, reads the file, trains, and ends (ours writes its model, too). The training alone is what our report says, and `fit` in
this process, its import and a first fit not counted. Medians of 21 turns (5 of Python's processes), greedy k-means++, one restart, the seeds
counted up; the mean inertia beside the time.
"""
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np


def main():
    warnings.filterwarnings("ignore")
    from sklearn.cluster import KMeans
    fits = {"scikit-learn": KMeans}
    try:
        from sklearnex.cluster import KMeans as Extension
        fits["sklearnex"] = Extension
    except ImportError:
        pass
    for data, k in (argument.rsplit(":", 1) for argument in sys.argv[1:]):
        x = np.load(data)
        processes = [f"{name} (process)" for name in ("kmeans", *fits)]
        seconds = {name: [] for name in ["kmeans", *fits, *processes]}
        inertia = {name: [] for name in seconds}
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(22):
                command = ["target/release/kmeans", "train", data, "-k", k, "--seed", str(seed), "--niter", "300",
                           "--init", "greedy-kmeans++", "--max-points-per-centroid", "none", "--json", "-q", "--force", "-o", f"{folder}/m.safetensors"]
                begun = time.perf_counter()
                done = subprocess.run(command, check=True, capture_output=True)
                seconds["kmeans (process)"].append(time.perf_counter() - begun)
                report = json.loads(done.stdout)
                seconds["kmeans"].append(report["seconds"]["total"])
                inertia["kmeans"].append(report["inertia"])
                inertia["kmeans (process)"].append(report["inertia"])
                for name, fit in fits.items():
                    begun = time.perf_counter()
                    found = fit(int(k), n_init=1, tol=0, random_state=seed).fit(x)
                    seconds[name].append(time.perf_counter() - begun)
                    inertia[name].append(float(found.inertia_))
                    if seed < 6:
                        program = (f"import numpy as np\nfrom {fit.__module__.split('.')[0]}.cluster import KMeans\n"
                                   f"KMeans({k}, n_init=1, tol=0, random_state={seed}).fit(np.load({data!r}))")
                        begun = time.perf_counter()
                        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
                        seconds[f"{name} (process)"].append(time.perf_counter() - begun)
                        inertia[f"{name} (process)"].append(float(found.inertia_))
        for name in seconds:
            print(json.dumps({"data": data.split("/")[-1], "n": len(x), "d": x.shape[1], "k": int(k), "of": name,
                              "ms": round(1e3 * statistics.median(seconds[name][1:]), 2),
                              "mean_inertia": statistics.fmean(inertia[name][1:])}))


if __name__ == "__main__":
    main()
