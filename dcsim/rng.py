"""One seed names a run; every actor that needs chance has its own stream, by name."""

from random import Random


def stream(seed: int, actor: str) -> Random:
    """The random numbers of `actor`. Nobody else's draws, and nobody's order of creation, move them."""
    # A str, never hash(actor): Random digests it with SHA-512, while str hashes differ from process to process.
    return Random(f"{seed}/{actor}")
