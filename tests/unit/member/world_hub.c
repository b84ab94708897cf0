#include "tests/unit/member/world_play.h"

#include <stdio.h>

#include "core/crypto/hash.h"
#include "proto/annual.pb-c.h"
#include "proto/round.pb-c.h"

/* What the hub answers: a handler for each path. see tests/unit/member/world_play.h */

/* A request, decoded. */
struct w_request {
	const struct cdr_envelope *envelope;
	const void *message;
};

static const Cdr__Wire__Empty nothing = CDR__WIRE__EMPTY__INIT;

/* The member that signed, or "". */
static const char *
member_of(const struct w_request *r)
{
	return strncmp(r->envelope->signer, "member/", 7) == 0 ? r->envelope->signer + 7 : "";
}

/* An answer that says nothing but that an act is in the log. */
static void
say_logged(struct w_receipt *receipt, struct w_reply *reply)
{
	Cdr__Wire__Logged answer = CDR__WIRE__LOGGED__INIT;

	answer.receipt = &receipt->message;
	w_say(reply, &answer.base);
	cdr_buffer_free(&receipt->leaf);
}

static void
genesis(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	(void)r;
	reply->status = 200;
	assert_int_equal(cdr_buffer_copy(cdr_buffer_bytes(&w->genesis_bytes), &reply->body), CDR_OK);
}

void
w_roster_reply(struct world *w, const struct cdr_envelope *envelope, bool gives, struct w_reply *reply)
{
	struct cdr_arena arena = { 0 }, roster_arena = { 0 };
	const Cdr__Wire__RosterRequest *request;
	Cdr__Wire__RosterReply answer = CDR__WIRE__ROSTER_REPLY__INIT;

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__roster_request__descriptor, envelope->body, &request), CDR_OK);
	if (gives && request->have_version < w->version)
		assert_int_equal(cdr_message_decode(&roster_arena, &cdr__wire__signed_roster__descriptor,
		    cdr_buffer_bytes(&w->newest_bytes), &answer.roster), CDR_OK);
	w_say(reply, &answer.base);
	cdr_arena_free(&roster_arena);
	cdr_arena_free(&arena);
}

static void
roster(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	w_roster_reply(w, r->envelope, !w->hub_withholds, reply);
}

static void
join(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	const Cdr__Wire__JoinRequest *request = r->message;
	Cdr__Wire__JoinReply answer = CDR__WIRE__JOIN_REPLY__INIT;
	char id[64], country[8], status[] = "pending";

	if (memcmp(request->code.data, w->join_code, sizeof(w->join_code)) != 0) {
		w_refuse(reply, CDR_E_REFUSED);
		return;
	}
	(void)snprintf(id, sizeof(id), "%s", w->join_id);
	(void)snprintf(country, sizeof(country), "%s", w->join_country);
	answer.member_id = id;
	answer.country = country;
	answer.status = status;
	w_say(reply, &answer.base);
}

static void
keep_put(struct world *w, const Cdr__Wire__IndexPut *put)
{
	struct w_put *kept = &w->put[w->put_count++];

	assert_true(w->put_count <= W_PUT_MAX);
	*kept = (struct w_put){ .epoch = put->epoch };
	memcpy(kept->batch, put->batch.data, sizeof(kept->batch));
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->rows), &kept->rows), CDR_OK);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->expiries), &kept->expiries), CDR_OK);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->removed), &kept->removed), CDR_OK);
}

/* Whether ${put} would bring more rows under one tag than a member may have. */
static bool
floods(const struct world *w, const Cdr__Wire__IndexPut *put)
{
	for (size_t at = 0; at < put->rows.len; at += CDR_INDEX_ROW_LEN) {
		size_t count = 0;
		for (size_t k = 0; k < put->rows.len; k += CDR_INDEX_ROW_LEN)
			count += memcmp(put->rows.data + at, put->rows.data + k, CDR_TAG_LEN) == 0;
		for (size_t i = 0; i < w->put_count; i++)
			for (size_t k = 0; k < w->put[i].rows.len; k += CDR_INDEX_ROW_LEN)
				count += memcmp(put->rows.data + at, w->put[i].rows.data + k, CDR_TAG_LEN) == 0;
		if (count > CDR_INDEX_MEMBER_TAG_ROWS_MAX)
			return true;
	}
	return false;
}

