#include "arp.h"
#include "clock.h"
#include "lib.h"
#include "net.h"
#include "nic.h"

#define ENTRIES 16
#define MESSAGE_SIZE 28
#define FRESH_NS 60000000000ul /* RFC 1122 section 2.3.2.1: a timeout on the order of a minute */
#define RETRY_NS 1000000000ul  /* and at most one request a second for one address */
#define TRIES 3

enum { REQUEST = 1, REPLY = 2 };

/* FRESH grows STALE in silence; a STALE address still serves while PROBED by unicast requests. */
enum state { FREE, WANTED, FRESH, STALE, PROBED };

struct neighbour {
    enum state state;
    u8 tries;
    u8 mac[6];
    u32 ip;
    ns due;   /* when FRESH ends, or the next request of WANTED and PROBED goes out */
    u32 held; /* size of the one frame that waits for the address (RFC 1122 section 2.3.2.2) */
    u8 frame[FRAME_MAX];
};

static struct neighbour cache[ENTRIES];
static u32 victim;

static struct neighbour *find(u32 ip)
{
    for (u32 i = 0; i < ENTRIES; i++)
        if (cache[i].state != FREE && cache[i].ip == ip)
            return &cache[i];
    return NULL;
}

static struct neighbour *make(u32 ip)
{
    struct neighbour *entry = NULL;
    for (u32 i = 0; i < ENTRIES && !entry; i++)
        if (cache[i].state == FREE)
            entry = &cache[i];
    if (!entry)
        entry = &cache[victim++ % ENTRIES];
    entry->ip = ip;
    entry->held = 0;
    entry->tries = 0;
    return entry;
}

static void put_arp(u8 *frame, const u8 *to, u16 operation, const u8 *target_mac, u32 target_ip)
{
    u8 *message = frame + ETHERNET_SIZE;
    put_ethernet(frame, to, TYPE_ARP);
    put_be32(message, 0x00010800);     /* Ethernet, IPv4 */
    put_be16(message + 4, 0x0604);     /* with addresses of 6 and 4 bytes */
    put_be16(message + 6, operation);
    copy(message + 8, nic_mac, 6);
    put_be32(message + 14, ip_address);
    copy(message + 18, target_mac, 6);
    put_be32(message + 24, target_ip);
}

static void transmit(const u8 *to, u16 operation, const u8 *target_mac, u32 target_ip)
{
    u8 *frame = nic_buffer();
    if (!frame)
        return;
    put_arp(frame, to, operation, target_mac, target_ip);
    nic_send(ETHERNET_SIZE + MESSAGE_SIZE);
}

static void ask(struct neighbour *entry)
{
    static const u8 unknown[6];
    u8 probing = entry->state == PROBED;
    entry->tries++;
    entry->due = clock_now + RETRY_NS;
    transmit(probing ? entry->mac : broadcast_mac, REQUEST, probing ? entry->mac : unknown, entry->ip);
}

static void start(struct neighbour *entry, enum state state)
{
    clock_read();
    entry->state = state;
    entry->tries = 0;
    ask(entry);
}

static void hold(struct neighbour *entry, const u8 *frame, u32 size)
{
    copy(entry->frame, frame, size);
    entry->held = size;
}

void arp_send(u32 hop, u8 *frame, u32 size)
{
    struct neighbour *entry = find(hop);
    if (!entry || entry->state == WANTED) {
        /* The held copy leaves the frame's buffer free for the request itself. */
        u8 known = entry != NULL;
        if (!known)
            entry = make(hop);
        hold(entry, frame, size);
        if (!known)
            start(entry, WANTED);
        return;
    }
    put_ethernet(frame, entry->mac, TYPE_IP);
    nic_send(size);
    if (entry->state == STALE)
        start(entry, PROBED);
}

static void release(struct neighbour *entry)
{
    u8 *frame = entry->held ? nic_buffer() : NULL;
    if (frame) {
        copy(frame, entry->frame, entry->held);
        put_ethernet(frame, entry->mac, TYPE_IP);
        nic_send(entry->held);
    }
    entry->held = 0;
}

static void learn(struct neighbour *entry, const u8 *mac)
{
    copy(entry->mac, mac, 6);
    entry->state = FRESH;
    entry->due = clock_read() + FRESH_NS;
    release(entry);
}

void arp_receive(const u8 *message, u32 size)
{
    if (size < MESSAGE_SIZE || get_be32(message) != 0x00010800 || get_be16(message + 4) != 0x0604)
        return;
    u32 sender = get_be32(message + 14);
    u8 asks_us = ip_address && get_be32(message + 24) == ip_address;
    struct neighbour *entry = find(sender);
    if (!entry && asks_us && sender)
        entry = make(sender); /* who asks for us will hear from us (RFC 826, "Packet Reception") */
    if (entry)
        learn(entry, message + 8);
    if (asks_us && get_be16(message + 6) == REQUEST)
        transmit(message + 8, REPLY, message + 8, sender);
}

ns arp_next(void)
{
    ns next = NEVER;
    for (u32 i = 0; i < ENTRIES; i++)
        if (cache[i].state != FREE && cache[i].state != STALE)
            next = min(next, cache[i].due);
    return next;
}

void arp_tick(void)
{
    for (u32 i = 0; i < ENTRIES; i++) {
        struct neighbour *entry = &cache[i];
        if (entry->state == FREE || entry->state == STALE || entry->due > clock_now)
            continue;
        if (entry->state == FRESH)
            entry->state = STALE;
        else if (entry->tries < TRIES)
            ask(entry);
        else
            entry->state = FREE;
    }
}

void arp_forget(void)
{
    for (u32 i = 0; i < ENTRIES; i++)
        cache[i].state = FREE;
}
