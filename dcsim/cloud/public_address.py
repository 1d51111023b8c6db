"""Public IPv4 addresses of the region: Elastic IPs, and those that subnets give their instances.

EC2 User Guide, "Elastic IP addresses", "Amazon EC2 instance IP addressing".
"""

from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import Asked, AssociateAddress
from dcsim.topology.internet import REGION_POOL
from netvirt.address import Ip, format_ip


class PublicAddresses:
    """Who has which; the lowest that nobody ever had is next."""

    def __init__(self) -> None:
        self._next = REGION_POOL.network + 1
        self._taken: dict[Ip, str] = {}
        self._promised: set[Ip] = set()

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
        """Nobody has it any more: it may be asked for by name."""
        del self._taken[address]

    def holder(self, address: Ip) -> str | None:
        return self._taken.get(address)


def associate_address(vpc: Vpc, pool: PublicAddresses, request: AssociateAddress) -> list[str]:
    """Takes the place of an address that the subnet gave."""
    interface = find(vpc.interfaces, request.instance, request, "InvalidInstanceID.NotFound", "instance")
    private = interface.address if request.private_ip_address is None else request.private_ip_address
    if not interface.owns(private):
        message = f"{format_ip(private)} is not {interface.name}'s"
        advice = f"it has {', '.join(map(format_ip, interface.addresses))}"
        raise refusal(request, "InvalidParameterValue", message, advice)
    if not vpc.internet_gateway[0]:
        message = f"{vpc.name} has no internet gateway, so {interface.name} cannot have a public address"
        raise refusal(request, "Gateway.NotAttached", message, "write internet_gateway: NAME")
    address = choose_address(pool, request.public_ip, interface.name, request)
    before = vpc.public.get(private)
    if before is not None:
        pool.release(before)
    vpc.public[private] = address
    return [interface.id]


def choose_address(pool: PublicAddresses, wanted: Ip | None, who: str, request: Asked) -> Ip:
    """The wanted Elastic IP, or a new one: from now on it is `who`'s."""
    if wanted is None:
        address = pool.take(who)
        if address is None:
            raise refusal(request, "InsufficientAddressCapacity", f"all of {REGION_POOL} is taken")
        return address
    if not REGION_POOL.holds(wanted):
        message = f"{format_ip(wanted)} is none of the region's Elastic IPs"
        raise refusal(request, "InvalidAddress.NotFound", message, f"use one of {REGION_POOL}, or true")
    if pool.holder(wanted) is not None:
        message = f"{format_ip(wanted)} is {pool.holder(wanted)}'s"
        raise refusal(request, "Resource.AlreadyAssociated", message, "use another, or true")
    return pool.reserve(wanted, who)
