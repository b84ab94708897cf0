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

/* The life of a check: what is due when, who was reminded, what the candidate said, what was done with it. */
static const char life[] =
    /* watch_until: a later statement is still wanted. outcome: what was decided; closed_at: no more is to come (0: open).
     * A check that was withdrawn or erased keeps its row, with nobody in it: counters stay. */
    "ALTER TABLE hiring_check ADD COLUMN watch_until bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE hiring_check ADD COLUMN outcome text NOT NULL DEFAULT '';"
    "ALTER TABLE hiring_check ADD COLUMN closed_at bigint NOT NULL DEFAULT 0;"

    /* asked_at 0: to be asked as soon as it can be. stage_done: the last of the stages of node/member/deadline.h that is past;
     * next_at: when the next one is (0: none). heard_at: the candidate was heard on it. response: id of the statement in force. */
    "ALTER TABLE employer ADD COLUMN stage_done bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE employer ADD COLUMN next_at bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE employer ADD COLUMN heard_at bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE employer ADD COLUMN response bytea;"
    "CREATE INDEX employer_by_next ON employer (next_at);"
    "UPDATE employer SET next_at = asked_at + 259200 WHERE stage = 'request' AND answered_at = 0;"

    /* The same at the former employer. opened_at: a person has looked. Further states: drafted (one person has written the answer,
     * another shall sign it), expired. */
    "ALTER TABLE inbox ADD COLUMN stage_done bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE inbox ADD COLUMN next_at bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE inbox ADD COLUMN opened_at bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE inbox ADD COLUMN watch_until bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE inbox ADD COLUMN disputed_at bigint NOT NULL DEFAULT 0;"
    "CREATE INDEX inbox_by_next ON inbox (next_at);"
    "UPDATE inbox SET next_at = received_at + 259200 WHERE stage = 'request' AND state = 'waiting';"

    /* When its sender was last told that a letter is held. */
    "ALTER TABLE letter_in ADD COLUMN confirmed_at bigint NOT NULL DEFAULT 0;"

    /* E-mail to our own people, which says nothing but that there is something to do. contact: first, second.
     * state: waiting, sent, refused. email_about: which requests it was made for, so that the attempt is noted when it left. */
    "CREATE TABLE email_out ("
    " number bigint PRIMARY KEY, contact text NOT NULL, state text NOT NULL, made_at bigint NOT NULL,"
    " not_before bigint NOT NULL, tries bigint NOT NULL, done_at bigint NOT NULL);"
    "CREATE INDEX email_out_by_state ON email_out (state, not_before);"
    "CREATE TABLE email_about (number bigint NOT NULL, request_id bytea NOT NULL, PRIMARY KEY (number, request_id));";

/* People who use the node: node/member/account.h. */
static const char accounts[] =
    /* password: keys/password.h; totp and totp_new: secrets of an authenticator in use, and not confirmed yet; totp_step: the last that
     * was used; failures in a row, and until when the account waits after them. */
    "CREATE TABLE account ("
    " id bytea PRIMARY KEY, name text NOT NULL UNIQUE, roles bigint NOT NULL, password bytea NOT NULL, totp bytea, totp_new bytea,"
    " totp_step bigint NOT NULL, failures bigint NOT NULL, locked_until bigint NOT NULL, made_at bigint NOT NULL);"

    /* Recovery codes that are left, hashed under the node's key; sessions, by the hash of their token. */
    "CREATE TABLE recovery (account bytea NOT NULL, digest bytea NOT NULL, PRIMARY KEY (account, digest));"
    "CREATE TABLE session ("
    " digest bytea PRIMARY KEY, account bytea NOT NULL, used_at bigint NOT NULL, ends_at bigint NOT NULL);";

