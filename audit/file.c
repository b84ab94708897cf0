#include "audit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_FIRST (1U << 16)

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
