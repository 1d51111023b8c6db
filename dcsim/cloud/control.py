"""The one door of the control plane: whoever wants something of it sends a request here."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from dcsim.cloud import (
    cidr_block,
    dhcp_options,
    egress_only_gateway,
    flow_log,
    hosted_zone,
    interface,
    internet_gateway,
    ipv6_block,
    lifecycle,
    nat_gateway,
    network_acl,
    peering,
    prefix_list,
    public_address,
    quota,
    route_table,
    security_group,
    subnet,
    transit_gateway,
    vpc,
)
from dcsim.cloud.capacity import Capacity
from dcsim.cloud.flow_log import FlowLog
from dcsim.cloud.hosted_zone import HostedZone
from dcsim.cloud.instance import Launched, run_instances
from dcsim.cloud.lifecycle import Life, Lives
from dcsim.cloud.peering import Peering
from dcsim.cloud.placed import Installed
from dcsim.cloud.public_address import PublicAddresses, mapped
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.transit_gateway import Transit
from dcsim.cloud.vpc import Vpc
from dcsim.fabric.layout import Layout
from dcsim.instance_request import (
    AssignPrivateIpAddresses,
    Lifecycle,
    RebootInstances,
    StartInstances,
    StopInstances,
    TerminateInstances,
    UnassignPrivateIpAddresses,
)
from dcsim.ipv6_request import CreateEgressOnlyInternetGateway
from dcsim.quota import Quotas
from dcsim.request import (
    AllocateAddress,
    AssociateAddress,
    AssociateDhcpOptions,
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    AssociateVpcCidrBlock,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    ChangeResourceRecordSets,
    CreateFlowLogs,
    CreateHostedZone,
    CreateInternetGateway,
    CreateManagedPrefixList,
    CreateNatGateway,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    DeleteNatGateway,
    DeleteNetworkAcl,
    DeleteNetworkAclEntry,
    DeleteRoute,
    DeleteRouteTable,
    DeleteSecurityGroup,
    DeleteVpcPeeringConnection,
    DetachInternetGateway,
    DisassociateAddress,
    DisassociateRouteTable,
    ModifyNetworkInterfaceAttribute,
    ModifyVpcAttribute,
    ReleaseAddress,
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    ReplaceNetworkAclEntry,
    ReplaceRoute,
    ReplaceRouteTableAssociation,
    RequestServiceQuotaIncrease,
    RevokeSecurityGroupEgress,
    RevokeSecurityGroupIngress,
    RunInstances,
    Verb,
)
from dcsim.transit_request import CreateTransitGatewayVpcAttachment
from netvirt.address import Ip
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.view import VpcView


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb did: the ids of the resources that it made or changed, the one asked for first, and the names of the
    VPCs whose views are other ones now."""

    ids: tuple[str, ...]
    vpcs: tuple[str, ...]


