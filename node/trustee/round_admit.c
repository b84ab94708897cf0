#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/trustee/round_work.h"

#define REFUSE_PATH "/v1/round/refuse"

/* ---- rosters ---------------------------------------------------------------------------------------------------- */

struct roster_job {
	uint64_t version;
	bool below;                  /* the newest below it, where there is not that one */
	struct cdr_roster **roster;
};

/* A reading job. */
static cdr_err
roster_job(struct cdr_tx *tx, void *context)
{
	const struct roster_job *job = context;

	return cdr_trustee_roster_query(tx, job->below ? "SELECT signed FROM roster WHERE version < $1 ORDER BY version DESC LIMIT 1" :
	    "SELECT signed FROM roster WHERE version = $1", CDR_VALUES(cdr_value_int((int64_t)job->version)), job->roster);
}

/* What the hub shows as that version, if it follows from the one that this trustee held before it. */
static cdr_err
roster_ask(struct cdr_round_work *w, uint64_t version, struct cdr_roster **roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char kind[] = "roster";
	struct cdr_roster *before = NULL, *shown = NULL;
	Cdr__Wire__RoundEvidenceRequest request = CDR__WIRE__ROUND_EVIDENCE_REQUEST__INIT;
	struct cdr_ask ask = { .path = "/v1/round/evidence", .message = &request.base,
		.reply_type = &cdr__wire__round_evidence__descriptor, .reply_max = CDR_BODY_ROSTER_MAX };
	struct roster_job job = { version, true, &before };

	request.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	request.kind = kind;
	request.from = version;
	CDR_TRY(cdr_store_read(w->trustee->home->store, roster_job, &job));
	CDR_TRY(cdr_round_ask(w, &ask));
	const Cdr__Wire__RoundEvidence *evidence = ask.reply;
	if (evidence->n_request != 1) {
		err = cdr_fault_set(fault, CDR_E_BUSY, "the hub does not show roster version %" PRIu64, version);
		goto out;
	}
	CDR_TRY(cdr_roster_decode(cdr_message_bytes(evidence->request[0]), &shown, fault));
	CDR_TRY(cdr_roster_verify_next(shown, before, fault));
	*roster = shown;
	shown = NULL;
out:
	cdr_roster_free(before);
	cdr_roster_free(shown);
	cdr_ask_free(&ask);
	return err;
}

static cdr_err
roster_fetch(void *context, uint64_t version, struct cdr_roster **roster, struct cdr_fault *fault)
{
	struct cdr_round_work *w = context;
	struct roster_job job = { version, false, roster };

	if (version > w->roster->body->version)
		return cdr_fault_set(fault, CDR_E_BUSY, "this needs roster version %" PRIu64 ", which this trustee does not have yet", version);
	cdr_err err = cdr_store_read(w->trustee->home->store, roster_job, &job);
	if (err == CDR_E_ABSENT)
		err = roster_ask(w, version, roster, fault);
	return err;
}

/* see node/trustee/round_work.h */
void
cdr_round_shelf(struct cdr_round_work *w)
{
	w->rosters = (struct cdr_shelf){ .fetch = roster_fetch, .context = w };
}

/* ---- what was closed before ------------------------------------------------------------------------------------- */

/* A round that was closed before, as the hub shows it. */
struct before {
	const Cdr__Wire__RoundBefore *shown;
	struct cdr_round *round;
	struct cdr_arena arena, list_arena;
	const Cdr__Wire__RoundClose *head;
	const Cdr__Wire__CloseList *list;
	uint8_t hash[CDR_ROUND_HASH_LEN];    /* of the head */
	uint8_t content[CDR_LEAF_CONTENT_LEN];
};

static void
before_free(struct before *b)
{
	cdr_arena_free(&b->arena);
	cdr_arena_free(&b->list_arena);
	cdr_round_free(b->round);
}

