#include "clock.h"
#include "cpu.h"

ns clock_now;
static ns armed = NEVER;
static u8 was_read;

ns clock_read(void)
{
    clock_now = read_tsc();
    was_read = 1;
    if (clock_now >= armed)
        armed = NEVER;
    return clock_now;
}

u8 clock_was_read(void)
{
    u8 answer = was_read;
    was_read = 0;
    return answer;
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
