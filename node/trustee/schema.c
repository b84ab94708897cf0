#include "node/trustee/schema.h"

/* Times are seconds since 1970. Columns that say "sealed" are sealed once more (node/store/seal.h). */
static const char version_1[] =
    "CREATE TABLE setting (name text NOT NULL PRIMARY KEY, value bytea NOT NULL);"

    /* Every roster that has been in force here. */
    "CREATE TABLE roster (version bigint NOT NULL PRIMARY KEY, hash bytea NOT NULL, signed bytea NOT NULL,"
    " in_force_at bigint NOT NULL);"

    /* The last proposal of each version that was countersigned: the next one may take nothing of it back. */
    "CREATE TABLE countersigned (version bigint NOT NULL PRIMARY KEY, hash bytea NOT NULL, signed bytea NOT NULL,"
    " signed_at bigint NOT NULL);"

    /* What the operator said yes to; used_in is the version in which it came into force. */
    "CREATE TABLE approval (member text NOT NULL, fingerprint bytea NOT NULL, check_points bigint NOT NULL,"
    " import_points bigint NOT NULL, approved_at bigint NOT NULL, used_in bigint, PRIMARY KEY (member, fingerprint));"

    /* seed is sealed; messages are those of proto/ceremony.h, signed by whoever sent them. */
    "CREATE TABLE ceremony (epoch bigint NOT NULL, attempt bigint NOT NULL, seed bytea NOT NULL,"
    " messages bytea NOT NULL, certified bigint NOT NULL, state text NOT NULL, started_at bigint NOT NULL,"
    " PRIMARY KEY (epoch, attempt));"

    /* share is sealed; result is the epoch as this trustee knows it, without times. */
    "CREATE TABLE share (epoch bigint NOT NULL, transcript bytea NOT NULL, share bytea NOT NULL,"
    " result bytea NOT NULL, made_at bigint NOT NULL, PRIMARY KEY (epoch, transcript));"

    /* Sequence numbers belong to a key: a member that enrols again begins anew. */
    "CREATE TABLE evaluation (signing_key bytea NOT NULL, sequence bigint NOT NULL, member text NOT NULL,"
    " epoch bigint NOT NULL, body bytea NOT NULL, signature bytea NOT NULL, counted_at bigint NOT NULL,"
    " PRIMARY KEY (signing_key, sequence)) /* WITHOUT ROWID */;"

    "CREATE TABLE spent (member text NOT NULL, epoch bigint NOT NULL, purpose text NOT NULL, points bigint NOT NULL,"
    " PRIMARY KEY (member, epoch, purpose)) /* WITHOUT ROWID */;"

    /* Two requests of one member under one sequence number, both signed by it. */
    "CREATE TABLE misuse (signing_key bytea NOT NULL, sequence bigint NOT NULL, member text NOT NULL,"
    " first_body bytea NOT NULL, first_signature bytea NOT NULL, second_body bytea NOT NULL,"
    " second_signature bytea NOT NULL, noticed_at bigint NOT NULL, PRIMARY KEY (signing_key, sequence));";

/*
 * Keys of several kinds, and ceremonies of several sorts. act is what a ceremony does (proto/ceremony.h), basis the transcript of
 * the key that it begins from (none where it makes one), plan what it was agreed upon; seed is sealed. A ceremony that was
 * under way when this program was installed is begun anew, as a further attempt.
 */
static const char version_keys[] =
    "CREATE TABLE key_ceremony (id bytea NOT NULL PRIMARY KEY, act bigint NOT NULL, kind bigint NOT NULL,"
    " number bigint NOT NULL, basis bytea NOT NULL, attempt bigint NOT NULL, plan bytea NOT NULL, seed bytea NOT NULL,"
    " messages bytea NOT NULL, certified bigint NOT NULL, state text NOT NULL, started_at bigint NOT NULL);"
    "DROP TABLE ceremony;"

    /* share is sealed; result is the key as this trustee knows it, a CeremonyKey. */
    "CREATE TABLE key_share (kind bigint NOT NULL, number bigint NOT NULL, transcript bytea NOT NULL,"
    " share bytea NOT NULL, result bytea NOT NULL, made_at bigint NOT NULL, PRIMARY KEY (kind, number, transcript));"
    "INSERT INTO key_share (kind, number, transcript, share, result, made_at)"
    " SELECT 1, epoch, transcript, share, result, made_at FROM share;"
    "DROP TABLE share;";

/* basis is the transcript of the key from which this one came: empty where it was made, NULL where that is not known. */
static const char version_basis[] = "ALTER TABLE key_share ADD COLUMN basis bytea;";

