#include "virtio.h"
#include "cpu.h"
#include "lib.h"

/* Register offsets: section 4.2.2. */
enum {
    MAGIC_VALUE = 0x00,
    VERSION = 0x04,
    DEVICE_ID = 0x08,
    DEVICE_FEATURES = 0x10,
    DEVICE_FEATURES_SEL = 0x14,
    DRIVER_FEATURES = 0x20,
    DRIVER_FEATURES_SEL = 0x24,
    QUEUE_SEL = 0x30,
    QUEUE_SIZE_REGISTER = 0x38,
    QUEUE_READY = 0x44,
    QUEUE_NOTIFY = 0x50,
    STATUS = 0x70,
    QUEUE_DESC = 0x80,
    QUEUE_DRIVER = 0x90,
    QUEUE_DEVICE = 0xa0,
};

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };

#define VERSION_1 (1ul << 32)
#define MAGIC 0x74726976 /* "virt" */

static u64 negotiate(u64 base, u64 wanted)
{
    mmio_write(base + DEVICE_FEATURES_SEL, 0);
    u64 offered = mmio_read(base + DEVICE_FEATURES);
    mmio_write(base + DEVICE_FEATURES_SEL, 1);
    offered |= (u64)mmio_read(base + DEVICE_FEATURES) << 32;
    u64 agreed = offered & wanted;
    mmio_write(base + DRIVER_FEATURES_SEL, 0);
    mmio_write(base + DRIVER_FEATURES, (u32)agreed);
    mmio_write(base + DRIVER_FEATURES_SEL, 1);
    mmio_write(base + DRIVER_FEATURES, (u32)(agreed >> 32));
    return agreed;
}

u64 virtio_open(u64 base, u32 device_id, u64 features)
{
    if (mmio_read(base + MAGIC_VALUE) != MAGIC || mmio_read(base + VERSION) != 2 ||
        mmio_read(base + DEVICE_ID) != device_id)
        return NEVER;
    mmio_write(base + STATUS, 0);
    mmio_write(base + STATUS, ACKNOWLEDGE | DRIVER);
    u64 agreed = negotiate(base, features | VERSION_1);
    mmio_write(base + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return mmio_read(base + STATUS) & FEATURES_OK ? agreed : NEVER;
}

static void write_address(u64 base, u32 offset, const volatile void *at)
{
    mmio_write(base + offset, (u32)(u64)at);
    mmio_write(base + offset + 4, (u32)((u64)at >> 32));
}

void virtio_queue(u64 base, u32 index, struct queue *queue)
{
    queue->available.flags = AVAIL_F_NO_INTERRUPT;
    mmio_write(base + QUEUE_SEL, index);
    mmio_write(base + QUEUE_SIZE_REGISTER, QUEUE_SIZE);
    write_address(base, QUEUE_DESC, queue->descriptors);
    write_address(base, QUEUE_DRIVER, &queue->available);
    write_address(base, QUEUE_DEVICE, &queue->used);
    mmio_write(base + QUEUE_READY, 1);
}

void virtio_ready(u64 base) { mmio_write(base + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK); }

void queue_add(struct queue *queue, u16 head)
{
    queue->available.ring[queue->available.index % QUEUE_SIZE] = head;
    BARRIER();
    queue->available.index++;
    queue->pending = 1;
}

void queue_notify(u64 base, u32 index, struct queue *queue)
{
    if (!queue->pending)
        return;
    queue->pending = 0;
    BARRIER();
    if (!(queue->used.flags & USED_F_NO_NOTIFY))
        mmio_write(base + QUEUE_NOTIFY, index);
    BARRIER();
}
