#include "lib.h"

/* The compiler may call these two by name. */
void *memcpy(void *to, const void *from, u64 size)
{
    copy(to, from, size);
    return to;
}

void *memset(void *at, int value, u64 size)
{
    for (u64 i = 0; i < size; i++)
        ((u8 *)at)[i] = (u8)value;
    return at;
}

void copy(void *to, const void *from, u64 size)
{
    copy_and_sum(0, to, from, size);
}

void clear(void *at, u64 size)
{
    u8 *byte = at;
    for (; size >= 8; size -= 8, byte += 8)
        put64(byte, 0);
    for (; size; size--)
        *byte++ = 0;
}

/* The last 0 to 7 bytes as one word, as memory with zeros behind it would be read. */
static u64 tail(const u8 *at, u64 size)
{
    u64 word = 0;
    if (size & 1)
        word = at[size - 1];
    if (size & 2)
        word = word << 16 | get16(at + (size & 4));
    return size & 4 ? word << 32 | get32(at) : word;
}

static void copy_tail(u8 *to, const u8 *from, u64 size)
{
    if (size & 4)
        put32(to, get32(from));
    if (size & 2)
        put16(to + (size & 4), get16(from + (size & 4)));
    if (size & 1)
        to[size - 1] = from[size - 1];
}

u64 sum(u64 total, const u8 *at, u64 size)
{
    for (; size >= 8; size -= 8, at += 8)
        total = add_carry(total, get64(at));
    return size ? add_carry(total, tail(at, size)) : total;
}

u64 copy_and_sum(u64 total, u8 *to, const u8 *from, u64 size)
{
    for (; size >= 8; size -= 8, from += 8, to += 8) {
        u64 word = get64(from);
        put64(to, word);
        total = add_carry(total, word);
    }
    if (!size)
        return total;
    total = add_carry(total, tail(from, size));
    copy_tail(to, from, size);
    return total;
}

u16 fold(u64 total)
{
    total = (total & 0xffffffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (u16)total;
}

u32 next_word(struct words *words, const char **start)
{
    while (*words->at == ' ')
        words->at++;
    *start = words->at;
    while (*words->at && *words->at != ' ')
        words->at++;
    if (words->at == *start)
        words->bad = 1;
    return (u32)(words->at - *start);
}

static u64 digits(const char *at, u32 size, u64 limit, u8 *bad)
{
    u64 value = 0;
    if (size == 0)
        *bad = 1;
    for (u32 i = 0; i < size; i++) {
        u64 digit = (u64)(at[i] - '0');
        if (digit > 9 || value > (limit - digit) / 10) {
            *bad = 1;
            return 0;
        }
        value = value * 10 + digit;
    }
    return value;
}

u64 next_number(struct words *words)
{
    const char *start;
    u32 size = next_word(words, &start);
    return digits(start, size, ~0ul >> 1, &words->bad);
}

u32 next_ip(struct words *words)
{
    const char *start;
    u32 left = next_word(words, &start);
    u32 ip = 0;
    for (u32 part = 0; part < 4; part++) {
        u32 size = 0;
        while (size < left && start[size] != '.')
            size++;
        ip = ip << 8 | (u32)digits(start, size, 255, &words->bad);
        if (part < 3 && size == left)
            words->bad = 1;
        u32 step = size < left ? size + 1 : size;
        start += step;
        left -= step;
    }
    if (left)
        words->bad = 1;
    return ip;
}

void end_of_words(struct words *words)
{
    while (*words->at == ' ')
        words->at++;
    if (*words->at)
        words->bad = 1;
}

u8 same_text(const char *text, u32 size, const char *literal)
{
    for (u32 i = 0; i < size; i++)
        if (text[i] != literal[i] || !literal[i])
            return 0;
    return !literal[size];
}
