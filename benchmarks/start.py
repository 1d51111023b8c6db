"""How long until something is on the screen: `dcsim --help`, and the demo."""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure, seconds

COMMAND = [sys.executable, "-c", "from dcsim.cli import main; main()"]


def run(*arguments: str) -> float:
    """Seconds of a fresh process."""
    return seconds(lambda: subprocess.run([*COMMAND, *arguments], capture_output=True, check=True))


def demo() -> float:
    with tempfile.TemporaryDirectory() as folder:
        return run("run", "az-outage.yaml", "--out", str(Path(folder) / "run"))


def figures() -> list[Figure]:
    return [
        Figure("dcsim --help", median(run("--help") for _ in range(5)), "s", 0.3, at_most=True),
        Figure("the demo: az-outage.yaml", median(demo() for _ in range(3)), "s", 5, at_most=True),
    ]
