#!/usr/bin/env python3
"""Time `kmeans train` and other implementations on one job, turn by turn, each in a process of its own.

The same rows, the same initial centroids where a peer takes them, all rows, a fixed number of iterations,
no early stop, two threads or whatever a peer takes by itself. Prints a JSON line for each run, with the
inertia of its centroids recomputed here in float64, and at the end medians and, pair by pair, how many
times longer than ours each took. A peer that cannot do the job is a line, too.

    python3 -m venv peers && peers/bin/pip install 'faiss-cpu>=1.15.1' superkmeans scikit-learn scikit-learn-intelex clostera
    cargo build --release && cargo build --release --manifest-path benches/peers/rust/Cargo.toml
    peers/bin/python benches/peers/compare.py DATA.npy -k 1000 --niter 25 --repeat 5 --peers faiss,skm,sklearnex

Peers that take far longer than a second an iteration are given fewer: `linfa:2` runs two.
"""
import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

# The wheel's OpenBLAS does not know new processors and would fall back to slow kernels.
with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in info.read() else "Haswell")

import numpy as np  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = 10**9


def inertia(x, centroids):
    c = np.asarray(centroids).astype("f8")
    sq_norms = (c * c).sum(1)
    total = 0.0
    for start in range(0, len(x), 4096):
        rows = x[start:start + 4096].astype("f8")
        nearest = (sq_norms[None] - 2 * rows @ c.T).argmin(1)
        total += float(((rows - c[nearest]) ** 2).sum())
    return total


def timed(call):
    begun = time.perf_counter()
    result = call()
    return time.perf_counter() - begun, result


class Job:
    """Rows, first centroids, and a folder for what passes between processes."""

    def __init__(self, args, folder):
        self.data, self.k, self.command, self.folder = args.data, args.k, args.command, folder
        self.x = np.ascontiguousarray(np.load(args.data), dtype="f4")
        self.start_file, self.f32_file = self.path("start.npy"), self.path("rows.npy")
        if not os.path.exists(self.start_file):
            rows = np.random.default_rng(7).choice(len(self.x), args.k, replace=False)
            np.save(self.start_file, self.x[rows])
            np.save(self.f32_file, self.x)
        self.start = np.load(self.start_file)

    def path(self, name):
        return os.path.join(self.folder, name)


def ours(*options):
    def run(job, niter):
        centroids = job.path("centroids.npy")
        fixed = ["--niter", str(niter), "--early-stop-threshold", "none", "--max-points-per-centroid", "none",
                 "--init-centroids", job.start_file, "--centroids", centroids, "--json", "-q", "--force",
                 "-o", job.path("model.safetensors")]
        command = [job.command, "train", job.data, "-k", str(job.k), *fixed, *options]
        done = subprocess.run(command, check=True, capture_output=True)
        return json.loads(done.stdout)["seconds"]["total"], np.load(centroids)
    return run


def faiss_kmeans(job, niter):
    import faiss
    kmeans = faiss.Kmeans(job.x.shape[1], job.k, niter=niter, max_points_per_centroid=ALL,
                          min_points_per_centroid=1, early_stop_threshold=-1.0)
    seconds, _ = timed(lambda: kmeans.train(job.x, init_centroids=job.start.copy()))
    return seconds, kmeans.centroids


def faiss_super(job, niter):
    import faiss
    parameters = faiss.SuperKMeansParameters()
    parameters.niter, parameters.max_points_per_centroid = niter, ALL // 10
    kmeans = faiss.SuperKMeans(job.x.shape[1], job.k, parameters)
    seconds, _ = timed(lambda: kmeans.train(job.x))
    return seconds, faiss.vector_to_array(kmeans.centroids).reshape(job.k, -1)


def superkmeans(quantizer="f32", hierarchical=False):
    def run(job, niter):
        from superkmeans import SuperKMeans
        extra = {} if quantizer == "f32" else {"full_precision_final_centroids": True}
        kmeans = SuperKMeans(n_clusters=job.k, dimensionality=job.x.shape[1], hierarchical=hierarchical,
                             quantizer=quantizer, iters=niter, sampling_fraction=1.0,
                             max_points_per_cluster=ALL, early_termination=False, **extra)
        return timed(lambda: kmeans.train(job.x))
    return run