static void
index_put(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	Cdr__Wire__IndexPutReply answer = CDR__WIRE__INDEX_PUT_REPLY__INIT;
	const Cdr__Wire__IndexPut *put = r->message;
	const struct cdr_bytes parts[] = { cdr_message_bytes(put->batch), cdr_message_bytes(put->rows),
		cdr_message_bytes(put->expiries), cdr_message_bytes(put->removed) };
	struct w_receipt receipt;

	if (w->bounds_tags && floods(w, put)) {
		w->flood_count++;
		w_refuse(reply, CDR_E_RANGE);
		return;
	}
	keep_put(w, put);
	w_log_act(w, CDR_LEAF_INDEX_BATCH, r->envelope->signer, parts, 4, &receipt);
	answer.receipt = &receipt.message;
	w_say(reply, &answer.base);
	cdr_buffer_free(&receipt.leaf);
}

static void
check_open(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	const Cdr__Wire__CheckOpen *open = r->message;
	Cdr__Wire__CheckOpenReply answer = CDR__WIRE__CHECK_OPEN_REPLY__INIT;
	Cdr__Wire__IndexProof proof;
	Cdr__Wire__Receipt receipt;
	struct cdr_leaf leaf;
	struct cdr_match judged;
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	assert_in_range(open->rows.len, 1, sizeof(w->check_rows));
	w->check_row_count = open->rows.len / CDR_CHECK_ROW_LEN;
	memcpy(w->check_rows, open->rows.data, open->rows.len);
	memcpy(w->check_id, open->check.data, sizeof(w->check_id));
	w->open_count++;
	answer.check = open->check;
	answer.people = W_PEOPLE;
	w_index_judge(open, &w->scheme, &judged);
	for (size_t i = 0; i < w->index.count; i++)
		memcpy(w->index.person[i].handle, w->handles[i], CDR_HANDLE_LEN);
	for (size_t i = 0; i < w->match_count; i++) {
		w->matches[i] = &w->match[i];
		/* What the test has not twisted is as the rule says. */
		if (w->match[i].types == 0)
			w->match[i].types = judged.types;
		if (w->match[i].lambda_ppb == 0)
			w->match[i].lambda_ppb = cdr_index_lambda_ppb(judged.lambda);
	}
	answer.match = w->matches;
	answer.n_match = w->match_count;
	answer.has_at = true;
	answer.at = cdr_member_now();
	w_index_prove(&w->index, open, &proof, &leaf);
	uint64_t place = w->index.position > 0 ? w->index.position : w->log_edge.size;
	w_index_receipt(w->gives_other_receipt ? w->keys[GREEN].seed : w->hub.seed, w->genesis, &leaf, place, &receipt, hash);
	if (w->index.position == 0) {
		assert_true(place < W_LOG_MAX);
		memcpy(w->log_content[place], leaf.content, CDR_LEAF_CONTENT_LEN);
		memcpy(w->log_hash[place], hash, sizeof(hash));
		assert_int_equal(cdr_merkle_append(&w->log_edge, hash, NULL), CDR_OK);
	}
	answer.proof = w->gives_no_proof ? NULL : &proof;
	answer.root_receipt = &receipt;
	const struct cdr_bytes parts[] = { cdr_message_bytes(open->check), cdr_message_bytes(open->rows) };
	struct w_receipt opened;
	struct cdr_leaf check = { .kind = CDR_LEAF_CHECK_OPENED };
	cdr_leaf_party_add(&check, r->envelope->signer);
	cdr_leaf_number_add(&check, open->epoch);
	cdr_leaf_number_add(&check, open->rows.len / CDR_CHECK_ROW_LEN);
	cdr_leaf_number_add(&check, w->names_other_root ? place + 1 : place);
	assert_int_equal(cdr_leaf_content(check.kind, parts, 2, check.content), CDR_OK);
	w_log_append(w, &check, &opened);
	answer.receipt = &opened.message;
	w_say(reply, &answer.base);
	cdr_buffer_free(&opened.leaf);
}

