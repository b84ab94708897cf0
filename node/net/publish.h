#ifndef CDR_NODE_NET_PUBLISH_H
#define CDR_NODE_NET_PUBLISH_H

/* Writing to a folder what everybody may read; a release: web page, PDF and workbook in four languages, CSV with HXL tags, JSON. */

#include "core/record/publish.h"
#include "proto/message.h"

/**
 * cdr_publish_pdf(release, language, created, pdf, fault):
 * The release as a PDF, drawn by candor-print.
 *
 * created  in    seconds since 1970
 * pdf      out   owned by the caller; empty on error
 *
 * Returns  CDR_OK; CDR_E_REFUSED before disclosure control has run; as cdr_print_run.
 */
CDR_MUST_CHECK cdr_err cdr_publish_pdf(const struct cdr_release *release, const char *language, int64_t created,
    struct cdr_buffer *pdf, struct cdr_fault *fault);

/**
 * cdr_publish_folder(release, folder, created, hash, fault):
 * Write every file of the release into ${folder}, which is made if it is not there. Files of the same names are replaced, each at once;
 * the JSON comes last, so that where it stands the others stand too.
 *
 * hash    out   SHA-256 of the JSON: what the log says about the release
 *
 * Returns  CDR_OK once all are on the disk; CDR_E_REFUSED before disclosure control has run; CDR_E_IO with what and why; as
 *          cdr_publish_pdf; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_publish_folder(const struct cdr_release *release, const char *folder, int64_t created,
    uint8_t hash[static CDR_SHA256_LEN], struct cdr_fault *fault);

/* Make ${folder}, which everybody may read, unless it is there. Returns CDR_OK; CDR_E_IO with what and why. */
CDR_MUST_CHECK cdr_err cdr_publish_folder_make(const char *folder, struct cdr_fault *fault);

/**
 * cdr_publish_put(folder, name, data, len, fault):
 * Put a file that everybody may read into its place in ${folder}, at once: the old one or the new one is there at every moment.
 *
 * name    in   a slash in it leads into a folder that exists
 *
 * Returns  CDR_OK once it is on the disk; CDR_E_RANGE if the path is too long; CDR_E_IO.
 */
CDR_MUST_CHECK cdr_err cdr_publish_put(const char *folder, const char *name, const void *data, size_t len, struct cdr_fault *fault);

#endif
