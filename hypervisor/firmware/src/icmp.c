#include "icmp.h"
#include "clock.h"
#include "lib.h"
#include "ping.h"

enum { ECHO_REPLY = 0, ECHO_REQUEST = 8 };

/* One pass copies the message and proves its checksum; only then is the answer sent. */
static void answer(const struct packet *packet)
{
    u8 *reply = ip_begin(packet->size);
    if (!reply)
        return;
    u64 rest = copy_and_sum(0, reply + 4, packet->data + 4, packet->size - 4);
    if (fold(add_carry(rest, get32(packet->data))) != 0xffff)
        return;
    put_be16(reply, ECHO_REPLY << 8);
    put16(reply + 2, (u16)~fold(rest));
    ip_send(ip_address, packet->source, PROTOCOL_ICMP, packet->size);
}

/* Bytes count up from 0 and wrap at 256, as in common ping programs, so damage shows. */
static u64 pattern(u32 offset) { return 0x0706050403020100 + (offset & 0xff) * 0x0101010101010101; }

static void put_pattern(u8 *at, u32 size)
{
    u32 offset = 0;
    for (; offset + 8 <= size; offset += 8)
        put64(at + offset, pattern(offset));
    for (; offset < size; offset++)
        at[offset] = (u8)offset;
}

static u8 is_pattern(const u8 *at, u32 size)
{
    u32 offset = 0;
    for (; offset + 8 <= size; offset += 8)
        if (get64(at + offset) != pattern(offset))
            return 0;
    for (; offset < size; offset++)
        if (at[offset] != (u8)offset)
            return 0;
    return 1;
}

void icmp_request(u32 destination, u16 id, u16 sequence, u32 payload_size)
{
    u32 size = ICMP_SIZE + payload_size;
    u8 *message = ip_begin(size);
    if (!message)
        return;
    put_be16(message, ECHO_REQUEST << 8);
    put16(message + 2, 0);
    put_be16(message + 4, id);
    put_be16(message + 6, sequence);
    put_pattern(message + ICMP_SIZE, payload_size);
    put16(message + 2, (u16)~fold(sum(0, message, size)));
    ip_send(ip_address, destination, PROTOCOL_ICMP, size);
}

static void reply(const struct packet *packet)
{
    const u8 *message = packet->data;
    u32 payload_size = packet->size - ICMP_SIZE;
    struct ping *ping = ping_find(get_be16(message + 4), packet->source, payload_size);
    if (!ping)
        return;
    clock_read(); /* before the checks, which take time themselves */
    if (fold(sum(0, message, packet->size)) == 0xffff && is_pattern(message + ICMP_SIZE, payload_size))
        ping_answered(ping, get_be16(message + 6));
}

void icmp_receive(const struct packet *packet)
{
    if (packet->size < ICMP_SIZE || packet->data[1] != 0)
        return;
    if (packet->data[0] == ECHO_REQUEST)
        answer(packet);
    else if (packet->data[0] == ECHO_REPLY)
        reply(packet);
}
