#include "console.h"
#include "cpu.h"
#include "lib.h"
#include "virtio.h"

#define CONSOLE_DEVICE 3
#define BUFFER_SIZE 128
#define LINE_SIZE 256

enum { RECEIVE, TRANSMIT };

static struct queue receive, transmit;
static u8 receive_buffers[QUEUE_SIZE][BUFFER_SIZE];
static u8 send_buffers[QUEUE_SIZE][BUFFER_SIZE];
static u32 said; /* bytes in the send buffer that is being filled */

static char line[LINE_SIZE];
static u32 line_size;
static u32 consumed; /* bytes already taken from the oldest receive buffer */

u8 console_open(void)
{
    if (virtio_open(CONSOLE_BASE, CONSOLE_DEVICE, 0) == NEVER)
        return 0;
    for (u16 i = 0; i < QUEUE_SIZE; i++) {
        receive.descriptors[i] = (struct descriptor){(u64)receive_buffers[i], BUFFER_SIZE, DESC_F_WRITE, 0};
        queue_add(&receive, i);
        transmit.descriptors[i].address = (u64)send_buffers[i];
    }
    virtio_queue(CONSOLE_BASE, RECEIVE, &receive);
    virtio_queue(CONSOLE_BASE, TRANSMIT, &transmit);
    virtio_ready(CONSOLE_BASE);
    return 1;
}

u8 console_has_input(void) { return queue_has_used(&receive); }

static void release(u16 head)
{
    receive.seen++;
    consumed = 0;
    queue_add(&receive, head);
    queue_notify(CONSOLE_BASE, RECEIVE, &receive);
}

/* One byte into the line; true when that ended it. What exceeds the line is lost, so it parses as an error. */
static u8 take(char byte)
{
    if (byte != '\n') {
        if (line_size < LINE_SIZE - 1)
            line[line_size++] = byte;
        return 0;
    }
    line[line_size] = 0;
    line_size = 0;
    return 1;
}

const char *console_poll(void)
{
    while (queue_has_used(&receive)) {
        u32 entry = receive.seen % QUEUE_SIZE;
        u16 head = (u16)receive.used.ring[entry].id;
        u32 size = receive.used.ring[entry].size;
        u8 ended = 0;
        while (!ended && consumed < size)
            ended = take((char)receive_buffers[head][consumed++]);
        if (consumed == size)
            release(head);
        if (ended)
            return line;
    }
    return NULL;
}

static void say_byte(char byte)
{
    if (said < BUFFER_SIZE)
        send_buffers[transmit.available.index % QUEUE_SIZE][said++] = (u8)byte;
}

void say(const char *text)
{
    while (*text)
        say_byte(*text++);
}

void say_number(u64 value)
{
    char text[24];
    u32 at = sizeof text - 1;
    text[at] = 0;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    say(text + at);
}

void say_ip(u32 ip)
{
    for (u32 shift = 32; shift;) {
        shift -= 8;
        say_number(ip >> shift & 255);
        if (shift)
            say_byte('.');
    }
}

void say_end(void)
{
    if (said == BUFFER_SIZE)
        said--;
    say_byte('\n');
    u16 head = transmit.available.index % QUEUE_SIZE;
    transmit.descriptors[head].size = said;
    said = 0;
    queue_add(&transmit, head);
    if (queue_busy(&transmit) == QUEUE_SIZE)
        console_flush();
}

void console_flush(void) { queue_notify(CONSOLE_BASE, TRANSMIT, &transmit); }
