/* What is particular to x86-64 and to the platform (README.md has the memory map). */
#ifndef CPU_H
#define CPU_H

#include "types.h"

#define NET_BASE 0x0a000000ul
#define CONSOLE_BASE 0x0a001000ul
#define DEADLINE_REGISTER 0x0a002000ul
#define ENTROPY_REGISTER 0x0a002008ul

/* The device runs between two of our instructions, so only the compiler must be kept from reordering. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static inline void halt(void) { __asm__ volatile("hlt" ::: "memory"); }

static inline u64 read_tsc(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (u64)high << 32 | low;
}

static inline u32 mmio_read(u64 address) { return *(volatile u32 *)address; }
static inline void mmio_write(u64 address, u32 value) { *(volatile u32 *)address = value; }

#endif
