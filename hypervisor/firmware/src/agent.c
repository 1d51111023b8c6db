/* The `agent` image: gets an address, answers pings and UDP echo, and pings on order. */
#include "arp.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "dhcp.h"
#include "lib.h"
#include "net.h"
#include "nic.h"
#include "ping.h"

#define BUSY_LIMIT 64 /* things handled in a row before timers get a turn */

static const char *obey(const char *line)
{
    struct words words = {line, 0};
    const char *verb;
    u32 size = next_word(&words, &verb);
    if (same_text(verb, size, "ping"))
        return ping_start(&words);
    if (same_text(verb, size, "stop"))
        return ping_stop(&words);
    return "no such order; there are ping, stop";
}

static u32 poll_orders(void)
{
    u32 count = 0;
    for (const char *line; (line = console_poll()); count++) {
        const char *problem = obey(line);
        if (problem) {
            say("error ");
            say(problem);
            say_end();
        }
    }
    return count;
}

static void tick(void)
{
    clock_read();
    dhcp_tick();
    arp_tick();
    ping_tick();
}

/* Reading the clock may cost an exit. If the rings are empty, the deadline woke us; only then, or when busy, look. */
static u32 work(u32 busy)
{
    u32 handled = net_poll() + poll_orders();
    busy += handled;
    if (!handled || busy >= BUSY_LIMIT) {
        tick();
        busy = 0;
    }
    nic_flush();
    console_flush();
    return busy;
}

__attribute__((used, noreturn)) static void run(void)
{
    if (!console_open() || !nic_open())
        for (;;)
            halt();
    dhcp_start();
    for (u32 busy = 0;;) {
        busy = work(busy);
        if (clock_was_read())
            clock_arm(min(dhcp_next(), min(arp_next(), ping_next())));
        if (nic_has_frames() || console_has_input())
            continue;
        busy = 0;
        halt();
    }
}

/* The platform starts us here with an empty, aligned stack at the top of RAM. */
__attribute__((naked, section(".text.start"))) void _start(void) { __asm__("call run"); }
