/* The virtio console (VIRTIO 1.2 section 5.3), one port: orders come in as lines, results go out as lines. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "types.h"

u8 console_open(void);

/* The next whole line, ended with a zero byte and without its newline, or NULL. Valid until the next call. */
const char *console_poll(void);
u8 console_has_input(void);

/* A line is built piece by piece and ended with `say_end`. */
void say(const char *text);
void say_number(u64 value);
void say_ip(u32 ip);
void say_end(void);
void console_flush(void);

#endif
