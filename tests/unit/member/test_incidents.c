#include "tests/unit/member/world.h"

#include "node/member/donors.h"
#include "node/member/preview.h"

#define HEADER "own_reference,date_org_aware,country,incident_type,status,survivor_consent_to_share,survivor.gender,narrative\n"
#define FIRST "C-1,2025-03-10,KEN,sexual_abuse,received,yes,female,SECRETWORD one\n"
#define SECOND "C-2,2025-04-02,UGA,sexual_harassment,received,no,male;female,SECRETWORD two\n"
#define THIRD "C-3,2025-H2,SSD,sexual_exploitation,received,yes,female,\n"

static struct cdr_fault fault;
static struct cdr_incident incident;

static cdr_err
import(struct cdr_member *m, const char *rows, const struct cdr_incidents_options *options, struct cdr_incidents_outcome *outcome)
{
	static const struct cdr_incidents_options none;
	struct cdr_incidents_outcome unused;
	struct cdr_incident_file *reader;
	struct cdr_record_rules rules;
	char file[4096];

	(void)snprintf(file, sizeof(file), HEADER "%s", rows);
	cdr_member_rules(m, &rules);
	assert_int_equal(cdr_incident_file_new((struct cdr_bytes){ (const uint8_t *)file, strlen(file) }, &rules, &reader, &fault), CDR_OK);
	cdr_err err = cdr_incidents_import(m, reader, options != NULL ? options : &none, outcome != NULL ? outcome : &unused, &fault);
	cdr_incident_file_free(reader);
	return err;
}

static void
expect(const struct cdr_incidents_outcome *o, size_t added, size_t changed, size_t unchanged, size_t removed, size_t count)
{
	assert_int_equal(o->added, added);
	assert_int_equal(o->changed, changed);
	assert_int_equal(o->unchanged, unchanged);
	assert_int_equal(o->removed, removed);
	assert_int_equal(o->register_count, count);
}

static void
put(const char *name, size_t row, const char *value)
{
	assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(incident.book, name), row, value, &fault), CDR_OK);
}

/* One entered by hand. */
static uint64_t
enter(struct cdr_member *m, const char *reference)
{
	struct cdr_incident_head head;

	cdr_incident_start(cdr_codebook_book_peek(m->codebook), &incident);
	put("own_reference", 0, reference);
	put("date_org_aware", 0, "2025-05-05");
	put("country", 0, "KEN");
	put("survivor_consent_to_share", 0, "yes");
	assert_int_equal(cdr_incidents_put(m, 0, &incident, &head, &fault), CDR_OK);
	return head.number;
}

/* The same file changes nothing; a changed one is a difference; what was entered by hand stays. */
static void
test_import_is_a_difference(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_incidents_outcome o;
	struct cdr_incident_head head;

	uint64_t number = enter(m, "H-1");
	assert_int_equal(import(m, FIRST SECOND THIRD, NULL, &o), CDR_OK);
	expect(&o, 3, 0, 1, 0, 4);
	assert_int_equal(import(m, THIRD FIRST SECOND, NULL, &o), CDR_OK);
	expect(&o, 0, 0, 4, 0, 4);
	assert_int_equal(import(m, "C-1,2025-03-10,KEN,sexual_abuse,investigation_open,yes,female,\n" THIRD, NULL, &o), CDR_OK);
	expect(&o, 0, 1, 2, 1, 3);
	assert_int_equal(cdr_incidents_get(m, number, &incident, &head, &fault), CDR_OK);
	assert_false(head.from_file);
	/* A file that takes over what was entered by hand keeps its id. */
	uint8_t id[CDR_ID_LEN];
	memcpy(id, head.id, sizeof(id));
	assert_int_equal(import(m, THIRD "H-1,2025-03-10,KEN,sexual_abuse,received,yes,female,\n", &(struct cdr_incidents_options){ .partial = true },
	    &o), CDR_OK);
	expect(&o, 0, 1, 2, 0, 3);
	assert_int_equal(cdr_incidents_get(m, number, &incident, &head, &fault), CDR_OK);
	assert_true(head.from_file);
	assert_memory_equal(id, head.id, sizeof(id));
}

