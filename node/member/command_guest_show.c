#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "node/member/command.h"
#include "node/member/guest.h"
#include "node/member/guest_text.h"

/* What `check list` and `check show` tell about guests. */

/* One request and its answers on their way out. */
struct showing {
	struct cdr_member *member;
	struct cdr_report *report;
	const char *language;
	json_t *list;                     /* of guests */
	json_t *answers;                  /* of the present guest */
	const struct cdr_guest *guest;
	struct cdr_guest_answer last;     /* personal: the answer that counts */
	bool has_last;
};

static void
say(const struct showing *showing, const char *key, const char *const *values)
{
	char text[CDR_GUEST_SENTENCE_LEN];

	cdr_report_text(showing->report, "    %s\n", cdr_guest_sentence(key, showing->language, values, text));
	cdr_wipe(text, sizeof(text));
}

#define SAY(showing, key, ...) say(showing, key, (const char *const[]){ __VA_ARGS__, NULL })

static const char *
label(const struct showing *showing, const char *list, const char *code)
{
	return cdr_codebook_label_peek(showing->member->codebook, list, code, showing->language);
}

static void
day_write(uint64_t seconds, char out[static CDR_DATE_TEXT_LEN])
{
	struct cdr_date day = cdr_member_day((int64_t)seconds);

	if (cdr_date_write(&day, out) != CDR_OK)
		out[0] = '\0';
}

static json_t *
guest_json(const struct cdr_guest *guest, const struct cdr_codebook *codebook)
{
	const struct cdr_guest_details *d = &guest->details;
	json_t *object = json_pack("{s:o, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:b}", "request_id", cdr_command_json_id(guest->id),
	    "employer", d->employer, "email", d->email, "address_found", d->found, "address_note", d->found_note, "address_flagged",
	    cdr_codebook_means(codebook, "address_found", d->found, "candidate"), "link", guest->link, "status", guest->status,
	    "signer_verified", 0);

	(void)json_object_set_new(object, "key", json_string(guest->key_text));
	(void)json_object_set_new(object, "result", guest->result[0] != '\0' ? json_string(guest->result) : json_null());
	(void)json_object_set_new(object, "channel", guest->channel[0] != '\0' ? json_string(guest->channel) : json_null());
	(void)json_object_set_new(object, "asked_at", cdr_command_json_time(guest->asked_at));
	(void)json_object_set_new(object, "due_at", cdr_command_json_time(guest->due_at));
	(void)json_object_set_new(object, "expires_at", cdr_command_json_time(guest->expires_at));
	(void)json_object_set_new(object, "answered_at", cdr_command_json_time(guest->answered_at));
	(void)json_object_set_new(object, "late", json_boolean(guest->answered_at > guest->due_at));
	(void)json_object_set_new(object, "answer_count", json_integer((json_int_t)guest->answer_count));
	(void)json_object_set_new(object, "unreadable_count", json_integer((json_int_t)guest->unread_count));
	(void)json_object_set_new(object, "scan_count", json_integer((json_int_t)guest->scan_count));
	return object;
}

static cdr_err
list_guest(const struct cdr_guest *guest, void *context)
{
	struct showing *showing = context;

	return json_array_append_new(showing->list, guest_json(guest, showing->member->codebook)) == 0 ? CDR_OK : CDR_E_MEMORY;
}

/* see node/member/command.h */
cdr_err
cdr_command_guests_json(struct cdr_member *member, const uint8_t check_id[static CDR_ID_LEN], json_t **out)
{
	struct showing *showing = calloc(1, sizeof(*showing));

	*out = json_array();
	if (showing == NULL)
		return CDR_E_MEMORY;
	showing->member = member;
	showing->list = *out;
	cdr_err err = cdr_guest_each(member, check_id, list_guest, showing);
	free(showing);
	return err;
}

/* ---- in full ------------------------------------------------------------------------------------------------------------------- */

/* An answer that a later one took the place of is told with what it said. */
static void
show_superseded(const struct showing *showing, const struct cdr_guest_answer *answer)
{
	char day[CDR_DATE_TEXT_LEN];

	day_write(answer->at, day);
	SAY(showing, "superseded", day,
	    label(showing, "result", cdr_statement_result(&answer->statement, showing->member->codebook)));
}

static cdr_err
show_answer(const struct cdr_guest_answer *answer, void *context)
{
	struct showing *showing = context;
	char *text = NULL;

	cdr_err err = cdr_statement_to_json(&answer->statement, &text);
	if (err != CDR_OK)
		return err;
	json_t *object = json_pack("{s:b, s:s, s:o, s:s, s:s, s:b, s:s, s:o}", "current", answer->is_current, "channel", answer->channel,
	    "at", cdr_command_json_time(answer->at), "organisation", answer->organisation, "contact", answer->contact,
	    "signer_verified", 0, "result", cdr_statement_result(&answer->statement, showing->member->codebook), "statement",
	    json_loads(text, 0, NULL));
	cdr_json_free(text);
	if (json_array_append_new(showing->answers, object) != 0)
		return CDR_E_MEMORY;
	if (answer->is_current) {
		showing->last = *answer;
		showing->has_last = true;
	} else {
		show_superseded(showing, answer);
	}
	return CDR_OK;
}

