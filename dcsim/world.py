"""A built region: registries of what exists. Verbs live beside their nouns."""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import SupportsBytes, TypeVar

from simpy import Event as SimpyEvent

from dcsim.clock import SimClock
from dcsim.cloud.account import ACCOUNT_ID, az_id
from dcsim.cloud.control import Control
from dcsim.cloud.flow_log import is_nitro
from dcsim.cloud.instance import Launched
from dcsim.cloud.lifecycle import LASTS, State, settle
from dcsim.cloud.outside import outside, settle_down
from dcsim.cloud.placed import Installed, Placed
from dcsim.cloud.propagation import Propagation
from dcsim.cloud.public_address import named_addresses
from dcsim.cloud.refusal import Missing
from dcsim.fabric.fabric import Fabric
from dcsim.fabric.layout import Kind, Layout
from dcsim.fabric.target import find_links
from dcsim.guests import BOOT_NS, appliance_of, guest_of
from dcsim.instance_request import Lifecycle, RebootInstances, StartInstances, StopInstances, TerminateInstances
from dcsim.observe.event import ApiCalled, Event, GuestFaulted, GuestSaid, InstanceChanged, PowerChanged, RoutingChanged
from dcsim.observe.flow_logs import FlowLogs
from dcsim.outside import Outside
from dcsim.problem import Mistake, Problem, Refused, in_file_order
from dcsim.request import (
    CreateNatGateway,
    DeleteNatGateway,
    RunInstances,
    Verb,
)
from dcsim.topology.internet import REGION_POOL
from dcsim.topology.plan import INTERNET, Outsider, Plan
from dcsim.topology.words import instead
from hypervisor.clock import Source
from hypervisor.forwarder import Forwarder
from hypervisor.guest import Guest as Running
from hypervisor.host import Host, Instance, Nic, Shape
from hypervisor.idle import Idle
from hypervisor.managed import Managed
from netvirt.address import ANY_IPV6, HostId, Ip, Mac, Ns, format_ip
from netvirt.appliance.contract import Appliance
from netvirt.constant import Constant, Evidence
from netvirt.flow_log.record import Monitored
from netvirt.frame import Frame
from netvirt.ledger import Ledger
from netvirt.overlay import BORDER

PROPAGATION_SOURCE = (1 << 22) - 1
"""The control plane's place in the order of simultaneous events: after every guest, before every link."""

NIC_BPS = Constant(
    "NIC_BPS",
    10_000_000_000,
    100_000_000,
    200_000_000_000,
    "EC2 User Guide, Amazon EC2 instance network bandwidth: m5.large up to 10 Gbit/s",
    "2026-11-20",
    Evidence.DOCUMENTED,
)
NIC_LIMIT_BYTES = 1_000_000

Listener = Callable[[Ns, Event], None]


@dataclass(slots=True)
class Node:
    """Whatever has an interface on a host: a guest, or an appliance that AWS manages."""

    name: str
    placed: Placed
    host: Host
    instance: Instance = field(init=False)

    @property
    def nic(self) -> Nic:
        return self.instance.nic

    @property
    def engine(self) -> Appliance | None:
        """What forwards packets here; None where nobody does, or only a program knows."""
        return self.instance.guest.engine if isinstance(self.instance.guest, Managed | Forwarder) else None


@dataclass(slots=True)
class Guest(Node):
    """A guest by name: where it is, what it is, and how to speak to it from outside.

    `on_console` are called with each line it writes; a listener that returns True has taken the line.
    """

    placed: Launched
    on_console: list[Callable[[str], bool]] = field(default_factory=list)

    @property
    def ip(self) -> str:
        return format_ip(self.placed.interface.address)

    @property
    def mac(self) -> Mac:
        return self.placed.interface.mac

    @property
    def router_mac(self) -> Mac:
        return self.placed.subnet.router_mac

    @property
    def running(self) -> Running | None:
        """The guest of this power cycle, None while its host has no power or it is still booting."""
        return self.nic.guest

    def send(self, frame: SupportsBytes) -> None:
        """Put a whole Ethernet frame (bytes, or scapy's Ether) on its wire, as it is."""
        self.nic.transmit(bytes(frame))

    def watch(self) -> list[Frame]:
        """A list that fills with every frame delivered to it from now on."""
        seen: list[Frame] = []

        def see(_: Nic, frame: Frame, leaving: bool) -> None:
            if not leaving:
                seen.append(frame)

        self.nic.taps = (*self.nic.taps, see)
        return seen


