"""The house's rules as tests: what stands in docs/adr and CONTRIBUTING.md, held here and not by memory.

Everything is read from the syntax trees of the product; nothing is run. A finding is `file:line: what`.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

# A module imports only from rooms above its own, and within a room nobody imports in a circle.
# The innermost name that fits is a module's room; a new room gets its line here.
ROOMS = [
    "netvirt.address",
    "netvirt.constant",
    "netvirt.wire",
    "netvirt.frame",
    "netvirt.rewrite",
    "netvirt.journey",
    "netvirt.fragmentation",
    "netvirt.mss",
    "netvirt.mtu",
    "netvirt.router",
    "netvirt.ledger",
    "netvirt.engine",
    "netvirt.line",
    "netvirt.impairment",
    "netvirt.vpc",
    "netvirt.gateway",
    "netvirt.datapath",
    "netvirt.overlay",
    "netvirt.flow_log",
    "netvirt.appliance",
    "netvirt.memo",
    "netvirt.linklocal",
    "netvirt.resolver",
    "netvirt.services",
    "netvirt.discovery",
    "netvirt.dhcpv6_server",
    "netvirt.vswitch",
    "netvirt.ping",
    "netvirt.path_mtu",
    "netvirt.reassembly",
    "netvirt.stack",
    "hypervisor.clock",
    "hypervisor.guest",
    "hypervisor.link",
    "hypervisor.host",
    "hypervisor.driver",
    "hypervisor.managed",
    "hypervisor.idle",
    "hypervisor.forwarder",
    "hypervisor.devices",
    "hypervisor.firmware",
    "hypervisor.images",
    "hypervisor.machine",
    "dcsim.problem",
    "dcsim.asked",
    "dcsim.transit_request",
    "dcsim.ipv6_request",
    "dcsim.quota",
    "dcsim.instance_request",
    "dcsim.request",
    "dcsim.rng",
    "dcsim.clock",
    "dcsim.topology",
    "dcsim.fabric",
    "dcsim.cloud",
    "dcsim.describe",
    "dcsim.api",
    "dcsim.scenario",
    "dcsim.observe",
    "dcsim.guests",
    "dcsim.outside",
    "dcsim.world",
    "dcsim.faults",
    "dcsim.pinging",
    "dcsim.scenario.play",
    "dcsim.report",
    "dcsim.run",
    "dcsim.fixes",
    "dcsim.traffic_spec",
    "dcsim.trace",
    "dcsim.path_component",
    "dcsim.replay",
    "dcsim.python",
    "dcsim.reach",
    "dcsim.shell",
    "dcsim.cli",
]

PACKAGES = ("netvirt", "hypervisor", "dcsim")

# What nothing in the product imports, because somebody outside starts or imports it.
ENTRY_POINTS = {
    "dcsim.cli",  # the `dcsim` command
    "dcsim.python",  # what `from dcsim import ...` gives
    "hypervisor.firmware.build",  # `make images`
}

# Where a library may be imported: a package, or one file.
HOMES = {
    "asyncio": "dcsim",
    "simpy": "dcsim",
    "scapy": "netvirt.frame",
    "unicorn": "hypervisor.machine",
}

# Who puts events on the clock, other than through somebody here. The first two are the clocks themselves.
SCHEDULERS = {
    "dcsim/clock.py",
    "hypervisor/clock.py",
    "dcsim/cloud/propagation.py",
    "dcsim/fabric/convergence.py",
    "hypervisor/host.py",  # a boot takes time
    "hypervisor/driver.py",
    "hypervisor/link.py",
    "hypervisor/machine/runloop.py",
}

# Who may know what time it is outside the simulation: for progress on the terminal only.
WALL_CLOCK = {"dcsim/cli/progress.py", "dcsim/cli/run.py"}

THREADS = {"threading", "_thread", "concurrent", "multiprocessing", "queue"}
ENTROPY = {"secrets", "uuid"}
OUTSIDE_WORLD = {"os", "io", "pathlib", "socket", "subprocess", "tempfile", "selectors", "ssl", "shutil"}

LONGEST_FUNCTION = 70
LONGEST_FILE = 500
MEDIAN_FUNCTION = 10


class Module(NamedTuple):
    name: str
    path: str
    tree: ast.Module
    lines: int

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"

    def walk(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


@cache
def product() -> dict[str, Module]:
    modules = {}
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        relative = path.relative_to(ROOT)
        name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text("utf-8")
        modules[name] = Module(name, str(relative), ast.parse(text), len(text.splitlines()))
    return modules


class Import(NamedTuple):
    """`name` is what the import needs: the product's own module where it is one, else as written."""

    node: ast.stmt
    name: str

    @property
    def top_level(self) -> str:
        return self.name.partition(".")[0]


