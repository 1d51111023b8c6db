/* Time: the invariant TSC counts nanoseconds of simulated time; one deadline register wakes us. */
#ifndef CLOCK_H
#define CLOCK_H

#include "types.h"

/* Reading the TSC may cost an exit, so `clock_now` is the time of the last reading: good enough to age things by. */
extern ns clock_now;
ns clock_read(void);

/* Who sets a deadline reads the clock first; so if it was not read since the last call, no deadline has moved. */
u8 clock_was_read(void);

/* Be woken by the earliest of all deadlines; the register is written only when that moves forward. */
void clock_arm(ns deadline);

u32 entropy(void);

#endif
