#include "core/crypto/secret.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <gcrypt.h>
#include <openssl/crypto.h>

/* What both pools take of the limit on locked memory. */
#define LOCKED_LEN (2 * (rlim_t)CDR_SECRET_POOL_LEN)

/* OpenSSL's secure heap hands out powers of two from this size on. */
#define OPENSSL_BLOCK_MIN 32

/* AddressSanitizer turns mlock into a call that does nothing and succeeds: libgcrypt's pool is not locked then. */
#if defined(__SANITIZE_ADDRESS__)
#define LOCKS_ARE_REAL false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKS_ARE_REAL false
#else
#define LOCKS_ARE_REAL true
#endif
#else
#define LOCKS_ARE_REAL true
#endif

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static bool start_tried;             /* under start_lock */
static struct cdr_fault start_fault; /* under start_lock */
static atomic_bool started;

/* In front of a wiping block: how long it is. As large as the strictest alignment asks for. */
union front {
	size_t len;
	max_align_t align;
};

/* No core dump, and no ptrace by another process of the same user. */
static cdr_err
forbid_dumps(struct cdr_fault *fault)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
		return cdr_fault_set(fault, CDR_E_INTERNAL, "cannot forbid core dumps: %s", strerror(errno));
	return CDR_OK;
}

/* Raise the soft limit on locked memory to what we need, as far as the hard limit lets us. */
static void
raise_lock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur >= LOCKED_LEN)
		return;
	limit.rlim_cur = limit.rlim_max < LOCKED_LEN ? limit.rlim_max : LOCKED_LEN;
	/* If this fails, locking fails, and that is reported. */
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* The kernel's own count of this process's locked memory, in bytes; 0 if it cannot be read. */
static size_t
locked_now(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	unsigned long kib = 0;

	if (status == NULL)
		return 0;
	while (fgets(line, sizeof(line), status) != NULL)
		if (sscanf(line, "VmLck: %lu kB", &kib) == 1)
			break;
	(void)fclose(status);
	return (size_t)kib * 1024;
}

/* Where memory cannot be locked: what the limit is, and how it is raised. */
static cdr_err
locking_failed(struct cdr_fault *fault)
{
	struct rlimit limit = { 0, 0 };

	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	return cdr_fault_set(fault, CDR_E_MEMORY,
	    "cannot lock %llu KiB of memory for secrets (the limit is %llu KiB). Raise it: LimitMEMLOCK=64M in the systemd "
	    "unit, or \"ulimit -l 65536\" in the shell, or memlock in /etc/security/limits.conf",
	    (unsigned long long)LOCKED_LEN / 1024, (unsigned long long)limit.rlim_max / 1024);
}

/* libgcrypt's pool. INIT_SECMEM goes on with unlocked memory if it must, and only its result says so. */
static cdr_err
start_gcrypt(struct cdr_fault *fault)
{
	if (gcry_check_version(GCRYPT_VERSION) == NULL)
		return cdr_fault_set(fault, CDR_E_INTERNAL, "libgcrypt %s is older than the %s that this was built for",
		    gcry_check_version(NULL), GCRYPT_VERSION);
	/* Its warning on stderr would come on top of ours. */
	gcry_control(GCRYCTL_SUSPEND_SECMEM_WARN);
	if (gcry_control(GCRYCTL_INIT_SECMEM, CDR_SECRET_POOL_LEN, 0) != 0)
		return locking_failed(fault);
	gcry_control(GCRYCTL_RESUME_SECMEM_WARN);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return CDR_OK;
}

static void *
openssl_alloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return cdr_wiping_alloc(len);
}

static void *
openssl_resize(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return cdr_wiping_resize(p, len);
}

static void
openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	cdr_wiping_free(p);
}

/*
 * OpenSSL frees much as it is: 3.0's ecp_nistz256.c the scalar of every multiplication that it copied, its TLS the text
 * that was sent. It takes other memory only as long as it has asked for none.
 */
