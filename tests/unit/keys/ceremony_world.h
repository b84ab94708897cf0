#ifndef CDR_TESTS_CEREMONY_WORLD_H
#define CDR_TESTS_CEREMONY_WORLD_H

/* Five trustees with their keys and a genesis roster, for tests of ceremonies. Include after tests/unit/unit.h. */

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "core/crypto/sign.h"
#include "proto/ceremony_internal.h"
#include "keys/roster_build.h"

#define N 5
#define T 3
#define NEW_N 7      /* with those who come */
#define BOX_MAX 512

/* What lies at the hub: a message, and to whom it is shown (a bit for each trustee). */
struct letter {
	struct cdr_buffer bytes;
	uint32_t shown;
};

struct trustee {
	uint8_t signing_seed[CDR_SIGN_SEED_LEN];
	uint8_t signing_key[CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing_key[CDR_POINT_UNCOMPRESSED_LEN];
	uint8_t share[CDR_SCALAR_LEN];  /* of the key as it is */
	uint8_t seed[CDR_CEREMONY_SEED_LEN];
	struct cdr_ceremony *ceremony;
	struct cdr_buffer saved;
	bool has_posted[CDR_CEREMONY_ROUND_COUNT + 1];
	bool is_silent;
	bool has_share;                 /* brings it into the ceremony */
};

struct world {
	uint8_t hub_seed[CDR_SIGN_SEED_LEN];
	struct cdr_roster *roster;
	struct cdr_ceremony_draft draft; /* of the ceremony that is run */
	const struct cdr_roster_key *key; /* as it is, if its shares change */
	struct trustee trustee[NEW_N + 1]; /* from 1; without a ceremony: it takes no part */
	uint32_t n;
	struct letter box[BOX_MAX];
	size_t box_count;
	void *keep;                    /* freed with the world */
	bool kills;                    /* every trustee is killed and started again at every step */
};

/* ---- setting up --------------------------------------------------------------------------------------------- */

static inline void
fill_party(Cdr__Wire__Party *party, char *name, const uint8_t *signing, const uint8_t *sealing)
{
	static char url[] = "https://127.0.0.1:1";

	*party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	party->name = name;
	party->url = url;
	party->signing_key = cdr_message_field(signing, CDR_SIGN_PUBLIC_LEN);
	party->sealing_key = cdr_message_field(sealing, CDR_POINT_UNCOMPRESSED_LEN);
	party->tls_pin = cdr_message_field(signing, CDR_PIN_LEN);
}

static inline void
make_roster(struct world *w, uint32_t threshold)
{
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;
	Cdr__Wire__Party party[N + 1];
	Cdr__Wire__Trustee trustee[N], *at[N];
	static char name[] = "Hub", leavers[] = "leavers", version[] = "1";
	static char names[N + 1][8];
	struct cdr_fault fault = { CDR_OK, "" };

	scheme.index = leavers;
	scheme.lookback_years = 5;
	scheme.answer_days = 14;
	scheme.expiry_days = 60;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	scheme.codebook_version = version;
	assert_int_equal(cdr_sign_public(w->hub_seed, w->trustee[0].signing_key), CDR_OK);
	fill_party(&party[0], name, w->trustee[0].signing_key, w->trustee[1].sealing_key);
	for (uint32_t i = 1; i <= N; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "T-%u", i);
		fill_party(&party[i], names[i], w->trustee[i].signing_key, w->trustee[i].sealing_key);
		trustee[i - 1] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i - 1].index = i;
		trustee[i - 1].party = &party[i];
		at[i - 1] = &trustee[i - 1];
	}
	body.hub = &party[0];
	body.trustee = at;
	body.n_trustee = N;
	body.threshold = threshold;
	body.scheme = &scheme;
	body.made_at = 1000;
	if (cdr_roster_build_genesis(&body, w->hub_seed, &w->roster, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static inline struct cdr_ceremony_config
config_of(struct world *w, uint32_t i)
{
	return (struct cdr_ceremony_config){ .plan = &w->draft.plan, .key = w->key, .index = i,
		.signing_seed = w->trustee[i].signing_seed, .seed = w->trustee[i].seed, .share = w->key != NULL && w->trustee[i].has_share ? w->trustee[i].share : NULL };
}

static inline bool
is_in(const struct world *w, uint32_t i)
{
	return w->trustee[i].ceremony != NULL;
}

static inline struct cdr_ceremony *
start(struct world *w, uint32_t i)
{
	struct cdr_ceremony_config config = config_of(w, i);
	struct cdr_ceremony *ceremony;

	assert_int_equal(cdr_ceremony_new(&config, &ceremony, NULL), CDR_OK);
	return ceremony;
}

static inline struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->n = N;
	memset(w->hub_seed, 99, sizeof(w->hub_seed));
	for (uint32_t i = 1; i <= N; i++) {
		struct trustee *t = &w->trustee[i];

		memset(t->signing_seed, (int)i, sizeof(t->signing_seed));
		assert_int_equal(cdr_sign_public(t->signing_seed, t->signing_key), CDR_OK);
		uint8_t sealing[CDR_SCALAR_LEN];
		assert_int_equal(cdr_scalar_random(sealing), CDR_OK);
		assert_int_equal(cdr_group_public_uncompressed(sealing, t->sealing_key), CDR_OK);
		assert_int_equal(cdr_random(t->seed, sizeof(t->seed)), CDR_OK);
	}
	make_roster(w, T);
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 1, 1, &w->draft);
	for (uint32_t i = 1; i <= N; i++)
		w->trustee[i].ceremony = start(w, i);
	return w;
}

static inline void
world_free(struct world *w)
{
	for (uint32_t i = 1; i <= NEW_N; i++) {
		cdr_ceremony_free(w->trustee[i].ceremony);
		cdr_buffer_free(&w->trustee[i].saved);
	}
	for (size_t i = 0; i < w->box_count; i++)
		cdr_buffer_free(&w->box[i].bytes);
	cdr_roster_free(w->roster);
	free(w->keep);
	free(w);
}

#endif
