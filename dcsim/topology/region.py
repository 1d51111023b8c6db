"""What a region has beside its VPCs: quotas, and prefix lists that every VPC can name."""

from collections.abc import Iterator

from dcsim.quota import QUOTAS
from dcsim.request import CreateManagedPrefixList, RequestServiceQuotaIncrease
from dcsim.topology.context import Context


def quotas(context: Context) -> Iterator[RequestServiceQuotaIncrease]:
    spec = context.file.quotas
    for name in QUOTAS:
        value = getattr(spec, name)
        if value is not None:
            yield RequestServiceQuotaIncrease(name, value, mark=context.value(["quotas", name]))


def prefix_lists(context: Context) -> Iterator[CreateManagedPrefixList]:
    for name, spec in context.file.prefix_lists.items():
        path = ["prefix_lists", name]
        marks = {key: context.value([*path, key]) for key in sorted(spec.model_fields_set)}
        most = max(1, len(spec.entries)) if spec.max_entries is None else spec.max_entries
        yield CreateManagedPrefixList(name, most, tuple(spec.entries), mark=context.key(path), marks=marks)
