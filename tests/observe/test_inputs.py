"""inputs_sha256 counts what could change a byte of a run, and nothing else."""

import shutil
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from dcsim.observe import inputs
from dcsim.observe.inputs import LIBRARIES, PACKAGES, Inputs, package_directory, source_sha256
from dcsim.topology.plan import InputFile

STORY, REGION = InputFile("story.yaml", b"topology: region.yaml\n"), InputFile("region.yaml", b"zones: [a]\n")
BASE = Inputs((STORY, REGION), {"seed": 7, "capture": "links"}, {"agent": "ab" * 32})


def test_equal_inputs_have_one_digest() -> None:
    again = Inputs([STORY, REGION], {"capture": "links", "seed": 7}, {"agent": "ab" * 32})
    assert again.sha256 == BASE.sha256 == sha256(BASE.manifest).hexdigest()


def test_where_files_lie_does_not_count() -> None:
    moved = [InputFile(f"/home/me/{file.path}", file.data) for file in BASE.files]
    assert Inputs(moved, BASE.options, BASE.images).sha256 == BASE.sha256


@pytest.mark.parametrize(
    "other",
    [
        Inputs((STORY, InputFile("region.yaml", b"zones: [b]\n")), BASE.options, BASE.images),
        Inputs((STORY, InputFile("other.yaml", REGION.data)), BASE.options, BASE.images),
        Inputs((REGION, STORY), BASE.options, BASE.images),
        Inputs(BASE.files, {"seed": 8, "capture": "links"}, BASE.images),
        Inputs(BASE.files, BASE.options, {"agent": "cd" * 32}),
        Inputs(BASE.files, BASE.options),
    ],
)
def test_everything_else_does(other: Inputs) -> None:
    assert other.sha256 != BASE.sha256


def test_libraries_and_code_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = BASE.sha256
    with monkeypatch.context() as patch:
        patch.setattr(inputs, "version", lambda name: "0")
        assert Inputs(BASE.files, BASE.options, BASE.images).sha256 != before
    monkeypatch.setattr(inputs, "source_sha256", lambda: "0")
    assert Inputs(BASE.files, BASE.options, BASE.images).sha256 != before


def test_namesakes_are_numbered() -> None:
    files = [InputFile("a/x.yaml", b"1"), InputFile("b/x.yaml", b"2"), InputFile("1-x.yaml", b"3")]
    assert [name for name, _ in Inputs(files).stored()] == ["1-x.yaml", "2-x.yaml", "3-1-x.yaml"]
    assert [name for name, _ in Inputs([InputFile("inputs.json", b"")]).stored()] == ["1-inputs.json"]


def test_a_name_that_is_no_text_counts_all_the_same() -> None:
    assert Inputs([InputFile("caf\udce9.yaml", b"")]).stored() == [("caf?.yaml", b"")]


def test_code_is_the_same_in_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of dcsim elsewhere, without caches, has its digest; a changed letter changes it."""
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(package_directory(package), tmp_path / package, ignore=ignore)
    (tmp_path / "dcsim" / "__pycache__").mkdir()
    (tmp_path / "dcsim" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"cache")
    monkeypatch.setattr(inputs, "package_directory", lambda package: tmp_path / package)
    copied = source_sha256()
    monkeypatch.undo()
    assert copied == source_sha256()
    monkeypatch.setattr(inputs, "package_directory", lambda package: tmp_path / package)
    (tmp_path / "netvirt" / "line.py").write_bytes(b"# changed")
    assert source_sha256() != copied


def test_every_library_that_could_matter_is_counted() -> None:
    project = tomllib.loads(Path(inputs.__file__).parents[2].joinpath("pyproject.toml").read_text())["project"]
    named = {requirement.split(">")[0].split("=")[0] for requirement in project["dependencies"]}
    terminal_only = {"rich", "typer", "prompt_toolkit"}
    assert named - terminal_only == set(LIBRARIES)
