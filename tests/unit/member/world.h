#ifndef CDR_TESTS_UNIT_MEMBER_WORLD_H
#define CDR_TESTS_UNIT_MEMBER_WORLD_H

/*
 * An exchange in one process for the tests of a member's node: three members over databases in a new folder, and in place
 * of the network a hub and three trustees that are played. world_net.c defines what node/net/client.h declares, so
 * that the linker takes it instead of libcurl: what a member asks is answered at once, signed as the real parties sign, and as
 * truly or falsely as the test says.
 *
 *     world.c         the parties, their rosters, the nodes of the members
 *     world_net.c     in place of the network, and the trustees; world_hub.c what the hub answers
 *     world_log.c     the log of hub and witnesses; tests/unit/played_index.c the hub's index and its proofs
 *     world_sample.c  lots of the trustees, and an auditor who is shown something
 *     world_people.c  leavers, candidates and letters that do not exist
 *     world_look.c    looking into a member's database, and into what was logged
 *
 * What does not hold fails the test.
 */

#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/checkpoint.h"
#include "audit/sample.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/crypto/threshold.h"
#include "core/identity/date.h"
#include "node/member/check.h"
#include "node/member/enrol.h"
#include "node/member/evaluate.h"
#include "node/member/inbox.h"
#include "node/member/index.h"
#include "node/member/leavers.h"
#include "node/member/schema.h"
#include "node/member/wire.h"
#include "node/net/log.h"
#include "proto/annual.pb-c.h"
#include "proto/round.pb-c.h"
#include "tests/unit/played_index.h"

#define W_MEMBERS 3
#define W_TRUSTEES 3
#define W_THRESHOLD 2
#define W_CHECK_POINTS (40 * CDR_CHECK_ROWS_MIN) /* of each member */
#define W_MAIL_MAX 256
#define W_PUT_MAX 64
#define W_MATCH_MAX 8

enum { BLUE, GREEN, RED };

#define W_LOG_MAX 512

/* What the hub does wrong with its log. */
enum w_log_lie {
	W_LOG_TRUE = 0,
	W_LOG_NO_RECEIPT,     /* its receipt is for something else */
	W_LOG_OTHER_PLACE,    /* it proves another place than the receipt's */
	W_LOG_FEW_WITNESSES,  /* a cosignature too few */
	W_LOG_BAD_PROOF,
	W_LOG_ALTERED,        /* one leaf is another one by now */
	W_LOG_ROLLED_BACK,    /* the log is shorter than it was */
	W_LOG_MISSING,        /* what it gave a receipt for never entered the log */
	W_LOG_STALE,          /* the witnesses have not seen it for days */
	W_LOG_SPOILT,         /* its proofs that a log continues another do not hold */
	W_LOG_BUSY,           /* it has no time for who asks about told_size leaves */
	W_LOG_REFUSED,        /* it has no log that continues one of more than log_shown leaves */
	W_LOG_TWO_FACES,      /* who knows log_other_from leaves is answered from the other log */
	W_LOG_CHANGES         /* of its first leaves it tells of one log, of later ones of the other */
};

/* What a trustee keeps of the hub's words, and shows a member. */
enum w_told {
	W_TOLD_NOTHING,
	W_TOLD_PAIR,                        /* another log of told_size leaves, and the true one of so many */
	W_TOLD_BEFORE,                      /* another log of told_size leaves, and the true one of one less */
	W_TOLD_ALONE,                       /* another log, and nothing beside it */
	W_TOLD_TRUE,                        /* two notes of the true log */
	W_TOLD_INVENTED,                    /* another log that the hub has not signed */
	W_TOLD_DAMAGED,                     /* no note */
	W_TOLD_BACKWARDS                    /* true ones, numbered so that they never end */
};

