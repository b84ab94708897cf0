#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "proto/tally.h"

/* Everything of a record that is being recomputed. */
struct check {
	const Cdr__Wire__RoundRecord *record;
	struct cdr_tally_world world;
	struct cdr_round *round;
	struct cdr_close close;
	struct cdr_set set;
	struct cdr_elgamal *key;
	struct cdr_buffer sums;
	struct cdr_answer_read first[CDR_TRUSTEE_COUNT_MAX], second[CDR_TRUSTEE_COUNT_MAX];
	size_t first_count, second_count;
	struct cdr_opening opening;
};

/* A SignedRound as it travels, from inside another message. */
static cdr_err
read_round(const Cdr__Wire__SignedRound *sealed, struct cdr_round **round, struct cdr_fault *fault)
{
	struct cdr_buffer bytes = { 0 };
	cdr_err err = cdr_message_encode(&sealed->base, &bytes);

	*round = NULL;
	if (err == CDR_OK)
		err = cdr_round_decode(cdr_buffer_bytes(&bytes), round, fault);
	cdr_buffer_free(&bytes);
	return err;
}

static void
check_free(struct check *c)
{
	for (size_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++) {
		cdr_answer_free(&c->first[i]);
		cdr_answer_free(&c->second[i]);
	}
	cdr_opening_free(&c->opening);
	cdr_buffer_free(&c->sums);
	cdr_elgamal_free(c->key);
	cdr_set_free(&c->set);
	cdr_close_free(&c->close);
	cdr_round_free(c->round);
}

/* The roster by which a round was closed. */
static cdr_err
closing_roster(const Cdr__Wire__SignedClose *close, struct cdr_tally_world *world, struct cdr_fault *fault)
{
	uint64_t version;
	cdr_err err = cdr_close_roster_version(close, &version);

	return err == CDR_OK ? cdr_shelf_at(world->rosters, version, &world->roster, fault) : err;
}

/* The hub's words. */
static cdr_err
check_words(struct check *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__RoundRecord *r = c->record;

	CDR_TRY(read_round(r->round, &c->round, fault));
	c->world.round = c->round;
	CDR_TRY(closing_roster(r->close, &c->world, fault));
	CDR_TRY(cdr_round_verify(c->round, c->world.roster, c->world.genesis, fault));
	CDR_TRY(cdr_close_read(r->close, c->round, c->world.roster, c->world.genesis, &c->close, fault));
	CDR_TRY(cdr_set_read(&c->world, r->set, &c->close, &c->set, fault));
	if (r->n_contribution != c->close.body->members || r->n_first != c->set.body->n_answer ||
	    r->n_second < 1 || r->n_second > CDR_TRUSTEE_COUNT_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "the record does not hold as many contributions and answers as the hub's lists say");
	CDR_TRY(cdr_elgamal_new(c->round->body->public_key.data, &c->key));
out:
	return err;
}

/* Every contribution and their sums. */
static cdr_err
check_sums(struct check *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_tally *tally = NULL;
	uint8_t hash[CDR_SHA256_LEN];

	CDR_TRY(cdr_tally_new(&c->world, c->key, true, &tally));
	for (size_t i = 0; i < c->record->n_contribution; i++)
		CDR_TRY(cdr_tally_add(tally, c->close.list->contribution[i], cdr_message_bytes(c->record->contribution[i]), fault));
	CDR_TRY(cdr_tally_finish(tally, &c->sums, fault));
	const struct cdr_bytes part = cdr_buffer_bytes(&c->sums);
	CDR_TRY(cdr_sha256(&part, 1, hash));
	if (memcmp(c->close.body->sums_hash.data, hash, sizeof(hash)) != 0)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the hub's sums are not those of the contributions in its list");
out:
	cdr_tally_free(tally);
	return err;
}

/* Every answer, and what comes out. */
static cdr_err
check_answers(struct check *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_bytes sums = cdr_buffer_bytes(&c->sums);

	for (; c->first_count < c->record->n_first; c->first_count++)
		CDR_TRY(cdr_first_read(&c->world, &c->close, sums, c->key, cdr_message_bytes(c->record->first[c->first_count]),
		    &c->first[c->first_count], fault));
	CDR_TRY(cdr_opening_make(&c->world, &c->close, &c->set, sums, c->first, c->first_count, &c->opening, fault));
	for (; c->second_count < c->record->n_second; c->second_count++)
		CDR_TRY(cdr_second_read(&c->world, &c->close, &c->set, &c->opening,
		    cdr_message_bytes(c->record->second[c->second_count]), &c->second[c->second_count], fault));
out:
	return err;
}

