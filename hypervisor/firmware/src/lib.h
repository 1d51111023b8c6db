/* Memory, numbers and text, without a C library. */
#ifndef LIB_H
#define LIB_H

#include "types.h"

/* Headers sit at any address, so words are read and written unaligned. */
struct word16 { u16 value; } __attribute__((packed, may_alias));
struct word32 { u32 value; } __attribute__((packed, may_alias));
struct word64 { u64 value; } __attribute__((packed, may_alias));

static inline u16 get16(const u8 *at) { return ((const struct word16 *)at)->value; }
static inline u32 get32(const u8 *at) { return ((const struct word32 *)at)->value; }
static inline u64 get64(const u8 *at) { return ((const struct word64 *)at)->value; }
static inline void put16(u8 *at, u16 value) { ((struct word16 *)at)->value = value; }
static inline void put32(u8 *at, u32 value) { ((struct word32 *)at)->value = value; }
static inline void put64(u8 *at, u64 value) { ((struct word64 *)at)->value = value; }

/* Network byte order. */
static inline u16 get_be16(const u8 *at) { return __builtin_bswap16(get16(at)); }
static inline u32 get_be32(const u8 *at) { return __builtin_bswap32(get32(at)); }
static inline void put_be16(u8 *at, u16 value) { put16(at, __builtin_bswap16(value)); }
static inline void put_be32(u8 *at, u32 value) { put32(at, __builtin_bswap32(value)); }

void copy(void *to, const void *from, u64 size);
void clear(void *at, u64 size);

/* The Internet checksum (RFC 1071), summed in memory order: the result is stored with put16, not put_be16. */
u64 sum(u64 total, const u8 *at, u64 size);
u64 copy_and_sum(u64 total, u8 *to, const u8 *from, u64 size);
u16 fold(u64 total);
static inline u64 add_carry(u64 total, u64 value)
{
    total += value;
    return total + (total < value);
}

/* A cursor over one line of words separated by spaces; `bad` stays set once anything failed to parse. */
struct words { const char *at; u8 bad; };
u32 next_word(struct words *words, const char **start);
u64 next_number(struct words *words);
u32 next_ip(struct words *words);
void end_of_words(struct words *words);
u8 same_text(const char *text, u32 size, const char *literal);

#endif
