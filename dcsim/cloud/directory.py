"""Who has which address, MAC, number and name in a VPC, and who is in which group: kept up with every change."""

from dcsim.cloud.registry import CopyOnWrite, Registry
from netvirt.address import Ip, Mac
from netvirt.vpc.classifier import Members
from netvirt.vpc.security_group import SecurityGroup
from netvirt.vpc.view import Interface


class Directory:
    """All interfaces of a VPC, and what leads to their ids. `by_name` is in lower case: who came last is meant."""

    def __init__(self) -> None:
        self.by_id: CopyOnWrite[str, Interface] = CopyOnWrite()
        self.by_address: CopyOnWrite[Ip, str] = CopyOnWrite()
        self.by_mac: CopyOnWrite[Mac, str] = CopyOnWrite()
        self.by_number: CopyOnWrite[int, str] = CopyOnWrite()
        self.by_name: CopyOnWrite[str, str] = CopyOnWrite()
        self._namesakes: dict[str, list[str]] = {}
        self._members: dict[str, dict[Ip, None]] = {}
        self._frozen_members: CopyOnWrite[str, frozenset[Ip]] = CopyOnWrite()
        self._stale: dict[str, None] = {}

    def members(self) -> Members:
        """As they are now, of every group; only groups that somebody has joined or left are gone through."""
        for group in self._stale:
            self._frozen_members[group] = frozenset(self._members[group])
        self._stale.clear()
        return self._frozen_members.frozen()

    def open(self, group: str) -> None:
        """There is such a group, with nobody in it."""
        self._members[group] = {}
        self._stale[group] = None

    def close(self, group: str) -> None:
        """The group, with nobody in it any more, goes."""
        assert not self._members.pop(group), "who is in a group keeps it"
        self._stale.pop(group, None)
        self._frozen_members.pop(group, None)

    def enter(self, interface: Interface) -> None:
        self.by_mac[interface.mac] = self.by_number[interface.number] = interface.id
        name = interface.name.lower()
        self._namesakes.setdefault(name, []).append(interface.id)
        self.by_name[name] = interface.id
        for address in interface.addresses:
            self.by_address[address] = interface.id
            for group in interface.groups:
                self._members[group][address] = None
        self._stale |= dict.fromkeys(interface.groups)

    def strike(self, interface: Interface) -> None:
        del self.by_mac[interface.mac], self.by_number[interface.number]
        name = interface.name.lower()
        self._namesakes[name].remove(interface.id)
        if self._namesakes[name]:
            self.by_name[name] = self._namesakes[name][-1]
        else:
            del self.by_name[name], self._namesakes[name]
        for address in interface.addresses:
            del self.by_address[address]
            for group in interface.groups:
                del self._members[group][address]
        self._stale |= dict.fromkeys(interface.groups)


class Groups(Registry[SecurityGroup]):
    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self._directory = directory

    def changed(self, before: SecurityGroup | None, after: SecurityGroup | None) -> None:
        if before is not None and after is not None and before.id == after.id:
            return
        if before is not None:
            self._directory.close(before.id)
        if after is not None:
            self._directory.open(after.id)


class Interfaces(Registry[Interface]):
    """Some of a VPC's: those of instances, or those of what AWS manages."""

    def __init__(self, directory: Directory) -> None:
        super().__init__(directory.by_id)
        self._directory = directory

    def changed(self, before: Interface | None, after: Interface | None) -> None:
        if before is not None:
            self._directory.strike(before)
        if after is not None:
            self._directory.enter(after)