/* Requests to former employers that are no members: node/member/guest.h. */
static const char guests[] =
    /* details, keys: sealed; keys is empty once the request has ended. request: the sealed request for the hub, empty once it has
     * ended. link: none, waiting, open, answered, ending (the hub is to hear of a withdrawal), ended. */
    "CREATE TABLE guest ("
    " id bytea PRIMARY KEY, number bigint NOT NULL UNIQUE, check_id bytea NOT NULL, digest bytea NOT NULL,"
    " details bytea NOT NULL, keys bytea NOT NULL, public_key bytea NOT NULL, request bytea NOT NULL,"
    " request_hash bytea NOT NULL, link text NOT NULL, status text NOT NULL, result text NOT NULL, channel text NOT NULL,"
    " asked_at bigint NOT NULL, due_at bigint NOT NULL, expires_at bigint NOT NULL, answered_at bigint NOT NULL,"
    " changed_at bigint NOT NULL, unread bigint NOT NULL);"
    "CREATE INDEX guest_by_check ON guest (check_id, number);"
    "CREATE INDEX guest_by_link ON guest (link, number);"

    /* Every answer; state: current, superseded. */
    "CREATE TABLE guest_statement ("
    " request_id bytea NOT NULL, response bytea NOT NULL, number bigint NOT NULL, at bigint NOT NULL, channel text NOT NULL,"
    " state text NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (request_id, response));"

    /* Scans of answers on paper. */
    "CREATE TABLE guest_scan ("
    " request_id bytea NOT NULL, number bigint NOT NULL, at bigint NOT NULL, sealed bytea NOT NULL,"
    " PRIMARY KEY (request_id, number));";

/* Programs that use the API: node/member/api_key.h, node/member/api.h. */
static const char api[] =
    "CREATE TABLE api_key ("
    " id bytea PRIMARY KEY, name text NOT NULL UNIQUE, digest bytea NOT NULL UNIQUE, roles bigint NOT NULL, made_at bigint NOT NULL,"
    " expires_at bigint NOT NULL, revoked_at bigint NOT NULL, used_at bigint NOT NULL);"

    /* What was answered to an Idempotency-Key, by the hash of who and key; request: a hash of path and body. */
    "CREATE TABLE api_reply ("
    " digest bytea PRIMARY KEY, request bytea NOT NULL, status bigint NOT NULL, sealed bytea NOT NULL, at bigint NOT NULL);"
    "CREATE INDEX api_reply_by_at ON api_reply (at);";

/* The hub's receipts. state: waiting (not seen in the log yet), proved, missing (the log does not hold it).
 * evidence: what showed that a party lied. */
static const char receipts[] =
    "CREATE TABLE receipt ("
    " place bigint NOT NULL, hash bytea NOT NULL, kind text NOT NULL, at bigint NOT NULL, bytes bytea NOT NULL,"
    " kept_at bigint NOT NULL, state text NOT NULL, PRIMARY KEY (place, hash));"
    "CREATE INDEX receipt_by_state ON receipt (state, place);"
    "CREATE TABLE lie ("
    " number bigint PRIMARY KEY, at bigint NOT NULL, what text NOT NULL, parties text NOT NULL, place bigint NOT NULL,"
    " size bigint NOT NULL, path text NOT NULL, evidence bytea NOT NULL);";

/* Contributions to rounds as they were signed; request is emptied once the hub has it. reply: its acknowledgement. */
static const char rounds[] =
    "CREATE TABLE round_submission ("
    " round bytea NOT NULL, submission bigint NOT NULL, hash bytea NOT NULL, request bytea NOT NULL, made_at bigint NOT NULL,"
    " reply bytea, refused bigint NOT NULL, told bigint NOT NULL, PRIMARY KEY (round, submission));";

