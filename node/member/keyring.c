#include "node/member/keyring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/member.h"
#include "node/net/clock.h"
#include "node/net/log.h"
#include "proto/sealing.h"

#define ROLL_PATH "/v1/member/sealing"
#define REPOST_SECONDS 3600
#define CURRENT "sealing"
#define NUMBER "sealing.number"
#define NEXT "sealing.next"
#define NUMBER_LEN 8
#define LONG_LEN (2 * NUMBER_LEN + CDR_HPKE_SECRET_LEN)

/* One key. ${time}: of the next one when it was made, of a former one when it was replaced. */
struct key {
	uint64_t number, time;
	uint8_t secret[CDR_HPKE_SECRET_LEN];
	uint8_t key[CDR_HPKE_PUBLIC_LEN];
	bool is_there;
};

/* Two in front of the former ones. */
enum { AT_CURRENT, AT_NEXT, AT_FORMER, KEY_COUNT = AT_FORMER + CDR_KEYRING_FORMER_MAX };

struct cdr_keyring {
	struct cdr_home *home;
	pthread_mutex_t lock;
	struct key *key;          /* KEY_COUNT of them, in locked memory */
	uint64_t posted_at;       /* the next key, by this process */
	uint64_t lost_number;     /* of the key that the roster names and nobody here has; told once */
};

/* ---- the keystore ----------------------------------------------------------------------------------------------------- */

/* The name of the key at ${at} in the keystore. */
static void
name_of(size_t at, char name[static CDR_KEYSTORE_NAME_LEN_MAX])
{
	if (at == AT_NEXT)
		(void)snprintf(name, CDR_KEYSTORE_NAME_LEN_MAX, NEXT);
	else
		(void)snprintf(name, CDR_KEYSTORE_NAME_LEN_MAX, "sealing/%zu", at - AT_FORMER);
}

/* Read the key at ${at}, which is not the current one. */
static cdr_err
load_long(const struct cdr_keystore *store, size_t at, struct key *key)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[CDR_KEYSTORE_NAME_LEN_MAX];
	uint8_t *bytes = cdr_secret_alloc(LONG_LEN);

	if (bytes == NULL)
		return CDR_E_MEMORY;
	name_of(at, name);
	err = cdr_keystore_get(store, name, bytes, LONG_LEN);
	if (err == CDR_OK) {
		key->number = cdr_number_read(bytes, NUMBER_LEN);
		key->time = cdr_number_read(bytes + NUMBER_LEN, NUMBER_LEN);
		memcpy(key->secret, bytes + 2 * NUMBER_LEN, sizeof(key->secret));
		key->is_there = true;
		err = cdr_hpke_public(key->secret, key->key);
	} else if (err == CDR_E_ABSENT) {
		err = CDR_OK;
	} else {
		err = CDR_E_STORE;
	}
	cdr_secret_free(bytes);
	return err;
}

/* Write the keys of ${ring} into the open keystore, and save it. */
static cdr_err
save(struct cdr_home *home, const struct key ring[static KEY_COUNT], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[CDR_KEYSTORE_NAME_LEN_MAX];
	uint8_t number[NUMBER_LEN], *bytes = cdr_secret_alloc(LONG_LEN);

	if (bytes == NULL)
		return CDR_E_MEMORY;
	cdr_number_write(ring[AT_CURRENT].number, number, NUMBER_LEN);
	CDR_TRY(cdr_keystore_put(home->keystore, CURRENT, ring[AT_CURRENT].secret, CDR_HPKE_SECRET_LEN));
	CDR_TRY(cdr_keystore_put(home->keystore, NUMBER, number, sizeof(number)));
	for (size_t at = AT_NEXT; at < KEY_COUNT; at++) {
		name_of(at, name);
		if (!ring[at].is_there) {
			err = cdr_keystore_remove(home->keystore, name);
			CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
			continue;
		}
		cdr_number_write(ring[at].number, bytes, NUMBER_LEN);
		cdr_number_write(ring[at].time, bytes + NUMBER_LEN, NUMBER_LEN);
		memcpy(bytes + 2 * NUMBER_LEN, ring[at].secret, CDR_HPKE_SECRET_LEN);
		CDR_TRY(cdr_keystore_put(home->keystore, name, bytes, LONG_LEN));
	}
	CDR_TRY(cdr_keystore_save(home->keystore, fault));
	err = CDR_OK;
out:
	cdr_secret_free(bytes);
	return err;
}

