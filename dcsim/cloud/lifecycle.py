"""What becomes of instances: stopped, started elsewhere, terminated. EC2 User Guide, "Instance lifecycle".

Verbs change the state at once; `settle` is the end of a transition, a while later.
"""

from dataclasses import dataclass, replace
from enum import Enum

from dcsim.asked import Asked
from dcsim.cloud.capacity import Capacity, vcpus
from dcsim.cloud.instance import host_with_room
from dcsim.cloud.public_address import PublicAddresses, give_up
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.fabric.layout import Kind, Layout
from dcsim.instance_request import RebootInstances, StartInstances, StopInstances, TerminateInstances
from dcsim.request import (
    RunInstances,
)
from netvirt.constant import Constant, Evidence
from netvirt.vpc.view import Interface

SECOND = 1_000_000_000
STOPPING_NS = Constant(
    "STOPPING_NS",
    30 * SECOND,
    SECOND,
    600 * SECOND,
    "no AWS document; EC2 User Guide, Stop and start Amazon EC2 instances: usually a few minutes at most",
    "2026-11-21",
    Evidence.INFERRED,
)
"""From the call until it is stopped; its guest is silent from the call on."""
PENDING_NS = Constant(
    "PENDING_NS", 10 * SECOND, SECOND, 120 * SECOND, "no AWS document", "2026-11-21", Evidence.INFERRED
)
"""From the call until it runs and boots."""


class State(Enum):
    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


@dataclass(slots=True)
class Life:
    """One instance's."""

    request: RunInstances
    state: State = State.RUNNING


Lives = dict[tuple[str, str], Life]
"""By VPC and name."""
AFTER = {State.PENDING: State.RUNNING, State.STOPPING: State.STOPPED, State.SHUTTING_DOWN: State.TERMINATED}
LASTS = {State.PENDING: PENDING_NS, State.STOPPING: STOPPING_NS, State.SHUTTING_DOWN: STOPPING_NS}


def stop_instances(
    vpc: Vpc, lives: Lives, capacity: Capacity, pool: PublicAddresses, request: StopInstances
) -> list[str]:
    """Keeps its addresses, but for one that the subnet gave. Routes to it are black holes."""
    life = _in_state(lives, request.vpc, request.instance, request, State.RUNNING)
    interface = vpc.interfaces.pop(request.instance)
    vpc.resting[request.instance] = interface
    _leave_host(vpc, capacity, life, interface)
    _lose_given(vpc, pool, interface)
    life.state = State.STOPPING
    return [interface.id, *interface.groups]


def start_instances(
    vpc: Vpc, lives: Lives, layout: Layout, capacity: Capacity, pool: PublicAddresses, request: StartInstances
) -> list[str]:
    """On whichever host has room now; with another address of the subnet's, where that gives them."""
    life = _in_state(lives, request.vpc, request.instance, request, State.STOPPED)
    before = vpc.resting[request.instance]
    zone = _zone(vpc, before)
    host = host_with_room(capacity.zones[zone], zone, vcpus(life.request.instance_type), life.request)
    interface = replace(before, host=host, host_name=layout.name(Kind.HOST, host))
    del vpc.resting[request.instance]
    vpc.interfaces[request.instance] = interface
    given = pool.take(interface.name) if _is_given(vpc, interface) else None
    if given is not None:
        vpc.public[interface.address] = given
    life.state = State.PENDING
    return [interface.id, *interface.groups]


def reboot_instances(vpc: Vpc, lives: Lives, request: RebootInstances) -> list[str]:
    """Everything stays, its host too."""
    _in_state(lives, request.vpc, request.instance, request, State.RUNNING)
    return [vpc.interfaces[request.instance].id]


def terminate_instances(
    vpc: Vpc, lives: Lives, capacity: Capacity, pool: PublicAddresses, request: TerminateInstances
) -> list[str]:
    """Its addresses are others' to have; an Elastic IP stays the owner's. Its name may be used again."""
    life = _life(lives, request.vpc, request.instance, request)
    if life.state in (State.SHUTTING_DOWN, State.TERMINATED):
        return [vpc.id("i", request.instance)]
    runs = request.instance in vpc.interfaces
    interface = (vpc.interfaces if runs else vpc.resting).pop(request.instance)
    if runs:
        _leave_host(vpc, capacity, life, interface)
    for address in interface.addresses:
        vpc.by_address.pop(address, None)
        if address in vpc.public:
            give_up(pool, vpc.public.pop(address))
    vpc.lowest_free.pop(interface.subnet, None)
    vpc.bury(interface.id)
    life.state = State.SHUTTING_DOWN
    return [interface.id, *interface.groups]


def settle(lives: Lives, vpc: str, name: str) -> State:
    """A transition is over, if one was going on."""
    life = lives[vpc, name]
    life.state = AFTER.get(life.state, life.state)
    return life.state


def _life(lives: Lives, vpc: str, name: str, request: Asked) -> Life:
    names = {each: life for (home, each), life in lives.items() if home == vpc}
    return find(names, name, request, "InvalidInstanceID.NotFound", "instance")


def _in_state(lives: Lives, vpc: str, name: str, request: Asked, wanted: State) -> Life:
    life = _life(lives, vpc, name, request)
    if life.state is not wanted:
        message = f"{name} is {life.state.value}, not {wanted.value}"
        raise refusal(request, "IncorrectInstanceState", message)
    return life


def _leave_host(vpc: Vpc, capacity: Capacity, life: Life, interface: Interface) -> None:
    capacity.zones[_zone(vpc, interface)].release(interface.host, vcpus(life.request.instance_type))


def _zone(vpc: Vpc, interface: Interface) -> str:
    return next(subnet.zone for subnet in vpc.subnets.values() if subnet.id == interface.subnet)


def _is_given(vpc: Vpc, interface: Interface) -> bool:
    return vpc.maps_public[interface.subnet] and interface.address not in vpc.public


def _lose_given(vpc: Vpc, pool: PublicAddresses, interface: Interface) -> None:
    public = vpc.public.get(interface.address)
    if public is not None and public not in pool.elastic:
        pool.release(vpc.public.pop(interface.address))
