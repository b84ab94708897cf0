#include "node/store/keycheck.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

static const char context[] = "candor store check 1";

/* Wait for the lock, a hundredth of a second at a time. */
static cdr_err
take_lock(int fd, uint32_t busy_ms)
{
	const struct timespec pause = { 0, 10000000 };

	for (uint32_t waited_ms = 0;; waited_ms += 10) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return CDR_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return CDR_E_IO;
		if (waited_ms >= busy_ms)
			return CDR_E_BUSY;
		(void)nanosleep(&pause, NULL);
	}
}

/* see node/store/keycheck.h */
cdr_err
cdr_keycheck_open(const char *path, const uint8_t *key, uint32_t busy_ms, struct cdr_keycheck *check)
{
	const struct cdr_bytes part = { (const uint8_t *)context, sizeof(context) - 1 };
	cdr_err err = CDR_E_INTERNAL;

	*check = (struct cdr_keycheck){ .fd = -1 };
	CDR_TRY(cdr_hmac_sha256(key, sizeof(check->expected), &part, 1, check->expected));
	check->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (check->fd < 0) {
		err = CDR_E_IO;
		goto out;
	}
	CDR_TRY(take_lock(check->fd, busy_ms));
	/* A value that was cut short by a crash counts as none: it is written before the database is. */
	ssize_t len = pread(check->fd, check->value, sizeof(check->value), 0);
	check->is_set = len == (ssize_t)sizeof(check->value);
	err = len < 0 ? CDR_E_IO : CDR_OK;
out:
	return err;
}

/* see node/store/keycheck.h */
void
cdr_keycheck_close(struct cdr_keycheck *check)
{
	if (check->fd >= 0)
		(void)close(check->fd);
	check->fd = -1;
}

/* see node/store/keycheck.h */
bool
cdr_keycheck_differs(const struct cdr_keycheck *check)
{
	return check->is_set && !cdr_equal(check->value, check->expected, sizeof(check->value));
}

/* see node/store/keycheck.h */
cdr_err
cdr_keycheck_write(struct cdr_keycheck *check)
{
	ssize_t len = pwrite(check->fd, check->expected, sizeof(check->expected), 0);

	if (len != (ssize_t)sizeof(check->expected) || fsync(check->fd) != 0)
		return CDR_E_IO;
	return CDR_OK;
}
