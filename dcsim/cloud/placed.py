"""What has an interface in a subnet and a host to live on."""

from collections.abc import Callable
from dataclasses import dataclass

from dcsim.cloud.vpc import Vpc
from netvirt.appliance.contract import Appliance
from netvirt.vpc.view import Interface, Subnet


@dataclass(frozen=True, slots=True)
class Placed:
    vpc: Vpc
    subnet: Subnet
    interface: Interface


@dataclass(frozen=True, slots=True)
class Installed(Placed):
    """An appliance that AWS manages. `make` gives its engine as it is after power-on."""

    make: Callable[[], Appliance]
