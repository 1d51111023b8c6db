"""RunInstances: addresses, groups, places on hosts; and what a view tells of them."""

from dataclasses import replace
from time import process_time

import pytest

from dcsim.cloud.capacity import HOST_VCPUS, Capacity, check_type, vcpus
from dcsim.fabric.layout import Layout
from dcsim.problem import Mistake
from dcsim.request import CreateSecurityGroup, Request
from dcsim.topology.load import plan_of
from dcsim.topology.plan import Plant
from dcsim.world import build
from netvirt.address import format_ip, format_mac

from .account import MARK, Account, egress_of_all, entry, ingress, instance


@pytest.fixture
def account() -> Account:
    return Account()


# Addresses


def test_addresses_count_up_from_the_fifth(account: Account) -> None:
    given = [format_ip(account.run(name).address) for name in ("x", "y", "z")]
    assert given == ["10.0.1.4", "10.0.1.5", "10.0.1.6"]


def test_the_lowest_free_address_is_given(account: Account) -> None:
    for wanted in ("10.0.1.5", "10.0.1.7", "10.0.1.254"):
        assert format_ip(account.run(wanted, address=wanted).address) == wanted
    given = [format_ip(account.run(name).address) for name in ("w", "x", "y")]
    assert given == ["10.0.1.4", "10.0.1.6", "10.0.1.8"]
    account.run("late", address="10.0.1.9")
    assert format_ip(account.run("z").address) == "10.0.1.10"


def test_each_subnet_gives_its_own(account: Account) -> None:
    account.subnet("far", "10.0.2.0/28", "b")
    given = [format_ip(account.run(f"{subnet}{n}", subnet=subnet).address) for n in (1, 2) for subnet in ("net", "far")]
    assert given == ["10.0.1.4", "10.0.2.4", "10.0.1.5", "10.0.2.5"]


def test_five_addresses_of_a_subnet_are_awss(account: Account) -> None:
    account.subnet("tiny", "10.0.2.0/28")
    for number in range(11):
        account.run(f"x{number}", subnet="tiny")
    said = "InsufficientFreeAddressesInSubnet: tiny 10.0.2.0/28 has no free address for y; use a larger block"
    assert account.refusal(instance("y", "tiny")) == said
    assert account.refusal(instance("y", "tiny")) == said
    assert format_ip(account.run("y").address) == "10.0.1.4"


ADDRESSES = [
    *(
        (f"10.0.1.{last}", f"InvalidParameterValue: 10.0.1.{last} is reserved in net 10.0.1.0/24; "
                           "the first four addresses and the last are AWS's")
        for last in (0, 1, 2, 3, 255)
    ),
    ("10.0.2.4", "InvalidParameterValue: 10.0.2.4 is outside net's 10.0.1.0/24"),
    ("10.0.1.77", "InvalidIPAddress.InUse: 10.0.1.77 is taken's"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "said"), ADDRESSES)
def test_addresses_that_cannot_be(account: Account, address: str, said: str) -> None:
    account.run("taken", address="10.0.1.77")
    assert account.refusal(instance("x", address=address)) == said
    assert list(account.vpc.interfaces) == ["taken"]


def test_a_name_is_taken(account: Account) -> None:
    account.run("x")
    assert account.refusal(instance("x")) == "InvalidParameterValue: m has an instance x already"


# Groups


def test_without_a_group_it_gets_the_default_one(account: Account) -> None:
    assert account.run("x").groups == (account.vpc.groups["default"].id,)


def test_five_groups_at_most(account: Account) -> None:
    names = tuple(f"g{number}" for number in range(6))
    for name in names:
        account.call(CreateSecurityGroup("m", name, mark=MARK))
    assert account.run("x", groups=names[:5]).groups == tuple(account.vpc.groups[name].id for name in names[:5])
    said = "SecurityGroupsPerInterfaceLimitExceeded: y has 6 security groups; 5 at most; raise "
    said += "security_groups_per_network_interface in quotas"
    assert account.refusal(instance("y", groups=names)) == said


def test_a_group_named_twice_counts_once(account: Account) -> None:
    assert len(account.run("x", groups=("default", "default")).groups) == 1


