#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/hub/card.h"
#include "node/hub/change.h"
#include "node/hub/command.h"

/* A change under construction. It points into itself. */
struct change {
	Cdr__Wire__TrusteeChange body;
	Cdr__Wire__CeremonyParticipant participant[CDR_CEREMONY_PARTICIPANT_MAX], *at[CDR_CEREMONY_PARTICIPANT_MAX];
	struct cdr_hub_card card[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Party party[CDR_TRUSTEE_COUNT_MAX];
	size_t new_count;
};

static void
add(struct change *c, Cdr__Wire__Party *party, uint32_t before, uint32_t after)
{
	size_t i = c->body.n_participant++;

	c->participant[i] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
	c->participant[i].party = party;
	c->participant[i].before = before;
	c->participant[i].after = after;
	c->at[i] = &c->participant[i];
}

/* Whether one of the options ${name} names trustee ${index}. */
static bool
names(const struct cdr_arguments *arguments, const char *name, uint32_t index)
{
	const char *text;

	for (size_t i = 0; (text = cdr_arguments_nth(arguments, name, i)) != NULL; i++) {
		if (strtoul(text, NULL, 10) == index)
			return true;
	}
	return false;
}

/* --leaves and --away name trustees of now, each once. */
static cdr_err
check_names(const struct cdr_arguments *arguments, const char *name, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	const char *text;

	for (size_t i = 0; (text = cdr_arguments_nth(arguments, name, i)) != NULL; i++) {
		char *end = NULL;
		errno = 0;
		unsigned long index = strtoul(text, &end, 10);

		if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || index == 0 || index > roster->body->n_trustee)
			return cdr_fault_set(fault, CDR_E_INPUT, "--%s takes the number of a trustee as the roster has it now, 1 to %zu, not '%s'", name,
			    roster->body->n_trustee, text);
		if (strcmp(name, "away") == 0 && names(arguments, "leaves", (uint32_t)index))
			return cdr_fault_set(fault, CDR_E_INPUT, "trustee %lu is named by --leaves and by --away: --leaves hands its share on, --away takes "
			    "no part. Give one of them", index);
	}
	return CDR_OK;
}

/* A change changes something. */
static cdr_err
check_options(const struct cdr_arguments *arguments, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	bool is_named = cdr_arguments_has(arguments, "trustee") || cdr_arguments_has(arguments, "leaves") || cdr_arguments_has(arguments, "away");

	if (!is_named && cdr_arguments_number(arguments, "threshold", roster->body->threshold) == (int64_t)roster->body->threshold)
		return cdr_fault_set(fault, CDR_E_INPUT, "nothing would change: say who comes (--trustee CARD), who leaves (--leaves or --away NUMBER), or "
		    "another threshold than %u (--threshold)", roster->body->threshold);
	cdr_err err = check_names(arguments, "leaves", roster, fault);
	return err == CDR_OK ? check_names(arguments, "away", roster, fault) : err;
}

/* Those who are trustees now: they stay under their index, leave, or are away and take no part. */
static void
add_present(struct change *c, const struct cdr_arguments *arguments, const struct cdr_roster *roster)
{
	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *t = roster->body->trustee[i];
		bool is_away = names(arguments, "away", t->index);

		add(c, t->party, is_away ? 0 : t->index, is_away || names(arguments, "leaves", t->index) ? 0 : t->index);
	}
}

/* Whoever comes is no trustee yet, and comes once. ${present} is how many are trustees now: they stand first. */
static cdr_err
check_new(const struct change *c, const Cdr__Wire__Party *party, const char *path, size_t present, struct cdr_fault *fault)
{
	for (size_t i = 0; i < c->body.n_participant; i++) {
		if (!cdr_ceremony_common_key(party, c->participant[i].party))
			continue;
		if (i < present)
			return cdr_fault_set(fault, CDR_E_INPUT, "--trustee %s: this institution is trustee %zu already. Who is not named stays", path, i + 1);
		return cdr_fault_set(fault, CDR_E_INPUT, "--trustee %s: another card of this change has the same keys. Give each card once", path);
	}
	return CDR_OK;
}

/* Those who come take the lowest indices that are free. */
static cdr_err
add_new(struct change *c, const struct cdr_arguments *arguments, struct cdr_fault *fault)
{
	const char *path;
	const size_t present = c->body.n_participant;
	uint32_t index = 1;

	for (size_t k = 0; (path = cdr_arguments_nth(arguments, "trustee", k)) != NULL; k++) {
		if (c->new_count == CDR_TRUSTEE_COUNT_MAX || c->body.n_participant == CDR_CEREMONY_PARTICIPANT_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "an exchange has at most %d trustees", CDR_TRUSTEE_COUNT_MAX);
		cdr_err err = cdr_hub_card_read(path, &c->card[c->new_count], fault);
		if (err != CDR_OK)
			return err;
		cdr_hub_card_party(&c->card[c->new_count], &c->party[c->new_count]);
		err = check_new(c, &c->party[c->new_count], path, present, fault);
		if (err != CDR_OK)
			return err;
		for (bool taken = true; taken; index += taken) {
			taken = false;
			for (size_t i = 0; i < c->body.n_participant; i++)
				taken |= c->participant[i].after == index;
		}
		add(c, &c->party[c->new_count++], 0, index);
	}
	return CDR_OK;
}

