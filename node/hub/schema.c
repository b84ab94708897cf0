#include "node/hub/schema.h"

/* Times are seconds since 1970, months are months since January 2000, ids of members are their slugs. */
static const char version_1[] =
    "CREATE TABLE setting (name text NOT NULL PRIMARY KEY, value text NOT NULL);"

    "CREATE TABLE roster (version bigint NOT NULL PRIMARY KEY, hash bytea NOT NULL, signed bytea NOT NULL,"
    " in_force_at bigint NOT NULL);"

    "CREATE TABLE proposal (version bigint NOT NULL PRIMARY KEY, hash bytea NOT NULL, signed bytea NOT NULL,"
    " made_at bigint NOT NULL);"

    "CREATE TABLE countersignature (roster_hash bytea NOT NULL, trustee bigint NOT NULL, signature bytea NOT NULL,"
    " received_at bigint NOT NULL, PRIMARY KEY (roster_hash, trustee)) /* WITHOUT ROWID */;"

    "CREATE TABLE invitation (secret_hash bytea NOT NULL PRIMARY KEY, member text NOT NULL, name text NOT NULL,"
    " country text NOT NULL, check_points bigint NOT NULL, import_points bigint NOT NULL, made_at bigint NOT NULL,"
    " expires_at bigint NOT NULL, used_by bytea, used_at bigint);"

    "CREATE TABLE member (id text NOT NULL PRIMARY KEY, status text NOT NULL, party bytea NOT NULL,"
    " signing_key bytea NOT NULL, tls_pin bytea NOT NULL, country text NOT NULL, check_points bigint NOT NULL,"
    " import_points bigint NOT NULL, joined_at bigint NOT NULL);"

    /* The match reads this table alone: whatever it needs of a row stands in the row. */
    "CREATE TABLE index_row (epoch bigint NOT NULL, tag bytea NOT NULL, type bigint NOT NULL, member text NOT NULL,"
    " handle bytea NOT NULL, rarity bigint NOT NULL, pair bigint NOT NULL, expires bigint NOT NULL,"
    " PRIMARY KEY (epoch, tag, type, member, handle)) /* WITHOUT ROWID */;"

    /* The way from a handle to its rows, for removal: a second index over all rows would be three times as large. */
    "CREATE TABLE person (member text NOT NULL, handle bytea NOT NULL, epoch bigint NOT NULL, expires bigint NOT NULL,"
    " tags bytea NOT NULL, PRIMARY KEY (member, handle, epoch)) /* WITHOUT ROWID */;"
    "CREATE INDEX person_expires ON person (expires);"

    "CREATE TABLE holding (member text NOT NULL, epoch bigint NOT NULL, people bigint NOT NULL,"
    " index_rows bigint NOT NULL, PRIMARY KEY (member, epoch)) /* WITHOUT ROWID */;"

    "CREATE TABLE index_batch (member text NOT NULL, batch bytea NOT NULL, content_hash bytea NOT NULL,"
    " put_at bigint NOT NULL, PRIMARY KEY (member, batch)) /* WITHOUT ROWID */;"
    "CREATE INDEX index_batch_put_at ON index_batch (put_at);"

    "CREATE TABLE open_check (member text NOT NULL, id bytea NOT NULL, request_hash bytea NOT NULL,"
    " reply bytea NOT NULL, opened_at bigint NOT NULL, PRIMARY KEY (member, id)) /* WITHOUT ROWID */;"
    "CREATE INDEX open_check_opened_at ON open_check (opened_at);"

    "CREATE TABLE mail (sender text NOT NULL, id bytea NOT NULL, recipient text NOT NULL, sealed bytea NOT NULL,"
    " stored_at bigint NOT NULL, PRIMARY KEY (sender, id));"
    "CREATE INDEX mail_recipient ON mail (recipient, stored_at, sender, id);"
    "CREATE INDEX mail_recipient_id ON mail (recipient, id);"
    "CREATE INDEX mail_stored_at ON mail (stored_at);"

    "CREATE TABLE mail_taken (sender text NOT NULL, id bytea NOT NULL, taken_at bigint NOT NULL,"
    " PRIMARY KEY (sender, id)) /* WITHOUT ROWID */;"
    "CREATE INDEX mail_taken_taken_at ON mail_taken (taken_at);"

    "CREATE TABLE ceremony_message (ceremony bytea NOT NULL, round bigint NOT NULL, sender bigint NOT NULL,"
    " recipient bigint NOT NULL, content bytea NOT NULL, stored_at bigint NOT NULL,"
    " PRIMARY KEY (ceremony, round, sender, recipient)) /* WITHOUT ROWID */;"

    "CREATE TABLE ceremony_result (epoch bigint NOT NULL, trustee bigint NOT NULL, hash bytea NOT NULL,"
    " result bytea NOT NULL, posted_at bigint NOT NULL, PRIMARY KEY (epoch, trustee)) /* WITHOUT ROWID */;"

    "CREATE TABLE misuse (party text NOT NULL, kind text NOT NULL, subject bytea NOT NULL, noticed_at bigint NOT NULL,"
    " detail text NOT NULL, PRIMARY KEY (party, kind, subject)) /* WITHOUT ROWID */;";

/* Requests to guests and their answers: sealed, under ids that are random. "hash" knows a repeat when the content is gone. */
static const char guests[] =
    "CREATE TABLE guest (id bytea NOT NULL PRIMARY KEY, member text NOT NULL, state text NOT NULL, sealed bytea NOT NULL,"
    " hash bytea NOT NULL, made_at bigint NOT NULL, expires_at bigint NOT NULL);"
    "CREATE INDEX guest_member ON guest (member, state);"
    "CREATE INDEX guest_expires_at ON guest (expires_at);"

    "CREATE TABLE guest_answer (id bytea NOT NULL, response bytea NOT NULL, number bigint NOT NULL, member text NOT NULL,"
    " state text NOT NULL, sealed bytea NOT NULL, hash bytea NOT NULL, received_at bigint NOT NULL,"
    " PRIMARY KEY (id, response));"
    "CREATE INDEX guest_answer_member ON guest_answer (member, state, received_at);"
    "CREATE INDEX guest_answer_response ON guest_answer (response);";

