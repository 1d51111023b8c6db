/* A DHCP client (RFC 2131): an address when there is a server, kept as long as the server lets us. */
#ifndef DHCP_H
#define DHCP_H

#include "types.h"

void dhcp_start(void);
void dhcp_receive(u32 server, const u8 *message, u32 size);
ns dhcp_next(void);
void dhcp_tick(void);

#endif