/* Who answered, how, and that nobody verified it; then what the answer says. */
static void
show_current(const struct showing *showing)
{
	const struct cdr_guest_answer *answer = &showing->last;
	char day[CDR_DATE_TEXT_LEN], id[CDR_ID_TEXT_LEN];

	day_write(answer->at, day);
	cdr_id_write(showing->guest->id, id);
	SAY(showing, "by", label(showing, "channel", answer->channel), day, answer->statement.signer_name,
	    label(showing, "signer_role", answer->statement.signer_role));
	if (answer->organisation[0] != '\0')
		SAY(showing, "says_of_itself", answer->organisation, answer->contact);
	say(showing, "not_verified", NULL);
	if (strcmp(answer->channel, "paper") == 0)
		SAY(showing, "paper", id);
	cdr_command_show_answers(showing->report, showing->member->codebook, showing->language, &answer->statement);
}

static cdr_err
show_guest(const struct cdr_guest *guest, void *context)
{
	struct showing *showing = context;
	const struct cdr_guest_details *d = &guest->details;
	char due[CDR_DATE_TEXT_LEN], id[CDR_ID_TEXT_LEN], count[24], text[CDR_GUEST_SENTENCE_LEN];

	day_write(guest->due_at, due);
	cdr_id_write(guest->id, id);
	const char *values[] = { d->employer[0] != '\0' ? d->employer : "-", /* forgotten */
		guest->result[0] != '\0' ? label(showing, "result", guest->result) : label(showing, "check_status", guest->status), due, NULL };
	cdr_report_text(showing->report, "  %s\n",
	    cdr_guest_sentence(guest->answered_at > 0 || guest->result[0] != '\0' ? "answered" : "waiting", showing->language, values, text));
	SAY(showing, "reach", id, d->email[0] != '\0' ? d->email : "-");
	if (d->found[0] != '\0')
		cdr_report_text(showing->report, "    %s: %s%s%s\n", label(showing, "address_found", NULL), label(showing, "address_found", d->found),
		    d->found_note[0] != '\0' ? "; " : "", d->found_note);
	if (cdr_codebook_means(showing->member->codebook, "address_found", d->found, "candidate"))
		say(showing, "candidate", NULL);
	(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)guest->unread_count);
	if (guest->unread_count > 0)
		SAY(showing, "unread", count);
	showing->guest = guest;
	showing->has_last = false;
	showing->answers = json_array();
	/* A reading job is running: the answers are read after it. */
	json_t *object = guest_json(guest, showing->member->codebook);
	(void)json_object_set_new(object, "answers", showing->answers);
	return json_array_append_new(showing->list, object) == 0 ? CDR_OK : CDR_E_MEMORY;
}

/* The requests of a check, copied, so that their answers can be read one after the other. */
struct copies {
	struct cdr_guest *guest;
	size_t count;
};

static cdr_err
copy_guest(const struct cdr_guest *guest, void *context)
{
	struct copies *copies = context;
	struct cdr_guest *grown = calloc(copies->count + 1, sizeof(*grown));

	if (grown == NULL)
		return CDR_E_MEMORY;
	if (copies->count > 0) {
		memcpy(grown, copies->guest, copies->count * sizeof(*grown));
		cdr_wipe(copies->guest, copies->count * sizeof(*grown));
	}
	free(copies->guest);
	copies->guest = grown;
	copies->guest[copies->count++] = *guest;
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_guests_show(struct cdr_member *member, struct cdr_report *report, const char *language,
    const uint8_t check_id[static CDR_ID_LEN], json_t **out)
{
	struct copies copies = { NULL, 0 };
	struct showing *showing = calloc(1, sizeof(*showing));

	*out = json_array();
	if (showing == NULL)
		return CDR_E_MEMORY;
	*showing = (struct showing){ .member = member, .report = report, .language = language, .list = *out };
	cdr_err err = cdr_guest_each(member, check_id, copy_guest, &copies);
	for (size_t i = 0; err == CDR_OK && i < copies.count; i++) {
		err = show_guest(&copies.guest[i], showing);
		if (err == CDR_OK)
			err = cdr_guest_answers_each(member, copies.guest[i].id, show_answer, showing);
		if (err == CDR_OK && showing->has_last)
			show_current(showing);
	}
	if (copies.guest != NULL)
		cdr_wipe(copies.guest, copies.count * sizeof(*copies.guest));
	free(copies.guest);
	cdr_wipe(showing, sizeof(*showing));
	free(showing);
	return err;
}
