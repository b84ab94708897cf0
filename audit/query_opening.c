#include "audit/query_opening.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "core/record/pack.h"
#include "core/record/text.h"
#include "proto/exchange.pb-c.h"

#define FILLER_LEN CDR_SHA256_LEN /* shorter than the head of any token */

static const char seal_label[] = "candor/1 opening";

/* see audit/query_opening.h */
bool
cdr_query_opening_refusal_valid(const char *text)
{
	return strcmp(text, CDR_QUERY_OPENING_REFUSED) == 0 || strcmp(text, CDR_QUERY_OPENING_LOST) == 0 ||
	    strcmp(text, CDR_QUERY_OPENING_ERASED) == 0;
}

/* see audit/query_opening.h */
void
cdr_query_opening_person(const struct cdr_person *person, struct cdr_person *kept)
{
	*kept = *person;
	memset(kept->gender, 0, sizeof(kept->gender));
	memset(kept->email, 0, sizeof(kept->email));
	memset(kept->phone, 0, sizeof(kept->phone));
}

/* ---- verifying ---------------------------------------------------------------------------------------------------- */

/* An opening that is being looked at. Personal. */
struct looking {
	const Cdr__Wire__Opening *o;
	const char *member;
	const struct cdr_sample *sample;
	const struct cdr_roster *roster;
	struct cdr_query_opening_shown *shown;
	struct cdr_arena arena;
	const Cdr__Wire__EvaluateRequest *request;
	struct cdr_token_set set;
	uint32_t purpose;
	struct cdr_fault *fault;
};

#define FALSE(...) cdr_fault_set(l->fault, CDR_E_PROOF, __VA_ARGS__)

/* The leaf as it stands in the tree, and that it is for this request of this member. */
static cdr_err
check_leaf(struct looking *l)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf *leaf = &l->shown->leaf;
	struct cdr_bytes body = cdr_message_bytes(l->o->request);
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	struct cdr_buffer entry = { 0 };

	if (l->o->salt.len != CDR_LEAF_SALT_LEN || cdr_leaf_decode(cdr_message_bytes(l->o->leaf), leaf) != CDR_OK ||
	    leaf->kind != CDR_LEAF_EVALUATION || leaf->party_count != 1 || leaf->number_count != 4)
		return FALSE("what is shown as the leaf is none of an evaluation");
	CDR_TRY(cdr_leaf_content(leaf->kind, &body, 1, content));
	if (memcmp(content, leaf->content, sizeof(content)) != 0)
		return FALSE("the leaf is of another request");
	CDR_TRY(cdr_leaf_entry(cdr_message_bytes(l->o->leaf), l->o->salt.data, &entry));
	CDR_TRY(cdr_merkle_leaf(cdr_buffer_bytes(&entry), l->shown->hash));
	if (strncmp(leaf->party[0], "member/", 7) != 0 || strcmp(leaf->party[0] + 7, l->member) != 0)
		err = FALSE("the evaluation is another member's");
out:
	cdr_buffer_free(&entry);
	return err;
}

/* The request says what the leaf says, and the points are those that it holds the hash of. */
static cdr_err
check_request(struct looking *l)
{
	const struct cdr_leaf *leaf = &l->shown->leaf;
	struct cdr_bytes points = cdr_message_bytes(l->o->points);
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = cdr_message_decode(&l->arena, &cdr__wire__evaluate_request__descriptor, cdr_message_bytes(l->o->request),
	    &l->request);

	if (err != CDR_OK)
		return err == CDR_E_MEMORY ? err : FALSE("the request is no evaluation's");
	const Cdr__Wire__EvaluateRequest *r = l->request;
	l->purpose = strcmp(r->purpose, "import") == 0 ? CDR_LEAF_PURPOSE_IMPORT :
	    strcmp(r->purpose, "check") == 0 ? CDR_LEAF_PURPOSE_CHECK : (uint32_t)leaf->number[2];
	if (strcmp(r->member, l->member) != 0 || leaf->number[0] != r->sequence || leaf->number[1] != r->epoch ||
	    leaf->number[2] != l->purpose || leaf->number[3] != r->point_count)
		return FALSE("leaf and request do not say the same");
	if (r->point_count < 1 || r->point_count > CDR_EVALUATE_POINTS_MAX || points.len != (size_t)r->point_count * CDR_POINT_LEN ||
	    r->points_hash.len != sizeof(hash))
		return FALSE("another number of points is shown than was evaluated");
	err = cdr_sha256(&points, 1, hash);
	if (err == CDR_OK && memcmp(hash, r->points_hash.data, sizeof(hash)) != 0)
		return FALSE("these are not the points that were evaluated");
	l->shown->point_count = r->point_count;
	return err;
}