/* What a trustee does when it is asked. */
enum w_trustee_mode {
	W_TRUE = 0,
	W_DOWN,
	W_REFUSES,      /* its quota is used up, or what world.refusal says */
	W_FAILS,        /* it has no memory, it says */
	W_SPENT,        /* it knows the sequence number for another request, it says */
	W_FORGED,       /* the reply is signed by somebody else */
	W_EARLY,        /* the hub has not told it that enough have cosigned: it wants the proof */
	W_BUSY,         /* whatever it is shown */
	W_OTHER_SHARE,  /* it evaluates under another key, with a proof for that one */
	W_WRONG_PROOF,
	W_IDENTITY,     /* one point is none */
	W_FEWER,        /* one point is missing */
	W_OTHER_EPOCH,
	W_OTHER_INDEX,
	W_OTHER_HASH,   /* points that it did not sign */
	W_MODE_COUNT
};

struct w_reply;

struct w_keys {
	char signer[CDR_SIGNER_LEN_MAX + 1];
	char name[64], url[32];
	uint8_t seed[CDR_SIGN_SEED_LEN], signing[CDR_SIGN_PUBLIC_LEN];
	uint8_t secret[CDR_HPKE_SECRET_LEN], sealing[CDR_HPKE_PUBLIC_LEN];
	uint8_t pin[CDR_PIN_LEN];
	Cdr__Wire__Party party;
};

#define W_LOTS_MAX 8

/* What the hub has of samples, and what auditors were told last. */
struct w_samples {
	struct cdr_buffer lot[W_LOTS_MAX];
	uint64_t at[W_LOTS_MAX];
	size_t count, asked_count, opened_count;
	const char *outcome;                /* what an auditor finds; NULL: it is away */
	size_t auditor;                     /* who was told, from 1 */
	uint64_t position;
	uint32_t point;
	char refusal[16];
	struct cdr_buffer sealed;
};

struct w_mail {
	char from[CDR_SLUG_LEN_MAX + 1], to[CDR_SLUG_LEN_MAX + 1];
	uint8_t id[CDR_MAIL_ID_LEN];
	struct cdr_buffer sealed;
};

struct w_put {
	uint8_t batch[CDR_ID_LEN];
	uint32_t epoch;
	struct cdr_buffer rows, expiries, removed;
};

/* The newest key that a member rolled to; in the roster once a test says so. */
struct w_roll {
	uint64_t number, made_at;
	uint8_t key[CDR_HPKE_PUBLIC_LEN], signature[CDR_SIGNATURE_LEN];
	unsigned put_count;
	bool is_in_force;
	Cdr__Wire__SealingKey sealing;
};

struct world {
	char dir[64];
	struct w_keys hub, trustee[W_TRUSTEES], keys[W_MEMBERS];
	struct cdr_member *member[W_MEMBERS];

	/* The roster: changed by the test, then w_roster. */
	char status[W_MEMBERS][16];
	Cdr__Wire__Scheme scheme;
	uint8_t scheme_version[32];
	bool with_second_epoch;
	bool without_epoch, with_statistics; /* its key is the one of tags: nobody here tells them apart */
	uint64_t version;
	uint8_t hash[CDR_ROSTER_HASH_LEN], genesis[CDR_ROSTER_HASH_LEN];
	struct cdr_buffer genesis_bytes, newest_bytes;

	/* The trustees. */
	uint8_t share[W_TRUSTEES][CDR_SCALAR_LEN];
	uint8_t public_key[CDR_POINT_LEN], public_share[W_TRUSTEES][CDR_POINT_LEN];
	enum w_trustee_mode mode[W_TRUSTEES];
	cdr_err refusal[W_TRUSTEES];        /* of one that refuses; CDR_OK: CDR_E_QUOTA */
	size_t evaluation_count;            /* answered or not */
	size_t point_count;
	uint64_t sequence;                  /* of the last one */
	char purpose[16];
	void (*on_evaluate)(void);          /* called while a trustee computes */

