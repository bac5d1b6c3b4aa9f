#include "value/base64.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a character stands for, + 1; 0 for those outside the alphabet. */
static const uint8_t SEXTETS[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

char *base64_encode(char *at, struct slice bytes)
{
    const unsigned char *from = (const unsigned char *)bytes.data;
    size_t left = bytes.len;
    for (; left >= 3; left -= 3, from += 3, at += 4) {
        uint32_t group = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        at[0] = ALPHABET[group >> 18];
        at[1] = ALPHABET[group >> 12 & 63];
        at[2] = ALPHABET[group >> 6 & 63];
        at[3] = ALPHABET[group & 63];
    }
    if (left != 0) {
        uint32_t group = (uint32_t)from[0] << 16 | (left == 2 ? (uint32_t)from[1] << 8 : 0);
        at[0] = ALPHABET[group >> 18];
        at[1] = ALPHABET[group >> 12 & 63];
        at[2] = left == 2 ? ALPHABET[group >> 6 & 63] : '=';
        at[3] = '=';
        at += 4;
    }
    return at;
}

/* Four characters into 24 bits. False if one is outside the alphabet. */
static bool read_group(const unsigned char *text, uint32_t *ret_group)
{
    uint8_t a = SEXTETS[text[0]];
    uint8_t b = SEXTETS[text[1]];
    uint8_t c = SEXTETS[text[2]];
    uint8_t d = SEXTETS[text[3]];
    if (a == 0 || b == 0 || c == 0 || d == 0) {
        return false;
    }
    *ret_group = (uint32_t)(a - 1) << 18 | (uint32_t)(b - 1) << 12 | (uint32_t)(c - 1) << 6 | (uint32_t)(d - 1);
    return true;
}

enum base64_result base64_decode(struct slice text, char *bytes, size_t *ret_len)
{
    if (text.len % 4 != 0) {
        return BASE64_LENGTH;
    }
    const unsigned char *from = (const unsigned char *)text.data;
    size_t pads = text.len == 0 || from[text.len - 1] != '=' ? 0 : from[text.len - 2] != '=' ? 1 : 2;
    size_t whole = (text.len - pads) / 4;
    char *at = bytes;
    uint32_t group;
    for (size_t i = 0; i < whole; i++, from += 4, at += 3) {
        if (!read_group(from, &group)) {
            return BASE64_CHARACTER;
        }
        at[0] = (char)(group >> 16);
        at[1] = (char)(group >> 8);
        at[2] = (char)group;
    }
    if (pads != 0) {
        const unsigned char last[4] = {from[0], from[1], pads == 2 ? 'A' : from[2], 'A'};
        if (!read_group(last, &group)) {
            return BASE64_CHARACTER;
        }
        if ((group & (pads == 2 ? 0xffffu : 0xffu)) != 0) {
            return BASE64_TRAILING_BITS;
        }
        *at++ = (char)(group >> 16);
        if (pads == 1) {
            *at++ = (char)(group >> 8);
        }
    }
    *ret_len = (size_t)(at - bytes);
    return BASE64_OK;
}
