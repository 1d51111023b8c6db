"""What may be asked of instances that are there already."""

from dataclasses import dataclass

from dcsim.asked import Asked
from netvirt.address import Ip


@dataclass(frozen=True, slots=True)
class StopInstances(Asked):
    vpc: str
    instance: str


@dataclass(frozen=True, slots=True)
class StartInstances(Asked):
    vpc: str
    instance: str


@dataclass(frozen=True, slots=True)
class RebootInstances(Asked):
    vpc: str
    instance: str


@dataclass(frozen=True, slots=True)
class TerminateInstances(Asked):
    vpc: str
    instance: str


Lifecycle = StopInstances | StartInstances | RebootInstances | TerminateInstances


@dataclass(frozen=True, slots=True)
class AssignPrivateIpAddresses(Asked):
    """More secondary addresses: these, or so many. Reassignment takes one from another interface of the subnet."""

    vpc: str
    instance: str
    private_ip_addresses: tuple[Ip, ...] = ()
    secondary_private_ip_address_count: int = 0
    allow_reassignment: bool = False

    @property
    def name(self) -> str:
        """Who wants an address."""
        return self.instance


@dataclass(frozen=True, slots=True)
class UnassignPrivateIpAddresses(Asked):
    vpc: str
    instance: str
    private_ip_addresses: tuple[Ip, ...]


InstanceRequest = Lifecycle | AssignPrivateIpAddresses | UnassignPrivateIpAddresses
