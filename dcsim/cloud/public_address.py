"""Public IPv4 addresses of the region: Elastic IPs, and those that subnets give their instances.

EC2 User Guide, "Elastic IP addresses", "Amazon EC2 instance IP addressing".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dcsim.asked import Asked
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import (
    AllocateAddress,
    AssociateAddress,
    CreateNatGateway,
    DisassociateAddress,
    ReleaseAddress,
    Verb,
)
from dcsim.topology.internet import REGION_POOL
from netvirt.address import Ip, format_ip
from netvirt.vpc.view import Interface

NOBODY = ""
"""Has the Elastic IPs that are the owner's and no interface's."""


class PublicAddresses:
    """Who has which; the lowest that nobody ever had is next."""

    def __init__(self) -> None:
        self._next = REGION_POOL.network + 1
        self._taken: dict[Ip, str] = {}
        self._promised: set[Ip] = set()
        self.elastic: set[Ip] = set()
        """Those that stay the owner's until they are released."""

    def promise(self, address: Ip) -> None:
        """Somebody will ask for this very one: nobody else is to get it."""
        self._promised.add(address)

    @property
    def dry(self) -> bool:
        """There is no new one left."""
        while self._next in self._taken or self._next in self._promised:
            self._next += 1
        return self._next >= REGION_POOL.last

    def take(self, who: str) -> Ip | None:
        """A new one, None when the pool is dry."""
        if self.dry:
            return None
        self._next += 1
        return self.reserve(Ip(self._next - 1), who)

    def reserve(self, address: Ip, who: str) -> Ip:
        self._taken[address] = who
        return address

    def release(self, address: Ip) -> None:
        """It is the owner's no more: it may be asked for by name."""
        self.elastic.discard(address)
        del self._taken[address]

    def holder(self, address: Ip) -> str | None:
        return self._taken.get(address)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a public address is."""

    vpc: Vpc
    private: Ip

    @property
    def interface(self) -> Interface:
        name = self.vpc.by_address[self.private]
        return next(kind[name] for kind in (self.vpc.everybodys, self.vpc.managed) if _owns(kind, name, self.private))


def _owns(interfaces: Mapping[str, Interface], name: str, address: Ip) -> bool:
    return name in interfaces and interfaces[name].owns(address)


def mapped(vpcs: Mapping[str, Vpc], address: Ip) -> Mapped | None:
    """Who has it now; None: nobody."""
    for vpc in vpcs.values():
        for private, public in vpc.public.items():
            if public == address:
                return Mapped(vpc, private)
    return None


def named_addresses(requests: Iterable[Verb]) -> Iterator[Ip]:
    """Elastic IPs that somebody is going to ask for by themselves."""
    for request in requests:
        wanted: tuple[Ip | None, ...] = (request.public_ip,) if isinstance(request, AssociateAddress) else ()
        if isinstance(request, CreateNatGateway):
            wanted = request.elastic_ips
        yield from (address for address in wanted if address is not None)


def allocate_address(pool: PublicAddresses, request: AllocateAddress) -> list[str]:
    """The address itself is what comes back."""
    return [format_ip(choose_address(pool, request.public_ip, NOBODY, request))]


def release_address(vpcs: Mapping[str, Vpc], pool: PublicAddresses, request: ReleaseAddress) -> list[str]:
    address = _elastic(pool, request)
    holder = mapped(vpcs, address)
    if holder is not None:
        message = f"{format_ip(address)} is {holder.interface.name}'s"
        raise refusal(request, "InvalidIPAddress.InUse", message, "Disassociate it first")
    pool.release(address)
    return [format_ip(address)]


def associate_address(vpcs: Mapping[str, Vpc], vpc: Vpc, pool: PublicAddresses, request: AssociateAddress) -> list[str]:
    """Takes the place of what its interface had: an address of the subnet's goes, an Elastic IP becomes nobody's."""
    interface = find(vpc.everybodys, request.instance, request, "InvalidInstanceID.NotFound", "instance")
    private = interface.address if request.private_ip_address is None else request.private_ip_address
    if not interface.owns(private):
        message = f"{format_ip(private)} is not {interface.name}'s"
        advice = f"it has {', '.join(map(format_ip, interface.addresses))}"
        raise refusal(request, "InvalidParameterValue", message, advice)
    if not vpc.internet_gateway[0]:
        message = f"{vpc.name} has no internet gateway, so {interface.name} cannot have a public address"
        raise refusal(request, "Gateway.NotAttached", message, "write internet_gateway: NAME")
    address, holder = request.public_ip, None
    if address is not None and address in pool.elastic:
        holder = mapped(vpcs, address)
        _check_holder(holder, address, request)
    else:
        address = choose_address(pool, address, interface.name, request)
    changed = [interface.id] if holder is None else [interface.id, _unmap(pool, holder)]
    before = vpc.public.pop(private, None)
    if before is not None:
        give_up(pool, before)
    vpc.public[private] = pool.reserve(address, interface.name)
    return changed


def _check_holder(holder: Mapped | None, address: Ip, request: AssociateAddress) -> None:
    if holder is not None and holder.interface.name in holder.vpc.managed:
        message = f"{format_ip(address)} is the NAT gateway {holder.interface.name}'s"
        raise refusal(request, "AuthFailure", message, "it is free when that is deleted")
    if holder is not None and not request.allow_reassociation:
        message = f"{format_ip(address)} is {holder.interface.name}'s"
        raise refusal(request, "Resource.AlreadyAssociated", message, "use another, or true")


def give_up(pool: PublicAddresses, address: Ip) -> None:
    """Nobody has it any more: an Elastic IP stays the owner's, a subnet's is gone."""
    if address in pool.elastic:
        pool.reserve(address, NOBODY)
    else:
        pool.release(address)


def disassociate_address(vpcs: Mapping[str, Vpc], pool: PublicAddresses, request: DisassociateAddress) -> list[str]:
    """Who got an address of its subnet at its launch gets one again, another one (EC2 User Guide, "Amazon EC2
    instance IP addressing")."""
    holder = mapped(vpcs, _elastic(pool, request))
    if holder is None:
        message = f"{format_ip(request.public_ip)} is nobody's"
        raise refusal(request, "InvalidAssociationID.NotFound", message)
    if holder.interface.name in holder.vpc.managed:
        message = f"{format_ip(request.public_ip)} is the NAT gateway {holder.interface.name}'s"
        raise refusal(request, "AuthFailure", message, "it is free when that is deleted")
    return [_unmap(pool, holder)]


def _unmap(pool: PublicAddresses, holder: Mapped) -> str:
    """The id of the interface that has it no more."""
    vpc, interface = holder.vpc, holder.interface
    give_up(pool, vpc.public.pop(holder.private))
    if vpc.maps_public[interface.subnet] and holder.private == interface.address:
        another = pool.take(interface.name)
        if another is not None:
            vpc.public[holder.private] = another
    return interface.id


def _elastic(pool: PublicAddresses, request: DisassociateAddress | ReleaseAddress) -> Ip:
    if request.public_ip not in pool.elastic:
        message = f"{format_ip(request.public_ip)} is none of your Elastic IPs"
        has = ", ".join(map(format_ip, sorted(pool.elastic))) or "none"
        raise refusal(request, "InvalidAddress.NotFound", message, f"there are {has}", field="public_ip")
    return request.public_ip


def choose_address(pool: PublicAddresses, wanted: Ip | None, who: str, request: Asked) -> Ip:
    """The wanted Elastic IP, or a new one: from now on it is `who`'s."""
    if wanted is None:
        address = pool.take(who)
        if address is None:
            raise refusal(request, "InsufficientAddressCapacity", f"all of {REGION_POOL} is taken")
        pool.elastic.add(address)
        return address
    if not REGION_POOL.holds(wanted):
        message = f"{format_ip(wanted)} is none of the region's Elastic IPs"
        raise refusal(request, "InvalidAddress.NotFound", message, f"use one of {REGION_POOL}, or true")
    if pool.holder(wanted) not in (None, NOBODY):
        message = f"{format_ip(wanted)} is {pool.holder(wanted)}'s"
        raise refusal(request, "Resource.AlreadyAssociated", message, "use another, or true")
    pool.elastic.add(wanted)
    return pool.reserve(wanted, who)
