"""The same work done by others, each in a process of its own: ns.py and ns-3 both call themselves `ns`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType


class Peer:
    """A module of this package that measures itself once for each line it reads."""

    def __init__(self, module: str) -> None:
        self._module = module
        command = [sys.executable, "-m", f"benchmarks.peers.{module}"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def measure(self) -> float:
        """Packet-hops a second; RuntimeError when the peer is not installed or broke."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write("again\n")
            self._process.stdin.flush()
            return float(self._process.stdout.readline())
        except (BrokenPipeError, ValueError):
            raise RuntimeError(f"{self._module} does not run here; is the extra bench installed?") from None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def serve(measure: Callable[[], float]) -> None:
    """Answer each line of standard input with one measurement."""
    for _ in sys.stdin:
        sys.stdout.write(f"{measure()}\n")
        sys.stdout.flush()


def call_ns(folder: str) -> None:
    """Make `ns` the package in this folder of site-packages: both peers install an `ns/__init__.py`, one over the
    other."""
    for entry in sys.path:
        path = Path(entry) / folder
        if (path / "__init__.py").exists():
            package = ModuleType("ns")
            package.__path__ = [str(path)]
            sys.modules["ns"] = package
            return
    raise ImportError(f"no {folder}")