/* ---- the keyring ------------------------------------------------------------------------------------------------------ */

/* What the keystore holds beside the key that the home has loaded. */
static cdr_err
load(struct cdr_keyring *keyring)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_keystore *store = keyring->home->keystore;
	struct key *current = &keyring->key[AT_CURRENT];
	uint8_t number[NUMBER_LEN];

	memcpy(current->secret, keyring->home->keys->sealing, sizeof(current->secret));
	memcpy(current->key, keyring->home->sealing_public, sizeof(current->key));
	current->is_there = true;
	if (store == NULL)
		return CDR_OK;
	if (cdr_keystore_len(store, NUMBER) > 0) {
		CDR_TRY(cdr_keystore_get(store, NUMBER, number, sizeof(number)));
		current->number = cdr_number_read(number, NUMBER_LEN);
	}
	for (size_t at = AT_NEXT; at < KEY_COUNT; at++)
		CDR_TRY(load_long(store, at, &keyring->key[at]));
	err = CDR_OK;
out:
	return err == CDR_E_RANGE ? CDR_E_STORE : err;
}

/* see node/member/keyring.h */
cdr_err
cdr_keyring_new(struct cdr_home *home, struct cdr_keyring **out)
{
	struct cdr_keyring *keyring = calloc(1, sizeof(*keyring));

	*out = NULL;
	if (keyring == NULL)
		return CDR_E_MEMORY;
	keyring->home = home;
	keyring->key = cdr_secret_alloc(KEY_COUNT * sizeof(*keyring->key));
	if (keyring->key == NULL || pthread_mutex_init(&keyring->lock, NULL) != 0) {
		cdr_secret_free(keyring->key);
		free(keyring);
		return CDR_E_MEMORY;
	}
	memset(keyring->key, 0, KEY_COUNT * sizeof(*keyring->key));
	cdr_err err = load(keyring);
	if (err == CDR_OK)
		*out = keyring;
	else
		cdr_keyring_free(keyring);
	return err;
}

/* see node/member/keyring.h */
void
cdr_keyring_free(struct cdr_keyring *keyring)
{
	if (keyring == NULL)
		return;
	(void)pthread_mutex_destroy(&keyring->lock);
	cdr_secret_free(keyring->key);
	free(keyring);
}

/* see node/member/keyring.h */
void
cdr_keyring_public(struct cdr_keyring *keyring, uint8_t key[static CDR_HPKE_PUBLIC_LEN])
{
	(void)pthread_mutex_lock(&keyring->lock);
	memcpy(key, keyring->key[AT_CURRENT].key, CDR_HPKE_PUBLIC_LEN);
	(void)pthread_mutex_unlock(&keyring->lock);
}

/* see node/member/keyring.h */
size_t
cdr_keyring_former_count(struct cdr_keyring *keyring)
{
	size_t count = 0;

	(void)pthread_mutex_lock(&keyring->lock);
	for (size_t at = AT_FORMER; at < KEY_COUNT; at++)
		count += keyring->key[at].is_there ? 1 : 0;
	(void)pthread_mutex_unlock(&keyring->lock);
	return count;
}

/* see node/member/keyring.h */
cdr_err
cdr_keyring_open(struct cdr_keyring *keyring, const Cdr__Wire__Mail *mail, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], uint8_t used[static CDR_HPKE_PUBLIC_LEN],
    struct cdr_letter **letter, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_SEALED;

	*letter = NULL;
	memset(used, 0, CDR_HPKE_PUBLIC_LEN);
	(void)pthread_mutex_lock(&keyring->lock);
	for (size_t at = 0; at < KEY_COUNT && err == CDR_E_SEALED; at++) {
		const struct key *key = &keyring->key[at];

		if (!key->is_there)
			continue;
		err = cdr_letter_open(mail, key->secret, key->key, roster, genesis, letter, fault);
		memcpy(used, key->key, CDR_HPKE_PUBLIC_LEN);
	}
	(void)pthread_mutex_unlock(&keyring->lock);
	return err;
}

