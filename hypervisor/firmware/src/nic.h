/* The virtio network card (VIRTIO 1.2 section 5.1). One frame is under construction at a time. */
#ifndef NIC_H
#define NIC_H

#include "types.h"

#define FRAME_MAX (9001 + 14) /* EC2's jumbo frames, and an Ethernet header */

extern u8 nic_mac[6];
extern u16 nic_mtu; /* what the card allows; DHCP may lower `ip_mtu` below it */

u8 nic_open(void);

/* The oldest received frame, or NULL. It stays valid until `nic_release`. */
u8 *nic_poll(u32 *size);
void nic_release(void);
u8 nic_has_frames(void);

/* Room for one frame, or NULL when the ring is full even after the device was told. */
u8 *nic_buffer(void);
void nic_send(u32 size);
void nic_flush(void);

#endif
