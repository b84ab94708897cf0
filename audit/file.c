#include "audit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_FIRST (1U << 16)
#define PATH_SIZE 4096

static cdr_err
read_all(FILE *file, size_t len_max, struct cdr_buffer *bytes)
{
	size_t room = ROOM_FIRST;

	bytes->data = malloc(room);
	while (bytes->data != NULL) {
		bytes->len += fread(bytes->data + bytes->len, 1, room - bytes->len, file);
		if (bytes->len > len_max)
			return CDR_E_RANGE;
		if (bytes->len < room)
			return ferror(file) ? CDR_E_IO : CDR_OK;
		uint8_t *larger = realloc(bytes->data, room *= 2);
		if (larger == NULL)
			return CDR_E_MEMORY;
		bytes->data = larger;
	}
	return CDR_E_MEMORY;
}

/* see audit/file.h */
cdr_err
cdr_file_read(const char *path, size_t len_max, struct cdr_buffer *bytes, struct cdr_fault *fault)
{
	*bytes = (struct cdr_buffer){ NULL, 0 };
	struct stat about;
	/* Whoever wrote the folder may have put something there whose end never comes. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? cdr_fault_set(fault, CDR_E_ABSENT, "%s is missing", path) :
					cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
	FILE *file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? fdopen(fd, "rb") : NULL;
	if (file == NULL) {
		(void)close(fd);
		return cdr_fault_set(fault, CDR_E_IO, "%s is no file", path);
	}
	cdr_err err = read_all(file, len_max, bytes);
	(void)fclose(file);
	if (err == CDR_OK)
		return CDR_OK;
	cdr_buffer_free(bytes);
	return cdr_fault_set(fault, err, err == CDR_E_RANGE ? "%s is larger than any such file" : "%s cannot be read to its end", path);
}

/* see audit/file.h */
cdr_err
cdr_file_write_new(const char *path, struct cdr_bytes bytes, struct cdr_fault *fault)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t done = 0;

	if (fd < 0)
		return errno == EEXIST ? cdr_fault_set(fault, CDR_E_EXISTS, "%s: it is there already, and is not written over", path) :
					 cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
	while (done < bytes.len) {
		const ssize_t put = write(fd, bytes.data + done, bytes.len - done);
		if (put <= 0 && (put == 0 || errno != EINTR))
			break;
		done += put > 0 ? (size_t)put : 0;
	}
	bool whole = done == bytes.len && fsync(fd) == 0;
	const int why = errno;
	whole = close(fd) == 0 && whole;
	if (whole)
		return CDR_OK;
	(void)unlink(path);
	return cdr_fault_set(fault, CDR_E_IO, "%s: it cannot be written: %s", path, strerror(why));
}

/* see audit/file.h */
cdr_err
cdr_file_write_over(const char *path, struct cdr_bytes bytes, struct cdr_fault *fault)
{
	char part[PATH_SIZE];

	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return cdr_fault_set(fault, CDR_E_RANGE, "the path of the file is too long");
	(void)unlink(part); /* of one that was stopped */
	cdr_err err = cdr_file_write_new(part, bytes, fault);
	if (err == CDR_OK && rename(part, path) != 0) {
		err = cdr_fault_set(fault, CDR_E_IO, "%s: it cannot be written: %s", path, strerror(errno));
		(void)unlink(part);
	}
	return err;
}
