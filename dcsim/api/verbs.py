"""Every verb that can be called, by EC2's name; and how a call is read."""

from collections.abc import Mapping

from dcsim.api import addresses, flow_logs, instances, routes, rules
from dcsim.api.call import Asking, Call
from dcsim.cloud.control import Control
from dcsim.problem import Mark, Problem, Refused
from dcsim.request import Verb
from dcsim.topology.check import check
from dcsim.topology.tree import Mapping as Properties
from dcsim.topology.tree import Scalar
from dcsim.topology.words import instead, quoted

VERBS: Mapping[str, type[Call]] = {
    kind.__name__: kind
    for module in (routes, rules, addresses, instances, flow_logs)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Call) and hasattr(kind, "makes")
}


def asked(control: Control, verb: str, properties: Properties, mark: Mark) -> Verb:
    """The request that a call comes to; Refused says what is wrong with it, and where."""
    if verb not in VERBS:
        raise Refused([Problem(mark, "InvalidAction", f"no verb {quoted(verb)}", instead(verb, VERBS))])
    call = check(VERBS[verb], properties, mark)
    return call.request(Asking(control, mark, marks_of(properties), words_of(properties)))


def marks_of(properties: Properties) -> dict[str, Mark]:
    return {name: node.mark for name, node in properties.nodes.items()}


def words_of(properties: Properties) -> str:
    """`route_table: private, destination: 0.0.0.0/0`."""
    said = []
    for name, node in properties.nodes.items():
        items = [node] if isinstance(node, Scalar) else getattr(node, "nodes", ())
        said.append(f"{name}: {', '.join(item.text or '' for item in items if isinstance(item, Scalar))}")
    return ", ".join(said)
