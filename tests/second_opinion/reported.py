"""The faults of the product that are known and not mended yet.

After one of them both sides remember different things: a story that meets it ends there. Its own test in
`test_found.py` fails on the day it is mended; then it goes from here.
"""

from collections.abc import Sequence

from .lab import Seen
from .packet import ANSWERS, Ending, Packet, Verdict

ANSWER = "an ICMP answer that nobody asked for lets in a question"


def is_reported(packet: Packet, way: Sequence[Verdict], seen: Seen) -> bool:
    """A question, or an error about such an answer, has passed the groups."""
    refused = {verdict.place for verdict in way if verdict.ending is Ending.SECURITY_GROUP}
    passed = refused - {place for ending, place in seen.refusals if ending is Ending.SECURITY_GROUP}
    is_question = packet.has_type and packet.icmp_type in ANSWERS
    return bool(passed) and (is_question or packet.is_error)
