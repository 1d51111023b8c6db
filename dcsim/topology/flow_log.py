"""Flow logs: what each watches."""

from collections.abc import Iterator

from dcsim.problem import Mark
from dcsim.request import CreateFlowLogs
from dcsim.topology.context import Context, Vpc
from dcsim.topology.log_format import LONGEST_NS
from dcsim.topology.schema import FlowLogSpec, VpcSpec
from dcsim.topology.tree import Path
from dcsim.topology.words import quoted
from netvirt.flow_log.record import DEFAULT_FORMAT


def flow_logs(context: Context, names: Vpc, spec: VpcSpec) -> Iterator[CreateFlowLogs]:
    """One request for each resource that a flow log watches."""
    for name, each in spec.flow_logs.items():
        path = ["vpcs", names.name, "flow_logs", name]
        log_format = _format(context, each, path)
        for resource, mark in _resources(context, names, each, path):
            yield CreateFlowLogs(
                vpc=names.name,
                name=name,
                resource_type=each.resource_type,
                resource=resource,
                traffic_type=each.traffic_type,
                max_aggregation_interval_ns=each.max_aggregation_interval or LONGEST_NS,
                log_format=log_format,
                mark=mark,
            )


def _resources(context: Context, names: Vpc, spec: FlowLogSpec, path: Path) -> Iterator[tuple[str, Mark]]:
    """Of names that copies share, every copy."""
    if spec.resource_type == "VPC":
        if spec.resources is not None:
            advice = "leave it out, or write resource_type: Subnet or NetworkInterface"
            context.complain(context.key([*path, "resources"]), f"a VPC's flow log watches all of {names.name}", advice)
        yield names.name, context.key(path)
        return
    if not spec.resources:
        what = "subnets" if spec.resource_type == "Subnet" else "instances"
        context.complain(context.key(path), f"flow log {path[-1]} lacks resources", f"name {what} of {names.name}")
        return
    for position, text in enumerate(spec.resources):
        catalog = names.subnets if spec.resource_type == "Subnet" else names.instances
        if spec.resource_type == "NetworkInterface" and text in names.nat_gateways.meanings:
            catalog = names.nat_gateways
        mark = context.value([*path, "resources", position])
        for each in context.accept(catalog.all_of(text, mark)) or ():
            yield each.name, mark


def _format(context: Context, spec: FlowLogSpec, path: Path) -> tuple[str, ...]:
    chosen = spec.log_format
    if chosen is None:
        return DEFAULT_FORMAT
    if not chosen:
        context.complain(context.key([*path, "log_format"]), "log_format is empty", "leave it out for AWS's default")
    for position, name in enumerate(chosen):
        if name in chosen[:position]:
            context.complain(context.value([*path, "log_format", position]), f"{quoted(name)} is here twice")
    return tuple(chosen)