# Places

TYPES = {
    "t3.nano": 2,
    "m7g.medium": 1,
    "m7g.large": 2,
    "c7i.xlarge": 4,
    "m5.2xlarge": 8,
    "m5.24xlarge": 96,
    "m5.metal": 96,
    "": 2,
    "weird": 2,
}


@pytest.mark.parametrize(("kind", "wanted"), TYPES.items())
def test_vcpus(kind: str, wanted: int) -> None:
    assert vcpus(kind) == wanted


def hosts(account: Account, count: int, kind: str = "m7i.large") -> list[str]:
    return [account.run(f"x{len(account.placed)}", kind=kind).host_name for _ in range(count)]


def test_racks_first_then_hosts() -> None:
    account = Account(Plant(racks=3, hosts=2))
    assert hosts(account, 6) == ["a/r1/h1", "a/r2/h1", "a/r3/h1", "a/r1/h2", "a/r2/h2", "a/r3/h2"]
    # All are used now: whose load is the least, in the same order.
    assert hosts(account, 3) == ["a/r1/h1", "a/r2/h1", "a/r3/h1"]


def test_the_least_loaded_host_is_next() -> None:
    account = Account(Plant(racks=1, hosts=3))
    assert hosts(account, 1, "m7i.4xlarge") == ["a/r1/h1"]
    assert hosts(account, 1, "m7i.2xlarge") == ["a/r1/h2"]
    assert hosts(account, 6) == ["a/r1/h3"] * 4 + ["a/r1/h2", "a/r1/h3"]


def test_zones_are_filled_apart() -> None:
    account = Account(Plant(racks=2, hosts=1))
    account.subnet("far", "10.0.2.0/24", "b")
    assert account.run("x", subnet="far").host_name == "b/r1/h1"
    assert hosts(account, 2) == ["a/r1/h1", "a/r2/h1"]


def test_a_zone_is_full_when_no_host_has_room() -> None:
    account = Account(Plant(racks=1, hosts=2))
    assert hosts(account, 1, "m5.metal") == ["a/r1/h1"]
    assert hosts(account, 1, "m5.12xlarge") == ["a/r1/h2"]
    said = "InsufficientInstanceCapacity: zone a has 2 hosts, all full; y needs 96 vCPU. Raise plant.hosts"
    assert account.refusal(instance("y", kind="m5.metal")) == said
    assert hosts(account, 24) == ["a/r1/h2"] * 24
    said = "InsufficientInstanceCapacity: zone a has 2 hosts, all full; y needs 2 vCPU. Raise plant.hosts"
    assert account.refusal(instance("y")) == said
    account.subnet("far", "10.0.2.0/24", "b")
    assert account.run("y", subnet="far").host_name == "b/r1/h1"


def test_no_host_is_large_enough(account: Account) -> None:
    said = "InvalidParameterValue: m7i.48xlarge needs 192 vCPU; a host has 96; choose a smaller type"
    assert account.refusal(instance("x", kind="m7i.48xlarge")) == said


def test_no_host_gets_more_than_it_has() -> None:
    """Whatever comes in whatever order, as long as anything fits."""
    layout = Layout("r", ("a",), Plant(racks=2, hosts=2))
    zone, used = Capacity(layout).zones["a"], dict.fromkeys(range(4), 0)
    for wanted in (64, 32, 2, 96, 16, 48, 8, 64, 2, 4, 32, 1) * 4:
        host = zone.place(wanted)
        if host is None:
            assert min(used.values()) + wanted > HOST_VCPUS.value
        else:
            used[host] += wanted
    assert max(used.values()) <= HOST_VCPUS.value


# Views


def test_a_view_knows_every_interface(account: Account) -> None:
    account.call(CreateSecurityGroup("m", "web", mark=MARK))
    x, y = account.run("x", groups=("web",)), account.run("y", groups=("web", "default"))
    view = account.view()
    assert (x.number, y.number) == (1, 2)
    assert [format_mac(each.mac) for each in (x, y)] == ["0a:01:00:00:00:01", "0a:01:00:00:00:02"]
    assert view.at(y.address) == y
    assert view.interfaces == {x.id: x, y.id: y}
    assert view.by_mac == {x.mac: x.id, y.mac: y.id}
    assert view.by_number == {1: x.id, 2: y.id}
    names = {group.id: group.name for group in view.groups.values()}
    assert {names[group]: sorted(members) for group, members in view.members.items()} == {
        "default": [y.address],
        "web": [x.address, y.address],
    }


