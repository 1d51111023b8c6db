"""The Internet checksum: computed (RFC 1071), updated in place (RFC 1624), and what UDP and TCP add to it."""

from netvirt.address import V6, Ip

_MODULUS = 0xFFFF


def _complement(total: int) -> int:
    """The ones' complement of a sum of 16-bit words, folded to 16 bits.

    65536 is 1 modulo 65535, so folding carries is a remainder. Only zero has two ones' complement
    representations, and a sum of words that are not all zero folds to 0xFFFF, never to 0.
    """
    if total == 0:
        return 0xFFFF
    remainder = total % _MODULUS
    return 0xFFFF - remainder if remainder else 0


def internet_checksum(data: bytes, initial: int = 0) -> int:
    """The checksum of `data` (RFC 1071 section 1), an odd last octet padded with zero.

    `initial` is a sum already made, such as `pseudo_header_sum`. Data that holds its own right checksum gives 0.
    The whole buffer is one big integer, whose remainder costs one pass in C.
    """
    total = int.from_bytes(data)
    if len(data) & 1:
        total <<= 8
    return _complement(total + initial)


def updated_checksum(checksum: int, old: int, new: int) -> int:
    """The checksum after the field `old` became `new` (RFC 1624 section 3, equation 3).

    The field is one or two 16-bit words, aligned as words: a port, an address, or a TTL with its protocol.
    Checksum and field must come from data that is not all zero, as no header is.
    """
    return _complement((0xFFFF - checksum) + (0xFFFFFFFF - old) + new)


def pseudo_header_sum(src: Ip, dst: Ip, protocol: int, length: int) -> int:
    """What UDP (RFC 768) and TCP (RFC 9293 section 3.1) count besides their own octets, over IPv6 ICMP too (RFC 8200
    section 8.1).

    Unfolded: an address is two words, or eight, and a sum of their integers has the same remainder.
    """
    return (src & V6 - 1) + (dst & V6 - 1) + protocol + length