static void
check_close(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	const struct cdr_bytes check = cdr_message_bytes(((const Cdr__Wire__CheckClose *)r->message)->check);
	struct w_receipt receipt;

	w->close_count++;
	w_log_act(w, CDR_LEAF_CHECK_CLOSED, r->envelope->signer, &check, 1, &receipt);
	say_logged(&receipt, reply);
}

static int
compare_handles(const void *a, const void *b)
{
	return memcmp(a, b, CDR_HANDLE_LEN);
}

/* Whether ${put} takes this handle out. */
static bool
takes_out(const struct w_put *put, const uint8_t *handle)
{
	for (size_t at = 0; at < put->removed.len; at += CDR_HANDLE_LEN)
		if (memcmp(put->removed.data + at, handle, CDR_HANDLE_LEN) == 0)
			return true;
	return false;
}

size_t
w_index_handles(const struct world *w, uint8_t (*handles)[CDR_HANDLE_LEN], size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < w->put_count; i++)
		for (size_t at = 0; at < w->put[i].expiries.len; at += CDR_INDEX_EXPIRY_LEN) {
			const uint8_t *handle = w->put[i].expiries.data + at;
			bool there = true;
			for (size_t k = i + 1; k < w->put_count; k++)
				there &= !takes_out(&w->put[k], handle);
			for (size_t k = 0; k < count; k++)
				there &= memcmp(handles[k], handle, CDR_HANDLE_LEN) != 0;
			if (there) {
				assert_true(count < max);
				memcpy(handles[count++], handle, CDR_HANDLE_LEN);
			}
		}
	if (count > 1)
		qsort(handles, count, CDR_HANDLE_LEN, compare_handles);
	return count;
}

/* Of whoever put, in the order of the handles; so many at once that there are several pages. */
static void
index_handles(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	static uint8_t handles[2 * CDR_INDEX_HANDLES_MAX][CDR_HANDLE_LEN];
	const Cdr__Wire__IndexHandles *request = r->message;
	Cdr__Wire__IndexHandlesReply answer = CDR__WIRE__INDEX_HANDLES_REPLY__INIT;
	size_t count = w_index_handles(w, handles, 2 * CDR_INDEX_HANDLES_MAX), from = 0;

	w->list_count++;
	while (request->has_after && from < count && memcmp(handles[from], request->after.data, CDR_HANDLE_LEN) <= 0)
		from++;
	count -= from;
	if (count > CDR_INDEX_HANDLES_MAX)
		count = CDR_INDEX_HANDLES_MAX;
	if (w->lists_backwards && count > 1)
		memcpy(handles[from], handles[from + 1], CDR_HANDLE_LEN);
	answer.handles = cdr_message_field(handles[from], count * CDR_HANDLE_LEN);
	w_say(reply, &answer.base);
}

/* Nothing is proved: who asks asks again. Who is not there the hub says to be absent. */
static void
index_prove(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	static uint8_t handles[2 * CDR_INDEX_HANDLES_MAX][CDR_HANDLE_LEN];
	const ProtobufCBinaryData rows = ((const Cdr__Wire__IndexProve *)r->message)->rows;
	size_t count = rows.len / CDR_INDEX_ROW_LEN, there = w_index_handles(w, handles, 2 * CDR_INDEX_HANDLES_MAX), found = 0;

	w->prove_count++;
	if (count > w->prove_row_count)
		w->prove_row_count = count;
	for (size_t i = 0; i < count; i++)
		found += bsearch(rows.data + i * CDR_INDEX_ROW_LEN + CDR_TAG_LEN + 3, handles, there, CDR_HANDLE_LEN, compare_handles) != NULL;
	w_refuse(reply, found == count ? CDR_E_BUSY : CDR_E_ABSENT);
}