/* The log as this trustee saw it. An evaluation is counted where the log shows it: total is what its member had then spent. */
static const char version_log[] =
    "DROP TABLE evaluation;"
    "CREATE TABLE evaluation (signing_key bytea NOT NULL, sequence bigint NOT NULL, member text NOT NULL,"
    " epoch bigint NOT NULL, body bytea NOT NULL, signature bytea NOT NULL, counted_at bigint NOT NULL,"
    " place bigint NOT NULL, hash bytea NOT NULL, total bigint NOT NULL,"
    " PRIMARY KEY (signing_key, sequence)) /* WITHOUT ROWID */;"
    "DELETE FROM spent;"

    /* Every checkpoint of the hub that was cosigned here. */
    "CREATE TABLE seen (size bigint NOT NULL PRIMARY KEY, root bytea NOT NULL, hub_signature bytea NOT NULL,"
    " seen_at bigint NOT NULL);"

    /* Checkpoints that contradict what was seen: note is the other one, own what this trustee had seen. */
    "CREATE TABLE fork (number bigint NOT NULL PRIMARY KEY, note bytea NOT NULL, own bytea NOT NULL,"
    " noticed_at bigint NOT NULL);";

/* Rounds: what was verified and opened, and with whose contributions. Answers as they were signed, before they were sent. */
static const char version_rounds[] =
    "CREATE TABLE round (hash bytea NOT NULL PRIMARY KEY, period text NOT NULL, first_month bigint NOT NULL,"
    " last_month bigint NOT NULL, members bigint NOT NULL, tables bigint NOT NULL, epsilon_milli bigint NOT NULL,"
    " close_hash bytea, sums bytea, first_answer bytea, set_hash bytea, second_answer bytea, refusal text,"
    " seen_at bigint NOT NULL);"
    "CREATE TABLE round_member (round bytea NOT NULL, member text NOT NULL, PRIMARY KEY (round, member));"
    "CREATE TABLE round_table (round bytea NOT NULL, id text NOT NULL, PRIMARY KEY (round, id));"
    "CREATE INDEX round_table_id ON round_table (id);";

/*
 * What this trustee said of ceremonies: content is that of its leaf, receipt_* where the hub says that it stands, place and hash where
 * this trustee saw it. is_ours 0: the log has it in this trustee's name, who does not remember it.
 */
static const char version_said[] =
    "CREATE TABLE said (content bytea NOT NULL PRIMARY KEY, act bigint NOT NULL, kind bigint NOT NULL, number bigint NOT NULL,"
    " is_ours bigint NOT NULL, noted_at bigint NOT NULL, receipt_place bigint, receipt_hash bytea, place bigint, hash bytea);";

/* The newest root of the index in each epoch, and the newest change (node/trustee/index_watch.h); leaves by which the hub lied. */
static const char version_index_watch[] =
    "CREATE TABLE index_seen (epoch bigint NOT NULL PRIMARY KEY, place bigint NOT NULL);"
    "CREATE TABLE log_lie (place bigint NOT NULL PRIMARY KEY, what text NOT NULL, leaf bytea NOT NULL, salt bytea NOT NULL,"
    " noticed_at bigint NOT NULL);";

/* Samples: lots in the log; of which basis a part was given; what was drawn for this trustee to look at. */
static const char version_samples[] =
    "CREATE INDEX evaluation_place ON evaluation (place);"
    "CREATE TABLE sample (number bigint NOT NULL PRIMARY KEY, from_place bigint NOT NULL, size bigint NOT NULL, key_number bigint NOT NULL,"
    " trustees bigint NOT NULL, checks bigint NOT NULL, points bigint NOT NULL, seed bytea NOT NULL, logged_at bigint NOT NULL);"
    "CREATE TABLE sample_given (number bigint NOT NULL PRIMARY KEY, key_number bigint NOT NULL, input bytea NOT NULL);"

    /* state and posted: outcomes of audit/sample.h, the latter what the log has (empty: nothing). opening: as the member sealed it, kept until
     * somebody judged it. evidence: the signed request, of one that was false. */
    "CREATE TABLE drawn (sample bigint NOT NULL, position bigint NOT NULL, point bigint NOT NULL, number bigint NOT NULL UNIQUE,"
    " member text NOT NULL, purpose text NOT NULL, due_at bigint NOT NULL, state text NOT NULL, reason text NOT NULL,"
    " changed_at bigint NOT NULL, posted text NOT NULL, opening bytea NOT NULL, evidence bytea NOT NULL,"
    " PRIMARY KEY (sample, position, point));";