def imports(module: Module, body: Iterable[ast.AST] | None = None) -> Iterator[Import]:
    for node in ast.walk(module.tree) if body is None else body:
        if isinstance(node, ast.Import):
            yield from (Import(node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, module.at(node, "a relative import")
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield Import(node, submodule if submodule in product() else str(node.module))


def nothing(findings: Iterable[str]) -> None:
    found = list(dict.fromkeys(findings))
    assert not found, "\n".join(["", *found])


def room_of(name: str) -> int:
    """The position in ROOMS of the innermost room that holds a module; -1 for none."""
    fitting = [room for room in ROOMS if name == room or name.startswith(f"{room}.")]
    return ROOMS.index(max(fitting, key=len)) if fitting else -1


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_every_module_has_a_room_and_every_room_a_module() -> None:
    homeless = [name for name in product() if room_of(name) < 0 and name not in PACKAGES]
    lived_in = {room_of(name) for name in product()}
    nothing(homeless)
    nothing(room for place, room in enumerate(ROOMS) if place not in lived_in)


def test_a_room_imports_only_what_stands_above_it() -> None:
    upward = [
        module.at(found.node, f"{ROOMS[room_of(module.name)]} imports {found.name}, which stands below it")
        for module in product().values()
        for found in imports(module)
        if found.name in product() and found.name not in PACKAGES and 0 <= room_of(module.name) < room_of(found.name)
    ]
    nothing(upward)


def test_nobody_imports_in_a_circle() -> None:
    """What only a type checker reads makes no circle, but stays in its room."""
    graph = {}
    for module in product().values():
        checked = [node for node in module.walk(ast.If) if is_type_checking(node)]
        unseen = {id(inner) for node in checked for inner in ast.walk(node)}
        seen = [node for node in ast.walk(module.tree) if id(node) not in unseen]
        graph[module.name] = {found.name for found in imports(module, seen) if found.name in product()}
    list(TopologicalSorter(graph).static_order())


def test_libraries_stay_in_their_homes() -> None:
    strays = [
        module.at(found.node, f"{found.top_level} belongs in {HOMES[found.top_level]}")
        for module in product().values()
        for found in imports(module)
        if found.top_level in HOMES and not f"{module.name}.".startswith(f"{HOMES[found.top_level]}.")
    ]
    nothing(strays)


def test_the_virtual_network_sees_no_files_sockets_or_processes() -> None:
    seen = [
        module.at(found.node, found.name)
        for module in product().values()
        if module.name.startswith("netvirt")
        for found in imports(module)
        if found.top_level in OUTSIDE_WORLD
    ]
    nothing(seen)


def test_no_module_is_dead() -> None:
    imported = {found.name for module in product().values() for found in imports(module)}
    needed = {package for name in product() for package in parents(name)}
    nothing(sorted(product().keys() - imported - needed - ENTRY_POINTS))


def parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def test_events_are_scheduled_only_where_listed() -> None:
    users = {
        module.path
        for module in product().values()
        for node in module.walk(ast.Attribute, ast.FunctionDef)
        if getattr(node, "attr", getattr(node, "name", "")) == "call_at"
    }
    assert users == SCHEDULERS


def test_the_wall_clock_is_read_only_where_listed() -> None:
    users = {finding.partition(":")[0]: finding for module in product().values() for finding in wall_clock(module)}
    nothing(finding for path, finding in users.items() if path not in WALL_CLOCK)
    nothing(path for path in WALL_CLOCK if path not in users)


def wall_clock(module: Module) -> Iterator[str]:
    for found in imports(module):
        if found.top_level == "time":
            yield module.at(found.node, "imports time")
    for node in module.walk(ast.Attribute):
        assert isinstance(node, ast.Attribute)
        whole = ast.unparse(node)
        if whole.endswith(("datetime.now", "datetime.utcnow", "datetime.today", "date.today")):
            yield module.at(node, whole)


def test_no_threads() -> None:
    nothing(imported_from(THREADS))


def test_chance_comes_from_named_streams_only() -> None:
    nothing(imported_from(ENTROPY))
    nothing(finding for module in product().values() for finding in chance(module))


def imported_from(libraries: set[str]) -> list[str]:
    return [
        module.at(found.node, found.name)
        for module in product().values()
        for found in imports(module)
        if found.top_level in libraries
    ]


def chance(module: Module) -> Iterator[str]:
    """The type `Random` may be named anywhere; only dcsim.rng makes one, and nobody uses Python's global one."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names) if any(alias.name == "random" for alias in names):
                yield module.at(node, "the global random; take a Random from whoever calls")
            case ast.ImportFrom(module="random", names=names) if any(alias.name != "Random" for alias in names):
                yield module.at(node, "the global random; take a Random from whoever calls")
            case ast.Call(func=ast.Name(id="Random")) if module.name != "dcsim.rng":
                yield module.at(node, "a Random of its own; take a stream of dcsim.rng")
            case ast.Attribute(value=ast.Name(id="os"), attr="urandom" | "getrandom"):
                yield module.at(node, "the machine's entropy")
            case _:
                pass


def test_nobody_iterates_over_a_set_of_strings() -> None:
    """Its order changes with PYTHONHASHSEED. Sets of integers keep theirs; `sorted` gives any set one."""
    nothing(finding for module in product().values() for finding in set_iterations(module))


NUMBERS = ("int", "Ip", "Mac", "Ns", "Vni", "HostId")
IN_ORDER = ("list", "tuple", "enumerate", "iter", "zip", "map", "filter", "dict.fromkeys", "islice", "chain")


ORDERLESS = ("sorted", "min", "max", "sum", "any", "all", "set", "frozenset")


def set_iterations(module: Module) -> Iterator[str]:
    """A heuristic: sets written on the spot, and names and attributes that this file says are sets."""
    sets = declared_sets(module)
    orderless = {id(inner) for node in ast.walk(module.tree) for inner in without_order(node)}
    for node in ast.walk(module.tree):
        for iterated in iterated_by(node) if id(node) not in orderless else ():
            if is_set(iterated, sets):
                yield module.at(iterated, f"iterates over the set {ast.unparse(iterated)}")


def without_order(node: ast.AST) -> list[ast.comprehension]:
    """The loops of comprehensions whose order does not matter to whom they are given."""
    match node:
        case ast.SetComp(generators=generators):
            return generators
        case ast.Call(func=func, args=[ast.GeneratorExp() | ast.ListComp() as given]):
            return given.generators if ast.unparse(func) in ORDERLESS else []
        case _:
            return []


def iterated_by(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated) | ast.YieldFrom(value=iterated):
            return [iterated]
        case ast.Starred(value=iterated):
            return [iterated]
        case ast.Call(func=func, args=args) if ast.unparse(func) in IN_ORDER:
            return args
        case ast.Call(func=ast.Attribute(attr="join" | "extend"), args=args):
            return args
        case ast.Call(func=ast.Attribute(value=popped, attr="pop"), args=[]):
            return [popped]
        case _:
            return []


def declared_sets(module: Module) -> set[str]:
    """Names that hold a set somewhere in this file, as `name` or `.attribute`."""
    found = set()
    for node in ast.walk(module.tree):
        match node:
            case ast.AnnAssign(target=target, annotation=annotation) if is_set_type(annotation):
                found.add(last_name(target))
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if is_set_type(annotation):
                found.add(name)
            case ast.Assign(targets=[target], value=value) if is_set(value, found):
                found.add(last_name(target))
            case _:
                pass
    return found


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def is_set_type(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    kind, _, inner = text.partition("[")
    return kind in ("set", "frozenset", "AbstractSet") and inner.rstrip("]") not in NUMBERS


def is_set(node: ast.expr, sets: set[str]) -> bool:
    match node:
        case ast.Set(elts=elements):
            return not all(isinstance(each, ast.Constant) and isinstance(each.value, int) for each in elements)
        case ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Call(func=ast.Subscript() as made):
            return is_set_type(made)
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return is_set(left, sets) or is_set(right, sets)
        case ast.Name() | ast.Attribute():
            return last_name(node) in sets
        case _:
            return False


def function_lengths() -> dict[str, int]:
    return {
        module.at(node, node.name): (node.end_lineno or node.lineno) - node.lineno + 1
        for module in product().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_short() -> None:
    lengths = function_lengths()
    nothing(name for name, length in lengths.items() if length > LONGEST_FUNCTION)
    assert median(lengths.values()) < MEDIAN_FUNCTION


def test_files_are_short() -> None:
    nothing(module.path for module in product().values() if module.lines > LONGEST_FILE)


def test_nobody_prints() -> None:
    """The CLI writes through one place; everything else tells events."""
    prints = [
        module.at(node, "print")
        for module in product().values()
        for node in module.walk(ast.Call)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    nothing(prints)
