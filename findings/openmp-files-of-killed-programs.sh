#!/usr/bin/env bash
# Intel's and LLVM's OpenMP runtime leaves a file in /dev/shm for every program that is killed.
#
# To notice a second copy of itself in a process, the runtime writes its address into a file of shared memory,
# __KMP_REGISTERED_LIB_PID_UID, as soon as it is first used, and removes it at the end. A program that is killed,
# as by an orchestrator's SIGKILL or for memory, leaves its file behind until the machine, or the pod, starts anew.
# intel-openmp 2021.1.1 leaves none; 2021.4.0, 2022.2.1 and 2026.2.0 do. (Debian 12's libomp 14.0.6 did, too, when it
# was tried, apart from this script.) PyTorch's wheels use libgomp; PyTorch's performance guide offers this runtime
# in its place, by LD_PRELOAD.
#
# Imprint keeps libgomp (engine/company). Exits with 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"

cat > "$folder/use.py" <<'PYTHON'
import ctypes
import os
import pathlib
import subprocess
import sys


def files_left(runtime, end):
    """How many files a process that uses the runtime and ends so leaves; removes them."""
    program = f"import ctypes, os\nctypes.CDLL({runtime!r}).omp_get_max_threads()\n{end}"
    process = subprocess.Popen([sys.executable, "-c", program])
    process.wait()
    left = list(pathlib.Path("/dev/shm").glob(f"__KMP_REGISTERED_LIB_{process.pid}_*"))
    for file in left:
        file.unlink()
    return len(left)


version, runtime = sys.argv[1:]
print(version, "ends:", files_left(runtime, ""),
      "is killed:", files_left(runtime, "os.kill(os.getpid(), 9)"))
PYTHON

for version in 2021.1.1 2021.4.0 2022.2.1 2026.2.0; do
  "$folder/venv/bin/pip" install -q --force-reinstall --no-deps "intel-openmp==$version"
  "$folder/venv/bin/python" "$folder/use.py" "$version" "$(find "$folder/venv" -name libiomp5.so)"
done | tee "$folder/seen"
diff - "$folder/seen" <<'EXPECTED'
2021.1.1 ends: 0 is killed: 0
2021.4.0 ends: 0 is killed: 1
2022.2.1 ends: 0 is killed: 1
2026.2.0 ends: 0 is killed: 1
EXPECTED
