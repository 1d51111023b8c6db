"""A physical host: its vNICs, its virtual switch, its guests, and its power."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypervisor.clock import Clock, HostClock, Source
from hypervisor.guest import Guest, Reporter
from hypervisor.link import Link
from netvirt.address import HostId, Mac, Ns
from netvirt.frame import Frame, parse
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.line import Line
from netvirt.mtu import MTU_BYTES
from netvirt.overlay import Encapsulated
from netvirt.vswitch import Fragments, Port, Reply, VSwitch
from netvirt.wire.ethernet import HEADER_BYTES

Tap = Callable[["Nic", Frame, bool], None]
"""Called with the vNIC, the frame, and whether it is on its way out of the guest."""

IDS_PER_NIC = 4
"""Source ids a vNIC takes: its two directions, its guest, and one to spare."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A vNIC's limits: bit/s each way, and the bytes that may wait."""

    rate: int
    limit_bytes: int


class Nic:
    """A vNIC: the guest's `Wire` on one side, a switch port on the other, a shaper each way between."""

    def __init__(self, name: str, host: "Host", port: Port, number: int, shape: Shape) -> None:
        self.name = name
        self.host = host
        self.port = port
        self.mac: Mac = port.mac
        self.mtu = MTU_BYTES.value
        self.guest: Guest | None = None
        self.sent = 0
        self.delivered = 0
        self.taps: tuple[Tap, ...] = ()
        self.source_id = 1 + number * IDS_PER_NIC
        self._largest = self.mtu + HEADER_BYTES
        self.tx = self._link(f"{self.name} tx", self.source_id, shape, self._leave)
        self.rx = self._link(f"{self.name} rx", self.source_id + 1, shape, self._enter)

    def _link(self, name: str, source_id: int, shape: Shape, land: Callable[[Frame], None]) -> Link:
        line = Line(shape.rate, 0, shape.limit_bytes)
        return Link(name, source_id, self.host.wall, self.host.ledger, line, land)

    def move(self, host: "Host", port: Port) -> None:
        """To another host's switch; its guest is off."""
        self.host, self.port = host, port

    def transmit(self, data: bytes) -> None:
        frame = parse(data)
        self.sent += 1
        for see in self.taps:
            see(self, frame, True)
        if frame.size > self._largest:
            self.host.ledger.drop(frame, self.name, Outcome.OVERSIZE)
        else:
            self.tx.send(frame)

    def _leave(self, frame: Frame) -> None:
        host = self.host
        out = host.vswitch.egress(self.port, frame, host.wall.now)
        if type(out) is Encapsulated:
            if out.target == host.id:
                host.receive(out)
            else:
                host.uplink.send(out)
        elif type(out) is Reply:
            self.rx.send(out.frame)
        elif type(out) is Fragments:
            for packet in out.packets:
                host.uplink.send(packet)

    def _enter(self, frame: Frame) -> None:
        if self.guest is None:
            self.host.ledger.drop(frame, self.name, Outcome.GUEST_DOWN)
            return
        for see in self.taps:
            see(self, frame, False)
        outcome = self.guest.receive(frame.data)
        if outcome is Outcome.DELIVERED:
            self.delivered += 1
        else:
            self.host.ledger.drop(frame, self.name, outcome)


@dataclass(slots=True)
class Instance:
    """A guest's place on a host, and how long a boot takes. The guest hangs on its vNIC while it runs."""

    nic: Nic
    guest: Guest
    boot_ns: int
    report: Reporter
    power: Source
    """Its place in the order of events when it is switched on: one for good, or two boots could tie."""
    boots: int = 0
    clock: HostClock = field(init=False)
    """Of its present boot; what is on it dies with it."""


class Host:
    """Power off is silent: guests stop where they are, queues are lost, the switch forgets. Power on boots them.

    `wall` is the clock that outlives the host; guests get one that dies with the power.
    """

    def __init__(self, host_id: HostId, name: str, wall: Clock, ledger: Ledger) -> None:
        self.id = host_id
        self.name = name
        self.wall = wall
        self.ledger = ledger
        self.vswitch = VSwitch(host_id, name, ledger)
        self.uplink: Link
        self.up = True
        self.instances: list[Instance] = []
        self._nics: dict[str, Nic] = {}

    def add(self, instance: Instance) -> None:
        self.instances.append(instance)
        nic = instance.nic
        self._nics[nic.port.eni] = nic
        instance.clock = HostClock(self.wall)
        for link in (nic.tx, nic.rx):
            if not self.up:
                link.cut()
            elif not link.up:
                link.mend()

    def remove(self, instance: Instance) -> None:
        """Stop it for good. Its port stays: what comes for it is refused by views that do not know it any more."""
        self.instances.remove(instance)
        self._stop(instance)

    def reboot(self, instance: Instance) -> None:
        """Stop it, and boot it where it is."""
        self._stop(instance)
        instance.nic.tx.mend()
        instance.nic.rx.mend()
        self.boot(instance, instance.boot_ns)

    def _stop(self, instance: Instance) -> None:
        """Silently. What it had on the clock never happens."""
        instance.clock.kill()
        nic = instance.nic
        nic.tx.cut()
        nic.rx.cut()
        if nic.guest is not None:
            nic.guest.stop()
            nic.guest = None

    def receive(self, packet: Encapsulated) -> None:
        """A packet from the underlay, or from one guest of this host to another."""
        if type(packet) is not Encapsulated:
            self.ledger.drop(packet, self.name, Outcome.MALFORMED)
            return
        port = self.vswitch.ingress(packet, self.wall.now)
        if port is not None:
            self._nics[port.eni].rx.send(packet.inner)

    def boot(self, instance: Instance, after_ns: int) -> None:
        """Start the instance's guest `after_ns` from now."""
        instance.clock = HostClock(self.wall)
        instance.clock.call_at(Ns(self.wall.now + after_ns), instance.power, self._start, instance)

    def _start(self, instance: Instance) -> None:
        instance.boots += 1
        instance.nic.guest = instance.guest
        instance.guest.start(instance.clock, instance.nic, instance.report)

    def power_off(self) -> None:
        self.up = False
        for instance in self.instances:
            self._stop(instance)
        self.vswitch.lose_power()

    def power_on(self) -> None:
        self.up = True
        for instance in self.instances:
            instance.nic.tx.mend()
            instance.nic.rx.mend()
            self.boot(instance, instance.boot_ns)
