"""Which kind of guest an instance is."""

from dcsim.cloud.instance import Launched
from dcsim.cloud.placed import Installed
from dcsim.request import NAT_IMAGE, ROUTER_IMAGE
from dcsim.rng import stream
from hypervisor.clock import Source
from hypervisor.forwarder import Forwarder
from hypervisor.guest import Guest
from hypervisor.host import Nic
from hypervisor.idle import Idle
from hypervisor.machine.machine import Machine
from hypervisor.machine.settings import Settings
from hypervisor.managed import Managed
from netvirt.appliance.nat import Ways
from netvirt.appliance.nat_instance import NatInstance
from netvirt.appliance.router import Router
from netvirt.constant import Constant, Evidence

BOOT_NS = Constant(
    "BOOT_NS", 1_000_000_000, 0, 600_000_000_000, "the agent image: nothing to load", "2026-11-20", Evidence.INFERRED
)
"""How long a boot takes when the file does not say."""


def guest_of(placed: Launched, nic: Nic, seed: int) -> Guest:
    """Machine code where there is an image, or a NAT instance; otherwise a guest that idles and answers pings."""
    request = placed.request
    source = Source(nic.source_id + 2)
    if request.image == ROUTER_IMAGE:
        macs = placed.interface.mac, placed.subnet.router_mac
        addresses = placed.interface.addresses
        return Forwarder(addresses, placed.subnet.blocks, source, lambda: Router(*macs, addresses))
    if request.image == NAT_IMAGE:
        interface = placed.interface
        ways = Ways(interface.name, interface.mac, placed.subnet.router_mac, (interface.address,))
        return Forwarder(interface.addresses, placed.subnet.blocks, source, lambda: NatInstance(ways))
    if placed.image is None:
        return Idle(placed.interface.addresses, placed.subnet.blocks, source)
    frequency_hz = request.frequency_hz or Settings().frequency_hz
    random = stream(seed, f"guest {placed.vpc.name}/{request.name}")
    return Machine(placed.image, source=source, random=random, frequency_hz=frequency_hz)


def appliance_of(placed: Installed, nic: Nic) -> Managed:
    return Managed(placed.interface.address, placed.make, Source(nic.source_id + 2))
