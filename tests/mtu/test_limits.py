"""What each way carries, and what becomes of more (facts on MTUs)."""

import pytest

from netvirt import mtu
from netvirt.mtu import Excess, Limit


@pytest.mark.parametrize(
    ("limit", "most", "if_cut", "if_not"),
    [
        (mtu.internet_gateway("x"), 1500, Excess.FRAGMENTED, Excess.TOLD),
        (mtu.egress_only_internet_gateway("x"), 1500, Excess.SILENT, Excess.TOLD),
        (mtu.nat_gateway("x"), 8500, Excess.FRAGMENTED, Excess.TOLD),
        (mtu.inter_region_peering("x"), 8500, Excess.FRAGMENTED, Excess.TOLD),
        (mtu.transit_gateway("x"), 8500, Excess.SILENT, Excess.TOLD),
        (mtu.endpoint("x"), 8500, Excess.SILENT, Excess.SILENT),
        (mtu.vpn("x"), 1446, Excess.SILENT, Excess.SILENT),
    ],
    ids=lambda value: value.kind if isinstance(value, Limit) else "",
)
def test_what_fits_and_what_does_not(limit: Limit, most: int, if_cut: Excess, if_not: Excess) -> None:
    assert limit.mtu == most
    assert limit.excess(most, dont_fragment=True) is limit.excess(most, dont_fragment=False) is None
    assert limit.excess(most + 1, dont_fragment=False) is if_cut
    assert limit.excess(most + 1, dont_fragment=True) is if_not
