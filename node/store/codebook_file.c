#include "node/store/codebook_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store/home.h"

/* All of ${fd}, at most one byte more than a codebook may have. */
static cdr_err
read_all(int fd, struct cdr_buffer *bytes)
{
	ssize_t got = 1;

	bytes->data = malloc(CDR_CODEBOOK_MAX + 1);
	if (bytes->data == NULL)
		return CDR_E_MEMORY;
	while (got > 0 && bytes->len <= CDR_CODEBOOK_MAX) {
		got = read(fd, bytes->data + bytes->len, CDR_CODEBOOK_MAX + 1 - bytes->len);
		if (got > 0)
			bytes->len += (size_t)got;
	}
	return got < 0 ? CDR_E_IO : CDR_OK;
}

/* see node/store/codebook_file.h */
cdr_err
cdr_codebook_file_open(const char *home, struct cdr_codebook **codebook, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char path[CDR_HOME_PATH_LEN_MAX + sizeof(CDR_CODEBOOK_FILE) + 1];
	struct cdr_buffer bytes = { 0 };
	int fd = -1;

	*codebook = NULL;
	CDR_TRY(cdr_home_file(home, CDR_CODEBOOK_FILE, path, sizeof(path)));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, codebook, fault);
	err = fd < 0 ? CDR_E_IO : read_all(fd, &bytes);
	if (err == CDR_E_IO)
		(void)cdr_fault_set(fault, err, "%s: it cannot be read: %s", path, strerror(errno));
	CDR_TRY(err);
	err = cdr_codebook_new(cdr_buffer_bytes(&bytes), codebook, fault);
out:
	cdr_buffer_free(&bytes);
	if (fd >= 0)
		(void)close(fd);
	return err;
}

/* Write ${json} to ${path}, to the disk. */
static cdr_err
write_file(const char *path, struct cdr_bytes json)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t put = 1;

	while (fd >= 0 && done < json.len && put > 0) {
		put = write(fd, json.data + done, json.len - done);
		if (put > 0)
			done += (size_t)put;
	}
	bool good = fd >= 0 && done == json.len && fsync(fd) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	return good ? CDR_OK : CDR_E_IO;
}

/* Make a renaming in ${home} durable. */
static cdr_err
sync_folder(const char *home)
{
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good ? CDR_OK : CDR_E_IO;
}

/* see node/store/codebook_file.h */
cdr_err
cdr_codebook_file_install(const char *home, struct cdr_bytes json, char *version, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char path[CDR_HOME_PATH_LEN_MAX + sizeof(CDR_CODEBOOK_FILE) + 1], fresh[CDR_HOME_PATH_LEN_MAX + sizeof(CDR_CODEBOOK_FILE) + 5];
	struct cdr_codebook *codebook = NULL;

	CDR_TRY(cdr_codebook_new(json, &codebook, fault));
	(void)snprintf(version, CDR_CODEBOOK_VERSION_LEN, "%s", cdr_codebook_version_peek(codebook));
	CDR_TRY(cdr_home_file(home, CDR_CODEBOOK_FILE, path, sizeof(path)));
	CDR_TRY(cdr_home_file(home, CDR_CODEBOOK_FILE ".new", fresh, sizeof(fresh)));
	err = write_file(fresh, json);
	if (err == CDR_OK && rename(fresh, path) != 0)
		err = CDR_E_IO;
	if (err == CDR_OK)
		err = sync_folder(home);
	if (err != CDR_OK)
		err = cdr_fault_set(fault, err, "%s: it cannot be written: %s", path, strerror(errno));
out:
	cdr_codebook_free(codebook);
	return err;
}

/* see node/store/codebook_file.h */
cdr_err
cdr_codebook_file_take(const char *home, const char *path, char *version, struct cdr_fault *fault)
{
	struct cdr_buffer bytes = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	cdr_err err = fd < 0 ? (errno == ENOENT ? CDR_E_ABSENT : CDR_E_IO) : read_all(fd, &bytes);

	if (err == CDR_E_ABSENT || err == CDR_E_IO)
		(void)cdr_fault_set(fault, err, "%.300s: it cannot be read: %s", path, strerror(errno));
	if (err == CDR_OK)
		err = cdr_codebook_file_install(home, cdr_buffer_bytes(&bytes), version, fault);
	cdr_buffer_free(&bytes);
	if (fd >= 0)
		(void)close(fd);
	return err;
}
