#ifndef CDR_PROTO_LIMITS_H
#define CDR_PROTO_LIMITS_H

/*
 * Every maximum that a peer can reach, in one place. PROTOCOL.md says what each field is for.
 * Lengths are bytes, counts are items, text lengths leave out a closing NUL.
 */

#define CDR_SLUG_LEN_MAX 32       /* a member's id: a-z 0-9 and inner dashes */
#define CDR_SIGNER_LEN_MAX 48     /* "member/" and a slug */
#define CDR_PARTY_NAME_LEN_MAX 120
#define CDR_URL_LEN_MAX 200
#define CDR_CODE_LEN_MAX 39       /* one code of the codebook */
#define CDR_QUOTA_MAX (1ULL << 53) /* points an epoch: exact in a signed database column and in JSON */
#define CDR_MEMBER_COUNT_MAX 4096
#define CDR_EPOCH_COUNT_MAX 2
#define CDR_STATISTICS_KEY_COUNT_MAX 2
#define CDR_EPOCH_OVERLAP_S (60 * 86400) /* how long the epoch before is asked beside a new one */
#define CDR_TRUSTEE_COUNT_MAX 16
#define CDR_HANDOVER_COUNT_MAX 64 /* rosters with other trustees, in one statement's file */

/* HTTP bodies by path; the server reads no more than this. */
#define CDR_BODY_SMALL_MAX 4096
#define CDR_BODY_ROSTER_MAX (4U << 20)
#define CDR_BODY_EVALUATE_MAX (64U << 10)
#define CDR_BODY_INDEX_MAX (1U << 20)
#define CDR_BODY_MAIL_MAX (32U << 10)
#define CDR_BODY_MAIL_BAG_MAX (1U << 20)
#define CDR_BODY_CEREMONY_MAX (64U << 10)
#define CDR_BODY_CEREMONY_BAG_MAX (2U << 20)

#define CDR_BODY_WITNESS_MAX (1U << 20)
#define CDR_BODY_CHECKPOINT_MAX (192U << 10)
#define CDR_CONTRADICTIONS_MAX 8 /* in one reply */
#define CDR_BODY_CONTRADICTIONS_MAX (192U << 10)
#define CDR_OLD_INDEX_MAX 64     /* checks of one member, in one reply */
#define CDR_MISSING_MAX 8        /* receipts of what the log lacks, in one reply */

/* What one protobuf body may take in memory: repeated fields cost more there than on the wire. */
#define CDR_ARENA_FACTOR 8
#define CDR_ARENA_BASE 4096

#define CDR_EVALUATE_POINTS_MAX 1024      /* points in one evaluation */
#define CDR_INDEX_ROW_LEN 35      /* tag 16, type 1, rarity 1, pair 1, handle 16 */
#define CDR_INDEX_EXPIRY_LEN 18   /* handle 16, month 2 (big-endian, months since January 2000) */
#define CDR_INDEX_ROWS_MAX 16384  /* in one put */
#define CDR_INDEX_REMOVED_MAX 8192
#define CDR_INDEX_MEMBER_TAG_ROWS_MAX 32 /* rows of one member under one tag: nobody looks at more of them (node/hub/match.h) */
#define CDR_HANDLE_LEN 16
#define CDR_TAG_LEN 16
#define CDR_CHECK_ROW_LEN 19      /* tag 16, type 1, rarity 1, pair 1 */
#define CDR_CHECK_ROWS_MIN 16
#define CDR_CHECK_ROWS_MAX 64
#define CDR_MATCHES_MAX 64        /* members in one reply */
#define CDR_MATCH_HANDLES_MAX 8   /* leavers of one member in one match */
#define CDR_BODY_CHECK_REPLY_MAX (512U << 10)  /* with its proof: at most 64 KiB where nobody floods the index */
#define CDR_INDEX_TAG_ROWS_MAX 32    /* rows of one tag that a proof opens */
#define CDR_INDEX_LIGHT_SLOTS_MAX 256 /* slots that it opens of tags which make no match by themselves */
#define CDR_INDEX_OPENED_ROWS_MAX (CDR_CHECK_ROWS_MAX * CDR_INDEX_TAG_ROWS_MAX)
#define CDR_INDEX_SHOWN_ROWS_MAX (CDR_MATCHES_MAX * CDR_MATCH_HANDLES_MAX) /* single rows of tags that it does not open */
#define CDR_INDEX_PROVE_ROWS_MAX 64  /* rows of its own that a member asks about at once */
#define CDR_INDEX_HANDLES_MAX 4096   /* in one reply to a member that asks whom it has there */
#define CDR_BODY_INDEX_HANDLES_MAX (96U << 10)

