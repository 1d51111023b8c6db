"""The tree of places: names, power, and causes that overlap."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.fabric.layout import Kind, Layout
from dcsim.fabric.target import find_links, find_place
from dcsim.problem import Mistake
from dcsim.topology.plan import Plant

from .region import Region, S

SMALL = Layout("eu-west-1", ("a", "b"), Plant())
FULL = Layout("eu-west-1", ("a", "b", "c"), Plant(datacenters=2, power_domains=4, racks=250, hosts=50, spines=16))


@pytest.mark.parametrize(
    ("layout", "name", "canonical"),
    [
        (SMALL, "zone b", "zone b"),
        (SMALL, "b", "zone b"),
        (SMALL, "b/r2", "b/r2"),
        (SMALL, "rack b/r2", "b/r2"),
        (SMALL, "b/r2/h4", "b/r2/h4"),
        (SMALL, "b/d1/p1/r2/h4", "b/r2/h4"),
        (SMALL, "b/r2/tor", "b/r2/tor"),
        (SMALL, "spine-b2", "spine-b2"),
        (SMALL, "core-a", "core-a"),
        (SMALL, "transit-2", "transit-2"),
        (SMALL, "eu-west-1", "eu-west-1"),
        (FULL, "b/d1/p3/r250/h50", "b/d1/p3/r250/h50"),
        (FULL, "power domain c/d2/p4", "c/d2/p4"),
        (FULL, "spine-c32", "spine-c32"),
    ],
)
def test_names_mean_places(layout: Layout, name: str, canonical: str) -> None:
    assert layout.name(*find_place(layout, name)) == canonical


@pytest.mark.parametrize(
    ("layout", "name", "complaint"),
    [
        (SMALL, "zone d", "no place is called 'd'; the zones are a, b"),
        (SMALL, "b/r3", "zone b has no rack 3; it has b/r1 to b/r2"),
        (SMALL, "b/r1/h0", "b/r1 has no host 0; it has b/r1/h1 to b/r1/h4"),
        (SMALL, "b/x9", "there is no 'x9' in zone b; it has b/r1 to b/r2"),
        (SMALL, "b/r1/h1/tor", "there is no 'tor' in b/r1/h1; nothing stands in a host"),
        (SMALL, "rack b/r1/h1", "b/r1/h1 is a host, not a rack; write b/r1/h1"),
        (SMALL, "transit-3", "there is no transit-3; eu-west-1 has transit-1 to transit-2"),
        (SMALL, "rack transit-1", "transit-1 is a transit centre, not a rack; write transit-1"),
        (SMALL, "spine-b3", "there is no spine-b3; zone b has spine-b1 to spine-b2"),
        (FULL, "b/r1", "zone b has no rack 1; it has b/d1 to b/d2"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(layout: Layout, name: str, complaint: str) -> None:
    with pytest.raises(Mistake) as refused:
        find_place(layout, name)
    assert f"{refused.value.message}; {refused.value.advice}" == complaint


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_every_place_is_found_by_its_name(draw: Random) -> None:
    plant = Plant(*(draw.randint(1, 3) for _ in range(5)))
    layout = Layout("eu-west-1", ("a", "b", "c")[: draw.randint(1, 3)], plant)
    kind = draw.choice(list(Kind))
    index = draw.randrange(layout.counts[kind])
    assert find_place(layout, layout.name(kind, index)) == (kind, index)


@pytest.mark.parametrize(
    ("name", "links"),
    [
        ("a <-> b", ["core-a -> core-b", "core-b -> core-a"]),
        ("zone a -> zone b", ["core-a -> core-b"]),
        ("spine-b1 -> core-b", ["spine-b1 -> core-b"]),
        ("b/r2/h4 <-> b/r2/tor", ["b/r2/h4 -> b/r2/tor", "b/r2/tor -> b/r2/h4"]),
        ("b/r2 -> spine-b2", ["b/r2/tor -> spine-b2"]),
        ("links into zone b", ["core-b -> spine-b1", "core-b -> spine-b2"]),
        ("links out of zone b", ["spine-b1 -> core-b", "spine-b2 -> core-b"]),
        ("links into b/r1", ["spine-b1 -> b/r1/tor", "spine-b2 -> b/r1/tor"]),
        ("links into b/r1/h1", ["b/r1/tor -> b/r1/h1"]),
        ("a <-> transit-1", ["core-a -> transit-1", "transit-1 -> core-a"]),
        ("transit-2 -> core-b", ["transit-2 -> core-b"]),
        ("links into transit-1", ["core-a -> transit-1", "core-b -> transit-1"]),
        ("links out of transit-1", ["transit-1 -> core-a", "transit-1 -> core-b"]),
    ],
)
def test_names_mean_links(name: str, links: list[str]) -> None:
    assert [f"{SMALL.name(*tail)} -> {SMALL.name(*head)}" for tail, head in find_links(SMALL, name)] == links


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a <-> a",
        "transit-1 <-> transit-2",
        "spine-a1 <-> transit-1",
        "a/r1 <-> b/r1",
        "a/r1/h1 -> a/r2",
        "links into eu-west-1",
        "a <-> b <-> c",
    ],
)
def test_what_is_no_link_is_refused(name: str) -> None:
    with pytest.raises(Mistake):
        find_links(SMALL, name)


def test_overlapping_causes_end_when_the_last_one_ends() -> None:
    """The zone is dark from 60 to 180 s, one of its racks from 120 to 240 s."""
    region = Region()
    for host in ("b/r1/h1", "b/r2/h1"):
        region.host(host)
    for time, verb, place, cause in (
        (60, region.hold, "zone b", "storm"),
        (120, region.hold, "b/r2", "fuse"),
        (180, region.release, "zone b", "storm"),
        (240, region.release, "b/r2", "fuse"),
    ):
        region.run(until=time * S)
        verb(place, cause)
    assert region.power == [
        (60 * S, "b/r1/h1", False),
        (60 * S, "b/r2/h1", False),
        (180 * S, "b/r1/h1", True),
        (240 * S, "b/r2/h1", True),
    ]


def test_two_causes_on_one_place_are_both_waited_for() -> None:
    region = Region()
    region.host("a/r1/h1")
    region.hold("a/r1/h1", "crash")
    region.hold("a/r1/h1", "repair")
    region.release("a/r1/h1", "crash")
    assert [up for _, _, up in region.power] == [False]
    region.release("a/r1/h1", "repair")
    assert [up for _, _, up in region.power] == [False, True]


def test_a_link_is_up_when_its_ends_are_and_nobody_holds_it() -> None:
    region = Region()
    (link,) = region.fabric.links("a -> b")
    region.hold("a <-> b", "dig")
    region.hold("zone b", "storm")
    region.release("a <-> b", "dig")
    assert not link.up
    region.release("zone b", "storm")
    assert link.up


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_power_follows_from_the_causes_held(draw: Random) -> None:
    """After any faults in any order, a host is up when nothing above it is held, and was told each change once."""
    region = Region(plant=Plant(datacenters=2, power_domains=2, racks=2, hosts=1))
    layout = region.fabric.layout
    names = draw.sample([layout.name(Kind.HOST, index) for index in range(layout.counts[Kind.HOST])], 6)
    for name in names:
        region.host(name)
    held: list[tuple[Kind, int]] = []
    for _ in range(20):
        if held and draw.random() < 0.4:
            place = held.pop(draw.randrange(len(held)))
            region.fabric.release(region.fabric.places.at(*place), "fault")
        else:
            kind = draw.choice([kind for kind in Kind if kind < Kind.TOR])
            held.append((kind, draw.randrange(layout.counts[kind])))
            region.fabric.hold(region.fabric.places.at(*held[-1]), "fault")
        for name in names:
            dark = any(layout.above(*find_place(layout, name), kind) == index for kind, index in held)
            told = [up for _, host, up in region.power if host == name]
            assert told == [bool(turn % 2) for turn in range(len(told))], "off, on, off, on ..."
            assert (told[-1] if told else True) is not dark