/* ---- changing it ------------------------------------------------------------------------------------------------------ */

/* What a step works with. ${key} is a copy of the ring, in locked memory, which the ring becomes once it is saved. */
struct step {
	struct cdr_member *member;
	struct cdr_keyring *keyring;
	const struct cdr_roster *roster;
	const Cdr__Wire__Member *entry;
	struct key *key;
	uint64_t now;
	bool *worked;
	struct cdr_fault *fault;
};

static bool
is_key(const struct key *key, const Cdr__Wire__Member *entry)
{
	return key->is_there && memcmp(key->key, entry->party->sealing_key.data, CDR_HPKE_PUBLIC_LEN) == 0;
}

static uint64_t
entry_number(const Cdr__Wire__Member *entry)
{
	return entry->sealing != NULL ? entry->sealing->number : 0;
}

/* Save the copy, then let it be the ring. On an error everything is as it was. */
static cdr_err
commit(struct step *step)
{
	struct cdr_keyring *keyring = step->keyring;
	struct cdr_home *home = keyring->home;

	cdr_err err = save(home, step->key, step->fault);
	if (err != CDR_OK) {
		/* What stands in the open keystore and not in the file does no harm: each save writes all keys. */
		memcpy(step->key, keyring->key, KEY_COUNT * sizeof(*step->key));
		return err;
	}
	*step->worked = true;
	(void)pthread_mutex_lock(&keyring->lock);
	memcpy(keyring->key, step->key, KEY_COUNT * sizeof(*step->key));
	memcpy(home->keys->sealing, keyring->key[AT_CURRENT].secret, sizeof(home->keys->sealing));
	memcpy(home->sealing_public, keyring->key[AT_CURRENT].key, sizeof(home->sealing_public));
	(void)pthread_mutex_unlock(&keyring->lock);
	return CDR_OK;
}

/* A place for one more former key: the one that was replaced first makes room if all are taken. */
static size_t
former_place(const struct key *key)
{
	size_t oldest = AT_FORMER;

	for (size_t at = AT_FORMER; at < KEY_COUNT; at++) {
		if (!key[at].is_there)
			return at;
		if (key[at].time < key[oldest].time)
			oldest = at;
	}
	return oldest;
}

/* The roster names the next key: use it. */
static cdr_err
take_next(struct step *step)
{
	struct key *key = step->key, *former = &key[former_place(key)];

	if (!is_key(&key[AT_NEXT], step->entry))
		return CDR_OK;
	*former = key[AT_CURRENT];
	former->time = step->now;
	key[AT_CURRENT] = key[AT_NEXT];
	key[AT_CURRENT].number = entry_number(step->entry);
	cdr_wipe(&key[AT_NEXT], sizeof(key[AT_NEXT]));
	step->keyring->posted_at = 0;
	cdr_err err = commit(step);
	if (err == CDR_OK)
		cdr_log(CDR_LOG_INFO, "sealing.key_in_force", cdr_log_int("number", (int64_t)step->keyring->key[AT_CURRENT].number));
	return err;
}

/* Whether a new key is to be made: the one in force is a month old, or is not here. */
static bool
is_due(struct step *step)
{
	const Cdr__Wire__Member *entry = step->entry;
	uint64_t since = entry->sealing != NULL ? entry->sealing->made_at : entry->joined_at;

	/* When this node joined is the hub's word: a time that is yet to come holds up no key. */
	if (since > step->roster->body->made_at + CDR_DAY_SECONDS)
		since = 0;
	if (is_key(&step->key[AT_CURRENT], entry))
		return step->now >= since + (uint64_t)CDR_KEYRING_ROLL_DAYS * CDR_DAY_SECONDS;
	if (step->keyring->lost_number != entry_number(entry) + 1) {
		step->keyring->lost_number = entry_number(entry) + 1;
		cdr_log(CDR_LOG_WARNING, "sealing.key_not_here", cdr_log_int("number", (int64_t)entry_number(entry)),
		    cdr_log_text("what", "letters to this node cannot be read until its new key is in the roster"));
	}
	return true;
}

