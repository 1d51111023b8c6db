#include "udp.h"
#include "dhcp.h"
#include "lib.h"

static u8 *building;

/* The pseudo header (RFC 768): addresses, protocol, length. */
static u64 pseudo_sum(u32 source, u32 destination, u32 size)
{
    u64 total = (u64)source + destination + PROTOCOL_UDP + size;
    return __builtin_bswap16(fold(total));
}

u8 *udp_begin(u32 size)
{
    building = ip_begin(UDP_SIZE + size);
    return building ? building + UDP_SIZE : NULL;
}

void udp_send(u32 source, u16 source_port, u32 destination, u16 destination_port, u32 size)
{
    size += UDP_SIZE;
    put_be16(building, source_port);
    put_be16(building + 2, destination_port);
    put_be16(building + 4, (u16)size);
    put16(building + 6, 0);
    u16 checksum = (u16)~fold(sum(pseudo_sum(source, destination, size), building, size));
    put16(building + 6, checksum ? checksum : 0xffff); /* zero would mean "no checksum" */
    ip_send(source, destination, PROTOCOL_UDP, size);
}

static void echo(const struct packet *packet, u16 port, const u8 *data, u32 size)
{
    /* Two echo services answering each other would never stop. */
    if (port == PORT_ECHO || packet->destination != ip_address || !ip_address)
        return;
    u8 *answer = udp_begin(size);
    if (!answer)
        return;
    copy(answer, data, size);
    udp_send(ip_address, PORT_ECHO, packet->source, port, size);
}

void udp_receive(const struct packet *packet)
{
    const u8 *header = packet->data;
    if (packet->size < UDP_SIZE)
        return;
    u32 size = get_be16(header + 4);
    if (size < UDP_SIZE || size > packet->size)
        return;
    u64 pseudo = pseudo_sum(packet->source, packet->destination, size);
    if (get16(header + 6) && fold(sum(pseudo, header, size)) != 0xffff)
        return;
    u16 port = get_be16(header + 2);
    if (port == PORT_ECHO)
        echo(packet, get_be16(header), header + UDP_SIZE, size - UDP_SIZE);
    else if (port == PORT_DHCP_CLIENT && get_be16(header) == PORT_DHCP_SERVER)
        dhcp_receive(packet->source, header + UDP_SIZE, size - UDP_SIZE);
}
