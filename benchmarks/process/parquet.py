"""Read Parquet files of strangers in a process of its own first.

A damaged file can end the process that reads it, and one of a few kilobytes can fill the memory.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.process.memory import memory_limit

#: GiB that reading may take beside the tables, and seconds.
MOST_MEMORY, MOST_SECONDS = 0.25, 120
#: Exit code if there is a problem; it is printed.
_PROBLEM = 3


def parquet_problem(files: Mapping[str, bytes], most_bytes: int) -> str:
    """Read files in another process; describe what is wrong, or return an empty text.

    Parameters
    ----------
    files
        Contents by name.
    most_bytes
        Bound of the bytes of each table in memory.
    """
    sizes = [f"{name}={len(content)}" for name, content in files.items()]
    # With -P, no module is taken from the working folder, which may hold files of the stranger.
    command = [sys.executable, "-P", "-m", __name__, str(most_bytes), str(MOST_MEMORY), *sizes]
    try:
        ran = subprocess.run(
            command, input=b"".join(files.values()), capture_output=True, timeout=MOST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"{' or '.join(files)} takes more than {MOST_SECONDS} s to read"
    if ran.returncode == 0:
        return ""
    said = ran.stdout.decode(errors="replace").splitlines() or [next(iter(files))]
    if ran.returncode == _PROBLEM:
        return said[-1]
    return f"{said[-1]} is not a readable Parquet file (it ends its reader)"


def _read(most_bytes: int, memory: float, sizes: Mapping[str, int]) -> None:
    """Read files from standard input; print the name of each before it is read, or its problem."""
    for name, size in sizes.items():
        content = sys.stdin.buffer.read(size)
        print(name, flush=True)
        try:
            with memory_limit(memory + 2 * most_bytes / 2**30):
                file = pq.ParquetFile(pa.BufferReader(content))
                groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
                columns = [each.column(n) for each in groups for n in range(each.num_columns)]
                # A run of equal values takes a few bytes in the file: the values are counted, too.
                declared = sum(max(c.total_uncompressed_size, 8 * c.num_values) for c in columns)
                problem = f"takes {declared} bytes in memory, more than its cells need"
                if declared <= most_bytes:
                    problem = ""
                    for number in range(file.num_row_groups):
                        file.read_row_group(number, use_threads=False)
        except MemoryError:
            problem = "needs more memory than its cells"
        except (pa.ArrowException, OSError, ValueError) as error:
            problem = f"is not a readable Parquet file ({' '.join(str(error).split())[:200]})"
        if problem:
            print(name, problem)
            sys.exit(_PROBLEM)


if __name__ == "__main__":
    _read(
        int(sys.argv[1]),
        float(sys.argv[2]),
        {name: int(size) for name, size in (each.split("=") for each in sys.argv[3:])},
    )
