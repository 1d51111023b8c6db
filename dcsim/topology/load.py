"""From a path to a plan."""

from pathlib import Path

from dcsim.problem import Mark, Problem, Refused
from dcsim.topology.check import check
from dcsim.topology.plan import InputFile, Plan
from dcsim.topology.resolve import resolve
from dcsim.topology.schema import TopologyFile
from dcsim.topology.source import parse, read, shown_path
from dcsim.topology.words import instead, quoted

PACKAGE = Path(__file__).resolve().parent.parent


def shipped_directory() -> Path:
    """`dcsim/topologies` where dcsim is installed, `topologies` beside `dcsim` in a checkout."""
    installed = PACKAGE / "topologies"
    return installed if installed.is_dir() else PACKAGE.parent / "topologies"


def shipped() -> list[str]:
    """The names of the topologies and scenarios that come with dcsim; lists of assertions lie beside them."""
    names = (path.name for path in shipped_directory().glob("*.yaml"))
    return sorted(name for name in names if not name.endswith(".reach.yaml"))


def locate(path: Path, *, name: str | None = None, asked_at: Mark | None = None) -> Path:
    """The file itself: at `path`, or else the shipped one of that name.

    `name` is the file as another file names it, at `asked_at`.
    """
    name = name or str(path)
    ours = shipped_directory() / name
    try:
        if path.exists() or path.is_symlink():
            return path
        if ours.is_file():
            return Path(shown_path(ours))
    except (OSError, ValueError):
        pass  # a name that no file can have: there is no such file
    mark = asked_at or Mark(str(path), 1, 1, 2)
    advice = instead(Path(name).name, shipped(), "dcsim comes with")
    raise Refused([Problem(mark, None, f"no file {quoted(name)}", advice)])


def load(path: str | Path) -> Plan:
    """A topology file's plan; Refused with every problem in it."""
    return load_found(locate(Path(path)))


def load_found(path: Path, asked_at: Mark | None = None) -> Plan:
    return plan_of(read(path, asked_at), str(path), path.stem)


def plan_of(data: bytes, file: str, name: str) -> Plan:
    """The plan of a topology file's bytes; `file` is how marks call it."""
    root = parse(data, file)
    return resolve(check(TopologyFile, root), root, name, (InputFile(file, data),))
