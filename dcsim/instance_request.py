"""What may be asked of instances that are there already."""

from dataclasses import dataclass

from dcsim.asked import Asked


@dataclass(frozen=True, slots=True)
class StopInstances(Asked):
    vpc: str
    instance: str


@dataclass(frozen=True, slots=True)
class StartInstances(Asked):
    vpc: str
    instance: str


@dataclass(frozen=True, slots=True)
class RebootInstances(Asked):
    vpc: str
    instance: str


@dataclass(frozen=True, slots=True)
class TerminateInstances(Asked):
    vpc: str
    instance: str


Lifecycle = StopInstances | StartInstances | RebootInstances | TerminateInstances