static cdr_err
make_openssl_wipe(struct cdr_fault *fault)
{
	if (CRYPTO_set_mem_functions(openssl_alloc, openssl_resize, openssl_free) != 1)
		return cdr_fault_set(fault, CDR_E_INTERNAL, "OpenSSL was in use before its memory could be replaced");
	return CDR_OK;
}

static cdr_err
start_once(struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(forbid_dumps(fault));
	CDR_TRY(make_openssl_wipe(fault));
	raise_lock_limit();

	size_t locked_before = locked_now();
	CDR_TRY(start_gcrypt(fault));
	/* 1 means locked and with guard pages, 2 that one of them failed. */
	if (CRYPTO_secure_malloc_init(CDR_SECRET_POOL_LEN, OPENSSL_BLOCK_MIN) != 1)
		CDR_TRY(locking_failed(fault));
	/* Both libraries said that their pools are locked. The kernel knows. */
	if (LOCKS_ARE_REAL && locked_now() < locked_before + LOCKED_LEN)
		CDR_TRY(cdr_fault_set(fault, CDR_E_MEMORY,
		    "/proc/self/status does not confirm that the memory for secrets is locked. Is /proc mounted?"));
	err = CDR_OK;
out:
	return err;
}

/* see core/crypto/secret.h */
cdr_err
cdr_secret_start(struct cdr_fault *fault)
{
	pthread_mutex_lock(&start_lock);
	if (!start_tried) {
		start_tried = true;
		start_fault.code = start_once(&start_fault);
		atomic_store(&started, start_fault.code == CDR_OK);
	}
	if (fault != NULL && start_fault.code != CDR_OK)
		*fault = start_fault;
	pthread_mutex_unlock(&start_lock);
	return start_fault.code;
}

/* see core/crypto/secret.h */
void *
cdr_secret_alloc(size_t len)
{
	/* Before its start libgcrypt would make a pool of its own, locked or not. */
	if (len == 0 || len > CDR_SECRET_POOL_LEN || !atomic_load(&started))
		return NULL;
	return gcry_calloc_secure(1, len);
}

/* see core/crypto/secret.h */
void
cdr_secret_free(void *p)
{
	/* libgcrypt wipes a block of the pool when it takes it back. */
	gcry_free(p);
}

/* see core/crypto/secret.h */
size_t
cdr_wiping_len(const void *p)
{
	return p == NULL ? 0 : ((const union front *)p - 1)->len;
}

/* see core/crypto/secret.h */
void *
cdr_wiping_alloc(size_t len)
{
	if (len == 0 || len > SIZE_MAX - sizeof(union front))
		return NULL;
	union front *front = malloc(sizeof(*front) + len);
	if (front == NULL)
		return NULL;
	front->len = len;
	return front + 1;
}

/* see core/crypto/secret.h */
void
cdr_wiping_free(void *p)
{
	if (p == NULL)
		return;
	cdr_wipe(p, cdr_wiping_len(p));
	free((union front *)p - 1);
}

/* see core/crypto/secret.h */
void *
cdr_wiping_resize(void *p, size_t len)
{
	size_t old_len = cdr_wiping_len(p);
	void *resized = cdr_wiping_alloc(len);

	if (resized == NULL && len > 0)
		return NULL;
	if (resized != NULL && old_len > 0)
		memcpy(resized, p, old_len < len ? old_len : len);
	cdr_wiping_free(p);
	return resized;
}

/* see core/crypto/secret.h */
void
cdr_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}

/* see core/crypto/secret.h */
bool
cdr_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

/* see core/crypto/secret.h */
cdr_err
cdr_random(void *out, size_t len)
{
	uint8_t *at = out;

	for (size_t left = len; left > 0;) {
		ssize_t got = getrandom(at, left, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			cdr_wipe(out, len);
			return CDR_E_INTERNAL;
		}
		at += got;
		left -= (size_t)got;
	}
	return CDR_OK;
}
