"""Those in the Internet ask and are asked like any guest; their hosts are not the region's."""

from dcsim.scenario.scenario import GuestRef

from .desk import Desk, answer

TOPOLOGY = """\
version: 1
region: r
zones: a
vpcs:
  m:
    cidr_block: 10.0.0.0/16
    subnets: {n: {cidr_block: 10.0.0.0/24}}
    instances: {left: {subnet: n}, admin: {subnet: n}}
internet: {instances: [customer, admin]}
"""


def test_from_outside_and_to_outside(desk: Desk) -> None:
    desk.write("two-az.yaml", TOPOLOGY)
    probes = desk.scenario("""\
        probes:
          in: {ping: left, from: customer}
          out: {ping: internet/admin, from: m/admin}
        """).probes
    customer, admin = GuestRef("internet", "customer"), GuestRef("internet", "admin")
    assert [(each.source, each.target) for each in probes] == [
        (customer, GuestRef("m", "left")),
        (GuestRef("m", "admin"), admin),
    ]
    assert [customer.is_outside, probes[0].target.is_outside] == [True, False]


def test_what_is_said_of_those_who_are_not_there(desk: Desk) -> None:
    desk.write("two-az.yaml", TOPOLOGY)
    assert desk.said_of("""\
        probes:
          in: {ping: left, from: custmer}
          out: {ping: admin, from: left}
        timeline:
          dark: {at: 1 s, action: power-off, target: host of customer}
        """) == answer("""
        s.yaml:5:26: no instance 'custmer'
         5 |   in: {ping: left, from: custmer}
           |                          ^^^^^^^
            two-az has left, admin, customer. Did you mean customer?
        s.yaml:6:15: admin is in several places: m/admin, internet/admin
         6 |   out: {ping: admin, from: left}
           |               ^^^^^
            Name one of these
        s.yaml:8:46: customer is in the Internet
         8 |   dark: {at: 1 s, action: power-off, target: host of customer}
           |                                              ^^^^^^^^^^^^^^^^
            a host of this region can be powered off
        """)