/* Whether this is what was drawn there. */
static cdr_err
check_draw(struct looking *l)
{
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX];
	size_t count;

	if (l->o->sample != l->sample->basis.number)
		return FALSE("it is for another sample");
	cdr_err err = cdr_sample_draw(l->sample, l->o->position, l->purpose, l->request->point_count, drawn, &count);
	if (err != CDR_OK)
		return err;
	for (size_t i = 0; i < count; i++)
		if (drawn[i] == l->o->point)
			return CDR_OK;
	return FALSE("nothing was drawn there");
}

/* The tokens of the person, by the recipe of the epoch. */
static cdr_err
derive(struct looking *l)
{
	struct cdr_scheme scheme;
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(l->roster, l->request->epoch);

	if (cdr_person_unpack(cdr_message_bytes(l->o->person), &l->shown->person) != CDR_OK)
		return FALSE("no person is named");
	cdr_err err = epoch == NULL ? CDR_E_EPOCH : cdr_scheme_current(epoch->number, &scheme);
	if (err == CDR_E_MEMORY || err == CDR_E_INTERNAL)
		return err;
	if (err != CDR_OK || memcmp(scheme.version, epoch->scheme_version.data, sizeof(scheme.version)) != 0)
		return cdr_fault_set(l->fault, CDR_E_REFUSED, "this program's name tables are not those of epoch %u: it takes the program of that "
		    "epoch, and a roster that names it, to tell", l->request->epoch);
	err = cdr_token_derive(&l->shown->person, &scheme, &l->set, NULL);
	if (err == CDR_E_INPUT || (err == CDR_OK && l->set.count == 0))
		return FALSE("the person has no tokens");
	return err;
}

/* Whether as much is shown as must be: of a check everything; of an import the drawn point and all others of that person. */
static cdr_err
check_extent(struct looking *l)
{
	const Cdr__Wire__Opening *o = l->o;
	size_t count = o->blinds.len / CDR_SCALAR_LEN, points = l->request->point_count;
	bool is_import = l->purpose == CDR_LEAF_PURPOSE_IMPORT;

	if (o->blinds.len % CDR_SCALAR_LEN != 0 || count != l->set.count + o->n_filler)
		return FALSE("%zu points are shown, and the person has %zu tokens", count, l->set.count);
	if (is_import && (o->n_filler > 0 || o->first > o->point || o->point - o->first >= count || count > points - o->first))
		return FALSE("the person whom the drawn point belongs to is not the one that is shown");
	if (!is_import && (o->first != 0 || count != points || cdr_token_padded(l->set.count) != points))
		return FALSE("a check has the tokens of one person and what fills them up, and nothing else");
	for (size_t i = 0; i < o->n_filler; i++)
		if (o->filler[i].len != FILLER_LEN)
			return FALSE("what fills the tokens up could be somebody's");
	l->shown->shown_count = (uint32_t)l->set.count;
	l->shown->filler_count = (uint32_t)o->n_filler;
	return CDR_OK;
}

