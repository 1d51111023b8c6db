#include "dhcp.h"
#include "arp.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "nic.h"
#include "udp.h"

#define SECOND 1000000000ul
#define FIRST_RETRY_NS (4 * SECOND) /* doubled up to 64 s, give or take a second (RFC 2131 section 4.1) */
#define LAST_DOUBLING 4
#define RENEW_RETRY_NS (60 * SECOND) /* RFC 2131 section 4.4.5 */
#define REQUEST_TRIES 4
#define FOREVER 0xffffffffu

#define OPTIONS_AT 240 /* the fixed fields and the cookie (RFC 2131 section 2, RFC 2132 section 2) */
#define MESSAGE_SIZE 300
#define COOKIE 0x63825363

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

/* RFC 2132. */
enum option {
    PAD = 0,
    MASK = 1,
    ROUTER = 3,
    MTU = 26,
    REQUESTED_IP = 50,
    LEASE_TIME = 51,
    MESSAGE_TYPE = 53,
    SERVER_ID = 54,
    PARAMETERS = 55,
    T1 = 58,
    T2 = 59,
    END = 255,
};

/* RFC 2131 figure 5. */
enum state { SELECTING, REQUESTING, BOUND, RENEWING, REBINDING };

struct answer {
    u32 address, server, mask, router, mtu, type, lease, t1, t2;
};

static enum state state;
static u32 tries;
static u32 transaction;
static struct answer chosen;
static ns began, asked, due, renew_at, rebind_at, expires_at;

static u8 *put_option(u8 *at, enum option option, u32 value)
{
    at[0] = (u8)option;
    at[1] = 4;
    put_be32(at + 2, value);
    return at + 6;
}

static u8 *put_options(u8 *at, u8 type)
{
    static const u8 wanted[] = {PARAMETERS, 6, MASK, ROUTER, MTU, LEASE_TIME, T1, T2};
    at[0] = MESSAGE_TYPE;
    at[1] = 1;
    at[2] = type;
    at += 3;
    if (state == REQUESTING) {
        at = put_option(at, REQUESTED_IP, chosen.address);
        at = put_option(at, SERVER_ID, chosen.server);
    }
    copy(at, wanted, sizeof wanted);
    at += sizeof wanted;
    *at++ = END;
    return at;
}

static void send(u8 type)
{
    u8 *message = udp_begin(MESSAGE_SIZE);
    u32 destination = state == RENEWING ? chosen.server : BROADCAST_IP;
    asked = clock_now;
    if (!message)
        return;
    clear(message, MESSAGE_SIZE);
    put_be32(message, 0x01010600); /* BOOTREQUEST over Ethernet */
    put_be32(message + 4, transaction);
    put_be16(message + 8, (u16)min((clock_now - began) / SECOND, 0xffff));
    put_be32(message + 12, state >= BOUND ? ip_address : 0);
    copy(message + 28, nic_mac, 6);
    put_be32(message + OPTIONS_AT - 4, COOKIE);
    put_options(message + OPTIONS_AT, type);
    udp_send(state >= BOUND ? ip_address : 0, PORT_DHCP_CLIENT, destination, PORT_DHCP_SERVER, MESSAGE_SIZE);
}

static ns backoff(void)
{
    ns delay = FIRST_RETRY_NS << min(tries, LAST_DOUBLING);
    return delay - SECOND + entropy() % (2 * SECOND);
}

static void enter(enum state next)
{
    state = next;
    tries = 0;
    if (next != REQUESTING && next != REBINDING) {
        transaction = entropy();
        began = clock_now;
    }
}

static void discover(void)
{
    send(DISCOVER);
    due = clock_now + backoff();
    tries++;
}

static void request(void)
{
    send(REQUEST);
    if (state == REQUESTING)
        due = clock_now + backoff();
    else {
        ns limit = state == RENEWING ? rebind_at : expires_at;
        ns half = (limit - clock_now) / 2;
        due = min(limit, clock_now + (half < RENEW_RETRY_NS ? RENEW_RETRY_NS : half));
    }
    tries++;
}

static void lose(void)
{
    ip_address = ip_mask = ip_router = 0;
    arp_forget();
}

