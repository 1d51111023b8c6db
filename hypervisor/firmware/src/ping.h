/* Pings on order: each paces itself on the clock, and reports every probe as one line. */
#ifndef PING_H
#define PING_H

#include "lib.h"

struct ping;

/* `ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE` and `stop ID`; the first word has been read. NULL, or what is wrong. */
const char *ping_start(struct words *words);
const char *ping_stop(struct words *words);

/* The ping that an echo reply with this identifier, source and payload size may answer, or NULL. */
struct ping *ping_find(u16 icmp_id, u32 source, u32 payload_size);

/* A proven reply arrived at `clock_now`. */
void ping_answered(struct ping *ping, u16 sequence);

ns ping_next(void);
void ping_tick(void);

#endif