/* Nothing of a file is taken unless every row can be; told by line and column, without what stands there. */
static void
test_bad_row(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_incidents_outcome o;

	assert_int_equal(import(m, FIRST "C-9,2025-03-10,KEN,SECRETWORD,received,yes,female,\n", NULL, &o), CDR_E_INPUT);
	assert_null(strstr(fault.text, "SECRETWORD"));
	assert_int_equal(w_count(m, "SELECT count(*) FROM incident"), 0);
	assert_int_equal(import(m, FIRST "C-9,2025-03-10,KEN,SECRETWORD,received,yes,female,\n", &(struct cdr_incidents_options){ .skip_bad = true },
	    &o), CDR_OK);
	expect(&o, 1, 0, 0, 0, 1);
	assert_int_equal(import(m, ",2025-03-10,KEN,sexual_abuse,received,yes,female,\n", NULL, &o), CDR_E_INPUT);
	/* A closed case without its date; two rows of one reference. */
	assert_int_equal(import(m, "C-8,2025-03-10,KEN,sexual_abuse,closed_other,yes,female,\n", NULL, &o), CDR_E_INPUT);
	assert_int_equal(import(m, FIRST "C-1,2025-03-11,KEN,sexual_abuse,received,yes,female,\n", NULL, &o), CDR_E_INPUT);
	assert_int_equal(import(m, "", NULL, &o), CDR_E_INPUT);
}

/* A file that would empty the register is asked about. */
static void
test_guard(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_incidents_outcome o;
	char rows[4096] = "";
	size_t len = 0;

	for (size_t i = 0; i < 30; i++)
		len += (size_t)snprintf(rows + len, sizeof(rows) - len, "B-%zu,2025-03-10,KEN,sexual_abuse,received,yes,female,\n", i);
	assert_int_equal(import(m, rows, NULL, &o), CDR_OK);
	assert_int_equal(import(m, FIRST, NULL, &o), CDR_E_REFUSED);
	assert_int_equal(w_count(m, "SELECT count(*) FROM incident"), 30);
	assert_int_equal(import(m, FIRST, &(struct cdr_incidents_options){ .allow_removals = true }, &o), CDR_OK);
	expect(&o, 1, 0, 0, 30, 1);
}