void
w_push_mail(struct world *w, const Cdr__Wire__Mail *mail)
{
	struct w_mail *kept = &w->mail[w->mail_count];

	for (size_t i = 0; i < w->mail_count; i++)
		if (memcmp(w->mail[i].id, mail->id.data, CDR_MAIL_ID_LEN) == 0)
			return;
	assert_true(w->mail_count < W_MAIL_MAX);
	assert_int_equal(mail->sealed.len, CDR_MAIL_SEALED_LEN);
	*kept = (struct w_mail){ 0 };
	(void)snprintf(kept->from, sizeof(kept->from), "%s", mail->from);
	(void)snprintf(kept->to, sizeof(kept->to), "%s", mail->to);
	memcpy(kept->id, mail->id.data, CDR_MAIL_ID_LEN);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(mail->sealed), &kept->sealed), CDR_OK);
	w->mail_count++;
}

void
w_drop_mail(struct world *w, const uint8_t *id)
{
	for (size_t i = 0; i < w->mail_count; i++) {
		if (memcmp(w->mail[i].id, id, CDR_MAIL_ID_LEN) != 0)
			continue;
		cdr_buffer_free(&w->mail[i].sealed);
		memmove(&w->mail[i], &w->mail[i + 1], (w->mail_count - i - 1) * sizeof(w->mail[0]));
		w->mail_count--;
		return;
	}
}

static void
mail_post(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	const Cdr__Wire__Mail *mail = r->message;
	const struct cdr_bytes parts[] = { cdr_message_bytes(mail->id), { (const uint8_t *)mail->from, strlen(mail->from) },
		{ (const uint8_t *)mail->to, strlen(mail->to) }, cdr_message_bytes(mail->sealed) };
	struct w_receipt receipt;

	w_push_mail(w, mail);
	w_log_act(w, CDR_LEAF_DELIVERY, r->envelope->signer, parts, 4, &receipt);
	say_logged(&receipt, reply);
}

static void
mail_fetch(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	Cdr__Wire__MailBag bag = CDR__WIRE__MAIL_BAG__INIT;
	Cdr__Wire__Mail mail[CDR_MAIL_BAG_COUNT_MAX], *mails[CDR_MAIL_BAG_COUNT_MAX];

	bag.mail = mails;
	for (size_t i = 0; i < w->mail_count && bag.n_mail < CDR_MAIL_BAG_COUNT_MAX; i++) {
		if (strcmp(w->mail[i].to, member_of(r)) != 0)
			continue;
		Cdr__Wire__Mail *m = &mail[bag.n_mail];
		*m = (Cdr__Wire__Mail)CDR__WIRE__MAIL__INIT;
		m->id = cdr_message_field(w->mail[i].id, CDR_MAIL_ID_LEN);
		m->from = w->mail[i].from;
		m->to = w->mail[i].to;
		m->sealed = cdr_message_field(w->mail[i].sealed.data, w->mail[i].sealed.len);
		mails[bag.n_mail++] = m;
	}
	w_say(reply, &bag.base);
}

static void
mail_taken(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	const Cdr__Wire__MailTaken *taken = r->message;

	for (size_t i = 0; i < taken->ids.len; i += CDR_MAIL_ID_LEN)
		w_drop_mail(w, taken->ids.data + i);
	w_say(reply, &nothing.base);
}

static void
log_evaluation(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	w_log_evaluation(w, r->envelope->signer, r->message, reply);
}

static void
log_checkpoint(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	w_log_checkpoint(w, r->message, reply);
}

static void
sealing(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	const Cdr__Wire__SealingPut *put = r->message;
	struct w_roll *roll = NULL;

	for (size_t i = 0; i < W_MEMBERS; i++)
		if (strcmp(member_of(r), w_ids[i]) == 0)
			roll = &w->roll[i];
	assert_non_null(roll);
	assert_int_equal(put->sealing_key.len, sizeof(roll->key));
	assert_int_equal(put->sealing->signature.len, sizeof(roll->signature));
	memcpy(roll->key, put->sealing_key.data, sizeof(roll->key));
	memcpy(roll->signature, put->sealing->signature.data, sizeof(roll->signature));
	roll->number = put->sealing->number;
	roll->made_at = put->sealing->made_at;
	roll->put_count++;
	w_say(reply, &nothing.base);
}

