"""YAML as text with places: nothing is guessed, nothing is trusted."""

from pathlib import Path

import pytest

from dcsim.problem import Mark, Refused
from dcsim.topology.load import load
from dcsim.topology.source import MOST_BYTES, parse
from dcsim.topology.tree import find, inside, key_mark, plain, value_mark

from .files import said


def test_scalars_are_text_whatever_yaml_would_make_of_them() -> None:
    tree = plain(parse(b"a: [no, 10:00, 012, 1e3, ~, null, 2025-01-01, 0x10, 1_000]", "a.yaml"))
    assert tree == {"a": ["no", "10:00", "012", "1e3", "~", "null", "2025-01-01", "0x10", "1_000"]}


def test_every_key_and_value_has_its_place() -> None:
    root = parse(b"a:\n  b: {c: 'one two', d: [x, yy]}\n", "a.yaml")
    assert key_mark(root, ["a", "b"]) == Mark("a.yaml", 2, 3, 4)
    assert value_mark(root, ["a", "b", "c"]) == Mark("a.yaml", 2, 10, 19)
    assert value_mark(root, ["a", "b", "d", 1]) == Mark("a.yaml", 2, 28, 30)
    assert value_mark(root, ["a", "b", "d", "yy"]) == Mark("a.yaml", 2, 28, 30)
    assert inside(find(root, ["a", "b", "c"]), (4, 7)) == Mark("a.yaml", 2, 15, 18)


def test_columns_count_characters_not_bytes() -> None:
    root = parse("{é: ü, b: x}".encode(), "a.yaml")
    assert value_mark(root, ["b"]) == Mark("a.yaml", 1, 11, 12)


def test_anchors_are_copies() -> None:
    assert plain(parse(b"a: &x {b: 1}\nc: *x\n", "a.yaml")) == {"a": {"b": "1"}, "c": {"b": "1"}}


def bomb(levels: int) -> bytes:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


NOT_TOPOLOGIES = [
    (b"", "a.yaml:1:1: the file is empty; it starts with version: 1"),
    (b"# nothing yet\n", "a.yaml:1:1: the file is empty; it starts with version: 1|# nothing yet|^"),
    (b"a: [", "a.yaml:1:5: not YAML: did not find expected node content|a: [|    ^"),
    (b"a: b: c", "a.yaml:1:5: not YAML: mapping values are not allowed in this context|a: b: c|    ^"),
    (b"\tb: c", "a.yaml:1:1: a tab cannot indent YAML; write spaces| b: c|^"),
    (
        b"{a: 1, b: 2, a: 3}",
        "a.yaml:1:14: 'a' is here twice; it is at line 1 already|{a: 1, b: 2, a: 3}|             ^",
    ),
    (b"ab\x00c", "a.yaml:1:3: not a text file: it holds the character U+0000|ab\ufffdc|  ^"),
    (
        b"a: \xff\xfe",
        "a.yaml:1:4: not a text file: byte 0xff is not UTF-8|a: \ufffd\ufffd|   ^",
    ),
    (b"a: !Ref b", "a.yaml:1:4: tag '!Ref' means nothing here; leave it out|a: !Ref b|   ^^^^^^"),
    (b"a: &x [*x]", "a.yaml:1:8: nothing before here is called &x|a: &x [*x]|       ^^"),
    (b"? [a]\n: b", "a.yaml:1:3: a key must be one word, not a list or a map|? [a]|  ^"),
    (b"- a", "a.yaml:1:1: a topology file is a map, not a list; start with version: 1|- a|^"),
]


@pytest.mark.parametrize(("data", "expected"), NOT_TOPOLOGIES)
def test_what_is_no_topology_file_says_so_in_one_place(data: bytes, expected: str) -> None:
    what, *excerpt = expected.split("|")
    assert said(data) == "\n".join([what, *(gutter + text for gutter, text in zip((" 1 | ", "   | "), excerpt))])


def test_one_file_is_one_document() -> None:
    assert said(b"a: 1\n---\nb: 2") == (
        "a.yaml:2:1: a second document starts here; write one file for each\n 2 | ---\n   | ^^^"
    )


def test_aliases_cannot_explode() -> None:
    assert said(bomb(9)) == (
        "a.yaml:6:5: aliases make more than 1,000,000 values of this\n"
        " 6 | l5: &l5 [*l4, *l4, *l4, *l4, *l4, *l4, *l4, *l4, *l4, *l4]\n"
        "   |     ^^^^^"
    )


def test_nesting_cannot_exhaust_the_stack() -> None:
    assert said(b"[" * 100_000).startswith("a.yaml:1:33: nested more than 32 deep\n")
    assert said(b"{a: " * 100_000).startswith("a.yaml:1:129: nested more than 32 deep\n")


def refusal_to_load(path: str) -> str:
    with pytest.raises(Refused) as refused:
        load(path)
    return str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dir").mkdir()
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert refusal_to_load("tow-az.yaml") == (
        "tow-az.yaml: no such file; dcsim comes with az-outage.yaml, dual-stack.yaml, failover.yaml, internet-outage.yaml, middlebox.yaml, peering.yaml, public-private-nat.yaml, public.yaml, standby.yaml, transit-gateway.yaml, two-az.yaml, web-server.yaml. Did you mean two-az.yaml?"
    )
    assert refusal_to_load("dir") == "dir: cannot be read: is a directory"
    assert refusal_to_load("loop.yaml").startswith("loop.yaml: cannot be read: ")
    assert refusal_to_load("a\0b") == "a\N{REPLACEMENT CHARACTER}b: no such file"
    assert refusal_to_load("elsewhere/nothing-like-it") == "elsewhere/nothing-like-it: no such file"


def test_what_lies_beside_a_missing_file_is_offered_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "two-ax.yaml").touch()
    assert refusal_to_load("dir/two-ay.yaml") == "dir/two-ay.yaml: no such file. Did you mean dir/two-ax.yaml?"


def test_another_kind_of_file_is_told_by_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text("version: 1\ntopology: two-az.yaml\nduration: 1 s\n")
    (tmp_path / "r.yaml").write_text("- left reaches right on icmp\n")
    assert refusal_to_load("s.yaml") == (
        "s.yaml: this is a scenario, not a topology; dcsim check and dcsim run take it"
    )
    assert refusal_to_load("r.yaml") == (
        "r.yaml: this is a list of assertions, not a topology; dcsim reach TOPOLOGY --assert r.yaml takes it"
    )


def test_what_was_never_closed_is_named_by_its_line() -> None:
    text = b"version: 1\nplant: {racks: 3,\n  hosts: 4\nregion: r\n"
    assert said(text).splitlines()[0] == (
        "a.yaml:4:7: not YAML: did not find expected ',' or '}' in what begins at line 2"
    )


def test_a_file_without_end_is_read_only_so_far(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES * 4)
    assert refusal_to_load(str(huge)) == f"{huge}: the file is bigger than 16 MB"


def test_shipped_topologies_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load("two-az.yaml").name == "two-az"
    (tmp_path / "two-az.yaml").write_text("version: 1\nregion: r\nzones: a\n")
    assert load("two-az.yaml").region == "r"
