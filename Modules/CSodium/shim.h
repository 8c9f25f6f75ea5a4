#ifndef CSODIUM_SHIM_H
#define CSODIUM_SHIM_H

#include <sodium.h>

/* BLAKE2b over two pieces without joining them first. In C because Swift cannot place the
 * 64-byte aligned crypto_generichash_state on its stack. */
static inline int csodium_blake2b_2(
    unsigned char *out, size_t outlen, const unsigned char *a, unsigned long long alen,
    const unsigned char *b, unsigned long long blen) {
    crypto_generichash_state state;
    if (crypto_generichash_init(&state, 0, 0, outlen) != 0) return -1;
    if (crypto_generichash_update(&state, a, alen) != 0) return -1;
    if (blen > 0 && crypto_generichash_update(&state, b, blen) != 0) return -1;
    return crypto_generichash_final(&state, out, outlen);
}

#endif