static void
annual_return(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	(void)w;
	(void)r;
	w_say(reply, &nothing.base);
}

static void
sample_list(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	w_sample_list(&w->samples, r->message, reply);
}

static void
round_release(struct world *w, const struct w_request *r, struct w_reply *reply)
{
	Cdr__Wire__RoundRelease answer = CDR__WIRE__ROUND_RELEASE__INIT;
	uint8_t round[32] = { 9 }, hash[CDR_SHA256_LEN];
	struct w_receipt receipt;

	(void)r;
	if (w->release_json == NULL) {
		w_refuse(reply, CDR_E_ABSENT);
		return;
	}
	const struct cdr_bytes logged = { (const uint8_t *)w->release_logged, strlen(w->release_logged) };
	assert_int_equal(cdr_sha256(&logged, 1, hash), CDR_OK);
	const struct cdr_bytes parts[] = { { round, sizeof(round) }, { hash, sizeof(hash) } };
	w_log_act(w, CDR_LEAF_RELEASE, "hub", parts, 2, &receipt);
	answer.round = cdr_message_field(round, sizeof(round));
	answer.json = cdr_message_field((const uint8_t *)w->release_json, strlen(w->release_json));
	answer.receipt = &receipt.message;
	w_say(reply, &answer.base);
	cdr_buffer_free(&receipt.leaf);
}

void
w_hub(struct world *w, const char *path, const struct cdr_envelope *envelope, struct w_reply *reply)
{
	static const struct {
		const char *path;
		const ProtobufCMessageDescriptor *type;
		void (*handler)(struct world *w, const struct w_request *r, struct w_reply *reply);
	} routes[] = {
		{ "/v1/genesis", &cdr__wire__empty__descriptor, genesis },
		{ "/v1/roster", &cdr__wire__roster_request__descriptor, roster },
		{ "/v1/join", &cdr__wire__join_request__descriptor, join },
		{ "/v1/index/put", &cdr__wire__index_put__descriptor, index_put },
		{ "/v1/index/handles", &cdr__wire__index_handles__descriptor, index_handles },
		{ "/v1/index/prove", &cdr__wire__index_prove__descriptor, index_prove },
		{ "/v1/check/open", &cdr__wire__check_open__descriptor, check_open },
		{ "/v1/check/close", &cdr__wire__check_close__descriptor, check_close },
		{ "/v1/mail/post", &cdr__wire__mail__descriptor, mail_post },
		{ "/v1/mail/fetch", &cdr__wire__mail_fetch__descriptor, mail_fetch },
		{ "/v1/mail/taken", &cdr__wire__mail_taken__descriptor, mail_taken },
		{ "/v1/log/evaluation", &cdr__wire__signed_evaluation__descriptor, log_evaluation },
		{ "/v1/log/checkpoint", &cdr__wire__checkpoint_request__descriptor, log_checkpoint },
		{ "/v1/member/sealing", &cdr__wire__sealing_put__descriptor, sealing },
		{ "/v1/return", &cdr__wire__annual_put__descriptor, annual_return },
		{ "/v1/round/release", &cdr__wire__round_release_request__descriptor, round_release },
		{ "/v1/sample/list", &cdr__wire__sample_list_request__descriptor, sample_list },
	};
	struct cdr_arena arena = { 0 };
	struct w_request request = { .envelope = envelope };
	size_t route = 0;

	if (w->on_round != NULL && strncmp(path, "/v1/round/", 10) == 0) {
		w->on_round(w, path, envelope, reply);
		return;
	}
	while (strcmp(routes[route].path, path) != 0)
		assert_true(++route < sizeof(routes) / sizeof(routes[0]));
	assert_int_equal(cdr_message_decode(&arena, routes[route].type, envelope->body, &request.message), CDR_OK);
	routes[route].handler(w, &request, reply);
	cdr_arena_free(&arena);
}
