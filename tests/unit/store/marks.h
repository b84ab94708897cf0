#ifndef CDR_TESTS_UNIT_STORE_MARKS_H
#define CDR_TESTS_UNIT_STORE_MARKS_H

#include "tests/unit/unit.h"

#include "node/store/store.h"

/* An encrypted database of numbered marks in a folder of its own for each test. */

extern const struct cdr_store_schema first_schema;
extern const uint8_t key[CDR_STORE_KEY_LEN];
extern char path[96];

/* For the whole group; before and after each test. */
int start_secrets(void **state);
int make_folder(void **state);
int remove_folder(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

/* How it is opened; opened so, or the test fails. */
struct cdr_store_config example(bool create);
struct cdr_store *must_open(bool create);

/* Jobs: put the number that ${context} points to; put it and fail; put how many there are where ${context} points to. */
cdr_err put_mark(struct cdr_tx *tx, void *context);
cdr_err put_then_give_up(struct cdr_tx *tx, void *context);
cdr_err count_marks(struct cdr_tx *tx, void *context);

/* How many there are; -1 if they cannot be counted. */
int64_t mark_count(struct cdr_store *store);

#endif
