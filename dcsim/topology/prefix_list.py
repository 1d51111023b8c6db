"""Prefix lists: a region's, so that every VPC can name them."""

from collections.abc import Iterator

from dcsim.request import CreateManagedPrefixList
from dcsim.topology.context import Context


def prefix_lists(context: Context) -> Iterator[CreateManagedPrefixList]:
    for name, spec in context.file.prefix_lists.items():
        path = ["prefix_lists", name]
        marks = {key: context.value([*path, key]) for key in sorted(spec.model_fields_set)}
        most = max(1, len(spec.entries)) if spec.max_entries is None else spec.max_entries
        yield CreateManagedPrefixList(name, most, tuple(spec.entries), mark=context.key(path), marks=marks)
