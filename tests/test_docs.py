"""The documents say what is: tests and files they name exist, constants have the values they give, commands run."""

import ast
import importlib
import pkgutil
import re
import shlex
from functools import cache
from pathlib import Path
from types import ModuleType

import file_reference
import pytest
import typer
from typer.testing import CliRunner

import dcsim
import hypervisor
import netvirt
from dcsim.cli.app import app
from dcsim.scenario.expectation import OPERATORS, UNITS
from dcsim.scenario.scenario import ACTIONS
from dcsim.scenario.schema import CAPTURES
from dcsim.scenario.timeline import PLACE_KINDS
from dcsim.topology.quantity import DURATION, FREQUENCY, PERCENT, RATE, SIZE
from netvirt.constant import Constant

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = ROOT / "README.md"
BEHAVIOUR = ROOT / "docs" / "behaviour.md"

CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
OUR_PATH = re.compile(r"(netvirt|hypervisor|dcsim|tests|docs|topologies|benchmarks|\.ci)/[\w./-]*")
TEST_ID = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path = request.param
    assert isinstance(path, Path)
    return path


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def test_every_path_that_is_named_exists(document: Path) -> None:
    words = [word.partition("::")[0] for code in CODE.findall(text_of(document)) for word in code.split()]
    named = {word for word in words if OUR_PATH.fullmatch(word)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_link_leads_somewhere(document: Path) -> None:
    targets = [target for target, _ in LINK.findall(text_of(document)) if "://" not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_test_that_is_named_exists(document: Path) -> None:
    named = set(TEST_ID.findall(text_of(document)))
    assert sorted(f"{path}::{name}" for path, name in named if name not in functions_of(path)) == []


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse(text_of(ROOT / path))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_constant_is_listed_as_it_is() -> None:
    listed = set(text_of(BEHAVIOUR).splitlines())
    missing = [row for row in constant_rows() if row not in listed]
    assert not missing, "\n".join(["docs/behaviour.md lacks", *missing])


def test_no_constant_is_listed_that_is_not_there() -> None:
    section = text_of(BEHAVIOUR).partition("## Constants")[2]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert sorted(set(rows) - set(constant_rows())) == []


def constant_rows() -> list[str]:
    """As docs/behaviour.md has them, in the order of the code."""
    found: dict[int, tuple[str, Constant]] = {}
    for module in product():
        for value in vars(module).values():
            if isinstance(value, Constant) and defines(module, value.name):
                found[id(value)] = (str(Path(str(module.__file__)).relative_to(ROOT)), value)
    names = [constant.name for _, constant in found.values()]
    assert len(names) == len(set(names)), "two constants share a name"
    return [row(path, constant) for path, constant in found.values()]


def row(path: str, constant: Constant) -> str:
    bounds = f"{constant.low:,} to {constant.high:,}"
    cells = f"`{constant.name}`", f"{constant.value:,}", bounds, constant.evidence.value, constant.source, f"`{path}`"
    return f"| {' | '.join(cells)} |"


def product() -> list[ModuleType]:
    names = sorted(
        module.name
        for package in (netvirt, hypervisor, dcsim)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    )
    return [importlib.import_module(name) for name in names]


def defines(module: ModuleType, name: str) -> bool:
    return f'"{name}"' in text_of(Path(str(module.__file__)))


def readme_commands() -> list[str]:
    """Lines of the README's sessions that call dcsim."""
    sessions = [body for language, body in BLOCK.findall(text_of(README)) if language in ("", "console", "sh")]
    lines = [line.removeprefix("$ ").strip() for body in sessions for line in body.splitlines()]
    return [line for line in lines if line.startswith("dcsim ")]


def test_the_readme_uses_commands_and_options_that_exist() -> None:
    commands = typer.main.get_command(app)
    known = getattr(commands, "commands", {})
    for line in readme_commands():
        name, *arguments = shlex.split(line, comments=True)[1:]
        if name.startswith("-"):
            continue
        assert name in known, line
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert {word for word in arguments if re.match(r"--?[a-z]", word)} <= options, line


def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", text_of(document), re.MULTILINE)) <= targets


@pytest.mark.parametrize("program", [body for language, body in BLOCK.findall(text_of(README)) if language == "python"])
def test_the_readmes_python_runs(program: str) -> None:
    exec(compile(program, "README.md", "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("line", [line for line in readme_commands() if line.split()[1] in ("check", "trace", "ping")])
def test_the_readmes_sessions_are_real(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output shown is the output there is; `...` leaves lines out."""
    monkeypatch.chdir(ROOT)
    output = CliRunner().invoke(app, shlex.split(line, comments=True)[1:]).output
    assert [shown for shown in shown_after(f"$ {line}") if shown not in output.splitlines()] == [], output


def test_the_readmes_demo_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but its last line, which tells where the run is and how long it took. The packet it explains is in that run."""
    monkeypatch.chdir(ROOT)
    arguments = ["run", "topologies/az-outage.yaml", "--quiet", "--out", str(tmp_path / "run")]
    output = CliRunner().invoke(app, arguments).output.splitlines()
    assert shown_after("$ make demo")[:-1] == [line for line in output if line][:-1]
    (explain,) = (line for line in readme_commands() if line.split()[1] == "explain")
    told = CliRunner().invoke(app, ["explain", str(tmp_path / "run"), *explain.split()[3:]]).output
    assert shown_after(f"$ {explain}") == told.splitlines()


@pytest.mark.parametrize("file", [body for language, body in BLOCK.findall(text_of(README)) if "version: 1" in body])
def test_the_readmes_files_are_those_that_ship(file: str) -> None:
    assert file in {text_of(path) for path in (ROOT / "topologies").glob("*.yaml")}


def shown_after(line: str) -> list[str]:
    """What the README shows below a prompt, up to the next one."""
    for _, body in BLOCK.findall(text_of(README)):
        lines = body.splitlines()
        if line in lines:
            rest = lines[lines.index(line) + 1 :]
            end = next((at for at, each in enumerate(rest) if each.startswith("$ ")), len(rest))
            return [each for each in rest[:end] if each.strip() not in ("", "...") and not each.startswith("# ")]
    return []


def test_every_key_of_the_files_is_documented() -> None:
    """With its values, its default and its meaning; `python tests/file_reference.py` writes them anew."""
    assert text_of(file_reference.PAGE) == file_reference.page(), "run python tests/file_reference.py"


def test_the_file_reference_names_every_word() -> None:
    text = text_of(file_reference.PAGE)
    words = [*ACTIONS, *UNITS, *OPERATORS, *CAPTURES, *(f"{kind} b" for kind in PLACE_KINDS)]
    units = [unit for scale in (DURATION, RATE, FREQUENCY, SIZE, PERCENT) for unit in scale.units]
    assert [word for word in [*words, *units] if f"`{word}" not in text] == []


def test_the_file_references_files_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = [body for language, body in BLOCK.findall(text_of(file_reference.PAGE)) if language == "yaml"]
    complete = [body for body in files if "region:" in body or "topology:" in body]
    assert len(complete) >= 2
    for body in complete:
        (tmp_path / "file.yaml").write_text(body, "utf-8")
        assert CliRunner().invoke(app, ["check", "file.yaml"]).exit_code == 0, body