class Control:
    """One region's EC2. `on_run` builds the guest when an instance was given its place, `on_install` an appliance.

    `epoch_ns` is what t = 0 stands for since 1970. `seed` is for what EC2 leaves to chance.
    """

    def __init__(
        self,
        layout: Layout,
        on_run: Callable[[Launched], None],
        on_install: Callable[[Installed], None],
        epoch_ns: int = 0,
        seed: int = 0,
    ) -> None:
        self.layout = layout
        self._seed = seed
        self.quotas = Quotas()
        self.prefix_lists: dict[str, PrefixList] = {}
        self._epoch_ns = epoch_ns
        self.vpcs: dict[str, Vpc] = {}
        self._capacity = Capacity(layout)
        self._on_run = on_run
        self._on_install = on_install
        self._interfaces = 0
        self.public = PublicAddresses()
        self.peerings: dict[str, Peering] = {}
        self.hosted_zones: dict[str, HostedZone] = {}
        self.flow_logs: dict[str, FlowLog] = {}
        self.transits: dict[str, Transit] = {}
        self._former_peerings: set[str] = set()
        self.lives: Lives = {}
        """What state each instance is in."""

    def call(self, request: Verb) -> Change:
        """Carry out a verb, or raise Refused with EC2's code: then nothing has changed."""
        before = self._concerned(request)
        ids = self._carry_out(request)
        return Change(tuple(ids), tuple(dict.fromkeys([*before, *self._concerned(request)])))

    def _concerned(self, request: Verb) -> list[str]:
        """The VPCs whose views a request could change, as things stand."""
        if isinstance(request, transit_gateway.Verb):
            return transit_gateway.attached_vpcs(self.transits, request)
        homes: list[str] = []
        match request:
            case (
                CreateVpc()
                | AllocateAddress()
                | CreateManagedPrefixList()
                | RequestServiceQuotaIncrease()
                | CreateFlowLogs()
            ):
                pass
            case CreateHostedZone() | ChangeResourceRecordSets():
                homes = list(self.vpcs)
            case DeleteVpcPeeringConnection(name=name):
                homes = sorted(self.peerings[name].vpcs) if name in self.peerings else []
            case DisassociateAddress(public_ip=address) | ReleaseAddress(public_ip=address):
                homes = self._home_of(address)
            case AssociateAddress(vpc=home, public_ip=address):
                homes = [home, *self._home_of(address)]
            case _:
                homes = [request.vpc]
        return [name for home in homes for name in self.touched(home)]

    def _home_of(self, address: Ip | None) -> list[str]:
        holder = None if address is None else mapped(self.vpcs, address)
        return [] if holder is None else [holder.vpc.name]

    def _carry_out(self, request: Verb) -> list[str]:
        if isinstance(request, transit_gateway.Verb):
            return transit_gateway.call(self.transits, request)
        match request:
            case CreateVpc():
                return vpc.create_vpc(self.vpcs, self.quotas, self.layout.region, self._epoch_ns, request)
            case RequestServiceQuotaIncrease():
                return quota.request_service_quota_increase(self.quotas, request)
            case CreateManagedPrefixList():
                return prefix_list.create_managed_prefix_list(self.prefix_lists, self.quotas, request)
            case CreateHostedZone():
                return hosted_zone.create_hosted_zone(self.vpcs, self.hosted_zones, request)
            case ChangeResourceRecordSets():
                return hosted_zone.change_resource_record_sets(self.vpcs, self.hosted_zones, request)
            case DeleteVpcPeeringConnection():
                return peering.delete_vpc_peering_connection(self.peerings, self._former_peerings, request)
            case AllocateAddress():
                return public_address.allocate_address(self.public, request)
            case DisassociateAddress():
                return public_address.disassociate_address(self.vpcs, self.public, request)
            case ReleaseAddress():
                return public_address.release_address(self.vpcs, self.public, request)
            case _:
                home = find(self.vpcs, request.vpc, request, "InvalidVpcID.NotFound", "VPC")
                return self._carry_out_in(home, request)

    def _carry_out_in(self, home: Vpc, request: Verb) -> list[str]:
        match request:
            case AssociateVpcCidrBlock(cidr_block=block) if block.is_ipv6:
                return ipv6_block.associate_ipv6_block(self.vpcs, home, request)
            case AssociateVpcCidrBlock():
                return cidr_block.associate_vpc_cidr_block(home, self._peers(home), request)
            case CreateSubnet():
                return subnet.create_subnet(home, self.layout.zones, request)
            case CreateRouteTable() | DeleteRouteTable() | CreateRoute() | ReplaceRoute() | DeleteRoute():
                return self._routes(home, request)
            case ModifyVpcAttribute():
                return dhcp_options.modify_vpc_attribute(home, request)
            case AssociateDhcpOptions():
                return dhcp_options.associate_dhcp_options(home, request)
            case CreateFlowLogs():
                return flow_log.create_flow_logs(home, self.flow_logs, request)
            case CreateNatGateway():
                return self._create_nat_gateway(home, request)
            case CreateTransitGatewayVpcAttachment():
                return self._attach_transit_gateway(home, request)
            case DeleteNatGateway():
                return nat_gateway.delete_nat_gateway(home, self.public, request)
            case CreateInternetGateway():
                return internet_gateway.create_internet_gateway(home, self.vpcs, request)
            case CreateEgressOnlyInternetGateway():
                return egress_only_gateway.create_egress_only_internet_gateway(home, request)
            case DetachInternetGateway():
                return internet_gateway.detach_internet_gateway(home, request)
            case AssociateAddress():
                return public_address.associate_address(self.vpcs, home, self.public, request)
            case CreateVpcPeeringConnection():
                gone = self._former_peerings
                return peering.create_vpc_peering_connection(self.vpcs, self.peerings, gone, request)
            case AssociateRouteTable() | ReplaceRouteTableAssociation():
                return subnet.associate_route_table(home, request)
            case AssociateGatewayRouteTable():
                return route_table.associate_gateway_route_table(home, request)
            case ReplaceMainRouteTable():
                return subnet.replace_main_route_table(home, request)
            case DisassociateRouteTable():
                return subnet.disassociate_route_table(home, request)
            case AssignPrivateIpAddresses():
                life = self.lives.get((home.name, request.instance))
                instance_type = life.request.instance_type if life else ""
                return interface.assign_private_ip_addresses(home, instance_type, request)
            case UnassignPrivateIpAddresses():
                return interface.unassign_private_ip_addresses(home, self.public, request)
            case ModifyNetworkInterfaceAttribute():
                return interface.modify_network_interface_attribute(home, self.vpcs, request)
            case RunInstances():
                return self._run_instances(home, request)
            case StopInstances() | StartInstances() | RebootInstances() | TerminateInstances():
                return self._change_instance(home, request)
            case _:
                return self._rules(home, request)

    def _routes(
        self, home: Vpc, request: CreateRouteTable | DeleteRouteTable | CreateRoute | ReplaceRoute | DeleteRoute
    ) -> list[str]:
        match request:
            case CreateRouteTable():
                return route_table.create_route_table(home, request)
            case DeleteRouteTable():
                return route_table.delete_route_table(home, request)
            case CreateRoute():
                return route_table.create_route(home, self.peerings, self.prefix_lists, self._seed, request)
            case ReplaceRoute():
                return route_table.replace_route(home, self.peerings, self.prefix_lists, request)
            case DeleteRoute():
                return route_table.delete_route(home, self.prefix_lists, request)

    def _rules(self, home: Vpc, request: Verb) -> list[str]:
        match request:
            case CreateNetworkAcl():
                return network_acl.create_network_acl(home, request)
            case DeleteNetworkAcl():
                return network_acl.delete_network_acl(home, request)
            case CreateNetworkAclEntry() | ReplaceNetworkAclEntry():
                return network_acl.create_network_acl_entry(home, request)
            case DeleteNetworkAclEntry():
                return network_acl.delete_network_acl_entry(home, request)
            case ReplaceNetworkAclAssociation():
                return subnet.replace_network_acl_association(home, request)
            case CreateSecurityGroup():
                return security_group.create_security_group(home, self.vpcs, request)
            case DeleteSecurityGroup():
                return security_group.delete_security_group(home, request)
            case AuthorizeSecurityGroupIngress() | AuthorizeSecurityGroupEgress():
                return security_group.authorize(home, self.vpcs, self.prefix_lists, request)
            case RevokeSecurityGroupIngress() | RevokeSecurityGroupEgress():
                return security_group.revoke(home, self.vpcs, self.prefix_lists, request)
            case _:
                raise AssertionError(f"{request} is nobody's")

    def view(self, name: str) -> VpcView:
        """What hosts are to know of a VPC, its peers as they are now included."""
        ours = [peering for peering in self.peerings.values() if name in peering.vpcs]
        return self.vpcs[name].view({peering.id: self.vpcs[peering.other(name)].view({}) for peering in ours})

    def _peers(self, home: Vpc) -> list[Vpc]:
        return [self.vpcs[each.other(home.name)] for each in self.peerings.values() if home.name in each.vpcs]

    def touched(self, name: str) -> list[str]:
        """The VPCs whose views a change of this one changes: its own, its peers', and those at its transit gateways."""
        if name not in self.vpcs:
            return []
        peers = [peering.other(name) for peering in self.peerings.values() if name in peering.vpcs]
        fellows = [
            each.vpc.name
            for transit in self.transits.values()
            if transit.attached(name)
            for each in transit.attachments.values()
        ]
        return list(dict.fromkeys([name, *peers, *fellows]))

    def _run_instances(self, home: Vpc, request: RunInstances) -> list[str]:
        wanted = home.subnets.get(request.subnet)
        public = wanted is not None and home.maps_public[wanted.id]
        if public and self.public.dry:
            raise refusal(request, "InsufficientAddressCapacity", "the region has no public address left")
        self._interfaces += 1
        placed = run_instances(home, self.layout, self._capacity, self._interfaces, request)
        if public:
            address = self.public.take(request.name)
            assert address is not None, "the pool is not dry"
            home.public[placed.interface.address] = address
        self.lives[home.name, request.name] = Life(request)
        self._on_run(placed)
        # Whoever names one of its groups as a peer now means its address too.
        return [placed.interface.id, *placed.interface.groups]

    def _change_instance(self, home: Vpc, request: Lifecycle) -> list[str]:
        match request:
            case StopInstances():
                return lifecycle.stop_instances(home, self.lives, self._capacity, self.public, request)
            case StartInstances():
                return lifecycle.start_instances(home, self.lives, self.layout, self._capacity, self.public, request)
            case RebootInstances():
                return lifecycle.reboot_instances(home, self.lives, request)
            case TerminateInstances():
                return lifecycle.terminate_instances(home, self.lives, self._capacity, self.public, request)

    def _attach_transit_gateway(self, home: Vpc, request: CreateTransitGatewayVpcAttachment) -> list[str]:
        first = self._interfaces + 1
        self._interfaces += len(request.subnets)
        args = home, self.transits, self.layout, self._capacity, count(first)
        installed = transit_gateway.create_transit_gateway_vpc_attachment(*args, request)
        for each in installed:
            self._on_install(each)
        return [self.transits[request.transit_gateway].id, *(each.interface.id for each in installed)]

    def _create_nat_gateway(self, home: Vpc, request: CreateNatGateway) -> list[str]:
        self._interfaces += 1
        args = home, self.layout, self._capacity, self.public, self._interfaces
        installed = nat_gateway.create_nat_gateway(*args, request)
        self._on_install(installed)
        return [home.nat_gateways[request.name].id, installed.interface.id]