/* Written, changed, read; a reference belongs to one record. */
static void
test_put_and_get(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_incident_head head, again;

	uint64_t first = enter(m, "H-1"), second = enter(m, "H-2");
	assert_int_equal(cdr_incidents_get(m, first, &incident, &head, &fault), CDR_OK);
	put("country", 0, "UGA");
	assert_int_equal(cdr_incidents_put(m, first, &incident, &again, &fault), CDR_OK);
	assert_memory_equal(head.id, again.id, CDR_ID_LEN);
	assert_int_equal(cdr_incidents_get(m, first, &incident, &head, &fault), CDR_OK);
	assert_string_equal(cdr_incident_value_peek(&incident, cdr_book_field_find(incident.book, "country"), 0), "UGA");
	put("own_reference", 0, "H-2");
	assert_int_equal(cdr_incidents_put(m, first, &incident, &again, &fault), CDR_E_EXISTS);
	assert_null(strstr(fault.text, "H-2"));
	assert_int_equal(cdr_incidents_put(m, 99, &incident, &again, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_incidents_get(m, 99, &incident, &head, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_incidents_get(m, second, &incident, &head, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM trail WHERE what = 'incident.add'"), 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM trail WHERE what = 'incident.edit'"), 1);
	/* A row that was changed in the file, or moved to another id, does not open. */
	w_run(m, "UPDATE incident SET sealed = (SELECT sealed FROM incident WHERE number = 2) WHERE number = 1");
	assert_int_equal(cdr_incidents_get(m, 1, &incident, &head, &fault), CDR_E_STORE);
}

static uint32_t
counted(const struct cdr_preview *preview, const char *id, size_t cell)
{
	for (size_t i = 0; i < preview->table_count; i++)
		if (strcmp(preview->tables[i]->id, id) == 0)
			return preview->counts[i]->counts[cell];
	return UINT32_MAX;
}

/* What leaves: sums of the period; without consent one number; a table left out says "not known" of all reports. */
static void
test_preview(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_preview p;
	static const char *const tables[] = { "reports", "reports_not_shared", "incident_type" }, *const drops[] = { "incident_type" };

	assert_int_equal(import(m, FIRST SECOND THIRD, NULL, NULL), CDR_OK);
	(void)enter(m, "H-1");
	assert_int_equal(cdr_preview_make(m, "2025-H1", NULL, 0, NULL, 0, &p, &fault), CDR_OK);
	assert_int_equal(p.table_count, p.book->table_count);
	assert_int_equal(counted(&p, "reports", 0), 2);
	assert_int_equal(counted(&p, "reports_not_shared", 0), 1);
	/* exploitation, abuse, harassment, other, not known */
	assert_int_equal(counted(&p, "incident_type", 0), 0);
	assert_int_equal(counted(&p, "incident_type", 1), 1);
	assert_int_equal(counted(&p, "incident_type", 2), 0);
	assert_int_equal(counted(&p, "incident_type", 4), 1);
	assert_true(cdr_preview_is_small(p.tables[0], 4) && !cdr_preview_is_small(p.tables[0], 5) && !cdr_preview_is_small(p.tables[0], 0));
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025-H1", tables, 3, drops, 1, &p, &fault), CDR_OK);
	assert_int_equal(p.table_count, 3);
	assert_int_equal(counted(&p, "incident_type", 1), 0);
	assert_int_equal(counted(&p, "incident_type", 4), 2);
	cdr_preview_wipe(&p);
	/* a category counted as another; a table may be said less of in several ways */
	const char *const less[] = { "incident_type:sexual_abuse=other_unclassified", "incident_type:other_unclassified", "incident_type:none" };
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025-H1", NULL, 0, less, 2, &p, &fault), CDR_OK);
	for (size_t i = 0; i < p.table_count; i++)
		assert_int_equal(p.merged[i] != NULL, strcmp(p.tables[i]->id, "incident_type") == 0);
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025-H1", NULL, 0, less, 3, &p, &fault), CDR_E_ABSENT);
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025-H1", NULL, 0, (const char *const[]){ "reports:x" }, 1, &p, &fault), CDR_E_INPUT);
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025", NULL, 0, NULL, 0, &p, &fault), CDR_E_INPUT);
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025-H1", (const char *const[]){ "nothing" }, 1, NULL, 0, &p, &fault), CDR_E_ABSENT);
	cdr_preview_wipe(&p);
	assert_int_equal(cdr_preview_make(m, "2025-H1", tables, 3, (const char *const[]){ "reports" }, 1, &p, &fault), CDR_E_INPUT);
	cdr_preview_wipe(&p);
}

/* Donors that were not told: how many, and nothing of what. */
static void
test_donors(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_incident_head head;
	size_t due, overdue;

	uint64_t number = enter(m, "H-1");
	assert_int_equal(cdr_donors_count(m, &due, &overdue, &fault), CDR_OK);
	assert_int_equal(due + overdue, 0);
	assert_int_equal(cdr_incidents_get(m, number, &incident, &head, &fault), CDR_OK);
	put("donor.code", 0, "dfat");
	put("donor.code", 1, "fcdo");
	put("donor.notified_on", 1, "2025-05-06");
	assert_int_equal(cdr_incidents_put(m, number, &incident, &head, &fault), CDR_OK);
	assert_int_equal(cdr_donors_count(m, &due, &overdue, &fault), CDR_OK);
	assert_int_equal(overdue, 1);
}

/* Nothing of a record can be read in what the database holds, even opened. */
static void
test_everything_is_sealed(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(import(m, FIRST SECOND, NULL, NULL), CDR_OK);
	FILE *file = open_memstream(&text, &len);
	assert_int_equal(cdr_store_dump_json(m->home->store, file), CDR_OK);
	(void)fclose(file);
	/* In hexadecimal too. */
	assert_null(memmem(text, len, "SECRETWORD", 10));
	assert_null(memmem(text, len, "534543524554574f5244", 20));
	assert_null(memmem(text, len, "sexual", 6));
	assert_null(memmem(text, len, "73657875616c", 12));
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_import_is_a_difference),
		TEST(test_bad_row),
		TEST(test_guard),
		TEST(test_put_and_get),
		TEST(test_preview),
		TEST(test_donors),
		TEST(test_everything_is_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
