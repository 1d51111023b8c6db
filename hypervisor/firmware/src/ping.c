#include "ping.h"
#include "clock.h"
#include "console.h"
#include "icmp.h"

#define PINGS 16
#define ID_SIZE 24
#define WINDOW 1024 /* probes of one ping that may be unanswered at once */
#define BURST 8     /* probes of one ping sent in a row when we are late, before looking at the network again */
#define ANSWERED 0

struct ping {
    char id[ID_SIZE]; /* empty: this place is free */
    u32 target;
    u32 payload_size;
    u16 icmp_id;
    u64 count; /* 0: until stopped */
    ns every, timeout;
    ns due;       /* when probe `next` leaves: a grid from the first one, whatever happens in between */
    u64 next;     /* sequence number of the next probe */
    u64 oldest;   /* sequence number of the oldest probe without an outcome */
    ns sent[WINDOW];
};

static struct ping pings[PINGS];
static u16 last_icmp_id;

static ns *sent_at(struct ping *ping, u64 sequence) { return &ping->sent[sequence % WINDOW]; }

static u8 all_sent(const struct ping *ping) { return ping->count && ping->next > ping->count; }

static void say_probe(const struct ping *ping, u64 sequence, ns sent)
{
    say("r ");
    say(ping->id);
    say(" ");
    say_number(sequence);
    say(" ");
    say_number(sent);
    say(" ");
}

/* Step over what has an outcome, and free the place once nothing is left to wait for. */
static void settle(struct ping *ping)
{
    while (ping->oldest < ping->next && *sent_at(ping, ping->oldest) == ANSWERED)
        ping->oldest++;
    if (all_sent(ping) && ping->oldest == ping->next)
        ping->id[0] = 0;
}

static void expire(struct ping *ping)
{
    while (ping->oldest < ping->next) {
        ns *sent = sent_at(ping, ping->oldest);
        if (*sent != ANSWERED) {
            if (clock_now - *sent < ping->timeout)
                break;
            say_probe(ping, ping->oldest, *sent);
            say("-");
            say_end();
        }
        ping->oldest++;
    }
    settle(ping);
}

static u8 may_send(const struct ping *ping)
{
    return !all_sent(ping) && ping->due <= clock_now && ping->next - ping->oldest < WINDOW;
}

static void send_due(struct ping *ping)
{
    for (u32 burst = 0; burst < BURST && may_send(ping); burst++) {
        *sent_at(ping, ping->next) = clock_read();
        icmp_request(ping->target, ping->icmp_id, (u16)ping->next, ping->payload_size);
        ping->next++;
        ping->due += ping->every;
    }
}

void ping_answered(struct ping *ping, u16 sequence)
{
    u64 full = ping->oldest + (u16)(sequence - (u16)ping->oldest);
    if (full >= ping->next)
        return;
    ns *sent = sent_at(ping, full);
    if (*sent == ANSWERED || clock_now - *sent >= ping->timeout)
        return;
    say_probe(ping, full, *sent);
    say_number(clock_now - *sent);
    say_end();
    *sent = ANSWERED;
    settle(ping);
}

static struct ping *find_icmp_id(u16 icmp_id)
{
    for (u32 i = 0; i < PINGS; i++)
        if (pings[i].id[0] && pings[i].icmp_id == icmp_id)
            return &pings[i];
    return NULL;
}

struct ping *ping_find(u16 icmp_id, u32 source, u32 payload_size)
{
    struct ping *ping = find_icmp_id(icmp_id);
    return ping && ping->target == source && ping->payload_size == payload_size ? ping : NULL;
}

static struct ping *find_id(const char *id, u32 size)
{
    for (u32 i = 0; i < PINGS; i++)
        if (pings[i].id[0] && same_text(id, size, pings[i].id))
            return &pings[i];
    return NULL;
}

static struct ping *free_place(void)
{
    for (u32 i = 0; i < PINGS; i++)
        if (!pings[i].id[0])
            return &pings[i];
    return NULL;
}

/* Identifiers follow each other, so that a late reply to an earlier ping is not taken for one of this. */
static u16 new_icmp_id(void)
{
    if (!last_icmp_id)
        last_icmp_id = (u16)entropy();
    do
        last_icmp_id++;
    while (find_icmp_id(last_icmp_id));
    return last_icmp_id;
}

static const char *check(const struct ping *ping)
{
    if (!ping->every || !ping->timeout)
        return "EVERY_NS and TIMEOUT_NS are at least 1";
    if (ping->timeout / ping->every >= WINDOW)
        return "more than 1024 probes would wait at once; raise EVERY_NS or lower TIMEOUT_NS";
    if (ping->payload_size > ip_mtu - IP_SIZE - ICMP_SIZE)
        return "SIZE exceeds the MTU";
    return NULL;
}

const char *ping_start(struct words *words)
{
    const char *id;
    u32 size = next_word(words, &id);
    struct ping *ping = free_place();
    if (!ping)
        return "no more than 16 pings at once";
    ping->target = next_ip(words);
    ping->count = next_number(words);
    ping->every = next_number(words);
    ping->timeout = next_number(words);
    ping->payload_size = (u32)min(next_number(words), 65535);
    end_of_words(words);
    if (words->bad || size >= ID_SIZE)
        return "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE";
    if (find_id(id, size))
        return "this ID is taken";
    const char *problem = check(ping);
    if (problem)
        return problem;
    ping->icmp_id = new_icmp_id();
    ping->next = ping->oldest = 1;
    ping->due = clock_read();
    copy(ping->id, id, size);
    ping->id[size] = 0;
    send_due(ping);
    return NULL;
}

const char *ping_stop(struct words *words)
{
    const char *id;
    u32 size = next_word(words, &id);
    end_of_words(words);
    if (words->bad)
        return "write stop ID";
    struct ping *ping = find_id(id, size);
    if (!ping)
        return "no such ID";
    ping->id[0] = 0;
    return NULL;
}

static ns next_of(struct ping *ping)
{
    ns next = NEVER;
    if (!all_sent(ping) && ping->next - ping->oldest < WINDOW)
        next = ping->due;
    if (ping->oldest < ping->next)
        next = min(next, *sent_at(ping, ping->oldest) + ping->timeout);
    return next;
}

ns ping_next(void)
{
    ns next = NEVER;
    for (u32 i = 0; i < PINGS; i++)
        if (pings[i].id[0])
            next = min(next, next_of(&pings[i]));
    return next;
}

void ping_tick(void)
{
    for (u32 i = 0; i < PINGS; i++) {
        if (!pings[i].id[0])
            continue;
        expire(&pings[i]);
        if (pings[i].id[0])
            send_due(&pings[i]);
    }
}