def test_a_view_never_changes(account: Account) -> None:
    before = account.view()
    account.call(CreateSecurityGroup("m", "web", mark=MARK))
    account.call(ingress("web", "0.0.0.0/0"))
    account.call(egress_of_all("web", "web"))
    account.call(entry("default", 7))
    account.subnet("far", "10.0.2.0/24")
    account.run("x")
    assert (list(before.interfaces), len(before.groups), len(before.subnets)) == ([], 1, 1)
    assert [len(acl.ingress) for acl in before.acls.values()] == [1]
    after = account.view()
    assert (len(after.interfaces), len(after.groups), len(after.subnets)) == (1, 2, 2)


def test_a_verb_tells_the_ids_of_what_it_changed(account: Account) -> None:
    web = account.call(CreateSecurityGroup("m", "web", mark=MARK))
    assert web == [account.vpc.groups["web"].id]
    assert account.call(ingress("web", "0.0.0.0/0")) == web
    changed = account.call(instance("x", groups=("web",)))
    assert changed == [account.vpc.interfaces["x"].id, *web]


def test_ids_depend_on_names_only() -> None:
    """Whoever is asked for first, and whatever else there is."""

    def ids(requests: list[Request]) -> dict[str, str]:
        account = Account()
        for request in requests:
            account.call(request)
        groups = {name: group.id for name, group in account.vpc.groups.items()}
        return groups | {name: interface.id for name, interface in account.vpc.interfaces.items()}

    verbs: list[Request] = [CreateSecurityGroup("m", "web", mark=MARK), instance("x"), instance("y")]
    assert ids(verbs) == ids(verbs[::-1])
    assert ids(verbs)["x"] == "eni-ce4b50f5d8cb76d4c"
    assert len(ids(verbs)["web"]) == len("sg-0123456789abcdef0")


# Many


def test_five_thousand_instances_are_there_at_once() -> None:
    """A linear search for each address took minutes."""
    text = """\
version: 1
region: r
zones: a
plant: {racks: 20, hosts: 40}
vpcs: {m: {cidr_block: 10.0.0.0/16, subnets: {n: {cidr_block: 10.0.0.0/18}}, instances: {x: {count: 5000, subnet: n}}}}
"""
    begin = process_time()
    world = build(plan_of(text.encode(), "a.yaml", "a"))
    assert process_time() - begin < 3
    assert [guest.ip for guest in world][::4999] == ["10.0.0.4", "10.0.19.139"]


SIZES_ARE = "sizes are like large, 4xlarge, metal"
REAL = """
    m7i.large c7gn.16xlarge t1.micro m1.medium m7i-flex.xlarge u-6tb1.112xlarge u7i-12tb.224xlarge a1.metal
    mac2-m2pro.metal mac-m4.metal m7i.metal-24xl hpc7a.96xlarge p6-b200.48xlarge x2iedn.32xlarge is4gen.3xlarge
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", REAL)
def test_types_that_are_real(name: str) -> None:
    check_type(name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("t1.banana", SIZES_ARE),
        ("m7i.larg", SIZES_ARE),
        ("m7i.5xlarge", SIZES_ARE),
        ("large", "write it like m7i.large"),
        ("M7I.large", "write it like m7i.large"),
        ("m7i.large.large", SIZES_ARE),
    ],
)
def test_types_that_cannot_be(account: Account, name: str, advice: str) -> None:
    request = replace(instance("x"), instance_type=name)
    assert account.refusal(request).startswith(f"InvalidParameterValue: no instance type '{name}'")
    with pytest.raises(Mistake) as raised:
        check_type(name)
    assert raised.value.advice == advice


def test_a_part_of_a_bare_metal_host_has_its_vcpus() -> None:
    assert vcpus("m7i.metal-24xl") == 96