/* Rights: what the candidate said, holds, what was erased and when; the register of cases; answers that wait for a second person. */
static const char rights[] =
    /* What a candidate said to us. kind: hearing, objection, dispute. member: the employer that it is about, or ''. */
    "CREATE TABLE word ("
    " number bigint PRIMARY KEY, check_id bytea NOT NULL, member text NOT NULL, kind text NOT NULL, at bigint NOT NULL,"
    " sealed bytea NOT NULL);"
    "CREATE INDEX word_by_check ON word (check_id, kind);"

    /* Statements in whose place a later one has come. */
    "CREATE TABLE earlier_statement ("
    " response_id bytea PRIMARY KEY, request_id bytea NOT NULL, statement bytea, result text NOT NULL,"
    " answered_at bigint NOT NULL, superseded_at bigint NOT NULL);"
    "CREATE INDEX earlier_statement_by_request ON earlier_statement (request_id, superseded_at);"

    /* A check, request, leaver or case that no timer and nobody erases. sealed: why. */
    "CREATE TABLE legal_hold ("
    " id bytea PRIMARY KEY, kind text NOT NULL, who text NOT NULL, set_at bigint NOT NULL, sealed bytea NOT NULL);"

    /* What the timers did. */
    "CREATE TABLE retention_done (number bigint PRIMARY KEY, at bigint NOT NULL, what text NOT NULL, count bigint NOT NULL);"

    /* Cases that may have to be disclosed. row_key: a digest of the employee number, by which a leaver finds them (empty: none);
     * leaver: the row that it was entered for (empty: none). erase_at: when the timer takes it; 0: not yet. */
    "CREATE TABLE conduct_case ("
    " id bytea PRIMARY KEY, number bigint NOT NULL UNIQUE, employee bytea NOT NULL, leaver bytea NOT NULL, sealed bytea NOT NULL,"
    " erase_at bigint NOT NULL, made_at bigint NOT NULL, changed_at bigint NOT NULL);"
    "CREATE INDEX conduct_case_by_employee ON conduct_case (employee);"

    /* An answer that one person wrote and another shall sign. */
    "CREATE TABLE answer_draft ("
    " request_id bytea PRIMARY KEY, author text NOT NULL, who text NOT NULL, at bigint NOT NULL, sealed bytea NOT NULL);";

/* Annual returns as they were signed: node/member/annual.h. state: signed, sent. */
static const char annual[] =
    "CREATE TABLE annual ("
    " year bigint PRIMARY KEY, revision bigint NOT NULL, bytes bytea NOT NULL, signature bytea NOT NULL, state text NOT NULL,"
    " sent_at bigint NOT NULL);";

/* Guests have the calendar of node/member/deadline.h too. */
static const char guest_deadlines[] =
    "ALTER TABLE guest ADD COLUMN stage_done bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE guest ADD COLUMN next_at bigint NOT NULL DEFAULT 0;"
    "UPDATE guest SET next_at = asked_at + 259200 WHERE answered_at = 0 AND length(keys) > 0;"
    "CREATE INDEX guest_by_next ON guest (next_at);";

/* Webhooks and what waits for them: node/member/hook.h. sealed: the secret. What was taken is deleted. */
static const char hooks[] =
    "CREATE TABLE hook (number bigint PRIMARY KEY, url text NOT NULL, sealed bytea NOT NULL, made_at bigint NOT NULL);"
    "CREATE TABLE hook_event ("
    " number bigint PRIMARY KEY, hook bigint NOT NULL, id bytea NOT NULL, kind text NOT NULL, subject bytea NOT NULL,"
    " at bigint NOT NULL, not_before bigint NOT NULL, tries bigint NOT NULL, state text NOT NULL);"
    "CREATE INDEX hook_event_by_time ON hook_event (state, not_before);";

/* What the hub's index is held to. */
static const char index_trust[] =
    /* A check to which the hub gave an answer that its own index contradicts. settled: 1, a later one was proved right;
       2, the answer is believed, and what is said is not proved of it. */
    "CREATE TABLE check_doubt ("
    " check_id bytea PRIMARY KEY, what text NOT NULL, at bigint NOT NULL, tries bigint NOT NULL, again_at bigint NOT NULL,"
    " settled bigint NOT NULL);"

    /* Batches that the hub has acknowledged: what it must be able to prove. due_at: when some of its rows must be proved. */
    "CREATE TABLE index_kept ("
    " id bytea PRIMARY KEY, epoch bigint NOT NULL, row_bytes bytea NOT NULL, expiries bytea NOT NULL,"
    " due_at bigint NOT NULL);"
    "CREATE INDEX index_kept_by_due ON index_kept (due_at);";

/* A leaver's handle in an epoch before the newest: epoch is the one in whose index it still stands; NULL: in none. */
static const char former_epochs[] = "ALTER TABLE former_handle ADD COLUMN epoch bigint;";
/* What was given up is counted and gone. */
static const char hooks_counted[] =
    "ALTER TABLE hook ADD COLUMN given_up bigint NOT NULL DEFAULT 0;"
    "UPDATE hook SET given_up = (SELECT count(*) FROM hook_event WHERE hook_event.hook = hook.number AND state = 'given_up');"
    "DELETE FROM hook_event WHERE state = 'given_up';"
    "CREATE INDEX hook_event_by_hook ON hook_event (hook, not_before, number);";

