#ifndef CDR_NODE_STORE_CODEBOOK_FILE_H
#define CDR_NODE_STORE_CODEBOOK_FILE_H

/*
 * The codebook that a node works with: the file "codebook.json" in its folder, or, where there is none, the one that is built
 * into the program. So a new version comes as a file, with no new program.
 */

#include "core/record/codebook.h"

#define CDR_CODEBOOK_FILE "codebook.json"

/**
 * cdr_codebook_file_open(home, codebook, fault):
 * Read the codebook of the node in folder ${home}.
 *
 * codebook  out   owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_IO if the file is there and cannot be read; as cdr_codebook_new.
 */
CDR_MUST_CHECK cdr_err cdr_codebook_file_open(const char *home, struct cdr_codebook **codebook, struct cdr_fault *fault);

/**
 * cdr_codebook_file_install(home, json, version, fault):
 * Check ${json}, then put it durably in the place of the one before: a crash leaves one or the other.
 *
 * version   out   of the new one: CDR_CODEBOOK_VERSION_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_IO; as cdr_codebook_new; then nothing was changed.
 */
CDR_MUST_CHECK cdr_err cdr_codebook_file_install(const char *home, struct cdr_bytes json, char *version,
    struct cdr_fault *fault);

/* The same, from the file at ${path}: also CDR_E_ABSENT, CDR_E_IO if it cannot be read, CDR_E_RANGE if it is too long. */
CDR_MUST_CHECK cdr_err cdr_codebook_file_take(const char *home, const char *path, char *version, struct cdr_fault *fault);

#endif
