#!/usr/bin/env python3
"""Compiles the CUDA source of every kernel to machine code, without a GPU.

Usage: cubins.py SOURCES [ARCH]. SOURCES is the folder that `cargo test --package kmeans-backend-cuda --features cuda`
writes. Needs the packages of requirements-cuda.txt. Fails on errors and on registers that spill to memory,
and prints registers, shared memory and instructions of each kernel.
"""

import ctypes
import pathlib
import re
import site
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

SHARED_LIMIT = 227 << 10


def toolkit():
    for packages in site.getsitepackages():
        for home in pathlib.Path(packages).glob("nvidia/cu*"):
            if (home / "include" / "cuda_runtime.h").exists():
                return home
    sys.exit("no CUDA compiler: pip install -r .ci/requirements-cuda.txt")


class Compiler:
    def __init__(self, home, arch):
        # NVRTC looks for its second library by name: it is found if it is there already.
        ctypes.CDLL(next((home / "lib").glob("libnvrtc-builtins.so*")), mode=ctypes.RTLD_GLOBAL)
        self.nvrtc = ctypes.CDLL(next((home / "lib").glob("libnvrtc.so*")))
        # What CubeCL hands to NVRTC, and a report of registers.
        self.options = [
            f"--gpu-architecture={arch}",
            f"--include-path={home / 'include'}",
            f"--include-path={home / 'include' / 'cccl'}",
            "-lineinfo",
            "--ptxas-options=-v",
        ]

    def compile(self, source):
        """The machine code and the compiler's log; code is None where it failed."""
        program = ctypes.c_void_p()
        self.nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None)
        options = (ctypes.c_char_p * len(self.options))(*[o.encode() for o in self.options])
        failed = self.nvrtc.nvrtcCompileProgram(program, len(self.options), options)
        log = self.text(program, "ProgramLog")
        code = None if failed else self.text(program, "CUBIN")
        self.nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return code, log.decode(errors="replace").rstrip("\0\n")

    def text(self, program, what):
        size = ctypes.c_size_t()
        getattr(self.nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        getattr(self.nvrtc, f"nvrtcGet{what}")(program, buffer)
        return buffer.raw


def instructions(home, code):
    """The opcodes of a kernel, each as often as it stands there."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(code)
        file.flush()
        command = [home / "bin" / "cuobjdump", "-sass", file.name]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.findall(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+ )?([A-Z][A-Z0-9.]*)", listing, re.MULTILINE)


def report(home, compiler, path):
    """A line on one kernel, and what is wrong with it."""
    source = path.read_text()
    shared = int(re.match(r"// shared memory: (\d+) bytes", source)[1])
    code, log = compiler.compile(source)
    if code is None:
        return f"{path.stem:24} does not compile", log
    registers = int(re.search(r"Used (\d+) registers", log)[1])
    spills = sum(map(int, re.findall(r"(\d+) bytes spill", log)))
    opcodes = instructions(home, code)
    count = lambda *names: sum(op.split(".")[0] in names for op in opcodes)
    matrix, fused = count("HMMA", "IMMA", "HGMMA", "QGMMA", "DMMA"), count("FFMA")
    line = (
        f"{path.stem:24} {registers:4} registers {shared:6} bytes shared {len(opcodes):6} instructions"
        f" {fused:5} FFMA {count('DFMA', 'DADD', 'DMUL'):4} f64 {matrix:4} matrix"
    )
    faults = []
    if spills:
        faults.append(f"{spills} bytes spill")
    if shared > SHARED_LIMIT:
        faults.append(f"more than {SHARED_LIMIT} bytes of shared memory")
    if path.stem.startswith("screen_rows") and matrix == 0:
        faults.append("its matrix instructions are lost")
    return line, "; ".join(faults)


def main():
    sources = sorted(pathlib.Path(sys.argv[1]).glob("*.cu"))
    if not sources:
        sys.exit(f"{sys.argv[1]} has no sources")
    home = toolkit()
    compiler = Compiler(home, sys.argv[2] if len(sys.argv) > 2 else "sm_90a")
    bad = 0
    with ThreadPoolExecutor() as pool:
        for line, fault in pool.map(lambda path: report(home, compiler, path), sources):
            print(line if not fault else f"{line}\n    {fault}", flush=True)
            bad += bool(fault)
    print(f"{len(sources) - bad} passed, {bad} failed")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
