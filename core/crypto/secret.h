#ifndef CDR_CORE_CRYPTO_SECRET_H
#define CDR_CORE_CRYPTO_SECRET_H

/*
 * Memory for secrets, and the three operations that every secret needs: wiping, comparing, drawing at random.
 *
 * A secret that outlives one function lives in memory from cdr_secret_alloc: locked, so that it is never swapped out,
 * and left out of core dumps. One that lives shorter may stand on the stack; its function wipes it in `out:`.
 *
 * Libraries copy what they are given, and free the copies as they are. Those that let their memory be replaced (OpenSSL,
 * jansson, SQLite) get the wiping memory below: what they free is gone.
 */

#include "core/error.h"

/* Bytes of each of the two locked pools: libgcrypt's, which cdr_secret_alloc hands out, and OpenSSL's secure heap. */
#define CDR_SECRET_POOL_LEN (1U << 20)

/**
 * cdr_secret_start(fault):
 * Make this process fit to hold secrets: no core dump, no debugger of the same user, two locked pools, and an OpenSSL
 * that wipes what it frees. Every program calls it first, with one thread running; a process that forks afterwards does
 * not keep the locks in the child. A second call repeats the answer of the first.
 *
 * fault   out    says which limit was too low and how to raise it; may be NULL
 *
 * Returns  CDR_OK; CDR_E_MEMORY when memory cannot be locked, or the kernel does not confirm that it is;
 *          CDR_E_INTERNAL when a library is older than its headers, or OpenSSL was in use before.
 */
CDR_MUST_CHECK cdr_err cdr_secret_start(struct cdr_fault *fault);

/**
 * cdr_secret_alloc(len):
 * Take ${len} bytes of locked memory, all zero. Thread-safe.
 *
 * len     in, public   1 .. CDR_SECRET_POOL_LEN, less what is in use
 *
 * Returns  memory that the caller gives back to cdr_secret_free; NULL if len is 0, the pool is exhausted, or
 *          cdr_secret_start has not succeeded: never memory that is not locked.
 */
CDR_MUST_CHECK void *cdr_secret_alloc(size_t len);

/**
 * cdr_secret_free(p):
 * Wipe what cdr_secret_alloc handed out, and give it back. NULL does nothing. Thread-safe.
 */
void cdr_secret_free(void *p);

/**
 * cdr_wiping_alloc(len), cdr_wiping_resize(p, len), cdr_wiping_free(p):
 * As malloc, realloc and free, but a block is wiped before it is given back, also when it moves. Not locked: for
 * libraries that cannot tell a secret from the rest. Thread-safe. cdr_wiping_len is the length of a block, 0 for NULL.
 *
 * len     in, public   0: no block, so alloc returns NULL and resize frees
 *
 * Returns  memory for anything, freed by cdr_wiping_free; NULL if there is none (then resize has left ${p} as it was).
 */
CDR_MUST_CHECK void *cdr_wiping_alloc(size_t len);
CDR_MUST_CHECK void *cdr_wiping_resize(void *p, size_t len);
void cdr_wiping_free(void *p);
size_t cdr_wiping_len(const void *p);

/**
 * cdr_wipe(p, len):
 * Set ${len} bytes to zero in a way that the compiler does not leave out. p may be NULL only if len is 0.
 */
void cdr_wipe(void *p, size_t len);

/**
 * cdr_equal(a, b, len):
 * Whether two strings of ${len} bytes are the same.
 *
 * CT       only len leaks; whether they are equal leaks only as the caller uses it.
 */
CDR_MUST_CHECK bool cdr_equal(const void *a, const void *b, size_t len);

/**
 * cdr_random(out, len):
 * Fill ${out} from the kernel's generator. Thread-safe, and safe after a fork.
 *
 * out     out, secret   len bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_INTERNAL if the kernel gives no randomness (a sandbox that forbids getrandom).
 * Source   getrandom(2): waits at boot until the generator is seeded.
 */
CDR_MUST_CHECK cdr_err cdr_random(void *out, size_t len);

#endif