static cdr_err
check_totals(struct check *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer totals = { 0 };
	int32_t *counts = calloc(c->round->cell_count, sizeof(*counts));

	if (counts == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_totals_make(&c->world, &c->close, &c->opening, c->second, c->second_count, counts, fault));
	CDR_TRY(cdr_totals_encode(c->round, &c->close, &c->opening, counts, &totals));
	if (totals.len != c->record->totals.len || memcmp(totals.data, c->record->totals.data, totals.len) != 0)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the hub's totals are not what the trustees' answers open");
out:
	cdr_buffer_free(&totals);
	free(counts);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_record_verify(const Cdr__Wire__RoundRecord *record, struct cdr_shelf *rosters,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct check *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return CDR_E_MEMORY;
	c->record = record;
	c->world = (struct cdr_tally_world){ .genesis = genesis, .rosters = rosters };
	CDR_TRY(check_words(c, fault));
	CDR_TRY(check_sums(c, fault));
	CDR_TRY(check_answers(c, fault));
	CDR_TRY(check_totals(c, fault));
out:
	check_free(c);
	free(c);
	return err;
}

/* ---- published cells -------------------------------------------------------------------------------------------- */

/* Where a published cell stands among all cells; SIZE_MAX: nowhere. */
static size_t
cell_place(const struct cdr_round *round, const Cdr__Wire__PublishedCell *cell)
{
	for (size_t t = 0; t < round->body->n_table; t++) {
		if (strcmp(round->body->table[t]->id, cell->table) == 0)
			return cell->cell < round->body->table[t]->cells ? cdr_round_table_start(round, t) + cell->cell : SIZE_MAX;
	}
	return SIZE_MAX;
}

static cdr_err
check_cell(const struct cdr_tally_world *world, const struct cdr_set *set, const Cdr__Wire__RoundExcerpt *e,
    const Cdr__Wire__PublishedCell *cell, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t place = cell_place(world->round, cell), count = e->n_trustee;
	int64_t noise = world->round->body->has_epsilon_milli ?
	    (int64_t)set->body->n_answer << (CDR_ROUND_NOISE_BITS - 1) : 0, value;
	uint8_t index[CDR_TRUSTEE_COUNT_MAX];
	const uint8_t *partial[CDR_TRUSTEE_COUNT_MAX];

	if (place == SIZE_MAX || cell->cipher.len != CDR_CIPHER_LEN || cell->n_partial != count)
		return cdr_fault_set(fault, CDR_E_INPUT, "table %s, cell %" PRIu32 ": there is no such cell, or something is missing",
		    cell->table, cell->cell);
	if (cell->count >= CDR_RECOVER_SPAN_MAX || cell->count <= -(int64_t)CDR_RECOVER_SPAN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "table %s, cell %" PRIu32 ": no sum can be %" PRId64, cell->table, cell->cell, cell->count);
	for (size_t i = 0; i < count; i++) {
		const struct cdr_answer_read trustee = { .trustee = e->trustee[i], .roster = roster };
		if (cell->partial[i].len != CDR_SECOND_CELL_LEN)
			return cdr_fault_set(fault, CDR_E_INPUT, "table %s, cell %" PRIu32 ": an answer has another length", cell->table,
			    cell->cell);
		err = cdr_second_cell_verify(world, set->hash, (uint32_t)place, cell->cipher.data, &trustee,
		    cell->partial[i].data);
		if (err != CDR_OK)
			return cdr_fault_set(fault, err, "table %s, cell %" PRIu32 ": the part of trustee %" PRIu32 " does not hold", cell->table,
			    cell->cell, e->trustee[i]);
		index[i] = (uint8_t)e->trustee[i];
		partial[i] = cell->partial[i].data;
	}
	err = cdr_elgamal_recover(index, partial, count, cell->cipher.data, 1, cell->count + noise, cell->count + noise, &value);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, CDR_E_REFUSED, "table %s, cell %" PRIu32 " does not hold %" PRId64, cell->table, cell->cell,
		    cell->count);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_excerpt_verify(const Cdr__Wire__RoundExcerpt *excerpt, struct cdr_shelf *rosters,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_round *round = NULL;
	struct cdr_tally_world world = { .genesis = genesis, .rosters = rosters };
	const struct cdr_roster *roster;
	struct cdr_close close = { 0 };
	struct cdr_set set = { 0 };

	CDR_TRY(read_round(excerpt->round, &round, fault));
	world.round = round;
	CDR_TRY(closing_roster(excerpt->close, &world, fault));
	CDR_TRY(cdr_round_verify(round, world.roster, genesis, fault));
	CDR_TRY(cdr_close_read_head(excerpt->close, round, world.roster, genesis, &close, fault));
	CDR_TRY(cdr_set_read(&world, excerpt->set, &close, &set, fault));
	CDR_TRY(cdr_round_roster(&world, excerpt->roster_version, &roster, fault));
	if (excerpt->n_trustee != roster->body->threshold) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the cells are not opened by as many trustees as it takes");
		goto out;
	}
	for (size_t i = 0; i < excerpt->n_trustee; i++) {
		if (i > 0 && excerpt->trustee[i - 1] >= excerpt->trustee[i]) {
			err = cdr_fault_set(fault, CDR_E_INPUT, "the trustees are not in order, or one is there twice");
			goto out;
		}
	}
	for (size_t i = 0; i < excerpt->n_cell; i++)
		CDR_TRY(check_cell(&world, &set, excerpt, excerpt->cell[i], roster, fault));
out:
	cdr_set_free(&set);
	cdr_close_free(&close);
	cdr_round_free(round);
	return err;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* Which of the two it is, and of which exchange and round it says to be. */
static cdr_err
file_read(struct cdr_bytes bytes, struct cdr_round_file *file, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_round *round = NULL;

	if (cdr_message_decode_file(&file->arena, &cdr__wire__round_record__descriptor, bytes, &file->record) != CDR_OK) {
		cdr_arena_free(&file->arena);
		file->arena = (struct cdr_arena){ 0 };
		file->record = NULL;
		if (cdr_message_decode_file(&file->arena, &cdr__wire__round_excerpt__descriptor, bytes, &file->excerpt) != CDR_OK)
			return cdr_fault_set(fault, CDR_E_INPUT, "this is neither the record of a round nor its published cells");
	}
	CDR_TRY(read_round(file->record != NULL ? file->record->round : file->excerpt->round, &round, fault));
	memcpy(file->genesis, round->body->exchange.data, sizeof(file->genesis));
	memcpy(file->round, round->hash, sizeof(file->round));
	file->close = cdr_message_bytes(file->record != NULL ? file->record->close->close : file->excerpt->close->close);
out:
	cdr_round_free(round);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_round_file_verify(struct cdr_bytes bytes, const uint8_t *fingerprint, struct cdr_round_file *file, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	*file = (struct cdr_round_file){ .record = NULL };
	CDR_TRY(file_read(bytes, file, fault));
	if (fingerprint != NULL && memcmp(fingerprint, file->genesis, sizeof(file->genesis)) != 0)
		return cdr_fault_set(fault, CDR_E_ROSTER, "this round belongs to another exchange than the one with that fingerprint");
	if (file->record != NULL)
		CDR_TRY(cdr_shelf_chain(file->record->roster, file->record->n_roster, file->genesis, &file->rosters, fault));
	else
		CDR_TRY(cdr_shelf_chain(file->excerpt->roster, file->excerpt->n_roster, file->genesis, &file->rosters, fault));
	err = file->record != NULL ? cdr_record_verify(file->record, &file->rosters, file->genesis, fault) :
				     cdr_excerpt_verify(file->excerpt, &file->rosters, file->genesis, fault);
out:
	return err;
}

/* see proto/tally.h */
void
cdr_round_file_free(struct cdr_round_file *file)
{
	cdr_shelf_free(&file->rosters);
	cdr_arena_free(&file->arena);
	*file = (struct cdr_round_file){ .record = NULL };
}
