"""What is said of hosted zones and DHCP options that cannot be."""

import pytest

from dcsim.problem import Refused
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.world import build

FILE = """\
version: 1
region: eu-west-1
zones: [a, b]
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets: {net: {per_zone: true, cidr_block: 10.0.1.0/24}}
    instances: {left: {subnet: net-a}, web: {per_zone: true, subnet: net}}
  other:
    cidr_block: 10.1.0.0/16
    subnets: {net: {availability_zone: a, cidr_block: 10.1.1.0/24}}
    instances: {left: {subnet: net}}
hosted_zones:
"""


def refused(text: str) -> list[str]:
    with pytest.raises(Refused) as caught:
        build(plan_of((FILE + text).encode(), "a.yaml", "a"))
    return [f"{each.mark.line}:{each.mark.column} {each.code or ''} {each.message}" for each in caught.value.problems]


@pytest.mark.parametrize("text, said", [
    ("  bad_name: {vpcs: main}\n", "14:3  'bad_name' is not a domain name"),
    ("  corp: {vpcs: [main, man]}\n", "14:23  no vpc 'man'"),
    ("  corp: {vpcs: main, records: {a b: 10.0.0.1}}\n", "14:32  'a b' is not a record's name"),
    ("  corp: {vpcs: main, records: {a: {type: MX, values: b}}}\n", "14:42  type 'MX' is not simulated"),
    ("  corp: {vpcs: main, records: {a: {type: A}}}\n", "14:32  record a lacks values"),
    ("  corp: {vpcs: main, records: {a: []}}\n", "14:32  a has no value"),
    ("  corp: {vpcs: main, records: {a: {values: 10.0.0.1, ttl: 1.5 s}}}\n", "14:32  the ttl of a is not whole seconds"),
    ("  corp: {vpcs: main, records: {a: lefty}}\n", "14:32  'lefty' is neither an IPv4 address nor a guest"),
    ("  corp: {vpcs: [main, other], records: {a: left}}\n", "14:41  'left' is in main and other"),
    ("  corp: {records: {a: main/left}}\n", "14:20 InvalidChangeBatch main/left has no public address, and corp is a public zone"),
    ('  corp: {vpcs: main, records: {"@": {type: CNAME, values: a.b}}}\n',
     "14:32 InvalidChangeBatch corp itself cannot be an alias: a zone's own name has other records"),
    ("  corp: {vpcs: main, records: {a: {type: CNAME, values: [b, c]}}}\n", "14:32 InvalidChangeBatch a.corp is an alias for 2 names"),
    ("  corp: {vpcs: main, records: {a: {type: CNAME, values: b..c}}}\n",
     "14:32 InvalidChangeBatch 'b..c' is not a domain name: each part has 1 to 63 characters"),
])  # fmt: skip
def test_zones_that_cannot_be(text: str, said: str) -> None:
    assert refused(text) == [said]


def test_options_that_cannot_be() -> None:
    five = FILE.replace(
        "10.1.0.0/16\n",
        "10.1.0.0/16\n    dhcp_options: {ntp_servers: [10.1.0.9, 10.1.0.8, 10.1.0.7, 10.1.0.6, 10.1.0.5]}\n",
    )
    both = FILE.replace(
        "10.1.0.0/16\n", "10.1.0.0/16\n    dhcp_options: {domain_name_servers: [AmazonProvidedDNS, 10.1.0.9]}\n"
    )
    for text, said in ((five, "ntp_servers has 5 addresses"), (both, "AmazonProvidedDNS stands alone")):
        with pytest.raises(Refused) as caught:
            plan_of(text.removesuffix("hosted_zones:\n").encode(), "a.yaml", "a")
        assert [(each.mark.line, each.message) for each in caught.value.problems] == [(11, said)]


def test_written_out_it_is_the_same() -> None:
    text = FILE.replace(
        "10.1.0.0/16\n",
        """10.1.0.0/16
    enable_dns_support: false
    dhcp_options: {domain_name: x.y, domain_name_servers: 10.1.0.9, ntp_servers: [10.1.0.9, 10.1.0.8]}
""",
    ).replace(
        "10.0.0.0/16\n",
        "10.0.0.0/16\n    enable_dns_hostnames: true\n    dhcp_options: {domain_name_servers: AmazonProvidedDNS}\n",
    )
    text += """\
  corp.internal: {vpcs: [main, other], records: {web: [web, 10.0.0.9], "@": 10.0.0.1, "*.w": {type: TXT, values: "a, b: c"}}}
  example.com: {}
"""  # fmt: skip
    plan = plan_of(text.encode(), "a.yaml", "a")
    again = plan_of(expanded(plan).encode(), "b.yaml", "a")
    assert again.requests == plan.requests
    web = build(plan).control.hosted_zones["corp.internal"].records[(b"web", b"corp", b"internal")][1]
    assert [each.data for each in web] == [bytes([10, 0, 1, 5]), bytes([10, 0, 2, 4]), bytes([10, 0, 0, 9])]


@pytest.mark.parametrize("text, said", [
    ("  corp: {vpcs: main}\n  Corp: {vpcs: main}\n", "15:3  'Corp' has capital letters"),
    ("  corp: {vpcs: main, records: {d: 10.0.0.1, D: 10.0.0.2}}\n", "14:45  'D' has capital letters"),
    ("  corp: {vpcs: main, records: {t: {type: TXT, values: %s}}}\n" % ("t" * 4001),
     "14:32 InvalidChangeBatch a value of t has 4,001 octets"),
])  # fmt: skip
def test_one_way_to_write_a_name_and_an_end_to_texts(text: str, said: str) -> None:
    assert refused(text) == [said]
