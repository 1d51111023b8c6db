"""Names out of tags: legal, distinct, and the same whatever the order of equals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.describe.names import Wanted, cleaned, distinct, without_region
from dcsim.describe.plant import racks_and_hosts
from dcsim.topology.fields import NAME


@pytest.mark.parametrize(
    "tag, name",
    [
        ("web", "web"),
        ("Web Server (1)", "Web-Server-1"),
        ("Büro / Köln", "Buro-Koln"),
        ("10.0.1.0", "n-10-0-1-0"),
        ("--", ""),
        ("東京", ""),
        ("x" * 200, "x" * 48),
    ],
)
def test_a_tag_is_cleaned(tag: str, name: str) -> None:
    assert cleaned(tag) == name


def test_zones_are_called_by_their_letter() -> None:
    assert without_region("app-eu-west-1a", "eu-west-1") == "app-a"
    assert without_region("eu-west-1-app", "eu-west-1") == "eu-west-1-app"


def test_namesakes_get_zones_then_numbers_and_who_is_alone_keeps_the_name() -> None:
    wanted = [
        Wanted("i-1", "web", "a"),
        Wanted("i-2", "web", "b"),
        Wanted("i-3", "db", "a"),
        Wanted("i-4", "app", "a"),
        Wanted("i-5", "app", "a"),
        Wanted("i-6", "app-a-1", "a"),
        Wanted("i-7", "", "a"),
        Wanted("i-8", "igw", "a"),
    ]
    assert distinct(wanted, {"igw"}) == {
        "i-1": "web-a",
        "i-2": "web-b",
        "i-3": "db",
        "i-4": "app-a-2",
        "i-5": "app-a-3",
        "i-6": "app-a-1",
        "i-7": "i-7",
        "i-8": "igw-1",
    }


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from(["", "a", "b"])), max_size=12))
def test_every_name_is_legal_and_nobodys_else(tags: list[tuple[str, str]]) -> None:
    wanted = [Wanted(f"i-{place:017x}", tag, zone) for place, (tag, zone) in enumerate(tags)]
    names = distinct(wanted, {"main", "default"})
    assert set(names) == {each.id for each in wanted}
    assert len({*names.values(), "main", "default"}) == len(wanted) + 2
    assert all(NAME.fullmatch(name) for name in names.values())


def test_the_plant_grows_with_what_has_to_fit() -> None:
    """96 vCPU a host; two of 64 do not share one."""
    assert racks_and_hosts([[2] * 100, []]) is None
    assert racks_and_hosts([[96] * 8]) is None
    assert racks_and_hosts([[64] * 9]) == (2, 8)
    assert racks_and_hosts([[1], [96] * 33]) == (5, 8)
