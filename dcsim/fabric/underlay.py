"""The addresses of hosts in the physical network: 100.64.0.0/10, the shared space of RFC 6598."""

from netvirt.address import Cidr, HostId, Ip, parse_ip

UNDERLAY = Cidr(parse_ip("100.64.0.0"), 10)


def underlay_ip(host: HostId) -> Ip:
    assert 0 <= host < UNDERLAY.size - 2, "the underlay is full"
    return Ip(UNDERLAY.network + host + 1)


def host_of(ip: Ip) -> HostId | None:
    """The host with that address; None when it is none of ours."""
    inside = UNDERLAY.network < ip < UNDERLAY.last
    return HostId(ip - UNDERLAY.network - 1) if inside else None
