"""Whatever has an address in a subnet: instances, and the interfaces that AWS's services have there.

A service's interface (a database, a load balancer's node, a function, a task, an endpoint) becomes a guest too: its
subnet, its address and its groups decide who reaches it, whoever answers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dcsim.cloud.capacity import HOST_VCPUS, check_type, vcpus
from dcsim.cloud.interface_limits import addresses_each
from dcsim.cloud.subnet import usable
from dcsim.describe.inventory import Inventory
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import Instance, NetworkInterface, Subnet
from dcsim.problem import Mistake
from dcsim.quota import GROUPS_OF_INTERFACE
from dcsim.topology.vpc import DEFAULT_INSTANCE_TYPE
from netvirt.address import Cidr, Ip, format_ip

GONE = ("terminated", "shutting-down")
STOPPED = ("stopped", "stopping")
AMAZON = "amazon"
SERVICES = (
    (r"ELB (?:app|net)/(?P<name>[^/]+)/.*", "load balancer"),
    (r"ELB (?P<name>.+)", "load balancer"),
    (r"(?P<name>RDS)NetworkInterface", "database"),
    (r"AWS Lambda VPC ENI-(?P<name>.+?)(-[0-9a-f]{8}-[0-9a-f-]{27})?", "function"),
    (r"ElastiCache (?P<name>.+)", "cache"),
    (r"(?P<name>EFS) mount target for .*", "file system"),
    (r"VPC Endpoint Interface (?P<name>vpce-[0-9a-f]+)", "endpoint"),
    (r"arn:aws[a-z-]*:(?P<name>ecs):.*", "task"),
    (r"Amazon (?P<name>EKS) .*", "cluster"),
)
"""What services write into `Description`, and what such an interface is."""
WITHIN = ("nat_gateway", "transit_gateway", "gateway_load_balancer", "gateway_load_balancer_endpoint", "trunk")
"""Kinds of interfaces that are parts of something else, and nobody's destination."""


@dataclass(frozen=True, slots=True)
class Guest:
    """`id` is the instance's, or the interface's where there is none; `interface` may be unknown."""

    id: str
    interface: str
    tag: str
    what: str
    """Empty for an instance; of a service's interface, what it is and is called."""
    subnet: Subnet
    address: Ip
    groups: tuple[str, ...]
    service: str = ""
    source_dest_check: bool = True
    instance_type: str = ""
    public: Ip | None = None
    kept: bool = False
    """Whether the public address is an Elastic IP."""
    secondary: tuple[tuple[Ip, Ip | None], ...] = ()
    """More addresses, each with its public one."""
    ipv6: tuple[Ip, ...] = ()

    @property
    def addresses(self) -> list[Ip]:
        return [self.address, *(private for private, _ in self.secondary)]

    @property
    def publics(self) -> list[Ip]:
        return [each for each in (self.public, *(public for _, public in self.secondary)) if each is not None]


def guests(stock: Inventory, subnets: dict[str, Subnet], notes: Notes) -> list[Guest]:
    """Those of some subnets, by subnet and address."""
    found = [*_instances(stock, subnets, notes), *_services(stock, subnets, notes)]
    kept: list[Guest] = []
    taken: set[tuple[str, Ip]] = set()
    for guest in sorted(found, key=lambda each: (each.subnet.vpc_id, each.address, each.id)):
        vpc, possible = guest.subnet.vpc_id, usable(guest.subnet.block)
        if len(guest.groups) > GROUPS_OF_INTERFACE.most:
            notes.leave_out("guest", guest.id, f"with more than {GROUPS_OF_INTERFACE.most} security groups")
        elif any(address not in possible or (vpc, address) in taken for address in guest.addresses):
            notes.leave_out("guest", f"{guest.id} {format_ip(guest.address)}", "with an address that it cannot have")
        else:
            kept.append(fitted(guest, notes))
            taken |= {(vpc, address) for address in guest.addresses}
    return kept


def _instances(stock: Inventory, subnets: dict[str, Subnet], notes: Notes) -> Iterator[Guest]:
    for instance in stock.instances.values():
        subnet = subnets.get(instance.subnet_id or "")
        if instance.state.name in GONE or subnet is None:
            continue
        if instance.state.name in STOPPED:
            notes.leave_out("stopped instance", instance.tagged or instance.instance_id)
            continue
        found = _instance(stock, instance, subnet, notes)
        if found is not None:
            yield found


