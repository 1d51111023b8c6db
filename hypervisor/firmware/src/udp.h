/* UDP (RFC 768): the echo service (RFC 862), and the DHCP client's port. */
#ifndef UDP_H
#define UDP_H

#include "net.h"

#define UDP_SIZE 8

enum { PORT_ECHO = 7, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68 };

void udp_receive(const struct packet *packet);

/* Room for `size` bytes of data, or NULL; then `udp_send` the same size. */
u8 *udp_begin(u32 size);
void udp_send(u32 source, u16 source_port, u32 destination, u16 destination_port, u32 size);

#endif
