"""NAT gateways, each with its first address and its first Elastic IP."""

from dcsim.cloud.nat_gateway import PER_ZONE
from dcsim.cloud.subnet import usable
from dcsim.describe.guest import Guest
from dcsim.describe.inventory import Inventory
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import NatGateway, NatGatewayAddress, Subnet
from netvirt.address import Ip, format_ip

THERE = ("available", "pending")
NOTHING = NatGatewayAddress()


def nat_gateways(
    stock: Inventory, subnets: dict[str, Subnet], guests: list[Guest], has_gateway: bool, notes: Notes
) -> list[NatGateway]:
    """Those of some subnets that are there; by id."""
    found: list[NatGateway] = []
    taken = {(guest.subnet.vpc_id, address) for guest in guests for address in guest.addresses}
    for gateway in sorted(stock.nat_gateways.values(), key=lambda each: each.nat_gateway_id):
        name = gateway.tagged or gateway.nat_gateway_id
        subnet = subnets.get(gateway.subnet_id or "")
        if gateway.state not in THERE or subnet is None:
            continue
        address = private(gateway)
        zone = subnet.availability_zone
        crowd = [each for each in found if subnets[each.subnet_id or ""].availability_zone == zone]
        if is_public(gateway) and not has_gateway:
            notes.leave_out("public NAT gateway", name, "of VPCs without an internet gateway")
        elif len(crowd) >= PER_ZONE:
            notes.leave_out("NAT gateway", name, f"beside {PER_ZONE} in its zone")
        elif address is not None and (address not in usable(subnet.block) or (subnet.vpc_id, address) in taken):
            notes.leave_out("NAT gateway", f"{name} {format_ip(address)}", "with an address that it cannot have")
        else:
            found.append(gateway)
            taken |= {(subnet.vpc_id, address)} if address is not None else set()
            for other in gateway.nat_gateway_addresses:
                if other is not first(gateway) and other.private_ip is not None:
                    notes.leave_out("NAT gateway's secondary address", f"{name} {format_ip(other.private_ip)}")
    return found


def is_public(gateway: NatGateway) -> bool:
    return gateway.connectivity_type != "private"


def first(gateway: NatGateway) -> NatGatewayAddress:
    addresses = gateway.nat_gateway_addresses
    return next((each for each in addresses if each.is_primary), addresses[0] if addresses else NOTHING)


def private(gateway: NatGateway) -> Ip | None:
    return first(gateway).private_ip


def public(gateway: NatGateway) -> Ip | None:
    return first(gateway).public_ip if is_public(gateway) else None