static void restart(ns delay)
{
    lose();
    enter(SELECTING);
    due = clock_now + delay;
    if (!delay)
        discover();
}

void dhcp_start(void)
{
    clock_read();
    restart(0);
}

static void set_timers(const struct answer *answer)
{
    ns lease = answer->lease * SECOND, t1 = answer->t1 * SECOND, t2 = answer->t2 * SECOND;
    if (answer->lease == FOREVER) {
        due = NEVER;
        return;
    }
    if (!t2 || t2 >= lease)
        t2 = lease / 8 * 7;
    if (!t1 || t1 >= t2)
        t1 = lease / 2 < t2 ? lease / 2 : t2;
    renew_at = asked + t1;
    rebind_at = asked + t2;
    expires_at = asked + lease;
    due = renew_at;
}

static void bind(const struct answer *answer)
{
    u8 changed = ip_address != answer->address;
    if (changed)
        lose();
    ip_address = answer->address;
    ip_mask = answer->mask;
    ip_router = answer->router;
    ip_mtu = answer->mtu >= 68 ? (u16)min(answer->mtu, nic_mtu) : nic_mtu;
    chosen = *answer;
    enter(BOUND);
    set_timers(answer);
    if (changed) {
        say("ready ");
        say_ip(ip_address);
        say_end();
    }
}

static void keep(struct answer *answer, u8 option, const u8 *value, u32 size)
{
    if (option == MESSAGE_TYPE && size == 1)
        answer->type = value[0];
    else if (option == MTU && size == 2)
        answer->mtu = get_be16(value);
    else if (option == ROUTER && size >= 4)
        answer->router = get_be32(value);
    else if (size != 4)
        return;
    else if (option == MASK)
        answer->mask = get_be32(value);
    else if (option == SERVER_ID)
        answer->server = get_be32(value);
    else if (option == LEASE_TIME)
        answer->lease = get_be32(value);
    else if (option == T1)
        answer->t1 = get_be32(value);
    else if (option == T2)
        answer->t2 = get_be32(value);
}

static struct answer parse(const u8 *message, u32 size)
{
    struct answer answer = {.address = get_be32(message + 16), .mask = 0xffffff00};
    u32 at = OPTIONS_AT;
    while (at < size && message[at] != END) {
        if (message[at] == PAD) {
            at++;
            continue;
        }
        if (at + 2 > size || at + 2 + message[at + 1] > size)
            break;
        keep(&answer, message[at], message + at + 2, message[at + 1]);
        at += 2u + message[at + 1];
    }
    return answer;
}

static u8 for_us(const u8 *message, u32 size)
{
    return size >= OPTIONS_AT && message[0] == 2 && get_be32(message + 4) == transaction &&
           get32(message + 28) == get32(nic_mac) && get16(message + 32) == get16(nic_mac + 4) &&
           get_be32(message + OPTIONS_AT - 4) == COOKIE;
}

void dhcp_receive(u32 server, const u8 *message, u32 size)
{
    if (!for_us(message, size))
        return;
    struct answer answer = parse(message, size);
    u8 asking = state == REQUESTING || state == RENEWING || state == REBINDING;
    clock_read();
    if (!answer.server)
        answer.server = server;
    if (answer.type == OFFER && state == SELECTING && answer.address) {
        chosen = answer;
        enter(REQUESTING);
        request();
    } else if (answer.type == ACK && asking && answer.address && answer.lease)
        bind(&answer);
    else if (answer.type == NAK && asking)
        restart(state == REQUESTING ? FIRST_RETRY_NS : 0); /* not at once again and again */
}

ns dhcp_next(void) { return due; }

void dhcp_tick(void)
{
    if (due > clock_now)
        return;
    if (state == BOUND)
        enter(RENEWING);
    if (state == RENEWING && clock_now >= rebind_at)
        enter(REBINDING);
    if (state == REBINDING && clock_now >= expires_at)
        restart(0);
    else if (state == REQUESTING && tries >= REQUEST_TRIES)
        restart(0);
    else if (state == SELECTING)
        discover();
    else
        request();
}