/* Where fewer stay than the highest index says, the highest take the indices below that are free. */
static void
close_gaps(struct change *c)
{
	uint32_t count = 0;

	for (size_t i = 0; i < c->body.n_participant; i++)
		count += c->participant[i].after != 0;
	for (uint32_t index = 1; index <= count; index++) {
		Cdr__Wire__CeremonyParticipant *highest = NULL;
		bool taken = false;

		for (size_t i = 0; i < c->body.n_participant; i++) {
			taken |= c->participant[i].after == index;
			if (highest == NULL || c->participant[i].after > highest->after)
				highest = &c->participant[i];
		}
		if (!taken && highest != NULL)
			highest->after = index;
	}
}

/* The threshold is more than half of those who are trustees afterwards. Called before the indices are checked. */
static cdr_err
check_threshold(const struct change *c, struct cdr_fault *fault)
{
	size_t count = 0;

	for (size_t i = 0; i < c->body.n_participant; i++)
		count += c->participant[i].after != 0;
	if (count == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "nobody would be a trustee afterwards: name who comes by --trustee CARD");
	if (c->body.threshold <= count && 2 * (size_t)c->body.threshold > count)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "a threshold of %u among the %zu trustees of afterwards: it must be more than half of them. Give "
	    "--threshold %zu to %zu", c->body.threshold, count, count / 2 + 1, count);
}

/* One line of the change. ${now} is its number now, 0 if it comes. */
static void
print_participant(struct cdr_report *report, const Cdr__Wire__CeremonyParticipant *p, uint32_t now)
{
	char then[12] = " -";

	if (p->after != 0)
		(void)snprintf(then, sizeof(then), "%2" PRIu32, p->after);
	if (now == 0)
		cdr_report_text(report, "  now  -  then %s  %s: comes\n", then, p->party->name);
	else
		cdr_report_text(report, "  now %2" PRIu32 "  then %s  %s%s\n", now, then, p->party->name,
		    p->before == 0 ? ": is away, takes no part, and is no trustee afterwards" : p->after == 0 ? ": leaves" : "");
}

static cdr_err
print_change(struct cdr_report *report, const Cdr__Wire__TrusteeChange *change, size_t present)
{
	char text[CDR_FINGERPRINT_TEXT_LEN];
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];
	json_t *list = json_array();
	cdr_err err = cdr_ceremony_change_fingerprint(change, fingerprint);

	if (err != CDR_OK) {
		json_decref(list);
		return err;
	}
	cdr_fingerprint_write(fingerprint, text);
	cdr_report_text(report, "Change %" PRIu32 " of trustees, with a threshold of %" PRIu32 ":\n\n", change->attempt, change->threshold);
	for (size_t i = 0; i < change->n_participant; i++) {
		const Cdr__Wire__CeremonyParticipant *p = change->participant[i];

		print_participant(report, p, i < present ? (uint32_t)i + 1 : 0);
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:i, s:i}", "name", p->party->name, "before", (int)p->before,
			    "after", (int)p->after));
	}
	cdr_report_text(report, "\nFingerprint:\n\n    %s\n\nNext: all of them compare it by telephone, then each runs\n"
	    "`candor-trustee reshare --fingerprint ...`; whoever is new adds --hub URL.\n", text);
	return cdr_report_json(report, json_pack("{s:i, s:i, s:s, s:o}", "attempt", (int)change->attempt, "threshold",
	    (int)change->threshold, "fingerprint", text, "participants", list));
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_trustees_change(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open;
	struct change *c = calloc(1, sizeof(*c));
	const struct cdr_roster *roster = NULL;

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	if (c == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	roster = cdr_hub_roster_hold(open.hub);
	if (roster == NULL) {
		err = CDR_E_STORE;
		goto out;
	}
	c->body = (Cdr__Wire__TrusteeChange)CDR__WIRE__TRUSTEE_CHANGE__INIT;
	c->body.participant = c->at;
	c->body.threshold = (uint32_t)cdr_arguments_number(arguments, "threshold", roster->body->threshold);
	CDR_TRY(check_options(arguments, roster, fault));
	add_present(c, arguments, roster);
	CDR_TRY(add_new(c, arguments, fault));
	CDR_TRY(check_threshold(c, fault));
	close_gaps(c);
	CDR_TRY(cdr_hub_change_put(open.hub, &c->body, cdr_hub_now(), fault));
	CDR_TRY(print_change(report, &c->body, roster->body->n_trustee));
out:
	if (open.hub != NULL)
		cdr_hub_roster_release(open.hub, roster);
	free(c);
	cdr_hub_close(&open);
	return err;
}