/* RFC 9497 sec. 3.3.1, Blind, once more for each point that is shown. */
static cdr_err
check_points(struct looking *l)
{
	const Cdr__Wire__Opening *o = l->o;
	uint8_t point[CDR_POINT_LEN];

	for (size_t i = 0; i < l->set.count + o->n_filler; i++) {
		struct cdr_bytes input = { l->set.token[i < l->set.count ? i : 0].input, l->set.token[i < l->set.count ? i : 0].input_len };
		if (i >= l->set.count)
			input = cdr_message_bytes(o->filler[i - l->set.count]);
		cdr_err err = cdr_oprf_blind(input.data, input.len, o->blinds.data + i * CDR_SCALAR_LEN, point);
		if (err == CDR_E_MEMORY || err == CDR_E_INTERNAL)
			return err;
		if (err != CDR_OK || memcmp(point, o->points.data + (o->first + i) * CDR_POINT_LEN, sizeof(point)) != 0)
			return FALSE("point %zu was not made of what is shown: somebody else was evaluated", o->first + i);
	}
	return CDR_OK;
}

/* Whether a text is as members keep it: on a screen it is one line, and writes over nothing. */
static bool
is_clean(const char *text)
{
	char clean[CDR_TEXT_CLEAN_MAX + 1];
	const size_t len = strlen(text);
	const bool same = len <= CDR_TEXT_CLEAN_MAX && cdr_text_clean(text, len, false, clean, sizeof(clean)) == CDR_OK && strcmp(clean, text) == 0;

	cdr_wipe(clean, sizeof(clean));
	return same;
}

static cdr_err
check_name(const struct looking *l)
{
	const struct cdr_person *p = &l->shown->person;
	bool clean = is_clean(p->given_names) && is_clean(p->family_names) && is_clean(p->other_names) && is_clean(p->native_name);

	for (size_t i = 0; clean && i < p->document_count; i++)
		clean = is_clean(p->document[i].type) && is_clean(p->document[i].country) && is_clean(p->document[i].number);
	return clean ? CDR_OK : FALSE("a name or a document is no clean text");
}

/* What the auditor goes by when it asks for the evidence. */
static cdr_err
check_reason(const struct looking *l)
{
	const Cdr__Wire__Opening *o = l->o;

	if (o->record.len != CDR_ID_LEN)
		return FALSE("it does not say which record of the member's it is about");
	if (l->purpose == CDR_LEAF_PURPOSE_IMPORT ?
		    o->employed_from == NULL || o->employed_to == NULL || o->engagement_type == NULL || o->employee_number == NULL :
		    o->legal_basis == NULL || o->notified == NULL || o->legal_basis[0] == '\0' || o->notified[0] == '\0')
		return FALSE("it does not say %s", l->purpose == CDR_LEAF_PURPOSE_IMPORT ? "when and as what the person was employed" :
										    "what notice the candidate was given");
	const char *const said[] = { o->legal_basis, o->notified, o->notified_on, o->employed_from, o->employed_to, o->engagement_type, o->employee_number };
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (said[i] != NULL && !is_clean(said[i]))
			return FALSE("what it says of the %s is no clean text", l->purpose == CDR_LEAF_PURPOSE_IMPORT ? "employment" : "notice");
	return CDR_OK;
}

/* see audit/query_opening.h */
cdr_err
cdr_query_opening_verify(const Cdr__Wire__Opening *opening, const char *member, const struct cdr_sample *sample,
    const struct cdr_roster *roster, struct cdr_query_opening_shown *shown, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct looking *l = calloc(1, sizeof(*l));

	memset(shown, 0, sizeof(*shown));
	if (l == NULL)
		return CDR_E_MEMORY;
	*l = (struct looking){ .o = opening, .member = member, .sample = sample, .roster = roster, .shown = shown, .fault = fault };
	CDR_TRY(check_leaf(l));
	CDR_TRY(check_request(l));
	CDR_TRY(check_draw(l));
	CDR_TRY(derive(l));
	CDR_TRY(check_extent(l));
	CDR_TRY(check_points(l));
	CDR_TRY(check_name(l));
	CDR_TRY(check_reason(l));
out:
	cdr_arena_free(&l->arena);
	cdr_wipe(l, sizeof(*l));
	free(l);
	if (err != CDR_OK)
		cdr_wipe(shown, sizeof(*shown));
	return err;
}

