#ifndef CDR_KEYS_PASSPHRASE_H
#define CDR_KEYS_PASSPHRASE_H

/*
 * Where a passphrase comes from: never from an argument or a plain environment variable, which other processes can
 * read, and never past a buffer that is not locked.
 */

#include "core/error.h"

#define CDR_PASSPHRASE_LEN_MAX 1024
#define CDR_PASSPHRASE_CHARACTERS_MIN 12

/* A passphrase in UTF-8, without a closing NUL. From cdr_passphrase_read it is in locked memory. */
struct cdr_passphrase {
	size_t len; /* 1 .. CDR_PASSPHRASE_LEN_MAX */
	uint8_t bytes[CDR_PASSPHRASE_LEN_MAX + 3]; /* while it is read: the end of the line, and one byte too many */
};

struct cdr_passphrase_source {
	int fd;             /* --passphrase-fd; -1: none */
	const char *file;   /* --passphrase-file; NULL: none */
	const char *prompt; /* what the terminal asks for, such as "New passphrase"; NULL: "Passphrase" */
	const char *option; /* the one that names a file, such as "new-passphrase-file", for whoever has no terminal; NULL: not said */
	bool create;        /* a new passphrase: cdr_passphrase_check it, and ask twice at a terminal */
	bool is_node;       /* the node's own, which a unit of systemd is given; a person's password, or that of a paper, never is */
};

/**
 * cdr_passphrase_read(source, passphrase, fault):
 * Read a passphrase from the first of these that there is: ${source}->fd, ${source}->file, for the node's own the systemd
 * credential $CREDENTIALS_DIRECTORY/candor-passphrase, the terminal with its echo off. One newline at the end is dropped.
 *
 * passphrase  out, secret  new, owned by the caller; NULL on error
 * fault       out          may be NULL
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no source and no terminal; CDR_E_IO if one cannot be read;
 *          CDR_E_INPUT if it is empty, longer than CDR_PASSPHRASE_LEN_MAX, has a NUL or more than one line, or was
 *          typed differently the second time; CDR_E_REFUSED if a file is readable by others than its owner, or a new
 *          passphrase is too short; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_passphrase_read(const struct cdr_passphrase_source *source,
    struct cdr_passphrase **passphrase, struct cdr_fault *fault);

/**
 * cdr_passphrase_free(passphrase):
 * Wipe and release. NULL does nothing.
 */
void cdr_passphrase_free(struct cdr_passphrase *passphrase);

/**
 * cdr_passphrase_check(passphrase, fault):
 * Whether a new passphrase is long enough. Characters are counted, not bytes.
 *
 * Returns  CDR_OK; CDR_E_REFUSED below CDR_PASSPHRASE_CHARACTERS_MIN characters or above CDR_PASSPHRASE_LEN_MAX bytes.
 */
CDR_MUST_CHECK cdr_err cdr_passphrase_check(const struct cdr_passphrase *passphrase, struct cdr_fault *fault);

#endif
