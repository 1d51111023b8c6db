"""A call: a verb's properties, read and typed like a section of a file, and made into a request."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dcsim.api.reference import Ref, look_up
from dcsim.cloud.control import Control
from dcsim.cloud.vpc import Vpc
from dcsim.problem import Mark, Problem, Refused
from dcsim.request import Verb
from dcsim.topology.fields import Spec


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked, and where the question stands: as a whole, and its properties one by one."""

    control: Control
    mark: Mark
    marks: Mapping[str, Mark]
    words: str

    def where(self, name: str) -> Mark:
        return self.marks.get(name, self.mark)

    def refusal(self, name: str, code: str, message: str, advice: str) -> Refused:
        return Refused([Problem(self.where(name), code, message, advice)])


class Call(Spec):
    """A subclass is called as EC2 calls the verb; `makes` is its request."""

    makes: ClassVar[Callable[..., Verb]]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.noun = cls.__name__

    def request(self, asking: Asking) -> Verb:
        """With every name looked up. Refused, with EC2's code, when one means nothing here."""
        given = dict(self)
        references = [(name, ref) for name, value in self for ref in _references(value)]
        if references:
            vpc, found = look_up(asking.control, [(ref, asking.where(name)) for name, ref in references])
            names = iter(found)
            given |= {name: _named(value, names) for name, value in self if any(_references(value))}
            given = {"vpc": vpc.name} | self.arguments(asking, vpc, given)
        return self.makes(**given, mark=asking.mark, marks=asking.marks, words=asking.words)

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        """What the request is made of, where that is not the properties themselves. Names are in `vpc`."""
        return given


def _references(value: object) -> Iterator[Ref]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Ref):
            yield each


def _named(value: object, names: Iterator[str]) -> object:
    """The value with the next name in the place of each reference."""
    return tuple(next(names) for _ in value) if isinstance(value, list) else next(names)
