#include "clock.h"
#include "cpu.h"

ns clock_now;
static ns armed = NEVER;

ns clock_read(void)
{
    clock_now = read_tsc();
    if (clock_now >= armed)
        armed = NEVER;
    return clock_now;
}

void clock_arm(ns deadline)
{
    /* An alarm that rings too early only costs one look around, which is less than moving it each time. */
    if (deadline >= armed)
        return;
    armed = deadline;
    mmio_write(DEADLINE_REGISTER, (u32)deadline);
    mmio_write(DEADLINE_REGISTER + 4, (u32)(deadline >> 32));
}

u32 entropy(void) { return mmio_read(ENTROPY_REGISTER); }