/* The log. In others' tables "logged" is the place of the leaf that records the act. */
static const char version_log[] =
    "CREATE TABLE log_end (one bigint NOT NULL PRIMARY KEY, edge bytea NOT NULL, recent bytea NOT NULL);"

    "CREATE TABLE log_leaf (place bigint NOT NULL PRIMARY KEY, entry bytea NOT NULL, leaf bytea, salt bytea,"
    " evidence bytea);"

    /* Tiles of up to 16 hashes; level k stands for level 4 k of the tree. */
    "CREATE TABLE log_tile (level bigint NOT NULL, place bigint NOT NULL, hashes bytea NOT NULL,"
    " PRIMARY KEY (level, place)) /* WITHOUT ROWID */;"

    "ALTER TABLE roster ADD COLUMN logged bigint;"
    "ALTER TABLE open_check ADD COLUMN logged bigint;"
    "ALTER TABLE mail ADD COLUMN logged bigint;"
    "ALTER TABLE mail_taken ADD COLUMN logged bigint;"
    "ALTER TABLE index_batch ADD COLUMN logged bigint;";

/* Trustees make keys of several kinds. */
static const char version_keys[] =
    "CREATE TABLE key_result (kind bigint NOT NULL, number bigint NOT NULL, trustee bigint NOT NULL, hash bytea NOT NULL,"
    " result bytea NOT NULL, posted_at bigint NOT NULL, PRIMARY KEY (kind, number, trustee)) /* WITHOUT ROWID */;"
    /* What was posted about keys that are not in force yet is posted again. */
    "DROP TABLE ceremony_result;";

/* Ceremonies make keys, change their shares, and give them to other trustees. */
static const char version_ceremonies[] =
    "DROP TABLE key_result;"
    "CREATE TABLE key_outcome (ceremony bytea NOT NULL, trustee bigint NOT NULL, act bigint NOT NULL, kind bigint NOT NULL,"
    " number bigint NOT NULL, basis bytea NOT NULL, hash bytea NOT NULL, result bytea NOT NULL, posted_at bigint NOT NULL,"
    " PRIMARY KEY (ceremony, trustee)) /* WITHOUT ROWID */;"

    "CREATE TABLE trustee_change (attempt bigint NOT NULL PRIMARY KEY, change bytea NOT NULL, made_at bigint NOT NULL);"

    /* Rosters whose trustees are others than those of the one before: whoever is behind needs each of them. */
    "CREATE TABLE trustees_changed (version bigint NOT NULL PRIMARY KEY);";

static const char version_witness[] =
    /* The last witnessed checkpoint of each day (days since 1970). */
    "CREATE TABLE checkpoint (day bigint NOT NULL PRIMARY KEY, size bigint NOT NULL, note bytea NOT NULL);"

    /* Evaluations in the log; sequence numbers belong to a key: a member that enrols again begins anew. */
    "CREATE TABLE evaluation (signing_key bytea NOT NULL, sequence bigint NOT NULL, body_hash bytea NOT NULL,"
    " logged bigint NOT NULL, PRIMARY KEY (signing_key, sequence)) /* WITHOUT ROWID */;"
    "CREATE TABLE spent (member text NOT NULL, epoch bigint NOT NULL, purpose text NOT NULL, points bigint NOT NULL,"
    " PRIMARY KEY (member, epoch, purpose)) /* WITHOUT ROWID */;";

static const char version_rounds[] =
    "CREATE TABLE round (hash bytea NOT NULL PRIMARY KEY, id bytea NOT NULL UNIQUE, sealed bytea NOT NULL,"
    " state text NOT NULL, opened_at bigint NOT NULL, deadline bigint NOT NULL, closed_at bigint, close_list bytea,"
    " sums bytea, opening_set bytea, totals bytea, logged bigint NOT NULL);"

    "CREATE TABLE round_contribution (round bytea NOT NULL, member text NOT NULL, submission bigint NOT NULL,"
    " hash bytea NOT NULL, request bytea NOT NULL, stored_at bigint NOT NULL, logged bigint NOT NULL,"
    " PRIMARY KEY (round, member));"

    "CREATE TABLE round_answer (round bytea NOT NULL, stage bigint NOT NULL, trustee bigint NOT NULL, hash bytea NOT NULL,"
    " request bytea NOT NULL, stored_at bigint NOT NULL, PRIMARY KEY (round, stage, trustee));"

    "CREATE TABLE round_refusal (round bytea NOT NULL, trustee bigint NOT NULL, reason text NOT NULL,"
    " refused_at bigint NOT NULL, PRIMARY KEY (round, trustee));";

/* Annual returns as their members signed them: node/hub/annual.h. */
static const char annual[] =
    "CREATE TABLE annual ("
    " member text NOT NULL, year bigint NOT NULL, revision bigint NOT NULL, bytes bytea NOT NULL, signature bytea NOT NULL,"
    " received_at bigint NOT NULL, PRIMARY KEY (member, year));";

/* What was published: the next release of the period is held against it. */
static const char version_releases[] =
    "CREATE TABLE round_release (period text NOT NULL, version bigint NOT NULL, round bytea NOT NULL, json bytea NOT NULL,"
    " salt bytea NOT NULL, made_at bigint NOT NULL, PRIMARY KEY (period, version));";

