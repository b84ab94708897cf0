#include "node/member/index_wait.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/member/texts.h"
#include "node/net/ask.h"

#define NAME "index/waits"
#define TEXT_SIZE (CDR_FAULT_LEN + 64)

/* see node/member/index_wait.h */
cdr_err
cdr_index_wait_read(struct cdr_tx *tx, struct cdr_index_wait *wait)
{
	char text[TEXT_SIZE];
	int at = 0;

	*wait = (struct cdr_index_wait){ .since = 0 };
	cdr_err err = cdr_setting_get_text(tx, NAME, text, sizeof(text));
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	if (sscanf(text, "%" SCNu64 " %23s %n", &wait->since, wait->code, &at) < 2 || at == 0)
		return CDR_E_STORE;
	(void)snprintf(wait->why, sizeof(wait->why), "%s", text + at);
	return CDR_OK;
}

/* What is to stand there. */
struct note {
	struct cdr_index_wait wait, before;
};

/* A reading job. */
static cdr_err
before_job(struct cdr_tx *tx, void *context)
{
	struct note *note = context;

	return cdr_index_wait_read(tx, &note->before);
}

/* A writing job. */
static cdr_err
note_job(struct cdr_tx *tx, void *context)
{
	const struct note *note = context;
	char text[TEXT_SIZE];

	if (note->wait.since == 0)
		return cdr_query_run(tx, "DELETE FROM setting WHERE name = '" NAME "'", CDR_VALUES());
	const int len = snprintf(text, sizeof(text), "%" PRIu64 " %s %s", note->wait.since, note->wait.code, note->wait.why);
	return cdr_setting_put(tx, NAME, text, (size_t)len);
}

/* see node/member/index_wait.h */
cdr_err
cdr_index_wait_note(struct cdr_member *member, cdr_err result, const char *why)
{
	struct note note = { .wait = { .since = 0 } };

	cdr_err err = cdr_store_read(member->home->store, before_job, &note);
	if (err != CDR_OK)
		return err;
	if (result != CDR_OK) {
		note.wait.since = note.before.since > 0 ? note.before.since : cdr_member_now();
		(void)snprintf(note.wait.code, sizeof(note.wait.code), "%s", cdr_err_name(result));
		(void)snprintf(note.wait.why, sizeof(note.wait.why), "%s", why);
	}
	if (note.wait.since == note.before.since && strcmp(note.wait.code, note.before.code) == 0 && strcmp(note.wait.why, note.before.why) == 0)
		return CDR_OK;
	return cdr_store_write(member->home->store, note_job, &note);
}

/* see node/member/index_wait.h */
const char *
cdr_index_wait_text(const struct cdr_index_wait *wait, const char *language)
{
	const char *name = strstr(wait->why, CDR_OLD_COPY_WORDS) != NULL ? "index_waits_old" :
	    strcmp(wait->code, cdr_err_name(CDR_E_NETWORK)) == 0 ? "index_waits_network" : "index_waits_other";

	return cdr_texts_peek(name, language);
}
