"""What the AWS CLI would print of a simulated region: the shapes of the EC2 API Reference, made from a built world."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dcsim.cloud.vpc import NatGateway, Vpc
from dcsim.world import Guest, World
from netvirt.address import Cidr, format_ip, is_ipv6
from netvirt.vpc.network_acl import AclEntry, NetworkAcl
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.route_table import (
    Local,
    Route,
    RouteTable,
    ToAttachment,
    ToEgressOnly,
    ToInterface,
    ToInternet,
    ToNat,
    ToNowhere,
    ToPeering,
    ToTransit,
)
from netvirt.vpc.security_group import GroupRule, SecurityGroup
from netvirt.vpc.traffic import Traffic
from netvirt.vpc.view import Subnet

ACCOUNT = "123456789012"
AMAZON = "AmazonProvidedDNS"
Json = dict[str, Any]


def write(directory: Path, files: Json) -> Path:
    """A folder of files, each as the CLI indents it."""
    directory.mkdir(exist_ok=True)
    for name, document in files.items():
        (directory / f"{name}.json").write_text(json.dumps(document, indent=4) + "\n", "utf-8")
    return directory


def described(world: World) -> Json:
    """File name -> what the call of that name prints."""
    vpcs = list(world.control.vpcs.values())
    region = world.plan.region
    return {
        "vpcs": {"Vpcs": [_vpc(vpc) for vpc in vpcs]},
        "subnets": {"Subnets": [_subnet(vpc, each, region) for vpc in vpcs for each in vpc.subnets.values()]},
        "route-tables": {"RouteTables": [_table(vpc, each) for vpc in vpcs for each in vpc.tables.values()]},
        "network-acls": {"NetworkAcls": [_acl(vpc, each) for vpc in vpcs for each in vpc.acls.values()]},
        "security-groups": {"SecurityGroups": [_group(vpc, each) for vpc in vpcs for each in vpc.groups.values()]},
        "internet-gateways": {"InternetGateways": [_gateway(vpc) for vpc in vpcs if vpc.internet_gateway[0]]},
        "egress-only": {"EgressOnlyInternetGateways": [_egress_only(vpc) for vpc in vpcs if _has_egress_only(vpc)]},
        "vpc-peering-connections": {"VpcPeeringConnections": list(_peerings(world))},
        "nat-gateways": {
            "NatGateways": [_nat_gateway(vpc, each) for vpc in vpcs for each in vpc.nat_gateways.values()]
        },
        "dhcp-options": {"DhcpOptions": [_dhcp_options(vpc) for vpc in vpcs]},
        **{f"dns-{vpc.name}": _hostnames(vpc) for vpc in vpcs},
        "prefix-lists": {"PrefixLists": [_prefix_list(each) for each in world.control.prefix_lists.values()]},
        **{each.id: {"Entries": _entries(each)} for each in world.control.prefix_lists.values()},
        **_transit_gateways(world),
        "instances": {"Reservations": [_reservation(each, region) for each in world if hasattr(each.placed, "vpc")]},
    }


def _tags(name: str) -> list[Json]:
    return [{"Key": "Team", "Value": "network"}, {"Key": "Name", "Value": name}]


def _vpc_id(vpc: Vpc) -> str:
    return vpc.id("vpc", "")


def _vpc(vpc: Vpc) -> Json:
    state = {"State": "associated"}
    return {
        "OwnerId": ACCOUNT,
        "CidrBlockAssociationSet": [{"CidrBlock": str(block), "CidrBlockState": state} for block in vpc.cidrs],
        "IsDefault": False,
        "VpcId": _vpc_id(vpc),
        "State": "available",
        "CidrBlock": str(vpc.cidr),
        "Ipv6CidrBlockAssociationSet": _ipv6(vpc.ipv6_cidr),
        "DhcpOptionsId": vpc.id("dopt", ""),
        "Tags": _tags(vpc.name),
    }


def _ipv6(block: Cidr | None) -> list[Json]:
    associated = {"Ipv6CidrBlockState": {"State": "associated"}}
    return [] if block is None else [{"Ipv6CidrBlock": str(block)} | associated]


def _subnet(vpc: Vpc, subnet: Subnet, region: str) -> Json:
    return {
        "AvailabilityZoneId": f"test-az{ord(subnet.zone[0]) - 96}",
        "AvailabilityZone": region + subnet.zone,
        "Ipv6CidrBlockAssociationSet": _ipv6(subnet.ipv6_cidr),
        "AssignIpv6AddressOnCreation": vpc.assigns_ipv6[subnet.id],
        "SubnetId": subnet.id,
        "VpcId": _vpc_id(vpc),
        "CidrBlock": str(subnet.cidr),
        "MapPublicIpOnLaunch": vpc.maps_public[subnet.id],
        "Tags": _tags(subnet.name),
    }


def _table(vpc: Vpc, table: RouteTable) -> Json:
    main = table.name == vpc.main_table
    mine = [] if main else [subnet.id for subnet in vpc.subnets.values() if subnet.table == table.id]
    gateway = [{"GatewayId": vpc.internet_gateway[0]}] if table.name == vpc.gateway_table else []
    return {
        "Associations": [
            *([{"Main": True, "RouteTableId": table.id}] if main else []),
            *({"Main": False, "RouteTableId": table.id} | each for each in gateway),
            *({"Main": False, "RouteTableId": table.id, "SubnetId": subnet} for subnet in mine),
        ],
        "PropagatingVgws": [],
        "RouteTableId": table.id,
        "Routes": [_route(vpc, each) for each in table.routes],
        "Tags": [] if table.name == "main" else _tags(table.name),
        "VpcId": _vpc_id(vpc),
    }


def _route(vpc: Vpc, route: Route) -> Json:
    made = {"Origin": "CreateRoute", "State": "active"}
    if isinstance(route.destination, PrefixList):
        made["DestinationPrefixListId"] = route.destination.id
    else:
        made["DestinationIpv6CidrBlock" if route.destination.is_ipv6 else "DestinationCidrBlock"] = str(
            route.destination
        )
    match route.target:
        case Local():
            return made | {"GatewayId": "local", "Origin": "CreateRouteTable"}
        case ToInternet(gateway=gateway):
            return made | {"GatewayId": gateway}
        case ToEgressOnly(gateway=gateway):
            return made | {"EgressOnlyInternetGatewayId": gateway}
        case ToPeering(peering=peering):
            return made | {"VpcPeeringConnectionId": peering}
        case ToTransit(gateway=gateway):
            return made | {"TransitGatewayId": gateway}
        case ToNowhere(simulated=True):
            return made | {"TransitGatewayId": "tgw-0000000000000000f", "State": "blackhole"}
        case ToNowhere(simulated=False):
            return made | {"GatewayId": "vgw-0000000000000000f"}
        case ToNat(nat_gateway=gateway):
            return made | {"NatGatewayId": gateway}
        case ToInterface(eni=eni, name=name):
            owner = {"InstanceId": _instance_id(vpc, name), "InstanceOwnerId": ACCOUNT}
            return made | owner | {"NetworkInterfaceId": eni}
        case other:
            raise NotImplementedError(f"nobody has said how the CLI prints {other}")


def _instance_id(vpc: Vpc, name: str) -> str:
    return vpc.id("i", name)


def _acl(vpc: Vpc, acl: NetworkAcl) -> Json:
    mine = [subnet.id for subnet in vpc.subnets.values() if subnet.acl == acl.id]
    entries = [*(_entry(each, False) for each in acl.ingress), *(_entry(each, True) for each in acl.egress)]
    last = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767}
    default = acl.name == "default"
    return {
        "Associations": [{"NetworkAclId": acl.id, "SubnetId": subnet} for subnet in mine],
        "Entries": [*entries, last | {"Egress": True}, last | {"Egress": False}],
        "IsDefault": default,
        "NetworkAclId": acl.id,
        "Tags": [] if default else _tags(acl.name),
        "VpcId": _vpc_id(vpc),
    }


def _entry(entry: AclEntry, egress: bool) -> Json:
    traffic = entry.traffic
    made: Json = {
        "Ipv6CidrBlock" if entry.peer.is_ipv6 else "CidrBlock": str(entry.peer),
        "Egress": egress,
        "Protocol": str(traffic.protocol),
        "RuleAction": "allow" if entry.allow else "deny",
        "RuleNumber": entry.number,
    }
    if traffic.protocol in (1, 58):
        made["IcmpTypeCode"] = {"Code": traffic.icmp_code, "Type": traffic.icmp_type}
    if traffic.protocol in (6, 17):
        made["PortRange"] = {"From": traffic.first_port, "To": traffic.last_port}
    return made


def _group(vpc: Vpc, group: SecurityGroup) -> Json:
    return {
        "GroupId": group.id,
        "IpPermissionsEgress": [_permission(each) for each in group.egress],
        "VpcId": _vpc_id(vpc),
        "OwnerId": ACCOUNT,
        "GroupName": group.name,
        "IpPermissions": [_permission(each) for each in group.ingress],
    }


def _permission(rule: GroupRule) -> Json:
    names = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
    blocks = [rule.peer] if isinstance(rule.peer, Cidr) else []
    pairs = [{"UserId": ACCOUNT, "GroupId": rule.peer}] if isinstance(rule.peer, str) else []
    lists = [{"PrefixListId": rule.peer.id}] if isinstance(rule.peer, PrefixList) else []
    return {
        "IpProtocol": names.get(rule.traffic.protocol, str(rule.traffic.protocol)),
        **_ports(rule.traffic),
        "UserIdGroupPairs": pairs,
        "IpRanges": [{"CidrIp": str(each), "Description": "a # note"} for each in blocks if not each.is_ipv6],
        "Ipv6Ranges": [{"CidrIpv6": str(each)} for each in blocks if each.is_ipv6],
        "PrefixListIds": lists,
    }


def _ports(traffic: Traffic) -> Json:
    if traffic.protocol in (1, 58):
        return {"FromPort": traffic.icmp_type, "ToPort": traffic.icmp_code}
    if traffic.protocol in (6, 17):
        return {"FromPort": traffic.first_port, "ToPort": traffic.last_port}
    return {}


def _gateway(vpc: Vpc) -> Json:
    gateway, name = vpc.internet_gateway
    attachments = [{"State": "available", "VpcId": _vpc_id(vpc)}]
    return {"Attachments": attachments, "InternetGatewayId": gateway, "OwnerId": ACCOUNT, "Tags": _tags(name)}


def _nat_gateway(vpc: Vpc, gateway: NatGateway) -> Json:
    address = gateway.interface.address
    public = _association(vpc, address).get("Association", {})
    addresses = {"NetworkInterfaceId": gateway.interface.id, "PrivateIp": format_ip(address), "IsPrimary": True}
    return {
        "NatGatewayAddresses": [addresses | ({"PublicIp": public["PublicIp"]} if public else {})],
        "NatGatewayId": gateway.id,
        "State": "available",
        "SubnetId": gateway.subnet,
        "VpcId": _vpc_id(vpc),
        "Tags": _tags(gateway.name),
        "ConnectivityType": "public" if public else "private",
    }


def _transit_gateways(world: World) -> Json:
    """What describe- commands print, and search-transit-gateway-routes of each table."""
    gateways, vpc_attachments, attachments, tables = [], [], [], []
    files: Json = {}
    for transit in world.control.transits.values():
        gateways.append({"TransitGatewayId": transit.id, "State": "available", "Tags": _tags(transit.name)})
        for each in transit.attachments.values():
            common = {"TransitGatewayAttachmentId": each.id, "TransitGatewayId": transit.id, "State": "available"}
            mode = {"ApplianceModeSupport": "enable" if each.appliance_mode else "disable"}
            subnets = [interface.subnet for interface in each.interfaces.values()]
            home = {"VpcId": _vpc_id(each.vpc), "SubnetIds": subnets, "Options": mode, "Tags": _tags(each.name)}
            vpc_attachments.append(common | home)
            association = {"TransitGatewayRouteTableId": transit.tables[each.table].id, "State": "associated"}
            attachments.append(common | {"ResourceType": "vpc", "Association": association})
        for table in transit.tables.values():
            tables.append({"TransitGatewayRouteTableId": table.id, "Tags": _tags(table.name)})
            files[table.id] = {"Routes": [_transit_route(route) for route in transit.frozen().tables[table.id].routes]}
    return files | {
        "transit-gateways": {"TransitGateways": gateways},
        "transit-gateway-vpc-attachments": {"TransitGatewayVpcAttachments": vpc_attachments},
        "transit-gateway-attachments": {"TransitGatewayAttachments": attachments},
        "transit-gateway-route-tables": {"TransitGatewayRouteTables": tables},
    }


def _transit_route(route: Route) -> Json:
    assert isinstance(route.target, ToAttachment)
    attachment = {"TransitGatewayAttachmentId": route.target.attachment, "ResourceType": "vpc"}
    return {
        "DestinationCidrBlock": str(route.destination),
        "TransitGatewayAttachments": [attachment] if route.target.attachment else [],
        "Type": "propagated" if route.written == "propagated" else "static",
        "State": "active" if route.target.attachment else "blackhole",
    }


def _dhcp_options(vpc: Vpc) -> Json:
    told = vpc.services
    servers = [AMAZON if each is None else format_ip(each) for each in told.name_servers] or [AMAZON]
    keys = {"domain-name": [told.domain_name], "domain-name-servers": servers}
    keys |= {"ntp-servers": [format_ip(each) for each in told.time_servers]} if told.time_servers else {}
    configured = [{"Key": key, "Values": [{"Value": each} for each in values]} for key, values in keys.items()]
    return {"DhcpConfigurations": configured, "DhcpOptionsId": vpc.id("dopt", ""), "OwnerId": ACCOUNT, "Tags": []}


def _hostnames(vpc: Vpc) -> Json:
    return {"VpcId": _vpc_id(vpc), "EnableDnsHostnames": {"Value": vpc.services.hostnames}}


def _prefix_list(made: PrefixList) -> Json:
    state = {"AddressFamily": "IPv4", "State": "create-complete", "Version": 1, "OwnerId": ACCOUNT, "Tags": []}
    return state | {"PrefixListId": made.id, "PrefixListName": made.name, "MaxEntries": made.max_entries}


def _entries(made: PrefixList) -> list[Json]:
    return [{"Cidr": str(each), "Description": "somewhere"} for each in made.entries]


def _has_egress_only(vpc: Vpc) -> bool:
    return vpc.egress_only_internet_gateway[0] != ""


def _egress_only(vpc: Vpc) -> Json:
    gateway, name = vpc.egress_only_internet_gateway
    attachments = [{"State": "attached", "VpcId": _vpc_id(vpc)}]
    return {"Attachments": attachments, "EgressOnlyInternetGatewayId": gateway, "Tags": _tags(name)}


def _peerings(world: World) -> Iterator[Json]:
    for peering in world.control.peerings.values():
        asker, accepter = sorted(peering.vpcs)
        yield {
            "RequesterVpcInfo": {"VpcId": _vpc_id(world.control.vpcs[asker]), "Region": world.plan.region},
            "AccepterVpcInfo": {"VpcId": _vpc_id(world.control.vpcs[accepter]), "Region": world.plan.region},
            "Status": {"Code": "active", "Message": "Active"},
            "Tags": _tags(peering.name),
            "VpcPeeringConnectionId": peering.id,
        }


def _reservation(guest: Guest, region: str) -> Json:
    placed, interface = guest.placed, guest.placed.interface
    vpc = placed.vpc
    addresses = [
        {"Primary": address == interface.address, "PrivateIpAddress": format_ip(address), **_association(vpc, address)}
        for address in interface.addresses
        if not is_ipv6(address)
    ]
    groups = [{"GroupId": group, "GroupName": group} for group in interface.groups]
    home = {"SubnetId": interface.subnet, "VpcId": _vpc_id(vpc)}
    eni = {
        **home,
        **_association(vpc, interface.address),
        "Attachment": {"DeviceIndex": 0, "Status": "attached"},
        "Groups": groups,
        "Ipv6Addresses": [{"Ipv6Address": format_ip(each)} for each in interface.addresses if is_ipv6(each)],
        "NetworkInterfaceId": interface.id,
        "PrivateIpAddress": format_ip(interface.address),
        "PrivateIpAddresses": addresses,
        "SourceDestCheck": interface.source_dest_check,
        "Status": "in-use",
    }
    instance = {
        **home,
        "InstanceId": _instance_id(vpc, guest.name),
        "InstanceType": placed.request.instance_type,
        "NetworkInterfaces": [eni],
        "Placement": {"AvailabilityZone": region + placed.subnet.zone},
        "PrivateIpAddress": format_ip(interface.address),
        "SecurityGroups": groups,
        "SourceDestCheck": interface.source_dest_check,
        "State": {"Code": 16, "Name": "running"},
        "Tags": _tags(guest.name),
    }
    return {"ReservationId": "r-0", "OwnerId": ACCOUNT, "Groups": [], "Instances": [instance]}


def _association(vpc: Vpc, address: int) -> Json:
    public = {int(private): public for private, public in vpc.public.items()}
    if address not in public:
        return {}
    return {"Association": {"IpOwnerId": ACCOUNT, "PublicIp": format_ip(public[address])}}
