"""How a verb's effect reaches the hosts: the next view of its VPC, after a delay.

Until then a host decides by the revision it holds. A host without power hears nothing; it learns what is current
when it boots.
"""

from collections.abc import Callable, Iterable

from hypervisor.clock import Clock, Source
from hypervisor.host import Host
from netvirt.address import HostId, Ns, Vni
from netvirt.vpc.view import VpcView


class Propagation:
    """Delivers views to the hosts that have a port in the VPC."""

    def __init__(self, clock: Clock, source: Source, delay_ns: int) -> None:
        self._clock = clock
        self._source = source
        self.delay_ns = delay_ns
        self._latest: dict[Vni, VpcView] = {}
        self.listeners: list[Callable[[VpcView], None]] = []
        """Who else than hosts decides by views: the border."""
        self._hosts: dict[Vni, dict[HostId, Host]] = {}

    def subscribe(self, host: Host, vni: Vni) -> None:
        self._hosts.setdefault(vni, {})[host.id] = host

    def settle(self, view: VpcView) -> None:
        """At t = 0 everybody knows."""
        self._latest[view.vni] = view
        for listener in self.listeners:
            listener(view)
        for host in self._hosts.get(view.vni, {}).values():
            host.vswitch.hold(view)

    def publish(self, view: VpcView, changed: Iterable[str]) -> None:
        """A verb has made a new revision; `changed` are the ids of the resources it touched."""
        arrival = Ns(self._clock.now + self.delay_ns)
        self._clock.call_at(arrival, self._source, self._arrive, (view, tuple(changed)))

    def _arrive(self, news: tuple[VpcView, tuple[str, ...]]) -> None:
        view, changed = news
        self._latest[view.vni] = view
        for listener in self.listeners:
            listener(view)
        for host in self._hosts.get(view.vni, {}).values():
            if host.up:
                host.vswitch.hold(view, changed)

    def catch_up(self, host: Host) -> None:
        """The host has just come up."""
        for vni, hosts in self._hosts.items():
            # Of a VPC whose making is still under way, nobody has heard.
            if host.id in hosts and vni in self._latest:
                host.vswitch.hold(self._latest[vni])
