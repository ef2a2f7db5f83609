#!/usr/bin/env bash
# Tests and measures the CUDA engine on a machine that has a GPU and nothing to build with.
#
#   scripts/gpu.sh build      here: makes the programs in target/gpu, and says how large they are
#   scripts/gpu.sh run        there, from the same folder: needs target/gpu, data/, an NVIDIA driver and CUDA 13
#
# `run` writes target/gpu/report.md (or the folder $OUT): conformance, trainings beside the CPU's, and times.
# It fails if a test fails. CUDA is looked for in $CUDA_PATH, else in /usr/local/cuda.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=target/gpu

# The program that cargo made, from its messages.
executable() {
    python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    # The command is built beside what was asked for.
    if made.get("executable") and made["profile"]["test"]:
        print(made["executable"])'
}

build() {
    # The bindings of CUDA 13.0, which later drivers have, too.
    export CUDARC_CUDA_VERSION=13000
    mkdir -p "$programs"
    local cargo=(--no-run --features cuda --message-format=json-render-diagnostics)
    cp "$(cargo bench "${cargo[@]}" --bench gpu | executable)" "$programs/bench"
    cp "$(cargo test --release "${cargo[@]}" --test conformance | executable)" "$programs/conformance"
    cp "$(cargo test --release "${cargo[@]}" --test gpu | executable)" "$programs/trainings"
    strip "$programs"/{bench,conformance,trainings}
    du -h "$programs"/{bench,conformance,trainings}
    echo "carry: $programs data scripts/gpu.sh"
}

run() {
    local out=${OUT:-$programs}
    export CUDA_PATH=${CUDA_PATH:-/usr/local/cuda}
    export LD_LIBRARY_PATH="$CUDA_PATH/lib64:$CUDA_PATH/targets/x86_64-linux/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    mkdir -p "$out"
    local report=$out/report.md failed=0
    {
        echo "# The CUDA engine on a GPU"
        echo
        nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader || true
    } >"$report"
    for suite in conformance trainings; do
        printf '\n## %s\n\n```text\n' "$suite" >>"$report"
        RUST_BACKTRACE=0 "$programs/$suite" cuda --test-threads=1 >>"$report" 2>&1 || failed=1
        echo '```' >>"$report"
    done
    printf '\n## Times\n\n' >>"$report"
    "$programs/bench" cuda large >>"$report" 2>"$out/bench.err" || { failed=1; cat "$out/bench.err" >>"$report"; }
    cat "$report"
    return $failed
}

case ${1:-} in
build) build ;;
run) run ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