/* The content of a closing's leaf. */
static cdr_err
closing_content(const struct cdr_round *round, const Cdr__Wire__SignedClose *close, uint8_t *content)
{
	const struct cdr_bytes parts[] = { { round->hash, CDR_ROUND_HASH_LEN }, cdr_message_bytes(close->close) };

	return cdr_leaf_content(CDR_LEAF_ROUND_CLOSED, parts, 2, content);
}

/* Read what the hub shows: head, list and round must fit each other; that the log holds it is for the caller. */
static cdr_err
before_read(const Cdr__Wire__RoundBefore *shown, struct before *b, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	uint8_t list_hash[CDR_SHA256_LEN];
	const struct cdr_bytes head = cdr_message_bytes(shown->close->close), list = cdr_message_bytes(shown->close->list);

	*b = (struct before){ .shown = shown };
	CDR_TRY(cdr_message_encode(&shown->round->base, &bytes));
	CDR_TRY(cdr_round_decode(cdr_buffer_bytes(&bytes), &b->round, fault));
	CDR_TRY(cdr_message_decode(&b->arena, &cdr__wire__round_close__descriptor, head, &b->head));
	CDR_TRY(cdr_message_decode(&b->list_arena, &cdr__wire__close_list__descriptor, list, &b->list));
	CDR_TRY(cdr_sha256(&head, 1, b->hash));
	CDR_TRY(cdr_sha256(&list, 1, list_hash));
	if (!shown->close->has_list || b->head->list_hash.len != CDR_SHA256_LEN ||
	    memcmp(b->head->list_hash.data, list_hash, CDR_SHA256_LEN) != 0 || b->head->round.len != CDR_ROUND_HASH_LEN ||
	    memcmp(b->head->round.data, b->round->hash, CDR_ROUND_HASH_LEN) != 0) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "what the hub shows of an earlier round does not fit together");
		goto out;
	}
	CDR_TRY(closing_content(b->round, shown->close, b->content));
out:
	cdr_buffer_free(&bytes);
	return err;
}

/* Whether ${request} is the word of that trustee, under whatever index, that it never opens ${b}. */
static bool
is_never(const struct cdr_round_work *w, const struct before *b, struct cdr_bytes request, const Cdr__Wire__Trustee *trustee)
{
	static const char prefix[] = "trustee/";
	struct cdr_envelope envelope = { 0 };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__RoundRefuse *refuse;
	bool is = false;

	if (cdr_envelope_open(request, &envelope) == CDR_OK && strncmp(envelope.signer, prefix, sizeof(prefix) - 1) == 0 &&
	    cdr_envelope_verify_request(&envelope, trustee->party->signing_key.data, w->trustee->genesis, REFUSE_PATH) == CDR_OK &&
	    cdr_message_decode(&arena, &cdr__wire__round_refuse__descriptor, envelope.body, &refuse) == CDR_OK)
		is = refuse->has_never && refuse->never.len == CDR_ROUND_HASH_LEN &&
		    memcmp(refuse->never.data, b->hash, CDR_ROUND_HASH_LEN) == 0;
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	return is;
}

/* Who may have opened ${b}, or still can. */
struct may_open {
	const struct cdr_round_work *w;
	const struct before *b;
	uint64_t since;                        /* the roster that was in force when it was closed, or an older one */
	char who[CDR_PARTY_NAME_LEN_MAX + 1];  /* has not signed that it never opens it; empty: all have */
};

/* A trustee of that roster who has not signed. */
static void
find_open(struct may_open *m, const struct cdr_roster *roster)
{
	for (size_t i = 0; i < roster->body->n_trustee && m->who[0] == '\0'; i++) {
		const Cdr__Wire__Trustee *trustee = roster->body->trustee[i];
		bool found = false;
		for (size_t k = 0; k < m->b->shown->n_never && k < CDR_ROUND_NEVER_MAX && !found; k++)
			found = is_never(m->w, m->b, cdr_message_bytes(m->b->shown->never[k]), trustee);
		if (!found)
			(void)snprintf(m->who, sizeof(m->who), "%s", trustee->party->name);
	}
}

