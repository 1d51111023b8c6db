#include "nic.h"
#include "cpu.h"
#include "lib.h"
#include "virtio.h"

#define NET_DEVICE 1
#define F_MTU (1ul << 3)
#define F_MAC (1ul << 5)
#define HEADER_SIZE 12 /* struct virtio_net_hdr, section 5.1.6; all zero without offloads */
#define BUFFER_SIZE 9088
#define SEND_BUFFERS 16
#define ALIGN 6 /* so that IP headers and ICMP data begin at multiples of 8: unaligned stores are slow */

_Static_assert(ALIGN + HEADER_SIZE + FRAME_MAX <= BUFFER_SIZE, "a jumbo frame fits a buffer");

enum { RECEIVE, TRANSMIT };

u8 nic_mac[6];
u16 nic_mtu = 1500;

static struct queue receive, transmit;
static u8 receive_buffers[QUEUE_SIZE][BUFFER_SIZE] __attribute__((aligned(64)));
static u8 send_buffers[SEND_BUFFERS][BUFFER_SIZE] __attribute__((aligned(64)));

static void read_config(u64 features)
{
    u32 low = mmio_read(NET_BASE + 0x100), high = mmio_read(NET_BASE + 0x104);
    put32(nic_mac, low);
    put16(nic_mac + 4, (u16)high);
    if (features & F_MTU)
        nic_mtu = (u16)min(mmio_read(NET_BASE + 0x108) >> 16, FRAME_MAX - 14);
}

u8 nic_open(void)
{
    u64 features = virtio_open(NET_BASE, NET_DEVICE, F_MAC | F_MTU);
    if (features == NEVER)
        return 0;
    read_config(features);
    for (u16 i = 0; i < QUEUE_SIZE; i++) {
        receive.descriptors[i] = (struct descriptor){(u64)receive_buffers[i], BUFFER_SIZE, DESC_F_WRITE, 0};
        queue_add(&receive, i);
    }
    for (u16 i = 0; i < SEND_BUFFERS; i++)
        transmit.descriptors[i].address = (u64)send_buffers[i] + ALIGN;
    virtio_queue(NET_BASE, RECEIVE, &receive);
    virtio_queue(NET_BASE, TRANSMIT, &transmit);
    virtio_ready(NET_BASE);
    return 1;
}

u8 nic_has_frames(void) { return queue_has_used(&receive); }

u8 *nic_poll(u32 *size)
{
    if (!queue_has_used(&receive))
        return NULL;
    BARRIER();
    u32 entry = receive.seen % QUEUE_SIZE;
    *size = receive.used.ring[entry].size - HEADER_SIZE;
    return receive_buffers[receive.used.ring[entry].id] + HEADER_SIZE;
}

void nic_release(void)
{
    u16 head = (u16)receive.used.ring[receive.seen++ % QUEUE_SIZE].id;
    queue_add(&receive, head);
    queue_notify(NET_BASE, RECEIVE, &receive);
}

u8 *nic_buffer(void)
{
    if (queue_busy(&transmit) == SEND_BUFFERS)
        nic_flush();
    if (queue_busy(&transmit) == SEND_BUFFERS)
        return NULL;
    return send_buffers[transmit.available.index % SEND_BUFFERS] + ALIGN + HEADER_SIZE;
}

void nic_send(u32 size)
{
    u16 head = transmit.available.index % SEND_BUFFERS;
    transmit.descriptors[head].size = HEADER_SIZE + size;
    queue_add(&transmit, head);
}

void nic_flush(void) { queue_notify(NET_BASE, TRANSMIT, &transmit); }
