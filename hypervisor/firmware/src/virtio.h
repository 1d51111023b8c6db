/* Split virtqueues over virtio-mmio (VIRTIO 1.2 sections 2.7 and 4.2), driven by polling. */
#ifndef VIRTIO_H
#define VIRTIO_H

#include "types.h"

#define QUEUE_SIZE 32 /* ring entries; a power of two (section 2.7) */

#define DESC_F_WRITE 2
#define AVAIL_F_NO_INTERRUPT 1
#define USED_F_NO_NOTIFY 1

struct descriptor {
    u64 address;
    u32 size;
    u16 flags;
    u16 next;
};

struct available {
    u16 flags;
    volatile u16 index;
    u16 ring[QUEUE_SIZE];
};

struct used {
    volatile u16 flags;
    volatile u16 index;
    struct { u32 id, size; } ring[QUEUE_SIZE];
};

struct queue {
    struct descriptor descriptors[QUEUE_SIZE];
    struct available available;
    struct used used __attribute__((aligned(4)));
    u16 seen;    /* used entries that we have taken */
    u16 pending; /* made available since the last notification */
} __attribute__((aligned(64)));

/* Offer `features` (VERSION_1 is added); answers what both sides have, or NEVER if there is no such device. */
u64 virtio_open(u64 base, u32 device_id, u64 features);
void virtio_queue(u64 base, u32 index, struct queue *queue);
void virtio_ready(u64 base);

void queue_add(struct queue *queue, u16 head);
void queue_notify(u64 base, u32 index, struct queue *queue);

static inline u8 queue_has_used(const struct queue *queue) { return queue->used.index != queue->seen; }

/* Entries between what we offered and what came back. */
static inline u16 queue_busy(const struct queue *queue) { return (u16)(queue->available.index - queue->used.index); }

#endif
