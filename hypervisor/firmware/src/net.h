/* Ethernet and IPv4: who we are, what comes in, what goes out. */
#ifndef NET_H
#define NET_H

#include "types.h"

#define ETHERNET_SIZE 14
#define IP_SIZE 20
#define BROADCAST_IP 0xffffffffu

enum { TYPE_IP = 0x0800, TYPE_ARP = 0x0806 };
enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17 };

/* A packet that was sent to us: `data` is what follows the IP header. */
struct packet {
    u32 source, destination;
    const u8 *data;
    u32 size;
};

extern u32 ip_address; /* 0 until DHCP has bound one */
extern u32 ip_mask;
extern u32 ip_router;
extern u16 ip_mtu;

extern const u8 broadcast_mac[6];
void put_ethernet(u8 *frame, const u8 *to, u16 type);

/* Handle every frame in the ring; answers how many there were. */
u32 net_poll(void);

/* Room for `size` bytes behind an IP header, or NULL. Fill it, then `ip_send` the same size. */
u8 *ip_begin(u32 size);
void ip_send(u32 source, u32 destination, u8 protocol, u32 size);

#endif
