#ifndef CDR_TESTS_UNIT_FILES_H
#define CDR_TESTS_UNIT_FILES_H

/* Files and folders of a test's own, for unit tests, drivers and benches. A failure is told and ends the program. */

/* Write the bytes of file ${from} to file ${to}, which is made, or overwritten whole. */
void files_copy(const char *from, const char *to);

/* Remove a file, or a folder with all that is in it; that there is none is no failure. Links are not followed. */
void files_remove(const char *path);

#endif