/* Draw the next key, with a number that no key before had. */
static cdr_err
make_next(struct step *step)
{
	struct key *next = &step->key[AT_NEXT];
	uint64_t known = entry_number(step->entry);

	if (step->key[AT_CURRENT].number > known)
		known = step->key[AT_CURRENT].number;
	if (next->is_there && next->number > known)
		return CDR_OK;
	if (!next->is_there) {
		if (!is_due(step))
			return CDR_OK;
		cdr_err err = cdr_hpke_keypair(next->secret, next->key);
		if (err != CDR_OK)
			return err;
		next->is_there = true;
	}
	next->number = known + 1;
	next->time = step->now;
	step->keyring->posted_at = 0;
	return commit(step);
}

/* Send what the hub is to put into the next roster. A repeat changes nothing there. */
static cdr_err
post_next(struct step *step, struct cdr_fault *fault)
{
	const struct key *next = &step->key[AT_NEXT];
	uint8_t signature[CDR_SIGNATURE_LEN];
	const struct cdr_sealing_claim claim = {
		.hub_key = step->roster->body->hub->signing_key.data, .member = step->member->id, .number = next->number,
		.made_at = next->time, .sealing_key = next->key,
	};
	Cdr__Wire__SealingKey sealing = CDR__WIRE__SEALING_KEY__INIT;
	Cdr__Wire__SealingPut put = CDR__WIRE__SEALING_PUT__INIT;
	struct cdr_ask ask = { .path = ROLL_PATH, .message = &put.base };

	cdr_err err = cdr_sealing_sign(step->member->home->keys->signing, &claim, signature);
	if (err != CDR_OK)
		return err;
	sealing.number = next->number;
	sealing.made_at = next->time;
	sealing.signature = cdr_message_field(signature, sizeof(signature));
	put.sealing_key = cdr_message_field(next->key, sizeof(next->key));
	put.sealing = &sealing;
	err = cdr_member_ask_hub(step->member, step->roster, &ask, fault);
	cdr_ask_free(&ask);
	return err;
}

/* Until it is in a roster, say from time to time which one is the next. */
static cdr_err
propose(struct step *step)
{
	struct cdr_keyring *keyring = step->keyring;

	if (!step->key[AT_NEXT].is_there || (keyring->posted_at != 0 && !cdr_clock_is_due(step->now, keyring->posted_at, REPOST_SECONDS)))
		return CDR_OK;
	cdr_err err = post_next(step, step->fault);
	if (err == CDR_E_SEQUENCE) {
		/* A key of that number was sent before this node was put back from a backup. */
		step->key[AT_NEXT].number++;
		step->key[AT_NEXT].time = step->now;
		return commit(step);
	}
	if (err == CDR_E_INPUT && step->key[AT_NEXT].time > step->now) {
		/* It was made while the clock here was ahead: no hub takes that. */
		step->key[AT_NEXT].time = step->now;
		return commit(step);
	}
	/* The hub takes it later: that is no failure, and not asked every second. */
	if (err == CDR_OK || err == CDR_E_BUSY)
		keyring->posted_at = step->now;
	return err == CDR_E_BUSY ? CDR_OK : err;
}

/* ---- destroying ------------------------------------------------------------------------------------------------------- */

/* Whether something began while a key was in use (until ${until}) and is not over; what is older than ${oldest} is. */
struct open_cases {
	uint64_t until, oldest;
	bool any;
};

/* A reading job. */
static cdr_err
open_cases_job(struct cdr_tx *tx, void *context)
{
	struct open_cases *open = context;
	int64_t asked, received;
	const struct cdr_value until = cdr_value_int((int64_t)open->until), oldest = cdr_value_int((int64_t)open->oldest);

	cdr_err err = cdr_query_one_int(tx,
	    "SELECT count(*) FROM employer, hiring_check WHERE hiring_check.id = employer.check_id AND closed_at = 0"
	    " AND answered_at = 0 AND asked_at > $2 AND asked_at < $1",
	    CDR_VALUES(until, oldest), &asked);
	if (err == CDR_OK)
		err = cdr_query_one_int(tx,
		    "SELECT count(*) FROM inbox WHERE state IN ('waiting', 'drafted', 'plausible') AND received_at > $2 AND"
		    " received_at < $1",
		    CDR_VALUES(until, oldest), &received);
	open->any = err == CDR_OK && (asked > 0 || received > 0);
	return err;
}

