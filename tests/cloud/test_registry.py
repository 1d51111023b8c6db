"""What a VPC holds, held against working everything out anew; and what was once given out stays as it was."""

from dataclasses import replace
from random import Random

import pytest

from dcsim.cloud.directory import Directory, Groups, Interfaces
from dcsim.cloud.registry import CopyOnWrite, Subnets
from netvirt.address import Cidr, HostId, Ip, Mac, parse_cidr
from netvirt.vpc.security_group import SecurityGroup
from netvirt.vpc.view import Interface, Subnet

NAMES = "abcdefgh"


def group(number: int) -> SecurityGroup:
    return SecurityGroup(f"sg-{number}", f"group-{number}", (), ())


def subnet(name: str, block: Cidr) -> Subnet:
    return Subnet(f"subnet-{name}", name, block, "a", "rtb", "acl", Mac(0))


class Holding:
    """Groups and interfaces that come, change and go."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.directory = Directory()
        self.groups = Groups(self.directory)
        self.interfaces = Interfaces(self.directory)
        self.made = 0

    def step(self) -> None:
        name = self.random.choice(NAMES)
        what = self.random.choice((self.put_group, self.drop_group, *[self.put_interface] * 4, self.drop_interface))
        what(name)

    def put_group(self, name: str) -> None:
        known = self.groups.get(name)
        self.made += 1
        self.groups[name] = replace(known, name=f"again-{self.made}") if known is not None else group(self.made)

    def drop_group(self, name: str) -> None:
        carried = {each for interface in self.interfaces.values() for each in interface.groups}
        if name in self.groups and self.groups[name].id not in carried:
            del self.groups[name]

    def put_interface(self, name: str) -> None:
        groups = [each.id for each in self.groups.values()]
        carried = tuple(self.random.sample(groups, min(2, len(groups))))
        known = self.interfaces.get(name)
        self.made += 1
        if known is not None and self.random.random() < 0.7:
            change = self.random.choice(
                ({"groups": carried}, {"secondary": (Ip(5000 + self.made),)}, {"name": name.upper()})
            )
            self.interfaces[name] = replace(known, **change)
            return
        number = self.made
        self.interfaces[name] = Interface(
            f"eni-{number}", name, number, Mac(number), Ip(number), "net", carried, True, HostId(1), "host"
        )

    def drop_interface(self, name: str) -> None:
        self.interfaces.pop(name, None)

    def given(self) -> list[object]:
        """What a view would hold."""
        leading = self.directory
        maps = (leading.by_id, leading.by_address, leading.by_mac, leading.by_number, leading.by_name)
        return [self.groups.by_id.frozen(), *(each.frozen() for each in maps), leading.members()]

    def expected(self) -> list[object]:
        groups, enis = list(self.groups.values()), list(self.interfaces.values())
        return [
            {each.id: each for each in groups},
            {each.id: each for each in enis},
            {address: each.id for each in enis for address in each.addresses},
            {each.mac: each.id for each in enis},
            {each.number: each.id for each in enis},
            {each.name.lower(): each.id for each in enis},
            {g.id: frozenset(a for each in enis if g.id in each.groups for a in each.addresses) for g in groups},
        ]


@pytest.mark.parametrize("seed", range(30))
def test_what_is_given_out_is_right_and_stays(seed: int) -> None:
    holding = Holding(Random(seed))
    given: list[tuple[list[object], list[object]]] = []
    for _ in range(60):
        for _ in range(holding.random.randrange(4)):
            holding.step()
        given.append((holding.given(), holding.expected()))
    assert all(now == then for now, then in given)
    assert holding.made > 30


def test_of_two_that_only_the_case_tells_apart_the_last_is_meant_as_long_as_it_is_there() -> None:
    holding = Holding(Random(1))
    interfaces = holding.interfaces
    by_name = holding.directory.by_name
    for number, name in enumerate(("web", "Web")):
        interfaces[name] = Interface(
            f"eni-{number}", name, number, Mac(number), Ip(number), "net", (), True, HostId(1), "host"
        )
    assert by_name.frozen() == {"web": "eni-1"}
    del interfaces["Web"]
    assert by_name.frozen() == {"web": "eni-0"}
    del interfaces["web"]
    assert by_name.frozen() == {}


def test_nothing_is_copied_when_nothing_has_changed() -> None:
    book: CopyOnWrite[int, str] = CopyOnWrite()
    book[1] = "a"
    first = book.frozen()
    assert book.frozen() is first
    book[2] = "b"
    second = book.frozen()
    assert (first, second, second is first) == ({1: "a"}, {1: "a", 2: "b"}, False)


def test_a_change_of_one_kind_leaves_the_other_kinds_alone() -> None:
    holding = Holding(Random(1))
    for name in NAMES:
        holding.put_group(name)
        holding.put_interface(name)
    before = holding.given()
    holding.put_group("a")
    same = [now is then for now, then in zip(holding.given(), before)]
    assert same == [False, True, True, True, True, True, True]


@pytest.mark.parametrize("seed", range(30))
def test_overlaps_are_found_as_by_asking_everyone(seed: int) -> None:
    random = Random(seed)
    subnets = Subnets()
    for number in range(200):
        prefix = random.randrange(18, 29)
        block = Cidr(Ip(random.randrange(1 << 32 - 16) & Cidr(Ip(0), prefix).mask), prefix)
        first = next((each for each in subnets.values() if each.cidr.overlaps(block)), None)
        assert subnets.overlapping(block) is first
        if first is None:
            subnets[str(number)] = subnet(str(number), block)
        elif random.random() < 0.3:
            del subnets[first.name]
    assert len(subnets) > 5


def test_a_subnet_that_is_replaced_stays_where_it_is() -> None:
    subnets = Subnets()
    subnets["a"] = subnet("a", parse_cidr("10.0.0.0/24"))
    subnets["a"] = replace(subnets["a"], table="other")
    found = subnets.overlapping(parse_cidr("10.0.0.128/25"))
    assert found is subnets["a"] and found.table == "other"
    del subnets["a"]
    assert subnets.overlapping(parse_cidr("10.0.0.0/8")) is None
