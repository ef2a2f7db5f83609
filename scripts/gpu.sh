#!/usr/bin/env bash
# Tests and measures the CUDA engine on a machine that has a GPU and nothing to build with.
#
#   scripts/gpu.sh build      here: packs the programs into target/gpu, and says what to carry
#   scripts/gpu.sh run [F..]  there, from the same folder: needs target/gpu, data/, an NVIDIA driver and CUDA 13;
#                             times also on the rows of files
#
# `run` writes target/gpu/report.md (or to the folder $OUT): conformance, trainings beside the CPU's, and times.
# It fails if a test fails. CUDA is looked for in $CUDA_PATH, else in /usr/local/cuda.
set -euo pipefail
cd "$(dirname "$0")/.."
packed=target/gpu/programs.tar.gz

# Copies the programs that cargo made, by its messages, to the folder $1.
take() {
    python3 -c 'import json, shutil, sys
for line in sys.stdin:
    made = json.loads(line)
    # The command is built beside what was asked for.
    if made.get("executable") and made["profile"]["test"]:
        kind, name = made["target"]["kind"][0], made["target"]["name"]
        shutil.copy(made["executable"], f"{sys.argv[1]}/{kind}-{name}")' "$1"
}

build() {
    # The bindings of CUDA 13.0, which later drivers have, too.
    export CUDARC_CUDA_VERSION=13000
    local programs
    programs=$(mktemp -d)
    mkdir -p "$(dirname "$packed")"
    cargo bench --no-run --features cuda --bench gpu --test conformance --test gpu \
        --message-format=json-render-diagnostics | take "$programs"
    strip "$programs"/*
    tar -C "$programs" -czf "$packed" bench-gpu test-conformance test-gpu
    rm -r "$programs"
    echo "carry: $packed ($(du -h "$packed" | cut -f1)) data scripts/gpu.sh"
}

run() {
    local out=${OUT:-target/gpu} programs
    programs=$(mktemp -d)
    tar -C "$programs" -xzf "$packed"
    export CUDA_PATH=${CUDA_PATH:-/usr/local/cuda}
    export LD_LIBRARY_PATH="$CUDA_PATH/lib64:$CUDA_PATH/targets/x86_64-linux/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    mkdir -p "$out"
    local report=$out/report.md failed=0
    {
        echo "# The CUDA engine on a GPU"
        echo
        nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader || true
    } >"$report"
    for suite in test-conformance test-gpu; do
        printf '\n## %s\n\n```text\n' "$suite" >>"$report"
        RUST_BACKTRACE=0 "$programs/$suite" cuda --test-threads=1 >>"$report" 2>&1 || failed=1
        echo '```' >>"$report"
    done
    printf '\n## Times\n\n' >>"$report"
    for of in large "$@"; do
        "$programs/bench-gpu" cuda "$of" >>"$report" 2>"$out/bench.err" || { failed=1; cat "$out/bench.err" >>"$report"; }
    done
    rm -r "$programs"
    cat "$report"
    return $failed
}

case ${1:-} in
build) build ;;
run) run "${@:2}" ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
