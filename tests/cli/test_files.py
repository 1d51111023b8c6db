"""Files that are no topology at all: what is said, and never a traceback."""

import pytest

from .desk import HEAD, VPC, Desk, answer

BOMB = (
    HEAD
    + "x: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n" for before, name in zip("abcdef", "bcdefg"))
)

TEXTS = [
    (
        HEAD + "vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {net: {cidr_blok: 10.0.1.0/24}}}}\n",
        """
        a.yaml:4:53: subnet has no 'cidr_blok'. Did you mean cidr_block?
         4 | vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {net: {cidr_blok: 10.0.1.0/ ...
           |                                                     ^^^^^^^^^
        1 error
        """,
    ),
    (
        HEAD + "links: {a <-> b: {delay: 5}}\n",
        """
        a.yaml:4:26: delay 5 lacks a unit; write 5 ms
         4 | links: {a <-> b: {delay: 5}}
           |                          ^
        1 error
        """,
    ),
    (
        HEAD + VPC + "    subnets: {}\n",
        """
        a.yaml:8:5: 'subnets' is here twice; it is at line 7 already
         8 |     subnets: {}
           |     ^^^^^^^
        1 error
        """,
    ),
    (
        HEAD + VPC + "    security_groups: {g: {ingress: tcp 22 from gg}}\n    instances: {x: {subnet: nett-a}}\n",
        """
        a.yaml:8:48: no security group 'gg'; m has g. Did you mean g?
         8 |     security_groups: {g: {ingress: tcp 22 from gg}}
           |                                                ^^
        a.yaml:9:29: no subnet 'nett-a'; m has net-a, net-b. Did you mean net-a?
         9 |     instances: {x: {subnet: nett-a}}
           |                             ^^^^^^
        2 errors
        """,
    ),
    (
        HEAD + "vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {n: {availability_zone: z, cidr_block: 10.0.0.0/24}}}}\n",
        """
        a.yaml:4:70: no zone 'z'; there are a, b
         4 |  ... cidr_block: 10.0.0.0/16, subnets: {n: {availability_zone: z, cidr_b ...
           |                                                                ^
        1 error
        """,
    ),
    (
        HEAD + "links: {a <-> c: {delay: 3 ms}}\n",
        """
        a.yaml:4:9: no zone 'c'; there are a, b
         4 | links: {a <-> c: {delay: 3 ms}}
           |         ^^^^^^^
        1 error
        """,
    ),
    (
        BOMB,
        """
        a.yaml:9:4: aliases make more than 1,000,000 values of this
         9 | f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]
           |    ^^^^
        1 error
        """,
    ),
    (
        "a: [b\n",
        """
        a.yaml:1:6: not YAML: did not find expected ',' or ']'
         1 | a: [b
           |      ^
        1 error
        """,
    ),
    (
        "",
        """
        a.yaml:1:1: the file is empty; it starts with version: 1
        1 error
        """,
    ),
    (
        "- version: 1\n",
        """
        a.yaml:1:1: a topology file is a map, not a list; start with version: 1
         1 | - version: 1
           | ^
        1 error
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_texts(desk: Desk, text: str, expected: str) -> None:
    assert desk.refuses(text) == answer(expected)


def test_bytes_that_are_no_text(desk: Desk) -> None:
    (desk.path / "a.yaml").write_bytes(b"version: 1\nname: \xff\xfe\n")
    assert desk.dcsim("check", "a.yaml").err == answer(
        """
        a.yaml:2:7: not a text file: byte 0xff is not UTF-8
         2 | name: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}
           |       ^
        1 error
        """
    )
    (desk.path / "a.yaml").write_bytes(bytes(range(256)))
    assert desk.dcsim("check", "a.yaml").status == 2


def test_a_byte_order_mark_moves_no_caret(desk: Desk) -> None:
    (desk.path / "a.yaml").write_bytes(b"\xef\xbb\xbfversoin: 1\nregion: r\nzones: a\nversion: 1\n")
    assert desk.dcsim("check", "a.yaml").err == answer(
        """
        a.yaml:1:1: topology has no 'versoin'. Did you mean version?
         1 | versoin: 1
           | ^^^^^^^
        1 error
        """
    )


NO_FILES = [
    ("none.yaml", "none.yaml: no such file\n"),
    ("two-az.yml", "two-az.yml: no such file\n    dcsim comes with az-outage.yaml, "),
    (".", ".: cannot be read: is a directory\n"),
    ("/dev/null", "/dev/null:1:1: the file is empty; it starts with version: 1\n"),
    ("n" * 300, f"{'n' * 300}: no such file\n"),
]


@pytest.mark.parametrize(("name", "expected"), NO_FILES)
def test_no_files(desk: Desk, name: str, expected: str) -> None:
    said = desk.dcsim("check", name)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(expected) and said.err.endswith("\n1 error\n")


def test_the_topology_of_a_scenario(desk: Desk) -> None:
    scenario = "version: 1\ntopology: {}\nduration: 1 s\n"
    assert desk.refuses(scenario.format("tow-az.yaml")).startswith("a.yaml:2:11: no file 'tow-az.yaml'\n")
    assert desk.refuses(scenario.format(".")).startswith("a.yaml:2:11: cannot read '.': is a directory\n")
    desk.write("b.yaml", "version: 2\nregion: r\nzones: a\n")
    assert desk.refuses(scenario.format("b.yaml")) == answer(
        """
        b.yaml:1:10: version '2' is not known; write 1
         1 | version: 2
           |          ^
        1 error
        """
    )


def test_terminal_escapes_stay_in_the_file(desk: Desk) -> None:
    said = desk.refuses(HEAD + '"\\e[2J\\e[31m": 3\n')
    assert "\x1b" not in said
    assert "\x1b" not in desk.dcsim("check", "no\x1b[2Jfile").err
