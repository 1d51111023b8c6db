"""From a path to a plan."""

from pathlib import Path

from dcsim.problem import Mark, Problem, Refused
from dcsim.topology.check import check
from dcsim.topology.kind import refuse_other
from dcsim.topology.plan import InputFile, Plan
from dcsim.topology.resolve import resolve
from dcsim.topology.schema import TopologyFile
from dcsim.topology.source import parse, read, shown_path, whole_file
from dcsim.topology.words import closest, listed, quoted

SUFFIX = ".yaml"
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
    message = f"no file {quoted(name)}" if asked_at else "no such file"
    raise Refused([Problem(asked_at or whole_file(path), None, message, _near(path, name))])


def _near(path: Path, name: str) -> str:
    """What lies beside the missing file and is called nearly so, else what dcsim brings and is called nearly so."""
    try:
        beside = _nearest(path.name, sorted(each.name for each in path.parent.iterdir() if each.is_file()))
    except (OSError, ValueError):
        beside = None
    if beside is not None:
        return f"Did you mean {Path(name).parent / beside}?"
    ours = _nearest(Path(name).name, shipped())
    return f"dcsim comes with {listed(shipped())}. Did you mean {ours}?" if ours else ""


def _nearest(name: str, names: list[str]) -> str | None:
    """What nearly all files have at their end makes no two names alike."""
    stems = {each.removesuffix(SUFFIX): each for each in names}
    meant = closest(name.removesuffix(SUFFIX), stems)
    return None if meant is None else stems[meant]


def load(path: str | Path) -> Plan:
    """A topology file's plan; Refused with every problem in it."""
    return load_found(locate(Path(path)))


def load_found(path: Path, asked_at: Mark | None = None) -> Plan:
    return plan_of(read(path, asked_at), str(path), path.stem, asked_at)


def plan_of(data: bytes, file: str, name: str, asked_at: Mark | None = None) -> Plan:
    """The plan of a topology file's bytes; `file` is how marks call it."""
    root = parse(data, file)
    refuse_other("topology", root, file, asked_at)
    return resolve(check(TopologyFile, root), root, name, (InputFile(file, data),))
