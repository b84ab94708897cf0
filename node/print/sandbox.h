#ifndef CDR_NODE_PRINT_SANDBOX_H
#define CDR_NODE_PRINT_SANDBOX_H

/* What a process that draws may still do. */

#include "core/error.h"

/**
 * cdr_sandbox_enter(fault):
 * From here on this process opens files only to read them, and where the kernel has Landlock only fonts and what describes
 * them; it makes no socket, runs no program, touches no other process, changes nothing on the disk. Called with one thread.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the system calls cannot be limited. Without Landlock it goes on: then any file that the
 *          user may read could be read, and there is still nowhere to send it but standard output.
 * Source   seccomp(2), landlock(7).
 */
CDR_MUST_CHECK cdr_err cdr_sandbox_enter(struct cdr_fault *fault);

#endif
