"""dcsim: a simulator of network-virtualized datacenters in virtual time."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcsim.python import Topology, Traced, World, build, load

__all__ = ["Topology", "Traced", "World", "__version__", "build", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """When it is asked for: `dcsim --help` needs none of it."""
    if name in __all__:
        return getattr(import_module("dcsim.python"), name)
    raise AttributeError(f"module 'dcsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