def sklearn(module, algorithm):
    def run(job, niter):
        warnings.filterwarnings("ignore")
        kmeans = importlib.import_module(module).KMeans(
            job.k, init=job.start, n_init=1, max_iter=niter, tol=0, algorithm=algorithm)
        seconds, _ = timed(lambda: kmeans.fit(job.x))
        # It may stop earlier; the time is then of fewer iterations.
        return seconds * niter / kmeans.n_iter_, kmeans.cluster_centers_
    return run


def clostera(dense):
    def run(job, niter):
        import clostera as peer
        kmeans = peer.DenseKMeans(k=job.k, iterations=niter, init="random") if dense else peer.Clusterer(
            k=job.k, metric="l2", algorithm="auto", iterations=niter, init="random")
        seconds, _ = timed(lambda: kmeans.fit(job.x))
        return seconds, kmeans.cluster_centers_ if kmeans.dense_centers_ is None else kmeans.dense_centers_
    return run


def rust(name):
    def run(job, niter):
        out = job.path("peer.npy")
        command = os.path.join(HERE, "rust", "target", "release", "kmeans-peers")
        done = subprocess.run([command, name, job.f32_file, job.start_file, str(niter), out], check=True,
                              capture_output=True)
        return json.loads(done.stdout)["seconds"], np.load(out)
    return run


PEERS = {
    "kmeans": ours(), "kmeans-dense": ours("--pruning", "off"),
    "faiss": faiss_kmeans, "faiss-super": faiss_super,
    "skm": superkmeans(), "skm-sq8": superkmeans("sq8"), "skm-rabitq": superkmeans("rabitq"),
    "skm-hier": superkmeans(hierarchical=True),
    "sklearn": sklearn("sklearn.cluster", "lloyd"), "sklearn-elkan": sklearn("sklearn.cluster", "elkan"),
    "sklearnex": sklearn("sklearnex.cluster", "lloyd"),
    "clostera": clostera(False), "clostera-dense": clostera(True),
    "fastkmeans-rs": rust("fastkmeans-rs"), "lance": rust("lance"), "linfa": rust("linfa"),
}


def run_here(args, name, niter):
    """Runs one peer and prints its seconds; its centroids go to a file."""
    job = Job(args, args.folder)
    seconds, centroids = PEERS[name](job, niter)
    np.save(job.path("found.npy"), np.asarray(centroids, dtype="f4"))
    print(json.dumps({"seconds": seconds}))


def run_apart(args, folder, name, niter):
    """The same in a process of its own: libraries in one process get into each other's threads."""
    command = [sys.executable, os.path.abspath(__file__), args.data, "-k", str(args.k), "--command", args.command,
               "--folder", folder, "--peers", f"{name}:{niter}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode)
    return json.loads(done.stdout.splitlines()[-1])["seconds"], np.load(os.path.join(folder, "found.npy"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("-k", type=int, required=True)
    parser.add_argument("--niter", type=int, default=25)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peers", default="faiss", help=", ".join(PEERS))
    parser.add_argument("--command", default="target/release/kmeans")
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.folder:
        name, niter = args.peers.split(":")
        return run_here(args, name, int(niter))
    names = [name.split(":") for name in ["kmeans", *args.peers.split(",")]]
    runs = {name: int(niter[0]) if niter else args.niter for name, *niter in names}
    seconds = {name: [] for name in runs}
    with tempfile.TemporaryDirectory() as folder:
        job = Job(args, folder)
        for _ in range(args.repeat):
            for name, niter in runs.items():
                try:
                    took, centroids = run_apart(args, folder, name, niter)
                except RuntimeError as error:  # a peer that cannot do the job is a line, too
                    print(json.dumps({"peer": name, "error": str(error)[:300]}), flush=True)
                    continue
                seconds[name].append(took / niter)
                print(json.dumps({"peer": name, "n": len(job.x), "d": job.x.shape[1], "k": args.k,
                                  "iterations": niter, "seconds_per_iter": round(took / niter, 5),
                                  "inertia": inertia(job.x, centroids)}), flush=True)
    for name, times in seconds.items():
        if times:
            ratios = sorted(a / b for a, b in zip(times, seconds["kmeans"]))
            print(json.dumps({"peer": name, "median_seconds_per_iter": round(statistics.median(times), 5),
                              "over_kmeans": [round(ratios[0], 2), round(statistics.median(ratios), 2),
                                              round(ratios[-1], 2)]}))


if __name__ == "__main__":
    main()
