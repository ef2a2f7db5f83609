#!/usr/bin/env python3
"""Run a command and tell its peak anonymous memory, peak resident memory and bytes read (Linux).

    python3 benches/memory.py target/release/kmeans train big.npy -k 1000 -o model.safetensors -q

Polls /proc every 5 ms. Bytes read count what the kernel fetched from storage for the process (`read_bytes`), so start
with a cold cache (as root: `sync; echo 3 > /proc/sys/vm/drop_caches`); major page faults stand beside.
"""
import json
import subprocess
import sys
import time


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return {key: int(fields[key].split()[0]) for key in ("RssAnon", "RssFile", "VmRSS") if key in fields}


def read_bytes(pid):
    with open(f"/proc/{pid}/io", encoding="ascii") as lines:
        return int(dict(line.split(":") for line in lines)["read_bytes"])


def main():
    begun = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:])
    peak = {"RssAnon": 0, "RssFile": 0, "VmRSS": 0}
    fetched = 0
    while process.poll() is None:
        try:
            for key, value in status(process.pid).items():
                peak[key] = max(peak[key], value)
            fetched = max(fetched, read_bytes(process.pid))
        except (FileNotFoundError, ProcessLookupError, KeyError):
            pass
        time.sleep(0.005)
    mib = {f"peak_{key}_MiB": round(value / 1024, 1) for key, value in peak.items()}
    print(json.dumps({"seconds": round(time.perf_counter() - begun, 2), **mib,
                      "read_MiB": round(fetched / 2**20, 1), "exit": process.returncode}))


if __name__ == "__main__":
    main()
