"""What may be in a folder, and what is said of it: never a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli.desk import Desk, desk
from topology.files import topology

from dcsim.describe.topology import describe
from dcsim.topology.load import plan_of
from dcsim.world import build

from .aws import described, write

__all__ = ["desk"]

SMALL = """\
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {n: {availability_zone: a, cidr_block: 10.0.0.0/24}}
    security_groups: {web: {ingress: tcp 80 from 0.0.0.0/0}}
    instances: {web: {subnet: n, security_groups: web}}
"""


def small() -> dict[str, Any]:
    """A little region as the CLI prints it; to be spoilt."""
    return described(build(topology(SMALL)))


def said(desk: Desk, *options: str) -> str:
    """What a folder `mine` that cannot be used is answered with, advice in the same line."""
    found = desk.dcsim("import", "describe", "mine", *options)
    assert (found.status, found.out) == (2, ""), found
    return found.err.replace("\n    ", "; ")


def test_a_folder_becomes_a_file_that_is_right(desk: Desk) -> None:
    write(desk.path / "mine", small())
    found = desk.dcsim("import", "describe", "mine")
    desk.write("mine.yaml", found.out)
    assert (found.status, found.err.splitlines()[0]) == (0, "eu-west-1, account 123456789012: 1 VPC, 1 subnet, 1 guest")
    assert desk.dcsim("check", "mine.yaml").out == "mine is right: 1 zone, 1 VPC, 1 subnet, 1 guest\n"


@pytest.mark.parametrize(
    "text, answer",
    [
        ('{"Vpcs": [\n  {"VpcId": "vpc-1",}\n]}', "mine/x.json:2:21: not JSON: "),
        ('{"Vpcs": [', "mine/x.json:1:11: not JSON: it ends in the middle; run the command again\n"),
        ("[1, 2]", "mine/x.json: a list and no map; leave --query out of the command\n"),
        ("VPCS\t10.0.0.0/16\tdopt-1\n", "mine/x.json: this is --output text; dcsim reads --output json\n"),
        ("Vpcs:\n- CidrBlock: 10.0.0.0/16\n", "mine/x.json: this is --output yaml; dcsim reads --output json\n"),
        ("-------------\n| DescribeVpcs |\n", "mine/x.json: this is --output table; dcsim reads --output json\n"),
        ("hello", "mine/x.json:1:1: not JSON: expecting value\n"),
        ("[" * 100_000, "mine/x.json: not JSON that the AWS CLI prints: it is nested too deep\n"),
        (
            f'{{"Vpcs": [{"1" * 5000}]}}',
            "mine/x.json: not JSON that the AWS CLI prints: a number has too many digits\n",
        ),
        ('{"Vpcs": {}}', "mine/x.json: Vpcs is no list; leave --query out of the command\n"),
        ('{"Vpcs": [7]}', "mine/x.json: Vpcs[0] is '7'; "),
        ('{"Vpcs": [{"VpcId": "vpc-1"}]}', "mine/x.json: Vpcs[0] lacks CidrBlock; "),
        ('{"Vpcs": [{"VpcId": "v 1", "CidrBlock": "10.0.0.0/16"}]}', "mine/x.json: Vpcs[0].VpcId is 'v 1'; "),
        ('{"Vpcs": [{"VpcId": "v", "CidrBlock": "banana"}]}', "mine/x.json: Vpcs[0].CidrBlock is 'banana'; "),
        ('{"Routes": []}', "mine/x.json: routes of a transit gateway; name it like tgw-rtb-"),
        ('{"Entries": [{"Cidr": "10.0.0.0/8"}]}', "mine/x.json: entries of a prefix list; name it like pl-"),
    ],
)
def test_a_file_that_cannot_be_used(desk: Desk, text: str, answer: str) -> None:
    write(desk.path / "mine", small())
    (desk.path / "mine" / "x.json").write_text(text, "utf-8")
    assert said(desk).startswith(answer)


def test_every_bad_file_is_named(desk: Desk) -> None:
    write(desk.path / "mine", small())
    for name in "xy":
        (desk.path / "mine" / f"{name}.json").write_text("{", "utf-8")
    err = said(desk)
    assert "mine/x.json:1:2: " in err and "mine/y.json:1:2: " in err and err.endswith("2 errors\n")


def test_a_folder_without_anything(desk: Desk) -> None:
    assert said(desk).startswith("mine: no such folder; ")
    (desk.path / "mine").mkdir()
    assert said(desk).startswith("mine: there is no JSON in it; dcsim import describe --help ")
    desk.write("mine/notes.md", "hello")
    assert said(desk).startswith("mine: there is no JSON in it; ")
    desk.write("mine/vpcs.json", "")
    assert said(desk).startswith("mine: its files are empty; ")
    assert desk.dcsim("import", "describe", "mine/notes.md").err.startswith("mine/notes.md: it is a file; ")


def test_a_shell_on_windows_writes_utf_16(tmp_path: Path) -> None:
    write(tmp_path / "mine", small())
    for path in (tmp_path / "mine").iterdir():
        path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    assert describe(tmp_path / "mine").text == describe(write(tmp_path / "other", small())).text


def test_what_is_of_no_use_is_named_once(desk: Desk) -> None:
    write(desk.path / "mine", small() | {"buckets": {"Buckets": [], "Owner": {}}, "failed": ""})
    desk.write("mine/failed.json", "")
    desk.write("mine/README.md", "hello")
    err = desk.dcsim("import", "describe", "mine").err
    assert "- 3 files of no use: mine/buckets.json (Buckets, Owner), mine/README.md (no JSON), " in err


@pytest.mark.parametrize(
    "missing, answer",
    [
        ("security-groups", "run aws ec2 describe-security-groups"),
        ("route-tables", "run aws ec2 describe-route-tables"),
        ("network-acls", "run aws ec2 describe-network-acls"),
        ("subnets", "run aws ec2 describe-subnets"),
    ],
)
def test_a_call_that_was_not_made_is_asked_for(tmp_path: Path, missing: str, answer: str) -> None:
    files = small()
    del files[missing]
    found = describe(write(tmp_path, files), region="eu-west-1")
    assert [line for line in found.notes if line.endswith(answer)]
    build(plan_of(found.text.encode(), "mine.yaml", "mine"))


def test_of_several_regions_one_is_chosen(desk: Desk) -> None:
    here, there = small(), small()
    text = json.dumps(there).replace("eu-west-1", "us-east-1")
    for kind, digit in (
        ("vpc", "f"),
        ("subnet", "f"),
        ("rtb", "f"),
        ("acl", "f"),
        ("sg", "f"),
        ("i", "f"),
        ("eni", "f"),
    ):
        text = text.replace(f'"{kind}-', f'"{kind}-{digit}')
    write(desk.path / "mine", here)
    write(desk.path / "mine" / "virginia", json.loads(text))
    assert said(desk) == (
        "dcsim: mine: there are 2 regions: eu-west-1 (1 VPC), us-east-1 (1 VPC); choose one with --region\n"
    )
    assert said(desk, "--region", "mars").startswith("dcsim: mine: nothing is in 'mars'; there is eu-west-1 (1 VPC)")
    found = desk.dcsim("import", "describe", "mine", "--region", "us-east-1")
    assert "region: us-east-1\n" in found.out
    assert "- 1 VPC of eu-west-1: vpc-" in found.err
    assert said(desk, "--region", "us-east-1", "--account", "7").startswith("dcsim: mine: nothing in us-east-1 is of ")


def test_two_accounts_call_the_same_zone_differently(tmp_path: Path) -> None:
    """Zone a of one account is zone b of the other: they are the same building, so they are the same zone here."""
    text = json.dumps(small()).replace("123456789012", "999999999999").replace("10.0.", "10.1.")
    for kind in ("vpc", "subnet", "rtb", "acl", "sg", "i", "eni"):
        text = text.replace(f'"{kind}-', f'"{kind}-f')
    write(tmp_path, small())
    write(tmp_path / "other", json.loads(text.replace("eu-west-1a", "eu-west-1b")))
    found = describe(tmp_path)
    plan = plan_of(found.text.encode(), "mine.yaml", "mine")
    assert plan.zones == ("a",)
    assert any("eu-west-1b (test-az1) is zone a here" in line for line in found.notes)
    assert "accounts 123456789012, 999999999999" in found.summary
    assert describe(tmp_path, account="999999999999").summary.endswith("1 VPC, 1 subnet, 1 guest")


def test_help_lists_the_commands_to_run(desk: Desk) -> None:
    out = desk.dcsim("import", "describe", "--help").out
    assert "aws ec2 describe-" in out and "network-interfaces" in out