/* ---- sealing -------------------------------------------------------------------------------------------------------- */

#define INFO_LEN (sizeof(seal_label) + CDR_GENESIS_HASH_LEN)
#define PLACE_LEN (CDR_SLUG_LEN_MAX + 1 + 8 + 8 + 4)

static void
write_info(const uint8_t *genesis, uint8_t info[static INFO_LEN])
{
	memcpy(info, seal_label, sizeof(seal_label));
	memcpy(info + sizeof(seal_label), genesis, CDR_GENESIS_HASH_LEN);
}

/* Whose, and what of. 0 for a name that no member has. */
static size_t
write_place(const char *member, uint64_t sample, uint64_t position, uint32_t point, uint8_t place[static PLACE_LEN])
{
	size_t len = strlen(member) + 1;

	if (len > CDR_SLUG_LEN_MAX + 1)
		return 0;
	memcpy(place, member, len);
	cdr_number_write(sample, place + len, 8);
	cdr_number_write(position, place + len + 8, 8);
	cdr_number_write(point, place + len + 16, 4);
	return len + 20;
}

/* see audit/query_opening.h */
cdr_err
cdr_query_opening_seal(const Cdr__Wire__Opening *opening, const uint8_t *receiver_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const char *member, struct cdr_buffer *sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t info[INFO_LEN], place[PLACE_LEN];
	size_t place_len = write_place(member, opening->sample, opening->position, opening->point, place);
	struct cdr_buffer plain = { 0 };

	*sealed = (struct cdr_buffer){ NULL, 0 };
	if (place_len == 0)
		return CDR_E_RANGE;
	write_info(genesis, info);
	CDR_TRY(cdr_message_encode(&opening->base, &plain));
	if (plain.len + CDR_HPKE_OVERHEAD > CDR_OPENING_SEALED_MAX) {
		err = CDR_E_RANGE;
		goto out;
	}
	sealed->len = plain.len + CDR_HPKE_OVERHEAD;
	sealed->data = malloc(sealed->len);
	CDR_TRY(sealed->data == NULL ? CDR_E_MEMORY : CDR_OK);
	CDR_TRY(cdr_hpke_seal(receiver_key, info, sizeof(info), place, place_len, plain.data, plain.len, sealed->data));
out:
	cdr_buffer_free(&plain);
	if (err != CDR_OK)
		cdr_buffer_free(sealed);
	return err;
}

/* see audit/query_opening.h */
cdr_err
cdr_query_opening_open(const Cdr__Wire__OpeningPut *put, const uint8_t *secret, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const char *member, struct cdr_arena *arena, const Cdr__Wire__Opening **opening)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t info[INFO_LEN], place[PLACE_LEN];
	size_t place_len = write_place(member, put->sample, put->position, put->point, place);
	struct cdr_buffer plain = { 0 };

	*opening = NULL;
	if (!put->has_sealed || put->sealed.len <= CDR_HPKE_OVERHEAD || put->sealed.len > CDR_OPENING_SEALED_MAX || place_len == 0)
		return CDR_E_SEALED;
	write_info(genesis, info);
	plain.len = put->sealed.len - CDR_HPKE_OVERHEAD;
	plain.data = malloc(plain.len);
	CDR_TRY(plain.data == NULL ? CDR_E_MEMORY : CDR_OK);
	CDR_TRY(cdr_hpke_open(secret, info, sizeof(info), place, place_len, put->sealed.data, put->sealed.len, plain.data));
	CDR_TRY(cdr_message_decode(arena, &cdr__wire__opening__descriptor, cdr_buffer_bytes(&plain), opening));
	if ((*opening)->sample != put->sample || (*opening)->position != put->position || (*opening)->point != put->point)
		err = CDR_E_INPUT;
out:
	cdr_buffer_free(&plain);
	if (err != CDR_OK)
		*opening = NULL;
	return err;
}