/* The tree over the index. Its pages are those of core/crypto/sparse.h; a prefix has 8 bytes. */
static const char version_tree[] =
    "CREATE TABLE index_page (epoch bigint NOT NULL, depth bigint NOT NULL, prefix bytea NOT NULL, content bytea NOT NULL,"
    " PRIMARY KEY (epoch, depth, prefix)) /* WITHOUT ROWID */;"
    "CREATE TABLE index_change (number bigint NOT NULL PRIMARY KEY, epoch bigint NOT NULL, tags bytea NOT NULL);"
    "CREATE TABLE index_member (member text NOT NULL, epoch bigint NOT NULL, in_tree bigint NOT NULL,"
    " PRIMARY KEY (member, epoch)) /* WITHOUT ROWID */;"
    "CREATE TABLE index_root (epoch bigint NOT NULL PRIMARY KEY, number bigint NOT NULL, root bytea NOT NULL,"
    " people bigint NOT NULL, made_at bigint NOT NULL, place bigint NOT NULL);"
    "CREATE TABLE index_secret (epoch bigint NOT NULL PRIMARY KEY, secret bytea NOT NULL);"
    "ALTER TABLE open_check ADD COLUMN root_place bigint;"
    /* Their answers have no proof: they are asked and answered anew. */
    "DELETE FROM open_check;";

/* Epochs: the next one that the secretariat asked for; members who had people in one that is over, and none in the next. */
static const char version_epochs[] =
    "CREATE TABLE epoch_asked (number bigint NOT NULL PRIMARY KEY, asked_at bigint NOT NULL);"
    "CREATE TABLE epoch_unmoved (epoch bigint NOT NULL, member text NOT NULL, people bigint NOT NULL,"
    " noticed_at bigint NOT NULL, PRIMARY KEY (epoch, member)) /* WITHOUT ROWID */;";

/* What members signed for their next sealing keys, until a roster has it: node/hub/roll.h. */
static const char version_rolls[] =
    "CREATE TABLE sealing_roll (member text NOT NULL PRIMARY KEY, number bigint NOT NULL, made_at bigint NOT NULL,"
    " sealing_key bytea NOT NULL, signature bytea NOT NULL);";

/* What a trustee says of a ceremony is in the log. */
static const char version_said[] = "ALTER TABLE key_outcome ADD COLUMN logged bigint;";
/* Samples: the basis of each, the lot once it is made; and what auditors found, as they signed it. */
static const char version_samples[] =
    "CREATE TABLE sample (number bigint NOT NULL PRIMARY KEY, from_place bigint NOT NULL, size bigint NOT NULL, root bytea NOT NULL,"
    " key_number bigint NOT NULL, trustees bigint NOT NULL, checks bigint NOT NULL, points bigint NOT NULL, note bytea NOT NULL,"
    " lot bytea, seed bytea, made_at bigint NOT NULL, logged_at bigint, logged bigint);"
    "CREATE TABLE verdict (sample bigint NOT NULL, position bigint NOT NULL, point bigint NOT NULL, outcome text NOT NULL,"
    " trustee bigint NOT NULL, request bytea NOT NULL, logged bigint NOT NULL, PRIMARY KEY (sample, position, point, outcome));";

/*
 * The newest change of the index in the log: a root that is older proves no answer. Checks that were closed, so that who asks again gets
 * the same receipt. How far leaves were erased.
 */
static const char version_leaf_life[] =
    "CREATE TABLE index_end (one bigint NOT NULL PRIMARY KEY, place bigint NOT NULL);"
    "CREATE TABLE closed_check (member text NOT NULL, id bytea NOT NULL, logged bigint NOT NULL, closed_at bigint NOT NULL,"
    " PRIMARY KEY (member, id)) /* WITHOUT ROWID */;"
    "CREATE INDEX closed_check_closed_at ON closed_check (closed_at);"
    "CREATE TABLE log_erased (class bigint NOT NULL PRIMARY KEY, place bigint NOT NULL);";

/* The receipt of a release is for members who fetch it. */
static const char version_released[] = "ALTER TABLE round_release ADD COLUMN logged bigint;";

/* Every second: has anybody evaluated since the last sample? */
static const char version_samples_asked[] = "CREATE INDEX evaluation_logged ON evaluation (logged);";
/*
 * Answers made with shares of one sharing go together: transcript names it. close_place and set_place are places in the log; the
 * notes are checkpoints behind them that enough trustees cosigned. Rounds from before cannot be opened any more.
 */
static const char version_openings[] =
    "ALTER TABLE round ADD COLUMN close_place bigint;"
    "ALTER TABLE round ADD COLUMN close_note bytea;"
    "ALTER TABLE round ADD COLUMN set_place bigint;"
    "ALTER TABLE round ADD COLUMN set_note bytea;"
    "ALTER TABLE round ADD COLUMN transcript bytea;"
    "UPDATE round SET state = 'void' WHERE state = 'closed' OR state = 'closing';"
    "DROP TABLE round_answer;"
    "CREATE TABLE round_reply (round bytea NOT NULL, stage bigint NOT NULL, trustee bigint NOT NULL, transcript bytea NOT NULL,"
    " hash bytea NOT NULL, request bytea NOT NULL, stored_at bigint NOT NULL, PRIMARY KEY (round, stage, trustee, transcript));"
    "CREATE TABLE round_never (round bytea NOT NULL, trustee bigint NOT NULL, request bytea NOT NULL, stored_at bigint NOT NULL,"
    " PRIMARY KEY (round, trustee));";