def _instance(stock: Inventory, instance: Instance, subnet: Subnet, notes: Notes) -> Guest | None:
    interfaces = [
        stock.network_interfaces.get(each.network_interface_id, each)
        for each in sorted(instance.network_interfaces, key=_device)
    ]
    for other in interfaces[1:]:
        notes.leave_out("interface", other.network_interface_id, "beside an instance's first")
    first = interfaces[0] if interfaces else None
    if first is not None and first.private_ip_address is not None:
        return replace(
            _guest(first, subnet, notes),
            id=instance.instance_id,
            tag=instance.tagged,
            service="",
            what="",
            instance_type=instance.instance_type,
        )
    if instance.private_ip_address is None:
        notes.leave_out("instance", instance.instance_id, "without an address")
        return None
    return Guest(
        id=instance.instance_id,
        interface="",
        tag=instance.tagged,
        what="",
        subnet=subnet,
        address=instance.private_ip_address,
        groups=tuple(each.group_id for each in instance.security_groups),
        source_dest_check=instance.source_dest_check,
        instance_type=instance.instance_type,
        public=instance.public_ip_address,
    )


def _device(interface: NetworkInterface) -> int:
    return interface.attachment.device_index if interface.attachment else 0


def _guest(interface: NetworkInterface, subnet: Subnet, notes: Notes) -> Guest:
    """The interface, by its first address."""
    assert interface.private_ip_address is not None, "asked before"
    more: dict[Ip, Ip | None] = {
        each.private_ip_address: each.association.public_ip if each.association else None
        for each in interface.private_ip_addresses
        if each.private_ip_address != interface.private_ip_address
    }
    name, what = service(interface)
    association = interface.association
    return Guest(
        id=interface.network_interface_id,
        interface=interface.network_interface_id,
        tag=interface.tagged,
        what=what,
        service=name,
        subnet=subnet,
        address=interface.private_ip_address,
        groups=tuple(each.group_id for each in interface.groups),
        source_dest_check=interface.source_dest_check,
        public=association.public_ip if association else None,
        kept=association is not None and association.ip_owner_id != AMAZON,
        secondary=tuple(more.items()),
        ipv6=tuple(each.ipv6_address for each in interface.ipv6_addresses),
    )


def service(interface: NetworkInterface) -> tuple[str, str]:
    """What to call a service's interface, and what it is."""
    for pattern, what in SERVICES:
        found = re.fullmatch(pattern, interface.description)
        if found:
            return found["name"].lower() if found["name"].isupper() else found["name"], what
    who = interface.requester_id.removeprefix("amazon-") if interface.requester_id.startswith("amazon-") else ""
    return who, "interface"


def _services(stock: Inventory, subnets: dict[str, Subnet], notes: Notes) -> Iterator[Guest]:
    """What no instance that is described has."""
    for interface in stock.network_interfaces.values():
        subnet = subnets.get(interface.subnet_id or "")
        owner = interface.attachment.instance_id if interface.attachment else None
        if subnet is None or owner in stock.instances:
            continue
        name = interface.network_interface_id
        if interface.status == "available":
            notes.leave_out("interface", name, "attached to nothing")
        elif interface.interface_type in WITHIN:
            continue
        elif not interface.groups:
            notes.leave_out("interface", name, "without security groups")
        elif interface.private_ip_address is None:
            notes.leave_out("interface", name, "without an IPv4 address")
        elif owner is None:
            yield _guest(interface, subnet, notes)
        elif _device(interface) == 0:
            notes.miss("aws ec2 describe-instances", owner)
            yield replace(_guest(interface, subnet, notes), id=owner, what="", service="")


def fitted(guest: Guest, notes: Notes) -> Guest:
    """As large as a simulated host can bear, of a type whose form is known."""
    kind = _known_type(guest.instance_type, notes)
    room = addresses_each(kind or DEFAULT_INSTANCE_TYPE) - 1
    for private, _ in guest.secondary[room:]:
        notes.leave_out("secondary address", f"{guest.id} {format_ip(private)}", "beyond what its type can have")
    for address in guest.ipv6[room + 1 :]:
        notes.leave_out("IPv6 address", f"{guest.id} {format_ip(address)}", "beyond what its type can have")
    return replace(guest, instance_type=kind, secondary=guest.secondary[:room], ipv6=guest.ipv6[: room + 1])


def with_ipv6(guest: Guest, block: Cidr | None, notes: Notes) -> Guest:
    """Its addresses of the subnet's block."""
    fitting = [each for each in guest.ipv6 if block is not None and each in usable(block)]
    for address in guest.ipv6:
        if address not in fitting:
            notes.leave_out("IPv6 address", f"{guest.id} {format_ip(address)}", "that its subnet cannot give")
    return replace(guest, ipv6=tuple(dict.fromkeys(fitting)))


def _known_type(kind: str, notes: Notes) -> str:
    """Empty for the usual one."""
    try:
        check_type(kind or DEFAULT_INSTANCE_TYPE)
    except Mistake:
        notes.change(f"{kind} is no type that dcsim knows; what has it is of the usual type here")
        return ""
    if not kind or vcpus(kind) <= HOST_VCPUS.value:
        return kind
    smaller = f"{kind.partition('.')[0]}.{HOST_VCPUS.value // 4}xlarge"
    notes.change(f"{kind} is {smaller} here: a host has {HOST_VCPUS.value} vCPU")
    return smaller
