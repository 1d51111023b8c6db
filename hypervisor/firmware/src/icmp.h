/* ICMP echo (RFC 792), both sides. */
#ifndef ICMP_H
#define ICMP_H

#include "net.h"

#define ICMP_SIZE 8

void icmp_receive(const struct packet *packet);

/* Send an echo request whose payload is a known pattern. */
void icmp_request(u32 destination, u16 id, u16 sequence, u32 payload_size);

#endif
