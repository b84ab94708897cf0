#include "tests/unit/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* see tests/unit/files.h */

static void
must(bool holds, const char *path)
{
	if (holds)
		return;
	perror(path);
	abort();
}

void
files_copy(const char *from, const char *to)
{
	char piece[4096];
	ssize_t len;
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(in >= 0, from);
	must(out >= 0, to);
	while ((len = read(in, piece, sizeof(piece))) > 0)
		must(write(out, piece, (size_t)len) == len, to);
	must(len == 0, from);
	must(close(in) == 0, from);
	must(close(out) == 0, to);
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)kind;
	(void)place;
	return remove(path);
}

void
files_remove(const char *path)
{
	must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT, path);
}