/* By key and not by index: who left has signed for the time in which it could have answered, whoever comes in its place for its own. */
static const char version_never[] =
    "DROP TABLE round_never;"
    "CREATE TABLE round_never (round bytea NOT NULL, signer bytea NOT NULL, trustee bigint NOT NULL, request bytea NOT NULL,"
    " stored_at bigint NOT NULL, PRIMARY KEY (round, signer));";

/* When a sealing key was taken in: the next one of that member has to wait. */
static const char version_roll_time[] = "ALTER TABLE sealing_roll ADD COLUMN taken_at bigint NOT NULL DEFAULT 0;";
/* How often each member had its own rows proved on its last day. */
static const char version_proofs[] =
    "CREATE TABLE index_proof (member text NOT NULL PRIMARY KEY, day bigint NOT NULL, count bigint NOT NULL);";
/* Whose cosignatures a sample's checkpoint has: other trustees may come in before its lot is made. */
static const char version_samples_roster[] = "ALTER TABLE sample ADD COLUMN roster_version bigint NOT NULL DEFAULT 0;";

/* Keys of members who were revoked with them: no code lets one of these in again, whatever came in between. */
static const char version_revoked[] = "CREATE TABLE revoked_key (signing_key bytea NOT NULL PRIMARY KEY, member text NOT NULL);";

static const char *const migrations[] = {
	version_1,
	version_log,
	version_keys,
	guests,
	version_ceremonies,
	version_witness,
	version_rounds,
	annual,
	version_releases,
	version_tree,
	version_epochs,
	version_rolls,
	version_said,
	version_leaf_life,
	version_released,
	version_samples,
	version_samples_asked,
	version_openings,
	version_never,
	version_roll_time,
	version_proofs,
	version_samples_roster,
	version_revoked,
};

const struct cdr_store_schema cdr_hub_schema = {
	.application_id = 0x43445248, /* "CDRH" */
	.migrations = migrations,
	.migration_count = sizeof(migrations) / sizeof(migrations[0]),
};

#define TABLE(name, what, concludes) { name, NULL, what, concludes, "SELECT count(*) FROM " name }
#define COLUMN(table, name, what, concludes) { table, name, what, concludes, NULL }
#define NOTHING "nothing"