class World:
    """Everything of one region under one clock. Built by `build`, at t = 0, nothing run yet."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.seed = seed
        self.clock = SimClock()
        self.ledger = Ledger()
        self.fabric = Fabric(plan.region, plan.zones, plan.plant, self.clock, self.ledger, seed, plan.links)
        self.control = Control(self.fabric.layout, self._place, self._install, plan.start_ns, seed)
        self.propagation = Propagation(self.clock, Source(PROPAGATION_SOURCE), plan.plant.propagation_ns)
        self.outside = Outside(plan.internet, self.fabric, self.clock, self.ledger)
        self.propagation.listeners.append(self.outside.hold)
        self.hosts: dict[HostId, Host] = {}
        self.guests: dict[tuple[str, str], Guest] = {}
        self.appliances: dict[tuple[str, str], Node] = {}
        """What AWS manages, by VPC and name: NAT gateways."""
        self.nodes: dict[str, Node] = {}
        """Guests and appliances, by the id of their interface."""
        self._names: defaultdict[HostId, list[str]] = defaultdict(list)
        self.flow_logs = FlowLogs()
        self.listeners: list[Listener] = []
        self._namesakes = Counter(
            request.name for request in plan.requests if isinstance(request, RunInstances | CreateNatGateway)
        )
        self.fabric.observe(self._on_routing)

    def __getitem__(self, name: str) -> Guest:
        """`left`, or `vpc/left` where several VPCs have one; KeyError says what there is."""
        vpc, slash, bare = name.rpartition("/")
        found = [guest for guest in self if guest.name == bare and (not slash or guest.placed.vpc.name == vpc)]
        if len(found) == 1:
            return found[0]
        if found:
            raise KeyError(f"several guests are called {name}; write {' or '.join(self.full_name(g) for g in found)}")
        known = [guest.name for guest in self]
        raise KeyError(f"no guest is called {name}; {instead(bare, known)}")

    def __iter__(self) -> Iterator[Guest]:
        return iter(self.guests.values())

    @staticmethod
    def full_name(guest: Node) -> str:
        return f"{guest.placed.vpc.name}/{guest.name}"

    def _place_name(self, guest: Node) -> str:
        """What drops and captures call its vNIC: its name, with the VPC's where another VPC has one of that name."""
        return self.full_name(guest) if self._namesakes[guest.name] > 1 else guest.name

    def address_for(self, source: Guest, target: Guest, ipv6: bool = False) -> Ip:
        """What `source` would ask for: the public address where no private way leads, and there is one.

        Mistake when one of both has no IPv6 address, and that is wanted.
        """
        if ipv6:
            addresses = [guest.placed.interface.facing(ANY_IPV6) for guest in (source, target)]
            for guest, has in zip((source, target), addresses, strict=True):
                if has is None:
                    advice = "ipv6_address_count: 1 would give it one, in a subnet with an IPv6 block"
                    raise Mistake(f"{guest.name} has no IPv6 address", advice)
            assert addresses[1] is not None
            return addresses[1]
        vpc, address = target.placed.vpc, target.placed.interface.address
        near = source.placed.vpc is vpc or vpc.name in self.control.touched(source.placed.vpc.name)
        return address if near else vpc.public.get(address, address)

    def zone_of(self, host: HostId) -> str:
        """The zone that a host stands in; the border and what is beyond have names of their own."""
        if host == BORDER:
            return "border"
        layout = self.fabric.layout
        return INTERNET if host in self.outside.links else layout.zones[layout.above(Kind.HOST, host, Kind.ZONE)]

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(self.clock.now, event)

    def call(self, request: Verb) -> str:
        """A control-plane verb at run time; hosts learn of it after the propagation delay.

        Returns the id of what was made or changed. Refused, with EC2's code, when nothing was.
        """
        verb = type(request).__name__
        try:
            change = self.control.call(request)
        except Refused as refused:
            self.tell(ApiCalled(verb, request.words, refused.problems[0].code))
            raise
        self.tell(ApiCalled(verb, request.words, None))
        self.count_flows()
        for interface in filter(self.nodes.__contains__, change.ids):
            self._refresh(self.nodes[interface])
        for name in change.vpcs:
            self.propagation.publish(self.control.view(name), change.ids)
        self._follow(request)
        return next(iter(change.ids), "")

    def _refresh(self, node: Node) -> None:
        """Its interface may be another one than it was: guests without machine code use the addresses that it has, as
        soon as hosts know them."""
        interface = node.placed.vpc.everybodys.get(node.name)
        if interface is None or interface.id != node.placed.interface.id:
            return
        node.placed = replace(node.placed, interface=interface)
        guest = node.instance.guest
        if isinstance(guest, Idle) and guest.addresses != interface.addresses:
            self.clock.process(self._readdress(guest, interface.addresses))

    def _readdress(self, guest: Idle, addresses: tuple[Ip, ...]) -> Generator[SimpyEvent, None, None]:
        yield self.clock.timeout(self.propagation.delay_ns)
        guest.readdress(addresses)

    def _follow(self, request: Verb) -> None:
        """What hosts have to do at once. Who has not heard may still send to what is gone, and finds nobody there."""
        match request:
            case RunInstances():
                self._boot(self.guests[request.vpc, request.name])
            case CreateNatGateway():
                self._boot(self.appliances[request.vpc, request.name])
            case DeleteNatGateway():
                node = self.appliances.pop((request.vpc, request.name))
                node.host.remove(node.instance)
                self.flow_logs.interface_gone(node.placed.interface.id, self.clock.now)
            case StopInstances() | StartInstances() | RebootInstances() | TerminateInstances():
                self._change_instance(self.guests[request.vpc, request.instance], request)
            case _:
                pass

    def _change_instance(self, guest: Guest, request: Lifecycle) -> None:
        match request:
            case RebootInstances():
                if guest.host.up:
                    guest.host.reboot(guest.instance)
            case StartInstances():
                self._move(guest)
            case StopInstances() | TerminateInstances():
                if guest.instance in guest.host.instances:
                    guest.host.remove(guest.instance)
                    self._names[guest.host.id].remove(guest.name)
                if isinstance(request, TerminateInstances):
                    self.flow_logs.interface_gone(guest.placed.interface.id, self.clock.now)
        state = self.control.lives[request.vpc, request.instance].state
        if state in LASTS:
            self.tell(InstanceChanged(guest.name, state.value))
            self.clock.process(self._settle_later(guest, request, LASTS[state].value))

    def _settle_later(self, guest: Guest, request: Lifecycle, after_ns: int) -> Generator[SimpyEvent, None, None]:
        yield self.clock.timeout(after_ns)
        state = settle(self.control.lives, request.vpc, request.instance)
        self.tell(InstanceChanged(guest.name, state.value))
        if state is State.RUNNING:
            self._boot(guest)

    def _move(self, guest: Guest) -> None:
        """It has another place now: nothing of it is left where it was."""
        interface = guest.placed.vpc.interfaces[guest.name]
        guest.placed = replace(guest.placed, interface=interface)
        guest.host = self._host(interface.host)
        guest.nic.move(guest.host, guest.host.vswitch.plug(interface, guest.placed.vpc.vni))
        self.propagation.subscribe(guest.host, guest.placed.vpc.vni)
        guest.host.add(guest.instance)
        self._names[guest.host.id].append(guest.name)
        self.count_flows()

    @staticmethod
    def _boot(node: Node) -> None:
        # Without power, it boots when the power comes.
        if node.host.up:
            node.host.boot(node.instance, node.instance.boot_ns)

    # Making guests

    def _place(self, placed: Launched) -> None:
        """RunInstances has decided: a host object, a switch port, a vNIC and a guest come to be."""
        guest = Guest(placed.interface.name, placed, self._host(placed.interface.host))
        nic = self._plug(guest)
        boot_ns = BOOT_NS.value if placed.request.boot_ns is None else placed.request.boot_ns
        self._settle(guest, nic, guest_of(placed, nic, self.seed), boot_ns)
        self.guests[placed.vpc.name, guest.name] = guest

    def _install(self, placed: Installed) -> None:
        """An appliance comes to be, as a guest does."""
        node = Node(placed.interface.name, placed, self._host(placed.interface.host))
        nic = self._plug(node)
        self._settle(node, nic, appliance_of(placed, nic), BOOT_NS.value)
        self.appliances[placed.vpc.name, node.name] = node

    def _plug(self, node: Node) -> Nic:
        interface, vni = node.placed.interface, node.placed.vpc.vni
        port = node.host.vswitch.plug(interface, vni)
        self.propagation.subscribe(node.host, vni)
        return Nic(self._place_name(node), node.host, port, interface.number, Shape(NIC_BPS.value, NIC_LIMIT_BYTES))

    def _settle(self, node: Node, nic: Nic, running: Running, boot_ns: int) -> None:
        node.instance = Instance(nic, running, boot_ns, _Report(self, node), Source(nic.source_id + 3))
        node.host.add(node.instance)
        self.nodes[node.placed.interface.id] = node
        self._names[node.host.id].append(node.name)

    def invite(self, outsiders: Sequence[Outsider]) -> None:
        """Let the computers of the Internet be there."""
        if not outsiders:
            return
        vpc = outside()
        for placed in settle_down(vpc, outsiders):
            interface = placed.interface
            host = self.hosts[interface.host] = Host(interface.host, interface.name, self.clock, self.ledger)
            self.outside.attach(host)
            self._place(placed)
        self.propagation.settle(vpc.view({}))

    def count_flows(self) -> None:
        """Every flow log there is counts at every interface that it watches, new ones included."""
        for log in self.control.flow_logs.values():
            for node in self.nodes.values():
                there = node.instance in node.host.instances
                if there and log.watches(node.placed.vpc, node.placed.interface):
                    self.flow_logs.watch(log, self._monitored(node), node.nic.port, self.clock.now)

    def _monitored(self, node: Node) -> Monitored:
        plan, vpc, subnet, interface = self.plan, node.placed.vpc, node.placed.subnet, node.placed.interface
        launched = node.placed if isinstance(node.placed, Launched) else None
        return Monitored(
            account=ACCOUNT_ID,
            region=plan.region,
            az_id=az_id(plan.region, plan.zones, subnet.zone),
            vpc=vpc.id("vpc", ""),
            subnet=subnet.id,
            instance="" if launched is None else vpc.id("i", interface.name),
            interface=interface.id,
            address=interface.address,
            nitro=launched is not None and is_nitro(launched.request.instance_type),
            public_block=REGION_POOL,
            start_ns=plan.start_ns,
        )

    def _host(self, host_id: HostId) -> Host:
        host = self.hosts.get(host_id)
        if host is None:
            name = self.fabric.host(host_id).name
            host = self.hosts[host_id] = Host(host_id, name, self.clock, self.ledger)
            host.uplink = self.fabric.attach(host_id, host.receive, partial(self._on_power, host))
            host.up = self.fabric.host(host_id).up
        return host

    def _on_power(self, host: Host, up: bool) -> None:
        self.tell(PowerChanged(host.name, up, tuple(self._names[host.id])))
        if up:
            self.propagation.catch_up(host)
            host.power_on()
        else:
            host.power_off()

    def _on_routing(self, _: Ns, switch: str, change: str) -> None:
        self.tell(RoutingChanged(switch, change))

    # Accounts

    @property
    def in_flight(self) -> int:
        """Frames under way, counted on the clock itself."""
        return sum(hasattr(argument, "corrupted") for *_, argument in self.clock.waiting())

    @property
    def unaccounted(self) -> int:
        """Frames that vanished or came from nowhere: 0, always."""
        sent = sum(node.nic.sent for node in self.nodes.values())
        delivered = sum(node.nic.delivered for node in self.nodes.values())
        ledger = self.ledger
        came = sent + ledger.replied + ledger.duplicated + ledger.split
        return came - delivered - ledger.consumed - ledger.dropped - self.in_flight


