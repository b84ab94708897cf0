#ifndef CDR_AUDIT_FILE_H
#define CDR_AUDIT_FILE_H

/* Files that were written for others: records, exports, releases. */

#include "core/error.h"
#include "proto/message.h"

/**
 * cdr_file_read(path, len_max, bytes, fault):
 * A whole file.
 *
 * bytes  out   owned by the caller; empty on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_IO, also for what is no file, such as a pipe; CDR_E_RANGE if it is longer than ${len_max}; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_file_read(const char *path, size_t len_max, struct cdr_buffer *bytes, struct cdr_fault *fault);

/**
 * cdr_file_write_new(path, bytes, fault):
 * A file that only its owner reads, and that was not there before; on the disk when this returns.
 *
 * Returns  CDR_OK; CDR_E_EXISTS if there is one, which is left alone; CDR_E_IO: then there is none, nor half of one.
 */
CDR_MUST_CHECK cdr_err cdr_file_write_new(const char *path, struct cdr_bytes bytes, struct cdr_fault *fault);

/**
 * cdr_file_write_over(path, bytes, fault):
 * The same where one may be there, which is replaced at once: at every moment the old one or the new one is there, whole. Meanwhile there is PATH.part.
 *
 * Returns  CDR_OK; CDR_E_RANGE if the path is too long; CDR_E_IO: then what was there still is.
 */
CDR_MUST_CHECK cdr_err cdr_file_write_over(const char *path, struct cdr_bytes bytes, struct cdr_fault *fault);

#endif