#define CDR_LEAF_OPEN_DAYS 120        /* so long a hub can open every leaf to a witness */
#define CDR_LOG_RECORDS_MAX 1024      /* leaves in one push to a witness */
#define CDR_LOG_POSITIONS_MAX 64      /* proofs in one reply */

/* Samples. */
#define CDR_SAMPLE_ONE_IN_MAX 1000000
#define CDR_OPENING_SEALED_MAX (56U << 10) /* an Opening: 1,024 points have 33 KiB, what is shown 6 */
#define CDR_BODY_OPENING_MAX (64U << 10)
#define CDR_SAMPLE_LIST_MAX 64            /* in one reply */
#define CDR_BODY_SAMPLE_LIST_MAX (192U << 10)

/* Sealed mail has one size, whatever it says. */
#define CDR_MAIL_ID_LEN 16
#define CDR_MAIL_PLAIN_LEN 24576
#define CDR_MAIL_SEALED_LEN (CDR_MAIL_PLAIN_LEN + 81) /* HPKE: 65 bytes of key, 16 of tag */
#define CDR_MAIL_BAG_COUNT_MAX 32
#define CDR_MAIL_TAKEN_COUNT_MAX 256

/* Guests: request and answer have one size each, whatever they say. */
#define CDR_GUEST_SECRET_LEN 16
#define CDR_GUEST_CODE_LEN 18        /* the secret and a check of two bytes against slips */
#define CDR_GUEST_REQUEST_PLAIN_LEN 8192
#define CDR_GUEST_REQUEST_SEALED_LEN (CDR_GUEST_REQUEST_PLAIN_LEN + 28) /* nonce 12, tag 16 */
#define CDR_GUEST_ANSWER_PLAIN_LEN 24576
#define CDR_GUEST_ANSWER_SEALED_LEN (CDR_GUEST_ANSWER_PLAIN_LEN + 81) /* HPKE: 65 bytes of key, 16 of tag */
#define CDR_GUEST_FILE_MAX (1U << 20)  /* an answer that came as a file or in an e-mail */
#define CDR_GUEST_BAG_COUNT_MAX 16
#define CDR_GUEST_TAKEN_COUNT_MAX 128
#define CDR_GUEST_DAYS_MAX 366          /* how long a link may work */
#define CDR_BODY_GUEST_MAX (16U << 10)
#define CDR_BODY_GUEST_ANSWER_MAX (32U << 10)
/* Rounds of statistics. */
#define CDR_ROUND_MINIMUM 5           /* contributors: with fewer nothing is ever opened */
#define CDR_ROUND_CONTRIBUTORS_MIN 3  /* to one cell: with fewer its count is never decrypted */
#define CDR_ROUND_TABLES_MAX 128
#define CDR_ROUND_CELLS_MAX 8192      /* of all tables of a round */
#define CDR_ROUND_NEVER_MAX (2 * CDR_TRUSTEE_COUNT_MAX) /* who never opens one of those: trustees of now, and who left since */
#define CDR_ROUND_BEFORE_MAX 16       /* rounds that were closed earlier, about some of the same months */
#define CDR_ROUND_BITS_MAX 20         /* of a count */
#define CDR_ROUND_EPSILON_MILLI_MIN 10
#define CDR_ROUND_EPSILON_MILLI_MAX 100000
#define CDR_ROUND_NAMES_EPSILON_MILLI_MAX 1000 /* of a round that counts names */
#define CDR_ROUND_NAMES_MONTHS 6 /* rounds about names no further apart are compared as if of one period */
#define CDR_ROUND_NOISE_BITS 16       /* of one trustee's noise, which lies around the middle */
#define CDR_ROUND_COUNT_HIDDEN (-1073741824) /* stands where a count was not decrypted */
#define CDR_ROUND_RELEASE_MAX (3U << 20)   /* the JSON of one, as a member fetches it */
#define CDR_FILE_LEN_MAX (1U << 30)        /* a record of a thousand contributions, as a file */
#define CDR_BODY_ROUND_MAX (1200U << 10)   /* a contribution, or a first answer, of the largest round */
#define CDR_BODY_ROUND_BAG_MAX (3U << 20)  /* several of them, or the tasks of a trustee */

#endif