SomeWorld = TypeVar("SomeWorld", bound=World)


class _Report:
    """A guest's words and faults on their way into the run."""

    def __init__(self, world: World, guest: Node) -> None:
        self._world = world
        self._guest = guest

    def console(self, line: str) -> None:
        listeners = list(self._guest.on_console) if isinstance(self._guest, Guest) else []
        taken = [listener(line) for listener in listeners]
        if not any(taken):
            self._world.tell(GuestSaid(self._guest.name, line))

    def fault(self, reason: str) -> None:
        self._world.tell(GuestFaulted(self._guest.name, reason))


def build(plan: Plan, seed: int = 0) -> World:
    """Carry out a plan's requests; Refused holds every problem the control plane found."""
    return build_as(World, plan, seed)


def build_as(kind: type[SomeWorld], plan: Plan, seed: int) -> SomeWorld:
    """`build`, with more verbs on the world."""
    problems = list(_unknown_links(plan))
    # Without what nobody can find, to see what else is wrong.
    world = kind(replace(plan, links=()) if problems else plan, seed)
    consequences: list[Problem] = []
    for address in named_addresses(plan.requests):
        world.control.public.promise(address)
    for request in plan.requests:
        try:
            world.control.call(request)
        except Missing as missing:
            consequences += missing.problems
        except Refused as refused:
            problems += refused.problems
    if problems or consequences:
        raise Refused(_told_once(problems or consequences))
    for vpc in world.control.vpcs.values():
        world.propagation.settle(world.control.view(vpc.name))
    world.invite(plan.internet.instances)
    world.count_flows()
    for node in world.nodes.values():
        node.host.boot(node.instance, 0)
    return world


def _unknown_links(plan: Plan) -> Iterator[Problem]:
    layout = Layout(plan.region, plan.zones, plan.plant)
    for setting in plan.links:
        try:
            find_links(layout, str(setting.link))
        except Mistake as mistake:
            yield Problem(setting.mark, None, mistake.message, mistake.advice)


def _told_once(problems: list[Problem]) -> Iterable[Problem]:
    """In file order; of copies that stumble over the same word, only the first complains."""
    return in_file_order({(each.mark, each.code): each for each in reversed(problems)}.values())
