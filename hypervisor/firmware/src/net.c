#include "net.h"
#include "arp.h"
#include "icmp.h"
#include "lib.h"
#include "nic.h"
#include "udp.h"

#define TTL 64
#define DONT_FRAGMENT 0x4000
#define FRAGMENT_BITS 0x3fff /* more fragments, and the offset (RFC 791 section 3.1) */

u32 ip_address, ip_mask, ip_router;
u16 ip_mtu = 576; /* until we know better (RFC 1122 section 3.3.3) */

const u8 broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static u8 *building; /* the frame under construction */

void put_ethernet(u8 *frame, const u8 *to, u16 type)
{
    /* In send buffers the frame is 2 bytes off, and unaligned stores are slow. */
    put16(frame, get16(to));
    put16(frame + 2, get16(to + 2));
    put16(frame + 4, get16(to + 4));
    put32(frame + 6, get32(nic_mac));
    put16(frame + 10, get16(nic_mac + 4));
    put_be16(frame + 12, type);
}

u8 *ip_begin(u32 size)
{
    if (size + IP_SIZE > nic_mtu)
        return NULL;
    building = nic_buffer();
    return building ? building + ETHERNET_SIZE + IP_SIZE : NULL;
}

static void put_ip(u8 *header, u32 source, u32 destination, u8 protocol, u32 size)
{
    put_be16(header, 0x4500);
    put_be16(header + 2, (u16)(IP_SIZE + size));
    put_be16(header + 4, 0); /* an atomic datagram needs no identification (RFC 6864 section 4.1) */
    put_be16(header + 6, DONT_FRAGMENT);
    header[8] = TTL;
    header[9] = protocol;
    put16(header + 10, 0);
    put_be32(header + 12, source);
    put_be32(header + 16, destination);
    put16(header + 10, (u16)~fold(sum(0, header, IP_SIZE)));
}

/* Off the subnet the router is next (RFC 1122 section 3.3.1.1); 0 when there is no way. */
static u32 next_hop(u32 destination)
{
    if (!ip_address)
        return 0;
    if (((destination ^ ip_address) & ip_mask) == 0)
        return destination;
    return ip_router;
}

void ip_send(u32 source, u32 destination, u8 protocol, u32 size)
{
    u32 frame_size = ETHERNET_SIZE + IP_SIZE + size;
    put_ip(building + ETHERNET_SIZE, source, destination, protocol, size);
    if (destination == BROADCAST_IP) {
        put_ethernet(building, broadcast_mac, TYPE_IP);
        nic_send(frame_size);
        return;
    }
    u32 hop = next_hop(destination);
    if (hop)
        arp_send(hop, building, frame_size);
}

static void ip_receive(const u8 *header, u32 size)
{
    u32 length = get_be16(header + 2);
    u32 options = (header[0] & 15u) * 4; /* the whole header: options are skipped, not obeyed */
    if (size < IP_SIZE || header[0] >> 4 != 4 || options < IP_SIZE || length < options || length > size)
        return;
    if (fold(sum(0, header, options)) != 0xffff || get_be16(header + 6) & FRAGMENT_BITS)
        return;
    struct packet packet = {get_be32(header + 12), get_be32(header + 16), header + options, length - options};
    if (header[9] == PROTOCOL_UDP)
        udp_receive(&packet);
    else if (header[9] == PROTOCOL_ICMP && packet.destination == ip_address && ip_address)
        icmp_receive(&packet);
}

static u8 for_us(const u8 *frame)
{
    if (get32(frame) == get32(nic_mac) && get16(frame + 4) == get16(nic_mac + 4))
        return 1;
    return get32(frame) == 0xffffffff && get16(frame + 4) == 0xffff;
}

static void ethernet_receive(const u8 *frame, u32 size)
{
    if (size < ETHERNET_SIZE || !for_us(frame))
        return;
    u16 type = get_be16(frame + 12);
    if (type == TYPE_IP)
        ip_receive(frame + ETHERNET_SIZE, size - ETHERNET_SIZE);
    else if (type == TYPE_ARP)
        arp_receive(frame + ETHERNET_SIZE, size - ETHERNET_SIZE);
}

u32 net_poll(void)
{
    u32 count = 0, size;
    for (u8 *frame; (frame = nic_poll(&size)); count++) {
        ethernet_receive(frame, size);
        nic_release();
    }
    return count;
}