/*
 * A reading job. Everybody who has been a trustee since the closing: who left may have answered while it could, and only its own word says
 * that it did not. Rosters between which trustees changed are all here.
 */
static cdr_err
may_open_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct may_open *m = context;
	struct cdr_query *query = NULL;
	struct cdr_roster *roster = NULL, *last = NULL;
	struct cdr_bytes bytes;

	m->who[0] = '\0';
	CDR_TRY(cdr_query_start(tx, "SELECT signed FROM roster WHERE version >= (SELECT COALESCE(max(version), 0) FROM roster"
	    " WHERE version <= $1) ORDER BY version", CDR_VALUES(cdr_value_int((int64_t)m->since)), &query));
	while (m->who[0] == '\0' && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
		CDR_TRY(cdr_roster_decode(bytes, &roster, NULL));
		if (last == NULL || !cdr_roster_same_trustees(roster->body, last->body))
			find_open(m, roster);
		cdr_roster_free(last);
		last = roster;
		roster = NULL;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	cdr_roster_free(roster);
	cdr_roster_free(last);
	return err;
}

static bool
same_contributors(const struct cdr_close *close, const struct before *b)
{
	if (b->list->n_contribution != close->list->n_contribution)
		return false;
	for (size_t i = 0; i < b->list->n_contribution; i++) {
		if (strcmp(b->list->contribution[i]->member, close->list->contribution[i]->member) != 0)
			return false;
	}
	return true;
}

/* A table of both rounds; NULL: none. */
static const char *
common_table(const struct cdr_round *a, const struct cdr_round *b)
{
	for (size_t i = 0; i < a->body->n_table; i++)
		for (size_t k = 0; k < b->body->n_table; k++)
			if (strcmp(a->body->table[i]->id, b->body->table[k]->id) == 0)
				return a->body->table[i]->id;
	return NULL;
}

/* The contributors that are in one of the two and not in both; 0 also where they have none in common. */
static size_t
count_apart(const struct cdr_close *close, const struct before *b)
{
	size_t shared = 0;

	for (size_t i = 0; i < b->list->n_contribution; i++)
		shared += cdr_close_find(close, b->list->contribution[i]->member) != SIZE_MAX;
	return shared == 0 ? 0 : b->list->n_contribution + close->list->n_contribution - 2 * shared;
}

/* Half a year apart: only where names were counted in both, and people of a few members would be what they differ by. */
static cdr_err
judge_names(struct cdr_round_work *w, const struct before *b)
{
	const char *table = common_table(w->round, b->round);
	char country[CDR_COUNTRY_LEN];
	size_t apart = count_apart(&w->close, b);

	if (table == NULL || !cdr_round_names(table, country) || apart == 0 || apart >= CDR_ROUND_MINIMUM)
		return CDR_OK;
	return cdr_fault_set(w->fault, CDR_E_REFUSED, "names were counted half a year before, and the contributors differ by %zu: fewer than %d, "
	    "whose people the two sums together would show", apart, CDR_ROUND_MINIMUM);
}

/* Whether ${w} may be opened although ${b} may have been. */
static cdr_err
judge_before(struct cdr_round_work *w, const struct before *b, const struct cdr_round_closing *earlier)
{
	struct may_open open = { .w = w, .b = b, .since = earlier->roster_version };
	const char *table = common_table(w->round, b->round);
	cdr_err err = cdr_store_read(w->trustee->home->store, may_open_job, &open);

	if (err != CDR_OK || open.who[0] == '\0')
		return err;
	if (b->round->body->first_month > w->round->body->last_month || b->round->body->last_month < w->round->body->first_month)
		return judge_names(w, b);
	if (memcmp(b->round->hash, w->round->hash, sizeof(w->round->hash)) == 0)
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "the log holds another list of contributions of this round before this one: a round "
		    "is opened once");
	if (!same_contributors(&w->close, b))
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "a round of some of the same months was closed before with other contributors: the two "
		    "sums together would show those who differ. Of a round that was never opened the secretariat can say so (`candor-hub round "
		    "give-up`); %s has not signed that it has not opened it and never will", open.who);
	if (table != NULL)
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "table %s was opened for this period already, or may be: %s has not signed that "
		    "it has not opened it and never will", table, open.who);
	return CDR_OK;
}

