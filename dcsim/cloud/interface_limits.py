"""How many addresses of each family an interface may have.

EC2 User Guide, "IP addresses per network interface per instance type". Its table is long and grows; what is here is
the m5 family's, whose steps most types follow, and the two older families that differ.
"""

from dcsim.cloud.capacity import vcpus

SMALL = ("nano", "micro", "small", "medium")
BY_VCPUS = ((2, 10), (8, 15), (48, 30))
"""Up to so many vCPUs, so many IPv4 addresses an interface: m5.large, m5.2xlarge, m5.12xlarge."""
SMALLEST, LARGEST = 4, 50
"""a1.medium; m5.16xlarge and larger."""
LARGEST_OF_M4 = 30


def addresses_each(instance_type: str) -> int:
    """Per interface, the primary one included; as many of IPv6, which count apart."""
    family, _, size = instance_type.partition(".")
    if size in SMALL:
        return SMALLEST
    largest = LARGEST_OF_M4 if family == "m4" else LARGEST
    return next((most for up_to, most in BY_VCPUS if vcpus(instance_type) <= up_to), largest)