/* Members whose suspension or revocation was countersigned for a version that is not in force yet: they are refused until it is. */
static const char version_stopped[] =
    "CREATE TABLE stopped (member text NOT NULL PRIMARY KEY, version bigint NOT NULL);"

    /* What the operator said yes to: the kind of change, as keys/roster_diff.h names it, and the country. */
    "DROP TABLE approval;"
    "CREATE TABLE approval (member text NOT NULL, fingerprint bytea NOT NULL, kind text NOT NULL, country text NOT NULL,"
    " check_points bigint NOT NULL, import_points bigint NOT NULL, approved_at bigint NOT NULL, used_in bigint,"
    " PRIMARY KEY (member, fingerprint, kind));";

/* What other trustees said that they saw, after this one was put back from a backup: node/trustee/recover.h. */
static const char version_recover[] =
    "CREATE TABLE recover_point (trustee bigint NOT NULL, part bigint NOT NULL, size bigint NOT NULL, root bytea NOT NULL,"
    " PRIMARY KEY (trustee, part));";

/*
 * What the log says of rounds: closings, sets. again: the operator wants a refused round to be looked at once more; never: this
 * trustee has signed that it will not open it, whatever comes.
 */
static const char version_round_log[] =
    "CREATE TABLE round_closing (place bigint NOT NULL PRIMARY KEY, content bytea NOT NULL, members bigint NOT NULL,"
    " first_month bigint NOT NULL, last_month bigint NOT NULL, roster_version bigint NOT NULL);"
    "CREATE INDEX round_closing_content ON round_closing (content);"
    "CREATE TABLE round_set (place bigint NOT NULL PRIMARY KEY, closing bigint NOT NULL, content bytea NOT NULL);"
    "CREATE INDEX round_set_closing ON round_set (closing);"
    "ALTER TABLE round ADD COLUMN again bigint;"
    "ALTER TABLE round ADD COLUMN never bigint;";

/* A fork: of how many leaves the other log is; who cosigned both, as note and witnessed show together. */
static const char version_fork_names[] =
    "ALTER TABLE fork ADD COLUMN size bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE fork ADD COLUMN signed_both text NOT NULL DEFAULT '';"
    "ALTER TABLE fork ADD COLUMN witnessed bytea;";

/* When the period begins in which a member shows what is drawn: node/trustee/sample_late.h; 0: not yet. What was asked before then was known. */
static const char version_late[] =
    "ALTER TABLE drawn ADD COLUMN runs_from bigint NOT NULL DEFAULT 0;"
    "UPDATE drawn SET runs_from = changed_at WHERE posted = 'asked';";

/* What others gave of the sample that comes next, as they told this trustee when it came: node/trustee/sample_given.h. */
static const char version_told[] =
    "CREATE TABLE sample_told (trustee bigint NOT NULL PRIMARY KEY, number bigint NOT NULL, key_number bigint NOT NULL, input bytea NOT NULL);";

/* Of an evaluation "again": as many points as its member's checks had under newer epochs, where it stands. NULL: of something else. */
static const char version_again[] = "ALTER TABLE evaluation ADD COLUMN bound bigint;";

/* Leaves that the hub had to show this trustee, and did not: node/trustee/seen.h. */
static const char version_withheld[] =
    "CREATE TABLE withheld (place bigint NOT NULL PRIMARY KEY, what text NOT NULL, entry bytea NOT NULL, note bytea NOT NULL,"
    " noticed_at bigint NOT NULL);";

/* Keys of members who were revoked with them: nobody comes in with one of these again, whatever came in between. */
static const char version_revoked[] =
    "CREATE TABLE revoked_key (signing_key bytea NOT NULL PRIMARY KEY, member text NOT NULL, version bigint NOT NULL);";

/* The hub's receipt for what this trustee said, as it came: members are shown it where the log lacks that. */
static const char version_said_receipt[] = "ALTER TABLE said ADD COLUMN receipt bytea;";

/* 1: the roster brings other trustees than the one before it here; NULL: not looked at yet, in a database that is older than this. */
static const char version_hand_over[] = "ALTER TABLE roster ADD COLUMN other_trustees bigint;";

static const char *const migrations[] = { version_1, version_keys, version_basis, version_log, version_rounds,
	version_said, version_index_watch, version_samples, version_stopped, version_recover, version_round_log,
	version_fork_names, version_late, version_told, version_again,
	version_withheld, version_revoked, version_said_receipt,
	version_hand_over };

const struct cdr_store_schema cdr_trustee_schema = {
	.application_id = 0x43445254, /* "CDRT" */
	.migrations = migrations,
	.migration_count = sizeof(migrations) / sizeof(migrations[0]),
};