/* Find what the hub shows of a closing in the log, and judge it. */
static cdr_err
judge_earlier(struct cdr_round_work *w, const struct cdr_round_closing *earlier)
{
	cdr_err err = CDR_E_INTERNAL;
	struct before b = { .shown = NULL };

	for (size_t i = 0; i < w->task->n_before && i < CDR_ROUND_BEFORE_MAX; i++) {
		before_free(&b);
		CDR_TRY(before_read(w->task->before[i], &b, w->fault));
		if (memcmp(b.content, earlier->content, sizeof(b.content)) == 0) {
			err = judge_before(w, &b, earlier);
			goto out;
		}
	}
	err = cdr_fault_set(w->fault, CDR_E_REFUSED, "the log holds a round about some of the same months, closed before this one (leaf %" PRIu64
	    "), and the hub does not show it", earlier->place);
out:
	before_free(&b);
	return err;
}

/* ---- admitting -------------------------------------------------------------------------------------------------- */

/* Whether the leaf says of the closing what the closing says. */
static cdr_err
check_leaf(const struct cdr_round_work *w)
{
	const struct cdr_round_closing *c = &w->closing;

	if (c->members != w->close.body->members || c->first_month != w->round->body->first_month ||
	    c->last_month != w->round->body->last_month)
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "the log says other months or members of this closing than the hub's list");
	if (w->close.body->roster_version < c->roster_version)
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "the round was closed by roster version %" PRIu64 ", when version %" PRIu64
		    " was in force already", w->close.body->roster_version, c->roster_version);
	return CDR_OK;
}

/* see node/trustee/round_work.h */
cdr_err
cdr_round_admit(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	struct cdr_round_earlier earlier;

	CDR_TRY(closing_content(w->round, w->task->close, content));
	err = cdr_round_log_closing(w->trustee, content, cdr_round_has_names(w->round) ? CDR_ROUND_NAMES_MONTHS : 0, &w->closing, &earlier);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(w->fault, CDR_E_BUSY, "the log that this trustee has seen does not hold this list of contributions");
	if (err == CDR_E_RANGE)
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "too many rounds of the same months were closed before");
	if (err != CDR_OK)
		goto out;
	CDR_TRY(check_leaf(w));
	CDR_TRY(cdr_round_log_witnessed(w->trustee, w->roster, w->view, w->task->shown, w->closing.place, w->fault));
	for (size_t i = 0; i < earlier.count; i++)
		CDR_TRY(judge_earlier(w, &earlier.closing[i]));
out:
	return err;
}

/* see node/trustee/round_work.h */
cdr_err
cdr_round_admit_set(struct cdr_round_work *w)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t content[CDR_LEAF_CONTENT_LEN], logged[CDR_LEAF_CONTENT_LEN];
	uint64_t place = 0;
	const struct cdr_bytes parts[] = { { w->close.hash, CDR_ROUND_HASH_LEN }, cdr_message_bytes(w->task->set->set) };

	err = cdr_round_log_set(w->trustee, w->closing.place, &place, logged);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(w->fault, CDR_E_BUSY, "the log that this trustee has seen does not hold this list of first answers");
	if (err != CDR_OK)
		return err;
	CDR_TRY(cdr_leaf_content(CDR_LEAF_ROUND_SET, parts, 2, content));
	if (memcmp(content, logged, sizeof(content)) != 0)
		return cdr_fault_set(w->fault, CDR_E_REFUSED, "the log holds another list of first answers for this round: noise counts once");
	/* Without noise it makes no difference whose first answers count: all open the same flags. */
	if (w->round->body->has_epsilon_milli)
		CDR_TRY(cdr_round_log_witnessed(w->trustee, w->roster, w->view, w->task->set_shown, place, w->fault));
out:
	return err;
}