const struct cdr_hub_legend cdr_hub_legends[] = {
	TABLE("setting", "how this hub was set up", NOTHING),
	COLUMN("setting", "name", "name of a setting", NOTHING),
	COLUMN("setting", "value", "where the hub listens, where guests go", "public"),

	TABLE("roster", "every roster that has been in force", "public to all parties: who takes part, with which keys"),
	COLUMN("roster", "version", "0 is the genesis roster", "public"),
	COLUMN("roster", "hash", "SHA-256 of the roster", "public"),
	COLUMN("roster", "signed", "the roster with the signatures of the hub and of the trustees", "public"),
	COLUMN("roster", "in_force_at", "when enough trustees had countersigned it", "public"),
	COLUMN("roster", "logged", "place of its leaf in the log", NOTHING),

	TABLE("proposal", "the next roster while it waits for countersignatures", "who is about to join or to leave"),
	COLUMN("proposal", "version", "the version that it will be", "public"),
	COLUMN("proposal", "hash", "SHA-256 of the proposed roster", "public"),
	COLUMN("proposal", "signed", "the proposed roster with the hub's signature", "as the roster in force"),
	COLUMN("proposal", "made_at", "when it was made", NOTHING),

	TABLE("countersignature", "countersignatures under the proposal", "which trustees have agreed so far"),
	COLUMN("countersignature", "roster_hash", "what was countersigned", "public"),
	COLUMN("countersignature", "trustee", "index of the trustee", "public"),
	COLUMN("countersignature", "signature", "Ed25519", "public"),
	COLUMN("countersignature", "received_at", "when it came", "when that trustee was at work"),

	TABLE("invitation", "invitations to join, used and unused", "which organisations were invited"),
	COLUMN("invitation", "secret_hash", "SHA-256 of the secret part of the code",
	    "nothing: the secret is 128 random bits, so the code cannot be found from its hash"),
	COLUMN("invitation", "member", "id that the organisation will have", "public once it has joined"),
	COLUMN("invitation", "name", "name of the organisation as the secretariat wrote it", "public once it has joined"),
	COLUMN("invitation", "country", "country of the organisation", "public once it has joined"),
	COLUMN("invitation", "check_points", "its quota for checks", "its size, roughly; public to the parties"),
	COLUMN("invitation", "import_points", "its quota for imports", "its size, roughly; public to the parties"),
	COLUMN("invitation", "made_at", "when it was made", NOTHING),
	COLUMN("invitation", "expires_at", "when it stops working", NOTHING),
	COLUMN("invitation", "used_by", "fingerprint of the keys that used it", "public once it has joined"),
	COLUMN("invitation", "used_at", "when it was used", NOTHING),

	TABLE("member", "the members as this hub treats them now", "public to the parties, as the roster is"),
	COLUMN("member", "id", "the member's id", "public"),
	COLUMN("member", "status", "pending, active, suspended or revoked",
	    "a suspension before the roster shows it"),
	COLUMN("member", "party", "name and public keys that the member brought", "public"),
	COLUMN("member", "signing_key", "public signing key", "public"),
	COLUMN("member", "tls_pin", "hash of its certificate's public key", "public"),
	COLUMN("member", "country", "its country", "public"),
	COLUMN("member", "check_points", "its quota for checks", "its size, roughly"),
	COLUMN("member", "import_points", "its quota for imports", "its size, roughly"),
	COLUMN("member", "joined_at", "when it joined", "public"),

	TABLE("revoked_key", "keys that were revoked, which no invitation lets in again", "public, as former rosters are"),
	COLUMN("revoked_key", "signing_key", "public signing key", "public"),
	COLUMN("revoked_key", "member", "whose it was", "public"),

	TABLE("sealing_roll", "members' next sealing keys, until a roster has them", "public soon after"),
	COLUMN("sealing_roll", "member", "whose key", "public"),
	COLUMN("sealing_roll", "number", "1, 2, 3 ... of that member", "public"),
	COLUMN("sealing_roll", "made_at", "when it was made", "public"),
	COLUMN("sealing_roll", "sealing_key", "the public key", "public"),
	COLUMN("sealing_roll", "signature", "the member's, over all of this", "public"),
	COLUMN("sealing_roll", "taken_at", "when it came", NOTHING),

	TABLE("index_row", "one row for each token of everyone who left a member, filled up with rows of random tags",
	    "which rows belong to one person and one member, and which rows of different people agree; not who they are"),
	COLUMN("index_row", "epoch", "the key under which the tag was made", "public"),
	COLUMN("index_row", "tag", "16 bytes of a threshold oblivious function of a token, or random",
	    "equality only: nobody has the key, so no name can be tried against it without t trustees, who count"),
	COLUMN("index_row", "type", "kind of token, such as two names and a date, or a document",
	    "roughly how many names a person has and whether a document is known; filling rows blur it"),
	COLUMN("index_row", "member", "whose leaver it is", "where this unknown person worked"),
	COLUMN("index_row", "handle", "16 random bytes that stand for the person at that member",
	    "which rows are one person; the member alone knows who"),
	COLUMN("index_row", "rarity", "how rare the token is, in steps of two bits", "three bits about a name"),
	COLUMN("index_row", "pair", "which pair of a person's names it rests on", "roughly how many names a person has"),
	COLUMN("index_row", "expires", "month after which it no longer matches", "roughly when the person left"),

	TABLE("person", "one row for each leaver in the index, so that a removal finds its rows", "as index_row"),
	COLUMN("person", "member", "whose leaver it is", "how many leavers a member has in the index"),
	COLUMN("person", "handle", "as in index_row", "as in index_row"),
	COLUMN("person", "epoch", "as in index_row", "as in index_row"),
	COLUMN("person", "expires", "as in index_row", "as in index_row"),
	COLUMN("person", "tags", "tag and type of each of the person's rows", "as in index_row"),

	TABLE("holding", "how much each member has in the index", "the number of leavers of each member"),
	COLUMN("holding", "member", "the member", "public"),
	COLUMN("holding", "epoch", "the epoch", "public"),
	COLUMN("holding", "people", "leavers in the index", "staff turnover of the member"),
	COLUMN("holding", "index_rows", "rows in the index", "as people"),

	TABLE("index_batch", "changes of the index in the last 90 days, so that a repeat changes nothing",
	    "when a member changed its register of leavers"),
	COLUMN("index_batch", "member", "who sent it", "as the table"),
	COLUMN("index_batch", "batch", "16 random bytes", NOTHING),
	COLUMN("index_batch", "content_hash", "SHA-256 of what was sent", "nothing: tags and handles in it are random"),
	COLUMN("index_batch", "put_at", "when it came", "as the table"),
	COLUMN("index_batch", "logged", "place of its leaf in the log", NOTHING),

	TABLE("open_check", "checks that are open, with the reply that each got. The tags of the query are not kept",
	    "who checks how many candidates, when, and where somebody like them worked; not who they are"),
	COLUMN("open_check", "member", "who checks", "who hires, and when"),
	COLUMN("open_check", "id", "16 random bytes", NOTHING),
	COLUMN("open_check", "request_hash", "SHA-256 over id and query, to know a repeat from another query",
	    "nothing: the query holds tags, and the id makes the hashes of two equal queries differ"),
	COLUMN("open_check", "reply", "the members and handles that matched, with the strength of each match",
	    "which rows of the index this unknown candidate resembles"),
	COLUMN("open_check", "root_place", "which root of the index proves the reply", NOTHING),
	COLUMN("open_check", "opened_at", "when it was opened", "when somebody was about to be hired"),
	COLUMN("open_check", "logged", "place of its leaf in the log", NOTHING),

	TABLE("mail", "sealed letters until their receiver has taken them", "who writes to whom, and when"),
	COLUMN("mail", "sender", "member that wrote it", "who asks or answers"),
	COLUMN("mail", "id", "16 random bytes", NOTHING),
	COLUMN("mail", "recipient", "member that it is for", "who is asked or answered"),
	COLUMN("mail", "sealed", "the letter, sealed to the receiver, always of one size",
	    "nothing: a question, a disclosure and \"no record\" look the same"),
	COLUMN("mail", "stored_at", "when it came", "the rhythm of questions and answers"),
	COLUMN("mail", "logged", "place of its leaf in the log", NOTHING),

	TABLE("mail_taken", "ids of letters that were taken in the last 90 days, so that a late repeat is not delivered twice",
	    "how many letters a member sent"),
	COLUMN("mail_taken", "sender", "member that wrote it", "as the table"),
	COLUMN("mail_taken", "id", "16 random bytes", NOTHING),
	COLUMN("mail_taken", "taken_at", "when its receiver took it", "when somebody fetched mail"),
	COLUMN("mail_taken", "logged", "place of its leaf in the log", NOTHING),

	TABLE("ceremony_message", "messages between trustees while they make a key", "how far the ceremony is"),
	COLUMN("ceremony_message", "ceremony", "which ceremony", NOTHING),
	COLUMN("ceremony_message", "round", "which step of it", NOTHING),
	COLUMN("ceremony_message", "sender", "index of the trustee that wrote it", NOTHING),
	COLUMN("ceremony_message", "recipient", "index of the trustee that it is for, 0 for all", NOTHING),
	COLUMN("ceremony_message", "content", "signed by the sender, shares sealed to their receiver",
	    "nothing: commitments are public, shares are sealed"),
	COLUMN("ceremony_message", "stored_at", "when it came", NOTHING),

	TABLE("key_outcome", "what each trustee says that a ceremony gave", "public"),
	COLUMN("key_outcome", "ceremony", "which ceremony", NOTHING),
	COLUMN("key_outcome", "trustee", "index of the trustee that says so", "public"),
	COLUMN("key_outcome", "act", "whether a key was made, its shares changed, or it was given to others", "public"),
	COLUMN("key_outcome", "kind", "whether the key is that of an epoch or of the statistics", "public"),
	COLUMN("key_outcome", "number", "number of the key", "public"),
	COLUMN("key_outcome", "basis", "hash of the transcript of the key as it was", "public"),
	COLUMN("key_outcome", "hash", "SHA-256 of what it says", "whether two trustees say the same"),
	COLUMN("key_outcome", "result", "public key, public shares, hash of the transcript", "public"),
	COLUMN("key_outcome", "posted_at", "when it came", NOTHING),
	COLUMN("key_outcome", "logged", "place of its leaf in the log", "public"),

	TABLE("trustee_change", "proposals of other trustees", "public"),
	COLUMN("trustee_change", "attempt", "number of the proposal", "public"),
	COLUMN("trustee_change", "change", "who are to be the trustees, with their public keys", "public"),
	COLUMN("trustee_change", "made_at", "when it was made", NOTHING),

	TABLE("epoch_asked", "epochs that the secretariat asked for before their time", "public"),
	COLUMN("epoch_asked", "number", "number of the epoch", "public"),
	COLUMN("epoch_asked", "asked_at", "when", NOTHING),

	TABLE("epoch_unmoved", "members who had people in an epoch that is over, and none in the next",
	    "whose node was not at work in the time between"),
	COLUMN("epoch_unmoved", "epoch", "the one that is over", "public"),
	COLUMN("epoch_unmoved", "member", "the member", "public"),
	COLUMN("epoch_unmoved", "people", "how many leavers it had there", "staff turnover of the member"),
	COLUMN("epoch_unmoved", "noticed_at", "when the old rows were deleted", NOTHING),

	TABLE("trustees_changed", "rosters that brought other trustees", "public"),
	COLUMN("trustees_changed", "version", "number of the roster", "public"),

	TABLE("guest", "requests to former employers that are no members, for browsers to fetch until they are withdrawn or expire",
	    "which member asks outside the exchange, when, and how often; not whom, nor about whom"),
	COLUMN("guest", "id", "16 random bytes", NOTHING),
	COLUMN("guest", "member", "who asks", "as the table"),
	COLUMN("guest", "state", "open, answered, withdrawn", "how many guests answer"),
	COLUMN("guest", "sealed", "the request under a secret that stands in the link, always of one size; empty once withdrawn or expired",
	    "nothing: the secret is 128 random bits and never comes here"),
	COLUMN("guest", "hash", "SHA-256 of it", NOTHING),
	COLUMN("guest", "made_at", "when it came", "as the table"),
	COLUMN("guest", "expires_at", "when the link stops working", NOTHING),

	TABLE("guest_answer", "answers of guests until the member has taken them", "when a guest answered which request"),
	COLUMN("guest_answer", "id", "the request", NOTHING),
	COLUMN("guest_answer", "response", "16 random bytes", NOTHING),
	COLUMN("guest_answer", "number", "1 for the first answer to this request", "that a guest corrected itself"),
	COLUMN("guest_answer", "member", "who asked", "as the table"),
	COLUMN("guest_answer", "state", "waiting, taken", NOTHING),
	COLUMN("guest_answer", "sealed", "the answer, sealed to the member, always of one size; empty once taken",
	    "nothing: a disclosure and \"no record\" look the same"),
	COLUMN("guest_answer", "hash", "SHA-256 of it", NOTHING),
	COLUMN("guest_answer", "received_at", "when it came", "as the table"),

	TABLE("log_end", "where the public log ends", "how many acts it records"),
	COLUMN("log_end", "one", "1: there is one end", NOTHING),
	COLUMN("log_end", "edge", "the right edge of the log's tree: its size and some hashes", "public"),
	COLUMN("log_end", "recent", "hashes of the last leaves", "public"),

	TABLE("log_leaf", "the acts of this exchange, in order", "who did what kind of thing with whom, and when"),
	COLUMN("log_leaf", "place", "number of the leaf", "public"),
	COLUMN("log_leaf", "entry", "what the public log shows: the leaf, or a salted commitment to it", "public"),
	COLUMN("log_leaf", "leaf", "kind, time, parties, sizes, and the hash of what was done",
	    "who asks or answers whom, and when"),
	COLUMN("log_leaf", "salt", "32 random bytes; destroyed, the commitment says nothing any more", NOTHING),
	COLUMN("log_leaf", "evidence", "an evaluation's request as its member signed it, for the trustees",
	    "how much a member evaluates, and when"),

	TABLE("checkpoint", "how long the log was at the end of each day, as the hub and the trustees signed it", "public"),
	COLUMN("checkpoint", "day", "days since 1970", "public"),
	COLUMN("checkpoint", "size", "number of leaves", "how much the exchange is used; public"),
	COLUMN("checkpoint", "note", "the signed note", "public"),

	TABLE("evaluation", "which leaf belongs to which evaluation, so that a repeat is the same leaf",
	    "how often each member asks the trustees"),
	COLUMN("evaluation", "signing_key", "of the member that asks", "public"),
	COLUMN("evaluation", "sequence", "number of the request", "how often it asks"),
	COLUMN("evaluation", "body_hash", "SHA-256 of the request", "nothing: blinded points are random"),
	COLUMN("evaluation", "logged", "place of its leaf in the log", NOTHING),

	TABLE("spent", "how much of its quota each member has used", "how many candidates a member checks, how many leavers it has"),
	COLUMN("spent", "member", "the member", "public"),
	COLUMN("spent", "epoch", "the epoch", "public"),
	COLUMN("spent", "purpose", "check or import", NOTHING),
	COLUMN("spent", "points", "points that were evaluated", "as the table"),

	TABLE("log_tile", "hashes of the log's tree", "nothing: they are public, and hashes of salted commitments"),
	COLUMN("log_tile", "level", "height in the tree", "public"),
	COLUMN("log_tile", "place", "number in its level", "public"),
	COLUMN("log_tile", "hashes", "up to 16 hashes", "public"),

	TABLE("round", "rounds of statistics", "how many rounds there were, of which period"),
	COLUMN("round", "hash", "SHA-256 of the signed definition", "public"),
	COLUMN("round", "id", "16 random bytes", NOTHING),
	COLUMN("round", "sealed", "period, tables, least number of contributors, deadline, key; signed by the hub", "public"),
	COLUMN("round", "state", "open, closing, closed, opened, published, given_up or void", "public"),
	COLUMN("round", "opened_at", "when it was opened", "public"),
	COLUMN("round", "deadline", "until when members contribute", "public"),
	COLUMN("round", "closed_at", "when it was closed", "public"),
	COLUMN("round", "close_list", "which contributions count, by member and hash; signed by the hub", "who contributed"),
	COLUMN("round", "sums", "all contributions added up, encrypted to t trustees", NOTHING),
	COLUMN("round", "opening_set", "whose first answers count; signed by the hub", "public"),
	COLUMN("round", "totals", "what t trustees opened: sums over all members, and how many contributed to each",
	    "sums over many members, none of one"),
	COLUMN("round", "logged", "place of its leaf in the log", NOTHING),
	COLUMN("round", "close_place", "place in the log of the leaf about its closing", "public"),
	COLUMN("round", "close_note", "a checkpoint behind that place, cosigned by enough trustees", "public"),
	COLUMN("round", "set_place", "place in the log of the leaf about whose first answers count", "public"),
	COLUMN("round", "set_note", "a checkpoint behind that place, cosigned by enough trustees", "public"),
	COLUMN("round", "transcript", "by which sharing of the statistics key it was opened", "public"),

	TABLE("round_contribution", "the last contribution of each member, as it was signed", "who contributed, and when"),
	COLUMN("round_contribution", "round", "which round", "as the table"),
	COLUMN("round_contribution", "member", "whose", "as the table"),
	COLUMN("round_contribution", "submission", "how often it was submitted", "who corrected its figures"),
	COLUMN("round_contribution", "hash", "SHA-256 of the request", NOTHING),
	COLUMN("round_contribution", "request", "every figure of every table, zeros too, encrypted to t trustees, with a proof",
	    "nothing: all contributions of a round have one size"),
	COLUMN("round_contribution", "stored_at", "when it came", "as the table"),
	COLUMN("round_contribution", "logged", "place of its leaf in the log", NOTHING),

	TABLE("round_reply", "what trustees answered: parts of an opening, with proofs", "which trustees took part"),
	COLUMN("round_reply", "round", "which round", "as the table"),
	COLUMN("round_reply", "stage", "1: flags and noise, 2: counts", "as the table"),
	COLUMN("round_reply", "trustee", "whose", "as the table"),
	COLUMN("round_reply", "transcript", "of the sharing of the key that it was made with", "public"),
	COLUMN("round_reply", "hash", "SHA-256 of the request", NOTHING),
	COLUMN("round_reply", "request", "partial decryptions of sums, encrypted noise, proofs",
	    "with those of t trustees together: the sums"),
	COLUMN("round_reply", "stored_at", "when it came", "as the table"),

	TABLE("round_refusal", "why a trustee does not open a round", "which party is at fault"),
	COLUMN("round_refusal", "round", "which round", "as the table"),
	COLUMN("round_refusal", "trustee", "who refuses", "as the table"),
	COLUMN("round_refusal", "reason", "its words", "as the table"),
	COLUMN("round_refusal", "refused_at", "when", "as the table"),

	TABLE("round_never", "that a trustee has not opened a round and never will", "public"),
	COLUMN("round_never", "round", "which round", "public"),
	COLUMN("round_never", "signer", "public signing key of who says so", "public"),
	COLUMN("round_never", "trustee", "its index when it said so", "public"),
	COLUMN("round_never", "request", "its words, as they were signed", "public"),
	COLUMN("round_never", "stored_at", "when it came", "public"),
	TABLE("index_page", "the tree over the index: hashes that prove answers", "nothing: hashes of salted commitments"),
	COLUMN("index_page", "epoch", "as in index_row", "public"),
	COLUMN("index_page", "depth", "length of the path that leads to the page", NOTHING),
	COLUMN("index_page", "prefix", "beginning of the hashes of the tags below it", "as the tags of index_row"),
	COLUMN("index_page", "content", "hashes; of a few tags each: hash of the tag, number of a root, hash of its rows",
	    "as index_row"),

	TABLE("index_change", "tags whose rows changed since the last root", "what was put, removed, or proved to its owner lately"),
	COLUMN("index_change", "number", "order of the changes", NOTHING),
	COLUMN("index_change", "epoch", "as in index_row", "public"),
	COLUMN("index_change", "tags", "tag and type of each row", "as person"),

	TABLE("index_member", "whose rows are in the tree", "which members are active"),
	COLUMN("index_member", "member", "the member", "public"),
	COLUMN("index_member", "epoch", "as in index_row", "public"),
	COLUMN("index_member", "in_tree", "1 where they are", "public"),

	TABLE("index_root", "the newest root of the tree", "public but for the number of people"),
	COLUMN("index_root", "epoch", "as in index_row", "public"),
	COLUMN("index_root", "number", "number of the root", "how often the index changed"),
	COLUMN("index_root", "root", "the root", "nothing: a hash"),
	COLUMN("index_root", "people", "leavers in the index", "the size of the exchange"),
	COLUMN("index_root", "made_at", "when it was made", "public"),
	COLUMN("index_root", "place", "number of its leaf in the log", "public"),

	TABLE("index_proof", "how often members asked after their own rows", "nothing but that"),
	COLUMN("index_proof", "member", "who asked", "as the table"),
	COLUMN("index_proof", "day", "on which day last", "as the table"),
	COLUMN("index_proof", "count", "how often on that day", "as the table"),

	TABLE("index_end", "the newest change of the index in the log", "public"),
	COLUMN("index_end", "one", "1", NOTHING),
	COLUMN("index_end", "place", "place of its leaf", "public"),

	TABLE("closed_check", "checks that were closed in the last 90 days", "how many candidates a member checked, and when it was done"),
	COLUMN("closed_check", "member", "who checked", "as the table"),
	COLUMN("closed_check", "id", "16 random bytes", NOTHING),
	COLUMN("closed_check", "logged", "place of the leaf in the log", NOTHING),
	COLUMN("closed_check", "closed_at", "when it was closed", "as the table"),

	TABLE("log_erased", "how far leaves of the log were erased: what stays says nothing", NOTHING),
	COLUMN("log_erased", "class", "0: checks and letters, after 120 days; 1: others that are not public, after 500", NOTHING),
	COLUMN("log_erased", "place", "the next leaf that is looked at", "public"),

	TABLE("index_secret", "what the salts of the tree are made of", "which rows the hashes of the tree stand for"),
	COLUMN("index_secret", "epoch", "as in index_row", "public"),
	COLUMN("index_secret", "secret", "32 random bytes", "as the table"),

	TABLE("annual", "annual returns, published with the organisation's name",
	    "how many checks a member made and answered in a year, and what came of them: the same is published"),
	COLUMN("annual", "member", "whose return", "public"),
	COLUMN("annual", "year", "of which calendar year", "public"),
	COLUMN("annual", "revision", "a later one takes the place of an earlier", "public"),
	COLUMN("annual", "bytes", "the figures and who signed them", "as the table"),
	COLUMN("annual", "signature", "the member's", NOTHING),
	COLUMN("annual", "received_at", "when it came", NOTHING),

	TABLE("round_release", "what was published of rounds", "public"),
	COLUMN("round_release", "period", "which half-year", "public"),
	COLUMN("round_release", "version", "1, 2, 3 ... of that half-year", "public"),
	COLUMN("round_release", "round", "which round", "public"),
	COLUMN("round_release", "json", "the release", "public"),
	COLUMN("round_release", "salt", "with it and the totals the hash of the snapshot can be shown to be right", NOTHING),
	COLUMN("round_release", "made_at", "when it was published", "public"),
	COLUMN("round_release", "logged", "number of its leaf in the log", "public"),

	TABLE("sample", "which evaluations are shown to an auditor, by lot", "public"),
	COLUMN("sample", "number", "1, 2, 3 ...", "public"),
	COLUMN("sample", "from_place", "it draws from this leaf on", "public"),
	COLUMN("sample", "size", "up to this one", "public"),
	COLUMN("sample", "root", "root of the log of so many leaves", "public"),
	COLUMN("sample", "key_number", "number of the statistics key that makes the lot", "public"),
	COLUMN("sample", "trustees", "how many there are", "public"),
	COLUMN("sample", "checks", "one check in so many is drawn", "public"),
	COLUMN("sample", "points", "one point of imports in so many", "public"),
	COLUMN("sample", "roster_version", "whose trustees cosigned that", "public"),
	COLUMN("sample", "note", "the checkpoint, as trustees cosigned it", "public"),
	COLUMN("sample", "lot", "t parts with proofs", "public"),
	COLUMN("sample", "seed", "what they join to", "public"),
	COLUMN("sample", "made_at", "when the trustees were asked first", NOTHING),
	COLUMN("sample", "logged_at", "when it was logged", "public"),
	COLUMN("sample", "logged", "place of its leaf in the log", NOTHING),

	TABLE("verdict", "what auditors found of the evaluations that were drawn", "public: who was asked, and what came of it; not about whom"),
	COLUMN("verdict", "sample", "which sample", "public"),
	COLUMN("verdict", "position", "place of the evaluation's leaf", "public"),
	COLUMN("verdict", "point", "which point of it", "public"),
	COLUMN("verdict", "outcome", "asked, opened, false, refused, late, backed, unbacked", "public"),
	COLUMN("verdict", "trustee", "index of the auditor", "public"),
	COLUMN("verdict", "request", "as the auditor signed it", "public"),
	COLUMN("verdict", "logged", "place of its leaf in the log", NOTHING),

	TABLE("misuse", "requests that contradict what was said before", "which party is broken or lies"),
	COLUMN("misuse", "party", "who sent it", "as the table"),
	COLUMN("misuse", "kind", "what it tried", "as the table"),
	COLUMN("misuse", "subject", "the identifier that it was about", NOTHING),
	COLUMN("misuse", "noticed_at", "when it was first noticed", NOTHING),
	COLUMN("misuse", "detail", "the same in a sentence", NOTHING),
};

const size_t cdr_hub_legend_count = sizeof(cdr_hub_legends) / sizeof(cdr_hub_legends[0]);
