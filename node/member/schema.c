#include "node/member/schema.h"

/*
 * Times are seconds since 1970, months are counted from January 2000, identifiers are 16 random bytes.
 * "sealed" columns hold personal data under the column key (node/store/seal.h), bound to the row's id.
 */
static const char first[] =
    /* What this node knows of itself: its id, the exchange it belongs to, counters. */
    "CREATE TABLE setting (name text PRIMARY KEY, value bytea NOT NULL);"

    /* The genesis roster (version 0) and the newest that was verified. */
    "CREATE TABLE roster (version bigint PRIMARY KEY, bytes bytea NOT NULL);"

    /* What a trustee did wrong, with what can be shown of it: told to the user, kept for the secretariat. */
    "CREATE TABLE misconduct ("
    " number bigint PRIMARY KEY, at bigint NOT NULL, party text NOT NULL, what text NOT NULL,"
    " request bytea NOT NULL, reply bytea NOT NULL);"

    /* Everybody who left: row_key says which row of the organisation's file it is, digest whether it changed.
     * state: waiting for the index, sent (its tags are in a batch), indexed, kept (nothing to index: no tokens). */
    "CREATE TABLE leaver ("
    " id bytea PRIMARY KEY, row_key bytea NOT NULL UNIQUE, digest bytea NOT NULL, sealed bytea NOT NULL,"
    " handle bytea NOT NULL UNIQUE, expiry bigint NOT NULL, state text NOT NULL, batch bytea);"
    "CREATE INDEX leaver_by_state ON leaver (state, id);"
    "CREATE INDEX leaver_by_batch ON leaver (batch);"

    /* Handles that must leave the hub's index; batch: they are on their way. */
    "CREATE TABLE removal (handle bytea PRIMARY KEY, batch bytea);"

    /* Handles that a leaver had before its row changed: a letter that names one may still be on its way. */
    "CREATE TABLE former_handle (handle bytea PRIMARY KEY, leaver bytea NOT NULL);"
    "CREATE INDEX former_handle_by_leaver ON former_handle (leaver);"

    /* Changes to the index that the hub has not acknowledged, sent in the order of their numbers. */
    "CREATE TABLE index_batch ("
    " number bigint PRIMARY KEY, id bytea NOT NULL UNIQUE, epoch bigint NOT NULL,"
    " row_bytes bytea NOT NULL, expiries bytea NOT NULL, removed bytea NOT NULL);"

    /* A candidate. reference_digest finds a reference without its text; digest says whether a row changed.
     * state: waiting (no tags yet), matched (the hub was asked), open (and has forgotten the check). */
    "CREATE TABLE hiring_check ("
    " id bytea PRIMARY KEY, number bigint NOT NULL UNIQUE, reference_digest bytea NOT NULL UNIQUE,"
    " digest bytea NOT NULL, sealed bytea NOT NULL, state text NOT NULL, epoch bigint NOT NULL,"
    " people bigint NOT NULL, made_at bigint NOT NULL, due_at bigint NOT NULL);"

    /* An employer that a check asks. tier '', lambda_ppb and types 0 where the hub did not name it.
     * stage: request (asked in full), probe (first asked whether it is plausible), dismissed (it is not: never shown).
     * status and result: codes of the codebook; statement: the sealed letter that carried the answer. */
    "CREATE TABLE employer ("
    " check_id bytea NOT NULL, member text NOT NULL, request_id bytea NOT NULL UNIQUE, declared bigint NOT NULL,"
    " tier text NOT NULL, lambda_ppb bigint NOT NULL, types bigint NOT NULL, handles bytea NOT NULL,"
    " stage text NOT NULL, status text NOT NULL, result text NOT NULL, statement bytea,"
    " asked_at bigint NOT NULL, due_at bigint NOT NULL, answered_at bigint NOT NULL,"
    " PRIMARY KEY (check_id, member));"

    /* Letters on their way out, already sealed. not_before: automatic replies wait a random time.
     * state: waiting, posted (the hub holds it), received (the receiver's node said so), done (a confirmation that the
     * hub holds: nobody confirms it), refused (for good). */
    "CREATE TABLE letter_out ("
    " id bytea PRIMARY KEY, number bigint NOT NULL UNIQUE, request_id bytea NOT NULL, receiver text NOT NULL,"
    " kind text NOT NULL, sealed bytea NOT NULL, not_before bigint NOT NULL, state text NOT NULL,"
    " tries bigint NOT NULL, made_at bigint NOT NULL, posted_at bigint NOT NULL);"
    "CREATE INDEX letter_out_by_state ON letter_out (state, number);"

    /* Letters that were taken in: a repeat is known and changes nothing. */
    "CREATE TABLE letter_in (id bytea NOT NULL, sender text NOT NULL, at bigint NOT NULL, PRIMARY KEY (id, sender));"

    /* Requests of others. sealed: the letter's bytes and stage 2's findings; empty once dismissed or withdrawn.
     * stage: probe, request. state: dismissed, plausible, waiting (for a person), answered, withdrawn. */
    "CREATE TABLE inbox ("
    " request_id bytea PRIMARY KEY, number bigint NOT NULL UNIQUE, sender text NOT NULL, stage text NOT NULL,"
    " state text NOT NULL, sealed bytea NOT NULL, received_at bigint NOT NULL, due_at bigint NOT NULL,"
    " answered_at bigint NOT NULL, answer bytea);"

    /* Every attempt to reach somebody is kept. */
    "CREATE TABLE attempt ("
    " number bigint PRIMARY KEY, request_id bytea NOT NULL, at bigint NOT NULL, channel text NOT NULL,"
    " result text NOT NULL);"
    "CREATE INDEX attempt_by_request ON attempt (request_id, number);";

/* What outlives the rows that it counts, and who did what. */
static const char tally_and_trail[] =
    /* Figures of the annual return by calendar year: node/member/count.h. code '': a figure without parts. */
    "CREATE TABLE tally ("
    " year bigint NOT NULL, counter text NOT NULL, code text NOT NULL, number bigint NOT NULL,"
    " PRIMARY KEY (year, counter, code));"

    /* The node's audit trail, each row chained to the one before: node/member/trail.h. */
    "CREATE TABLE trail ("
    " number bigint PRIMARY KEY, at bigint NOT NULL, who text NOT NULL, what text NOT NULL, subject bytea NOT NULL,"
    " hash bytea NOT NULL);";

/* Incidents. row_key finds the organisation's own reference without its text; from_file: an import may take it out. */
static const char incidents[] =
    "CREATE TABLE incident ("
    " id bytea PRIMARY KEY, number bigint NOT NULL UNIQUE, row_key bytea NOT NULL UNIQUE, digest bytea NOT NULL,"
    " sealed bytea NOT NULL, from_file bigint NOT NULL, made_at bigint NOT NULL, changed_at bigint NOT NULL);";

static const char *const migrations[] = {
	first,
	tally_and_trail,
	incidents,
};

const struct cdr_store_schema cdr_member_schema = {
	.application_id = 0x43444d31, /* "CDM1" */
	.migrations = migrations,
	.migration_count = sizeof(migrations) / sizeof(migrations[0]),
};
