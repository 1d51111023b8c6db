#ifndef TYPES_H
#define TYPES_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef u64 ns; /* nanoseconds of simulated time */

#define NEVER (~0ul)
#define NULL ((void *)0)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static inline u64 min(u64 a, u64 b) { return a < b ? a : b; }

#endif
