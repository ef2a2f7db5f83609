#!/usr/bin/env python3
"""Search with `kmeans` and with Faiss, turn by turn, in one run: recall, queries a second, times to build, bytes a vector.

Both search the same vectors for the same queries in lists of the same centroids with the same nprobe, on two threads.
Queries are rows that are not in the index. Prints a JSON line for each measurement, then the table of BENCHMARKS.md, and
writes recall-speed curves as an SVG.

    python3 -m venv peers && peers/bin/pip install 'faiss-cpu>=1.15.1' matplotlib
    cargo bench --no-run --bench index
    peers/bin/python benches/peers/search.py DATA.npy -k 1024 --pq 32 --repeat 5 --plot curves.svg
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in info.read() else "Haswell")

import faiss  # noqa: E402
import numpy as np  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
P = 10
SINGLES = 200


def bench_program():
    built = glob.glob(os.path.join(HERE, "../../target/release/deps/index-*"))
    programs = [path for path in built if os.access(path, os.X_OK) and not path.endswith(".d")]
    return max(programs, key=os.path.getmtime)


def seconds(call):
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def recall(found, truth):
    return float(np.mean([len(set(a) & set(b)) / P for a, b in zip(found, truth)]))


class Job:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        x = np.ascontiguousarray(np.load(args.data), dtype="f4")
        order = np.random.RandomState(1).permutation(len(x))
        self.queries = np.ascontiguousarray(x[order[: args.queries]])
        self.x = np.ascontiguousarray(x[order[args.queries:]])
        self.d = x.shape[1]
        np.save(self.path("x.npy"), self.x)
        np.save(self.path("q.npy"), self.queries)

    def path(self, name):
        return os.path.join(self.folder, name)

    def ours(self, *more):
        args = self.args
        command = [bench_program(), self.path("x.npy"), self.path("q.npy"), "--threads", str(args.threads)]
        command += ["-k", str(args.k), "--nprobe", ",".join(map(str, args.nprobe)), "--repeat", "3", *more]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [{"peer": "kmeans", **json.loads(line)} for line in out.splitlines()]

    def faiss_flat(self):
        index = faiss.IndexFlatL2(self.d)
        built = seconds(lambda: index.add(self.x))
        yield {"peer": "faiss", "index": "flat", "build_s": built, "bytes": 4 * self.d}
        self.truth = index.search(self.queries, P)[1]
        yield {"peer": "faiss", "index": "flat", "nprobe": 1, "recall@10": 1.0, **self.speeds(index, 20)}

    def speeds(self, index, singles=SINGLES):
        q = self.queries
        batch = min(seconds(lambda: index.search(q, P)) for _ in range(3))
        single = min(seconds(lambda: [index.search(q[i:i + 1], P) for i in range(singles)]) for _ in range(3))
        return {"qps_batch": len(q) / batch, "qps_single": singles / single}

    def faiss_ivf(self):
        """Trained by Faiss for the times; searched with our centroids."""
        args, d = self.args, self.d
        own = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, args.k)
        train = seconds(lambda: own.train(self.x))
        coarse = faiss.IndexFlatL2(d)
        coarse.add(np.load(self.path("centroids.npy")))
        flat = faiss.IndexIVFFlat(coarse, d, args.k)
        pq = faiss.IndexIVFPQ(coarse, d, args.k, args.pq, 8)
        sq = faiss.IndexIVFScalarQuantizer(coarse, d, args.k, faiss.ScalarQuantizer.QT_8bit)
        for name, index, size in (("ivf-f32", flat, 4 * d), ("ivf-sq8", sq, d), (f"ivf-pq:{args.pq}", pq, args.pq)):
            train_codes = seconds(lambda: index.train(self.x))
            add = seconds(lambda: index.add(self.x))
            yield {"peer": "faiss", "index": name, "train_s": train, "train_codes_s": train_codes, "add_s": add,
                   "bytes": size + 8}
            for nprobe in args.nprobe:
                index.nprobe = nprobe
                found = index.search(self.queries, P)[1]
                yield {"peer": "faiss", "index": name, "nprobe": nprobe, "recall@10": recall(found, self.truth),
                       **self.speeds(index)}
        refined = faiss.IndexRefineFlat(pq, faiss.swig_ptr(self.x))
        refined.k_factor = 4
        for nprobe in args.nprobe:
            pq.nprobe = nprobe
            found = refined.search(self.queries, P)[1]
            yield {"peer": "faiss", "index": f"ivf-pq:{args.pq}+f16", "nprobe": nprobe,
                   "recall@10": recall(found, self.truth), **self.speeds(refined)}


def measure(job):
    """One round: ours, then Faiss, for each kind of index."""
    storages = f"f32,sq8,pq:{job.args.pq},pq:{job.args.pq}+f16"
    yield from job.ours()
    yield from job.faiss_flat()
    yield from job.ours("--storage", storages, "--centroids", job.path("centroids.npy"))
    yield from job.faiss_ivf()


def at_recall(curve, wanted, key):
    """Queries a second at a recall, between the measured ones (linear in recall, geometric in speed)."""
    points = sorted((r["recall@10"], r[key]) for r in curve)
    # A hair beyond the ends of the curve.
    wanted = min(max(wanted, points[0][0] if wanted > points[0][0] - 0.01 else wanted), 1.0)
    wanted = points[-1][0] if points[-1][0] < wanted < points[-1][0] + 0.01 else wanted
    for (r0, q0), (r1, q1) in zip(points, points[1:]):
        if r0 <= wanted <= r1:
            share = (wanted - r0) / (r1 - r0) if r1 > r0 else 0.0
            return q0 * (q1 / q0) ** share
    return None


def table(lines, args):
    of = {}
    for line in lines:
        of.setdefault((line["peer"], line["index"], line.get("nprobe")), []).append(line)

    def median(rows, key):
        values = [row[key] for row in rows if key in row]
        return statistics.median(values) if values else None

    merged = {}
    for (peer, index, nprobe), rows in of.items():
        keys = ("recall@10", "qps_batch", "qps_single", "build_s", "train_s", "train_codes_s", "add_s", "bytes")
        merged[peer, index, nprobe] = {key: median(rows, key) for key in keys}
    print("\n| index | nprobe | recall@10 ours, Faiss | batch: queries/s ours, Faiss | × at equal recall | single: ours, Faiss | × |")
    print("|---|---|---|---|---|---|---|")
    indexes = list(dict.fromkeys(index for _, index, _ in merged))
    for index in indexes:
        theirs = [v for (peer, i, n), v in merged.items() if peer == "faiss" and i == index and n is not None]
        for (peer, i, nprobe), ours in merged.items():
            if peer != "kmeans" or i != index or nprobe is None:
                continue
            other = merged["faiss", index, nprobe]
            cells = []
            for key in ("qps_batch", "qps_single"):
                equal = at_recall(theirs, ours["recall@10"], key) if index != "flat" else theirs[0][key]
                ratio = f"{ours[key] / equal:.1f}" if equal else "not reached"
                cells.append((f"{ours[key]:.0f}, {other[key]:.0f}", ratio))
            print(f"| {index} | {nprobe} | {ours['recall@10']:.3f}, {other['recall@10']:.3f} "
                  f"| {cells[0][0]} | {cells[0][1]} | {cells[1][0]} | {cells[1][1]} |")
    print("\n| index | training + adding, s: ours, Faiss | × | bytes a vector: ours, Faiss |")
    print("|---|---|---|---|")
    for index in indexes:
        ours, other = merged.get(("kmeans", index, None)), merged.get(("faiss", index, None))
        if not ours or not other:
            continue

        def total(v):
            return sum(v[key] or 0.0 for key in ("build_s", "train_s", "train_codes_s", "add_s"))

        print(f"| {index} | {total(ours):.2f}, {total(other):.2f} | {total(other) / total(ours):.1f} "
              f"| {ours['bytes']:.0f}, {other['bytes']:.0f} |")
    return merged


def plot(merged, args):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "kmeans"})
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True)
    colours = {"ivf-f32": "#0072b2", "ivf-sq8": "#e69f00", f"ivf-pq:{args.pq}": "#009e73", f"ivf-pq:{args.pq}+f16": "#cc79a7"}
    for axis, key, title in ((axes[0], "qps_batch", f"{args.queries} queries at a time"), (axes[1], "qps_single", "one query at a time")):
        for (index, colour) in colours.items():
            for peer, style in (("kmeans", "-o"), ("faiss", "--s")):
                points = sorted((v["recall@10"], v[key]) for (p, i, n), v in merged.items()
                                if p == peer and i == index and n is not None)
                if points:
                    axis.plot(*zip(*points), style, color=colour, markersize=4, label=f"{peer} {index}")
        axis.set_yscale("log")
        axis.set_xlabel("recall@10")
        axis.set_title(title)
        axis.grid(True, which="both", alpha=0.3)
    axes[0].set_ylabel("queries a second (2 threads)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncol=4, fontsize=8)
    figure.suptitle(os.path.basename(args.data) + f", k = {args.k}")
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(args.plot, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("-k", type=int, default=1024)
    parser.add_argument("--pq", type=int, default=32, help="pieces of the product quantizer")
    parser.add_argument("--nprobe", type=lambda s: [int(n) for n in s.split(",")], default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--plot")
    args = parser.parse_args()
    faiss.omp_set_num_threads(args.threads)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        job = Job(args, folder)
        for _ in range(args.repeat):
            for line in measure(job):
                lines.append(line)
                print(json.dumps(line), flush=True)
    merged = table(lines, args)
    if args.plot:
        plot(merged, args)


if __name__ == "__main__":
    sys.exit(main())
