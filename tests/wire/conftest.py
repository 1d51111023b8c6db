"""The profile of the wire's property tests: the same ten thousand examples wherever they run."""

from hypothesis import settings

settings.register_profile("wire", max_examples=10_000, derandomize=True, deadline=None, database=None)