/* Whether the former key ${key} may still be needed. */
static cdr_err
is_needed(const struct step *step, const struct key *key, bool *needed)
{
	/* After so long no letter is taken any more: node/member/mail.c. */
	const uint64_t letters = (CDR_KEYRING_GRACE_DAYS + (uint64_t)step->roster->body->scheme->expiry_days) * CDR_DAY_SECONDS;
	struct open_cases open = { .until = key->time + (uint64_t)CDR_KEYRING_GRACE_DAYS * CDR_DAY_SECONDS };

	*needed = true;
	if (step->now < open.until)
		return CDR_OK;
	open.oldest = step->now > letters ? step->now - letters : 0;
	cdr_err err = cdr_store_read(step->member->home->store, open_cases_job, &open);
	*needed = open.any;
	return err;
}

/* No key was replaced in the future: the clock here was ahead then. The roster is not younger than the present, whatever the clock says. */
static cdr_err
correct_times(struct step *step)
{
	const uint64_t made_at = step->roster->body->made_at, now = step->now > made_at ? step->now : made_at;
	bool changed = false;

	for (size_t at = AT_FORMER; at < KEY_COUNT; at++) {
		if (!step->key[at].is_there || step->key[at].time <= now + CDR_DAY_SECONDS)
			continue;
		step->key[at].time = now;
		changed = true;
	}
	return changed ? commit(step) : CDR_OK;
}

static cdr_err
destroy(struct step *step)
{
	cdr_err corrected = correct_times(step);

	if (corrected != CDR_OK)
		return corrected;
	for (size_t at = AT_FORMER; at < KEY_COUNT; at++) {
		struct key *key = &step->key[at];
		uint64_t number = key->number;
		bool needed = true;

		if (!key->is_there)
			continue;
		cdr_err err = is_needed(step, key, &needed);
		if (err == CDR_OK && !needed) {
			cdr_wipe(key, sizeof(*key));
			err = commit(step);
			if (err == CDR_OK)
				cdr_log(CDR_LOG_INFO, "sealing.key_destroyed", cdr_log_int("number", (int64_t)number));
		}
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
run(struct step *step)
{
	cdr_err err = CDR_E_INTERNAL;

	/* Whoever is suspended rolls no key; what was replaced before goes all the same. */
	if (!cdr_roster_member_is_active(step->entry))
		return destroy(step);
	CDR_TRY(take_next(step));
	CDR_TRY(destroy(step));
	CDR_TRY(make_next(step));
	CDR_TRY(propose(step));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/keyring.h */
cdr_err
cdr_keyring_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_MEMORY;
	struct cdr_keyring *keyring = member->keyring;
	struct step step = { .member = member, .keyring = keyring, .now = cdr_member_now(), .worked = worked, .fault = fault };

	*worked = false;
	if (keyring->home->keystore == NULL)
		return CDR_OK;
	step.roster = cdr_current_hold(member->current);
	step.entry = step.roster != NULL ? cdr_roster_member(step.roster, member->id) : NULL;
	step.key = cdr_secret_alloc(KEY_COUNT * sizeof(*step.key));
	if (step.key != NULL)
		memcpy(step.key, keyring->key, KEY_COUNT * sizeof(*step.key));
	/* Another party's entry under our id: whoever enrolled anew in our place has keys of its own. */
	bool is_ours = step.entry != NULL && memcmp(step.entry->party->signing_key.data, member->home->signing_public,
	    CDR_SIGN_PUBLIC_LEN) == 0;
	if (step.key != NULL)
		err = is_ours ? run(&step) : CDR_OK;
	cdr_secret_free(step.key);
	cdr_current_release(member->current, step.roster);
	return err;
}
