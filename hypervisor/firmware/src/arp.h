/* Address resolution (RFC 826), with a cache that ages as RFC 1122 section 2.3.2.1 asks. */
#ifndef ARP_H
#define ARP_H

#include "types.h"

void arp_receive(const u8 *message, u32 size);

/* Send the IP frame (all but its Ethernet header filled) to a neighbour, now or once its address is known. */
void arp_send(u32 hop, u8 *frame, u32 size);

ns arp_next(void);
void arp_tick(void);
void arp_forget(void);

#endif