/* When a request of ours expired: an answer after that is not counted a second time. */
static const char expiries[] =
    "ALTER TABLE employer ADD COLUMN expired_at bigint NOT NULL DEFAULT 0;";
/* What was evaluated, kept until no sample can draw it: node/member/query_opening.h; lots, and what they drew of ours: node/member/sample.h. */
static const char samples[] =
    "CREATE TABLE evaluated ("
    " place bigint PRIMARY KEY, purpose text NOT NULL, request bytea NOT NULL, points bytea NOT NULL, seed bytea NOT NULL,"
    " made_at bigint NOT NULL);"
    "CREATE TABLE evaluated_subject ("
    " place bigint NOT NULL, first bigint NOT NULL, points bigint NOT NULL, record bytea NOT NULL, sealed bytea NOT NULL,"
    " PRIMARY KEY (place, first));"
    "CREATE INDEX evaluated_subject_by_record ON evaluated_subject (record);"
    "CREATE TABLE sample (number bigint PRIMARY KEY, size bigint NOT NULL, at bigint NOT NULL);"

    /* state: waiting (for a person), agreed, declined (both on their way to the auditor), then what the auditor found; late, once it is
     * no use any more. reason: why not. */
    "CREATE TABLE drawn ("
    " sample bigint NOT NULL, position bigint NOT NULL, point bigint NOT NULL, number bigint NOT NULL UNIQUE, auditor bigint NOT NULL,"
    " purpose text NOT NULL, due_at bigint NOT NULL, state text NOT NULL, reason text NOT NULL, changed_at bigint NOT NULL,"
    " PRIMARY KEY (sample, position, point));"
    "CREATE INDEX drawn_by_position ON drawn (position);";

/* How a contribution to a round said less than the register. */
static const char coarsened[] =
    "ALTER TABLE round_submission ADD COLUMN coarsened text NOT NULL DEFAULT '';";

/* kept: 1 for a roster that brought other trustees, or names keys that a later one does not: exported statements need it. */
static const char kept_rosters[] = "ALTER TABLE roster ADD COLUMN kept bigint NOT NULL DEFAULT 0;";

/*
 * Lots as they were taken in, so that an evaluation whose receipt comes late is held against the one that it belongs to. What is drawn: a
 * random id, by which others are told of it; the stages of node/member/deadline.h, in which people here are told.
 */
static const char samples_told[] =
    "ALTER TABLE sample ADD COLUMN from_place bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN trustees bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN trustees_now bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN checks bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN points bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN due_at bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN seed bytea;"
    "ALTER TABLE drawn ADD COLUMN id bytea;"
    "ALTER TABLE drawn ADD COLUMN stage_done bigint NOT NULL DEFAULT 0;"
    "ALTER TABLE drawn ADD COLUMN next_at bigint NOT NULL DEFAULT 0;"
    "UPDATE drawn SET next_at = changed_at + 259200 WHERE state = 'waiting';"
    "CREATE INDEX drawn_by_next ON drawn (next_at);";

/* Members that have other keys since then than they had: what people here are told of it. */
static const char enrolled_anew[] = "CREATE TABLE enrolled_anew (member text NOT NULL PRIMARY KEY, at bigint NOT NULL);";

/* Of a node that was put back from a backup: who was in the index then, and was not any more (node/member/index_again.h). */
static const char gone_since[] = "CREATE TABLE leaver_gone (leaver bytea PRIMARY KEY);";

/* Where the log has the answers by which a check was matched: of the newest epoch, and of the one before. A doubt that is settled with 3 is of one from
 * an old index. */
static const char check_places[] = "CREATE TABLE check_place (place bigint NOT NULL PRIMARY KEY, check_id bytea NOT NULL);";

static const char *const migrations[] = {
	first,
	tally_and_trail,
	incidents,
	life,
	accounts,
	guests,
	api,
	receipts,
	rounds,
	rights,
	annual,
	guest_deadlines,
	hooks,
	index_trust,
	former_epochs,
	hooks_counted,
	expiries,
	coarsened,
	samples,
	kept_rosters,
	samples_told,
	enrolled_anew,
	gone_since,
	check_places,
};

const struct cdr_store_schema cdr_member_schema = {
	.application_id = 0x43444d31, /* "CDM1" */
	.migrations = migrations,
	.migration_count = sizeof(migrations) / sizeof(migrations[0]),
};