	/* The log: of hub and trustees. */
	bool names_other_root;              /* the leaf of a check names another root than the answer */
	enum w_log_lie log_lie;
	bool log_is_down;
	bool log_is_slow, log_never_proves; /* a new evaluation is not witnessed yet when the hub answers; never is */
	uint64_t log_sequence;              /* of the evaluation that was logged last */
	struct cdr_merkle_edge log_edge;
	uint8_t log_hash[W_LOG_MAX][CDR_MERKLE_HASH_LEN], log_content[W_LOG_MAX][CDR_LEAF_CONTENT_LEN];
	uint64_t log_age_s;                 /* how long ago the witnesses cosigned */
	uint64_t latest_size[W_TRUSTEES];   /* what a trustee says that it saw last; 0: all of it */
	bool latest_differs[W_TRUSTEES];    /* it saw another log */
	bool latest_other[W_TRUSTEES];      /* it saw the other log, of which the hub can prove all */
	enum w_told told[W_TRUSTEES];
	uint64_t told_size;
	size_t told_count;                  /* so many, each one leaf shorter than the one before */
	size_t told_asked;                  /* how often a trustee was asked for them */
	const Cdr__Wire__Receipt *missing[W_TRUSTEES]; /* the hub's receipt for what it says that the log lacks; NULL: none */
	uint64_t old_index[W_TRUSTEES];     /* the place of a check that it says was answered from an old index; 0: none */
	uint64_t log_other_leaf;            /* where the other log is another one */
	uint64_t log_other_from;
	uint64_t log_shown;                 /* who knows of no more leaves is shown so many; 0: all */

	/* The hub. */
	bool hub_is_down;                   /* for everything but the log: see log_is_down */
	bool forgets_reply;                 /* it does what it is asked, and its reply is lost */
	bool log_forgets_reply;             /* the same of the log */
	struct w_samples samples;
	bool stranger_answers;              /* somebody with another certificate */
	const char *refused_path;
	cdr_err refused_code;
	struct w_mail mail[W_MAIL_MAX];
	size_t mail_count;
	struct w_put put[W_PUT_MAX];
	size_t put_count;
	Cdr__Wire__Match match[W_MATCH_MAX], *matches[W_MATCH_MAX];
	uint64_t joined_at;
	bool hub_withholds, trustees_are_behind; /* the newest roster */
	struct w_roll roll[W_MEMBERS];      /* what members signed for their next sealing keys */
	struct w_index index;               /* what the proofs are about */
	bool gives_no_proof, gives_other_receipt;
	size_t match_count;
	uint8_t handles[W_MATCH_MAX][CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN];
	uint8_t check_rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	size_t check_row_count, open_count, close_count;
	size_t list_count;                  /* how often somebody asked whom it has in the index */
	bool bounds_tags;                   /* it refuses more rows of a tag than a member may have */
	size_t flood_count;                 /* how often it did */
	bool lists_backwards;
	size_t prove_row_count, prove_count; /* of one's own rows: how many at once at most, how often */
	uint8_t check_id[CDR_ID_LEN];
	uint8_t join_code[CDR_INVITATION_SECRET_LEN];
	const char *join_id, *join_country;
	const char *release_json;           /* what was published last; NULL: nothing */
	const char *release_logged;         /* what the log holds in its place */
	struct cdr_bytes request;           /* what is being answered, as it came */
	void (*on_round)(struct world *w, const char *path, const struct cdr_envelope *envelope, struct w_reply *reply); /* a test's rounds */
};

extern struct world *w_world; /* the one that answers: the newest, unless a test says otherwise */
extern const char *const w_ids[W_MEMBERS];

/* A world of three members, enrolled and active; and its end, with all of its files. */
struct world *w_new(void);
void w_free(struct world *w);

/* The same as cmocka calls them. */
int w_setup(void **state);
int w_teardown(void **state);

/* Make the next roster of what ${w} says; version 0 first. */
void w_roster(struct world *w);

/* The roster in force, decoded; freed by the caller. */
struct cdr_roster *w_roster_read(struct world *w);

/* What the next roster says of a member. */
void w_set_status(struct world *w, size_t at, const char *status);

/* The next roster has the key that member ${at} sent. */
void w_roll_in_force(struct world *w, size_t at);

/* Every member learns of the newest roster. */
void w_refresh(struct world *w);

/* Whom the hub has in the index of all that was put: how many handles, ascending. */
size_t w_index_handles(const struct world *w, uint8_t (*handles)[CDR_HANDLE_LEN], size_t max);

/* Letters on the hub: one more (once), one fewer. */
void w_push_mail(struct world *w, const Cdr__Wire__Mail *mail);
void w_drop_mail(struct world *w, const uint8_t *id);

#include "tests/unit/member/world_look.h"
#include "tests/unit/member/world_people.h"

#endif
