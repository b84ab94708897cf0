#include "proto/ceremony_internal.h"

#include <stdio.h>
#include <string.h>

/* Note who is at fault, once. */
static void
find(struct cdr_ceremony *c, enum cdr_ceremony_fault kind, uint8_t trustee, uint8_t other, uint32_t round)
{
	for (size_t i = 0; i < c->finding_count; i++) {
		const struct cdr_ceremony_finding *f = &c->finding[i];

		if (f->kind == kind && f->trustee == trustee && f->other == other && f->round == round)
			return;
	}
	if (c->finding_count < CDR_CEREMONY_FINDING_COUNT_MAX)
		c->finding[c->finding_count++] = (struct cdr_ceremony_finding){ kind, trustee, other, (uint8_t)round };
}

/* Whether ${err} tells that what a peer sent does not hold, and not that something failed here. */
static bool
is_peers(cdr_err err)
{
	return err == CDR_E_INPUT || err == CDR_E_POINT || err == CDR_E_PROOF;
}

/* Note who first speaks of something else than we have seen. */
static void
disagree(struct cdr_ceremony *c, uint8_t from, uint8_t offer)
{
	if (!c->view.agrees)
		return;
	c->view.agrees = false;
	c->view.odd_from = from;
	c->view.odd_offer = offer;
}

/* Two versions of a message with one signer. Evidence is left out: it proves by what it holds. */
static void
judge_versions(struct cdr_ceremony *c)
{
	for (uint32_t round = CDR_CEREMONY_KEY; round < CDR_CEREMONY_EVIDENCE; round++) {
		for (uint8_t i = 1; i <= c->n; i++) {
			if (cdr_ceremony_slot(c, round, i)->count > 1)
				find(c, CDR_CEREMONY_EQUIVOCATED, i, 0, round);
		}
	}
}

static cdr_err
judge_keys(struct cdr_ceremony *c)
{
	bool has_all = true;

	for (uint8_t i = 1; i <= c->n; i++) {
		struct cdr_ceremony_slot *slot = cdr_ceremony_slot(c, CDR_CEREMONY_KEY, i);
		cdr_err err;

		if (!cdr_ceremony_takes_part(c, CDR_CEREMONY_KEY, i))
			continue;
		if (slot->count > 0 && !slot->version[0].holds) {
			err = cdr_ceremony_key_check(c, i, cdr_ceremony_body(&slot->version[0]));
			if (err != CDR_OK && !is_peers(err))
				return err;
			slot->version[0].holds = err == CDR_OK;
			if (err != CDR_OK)
				find(c, CDR_CEREMONY_BAD_KEY, i, 0, CDR_CEREMONY_KEY);
		}
		has_all &= slot->count > 0 && slot->version[0].holds;
	}
	c->view.has_keys = has_all;
	return has_all ? cdr_ceremony_group_set(c) : CDR_OK;
}

static cdr_err
judge_offers(struct cdr_ceremony *c)
{
	bool has_all = true;

	for (uint8_t i = 1; i <= c->n; i++) {
		struct cdr_ceremony_slot *slot = cdr_ceremony_slot(c, CDR_CEREMONY_OFFER, i);
		cdr_err err = CDR_OK;

		if (!cdr_ceremony_deals(c, i))
			continue;
		if (slot->count > 0 && !slot->version[0].holds) {
			err = cdr_ceremony_offer_check(c, i, cdr_ceremony_body(&slot->version[0]), &c->offer[i - 1]);
			if (err != CDR_OK && err != CDR_E_EXISTS && !is_peers(err))
				return err;
			slot->version[0].holds = err == CDR_OK;
			/* It was made for other keys than those we saw: somebody sent two, or it says so. */
			if (err == CDR_E_EXISTS)
				disagree(c, i, 0);
			else if (err != CDR_OK)
				find(c, CDR_CEREMONY_BAD_OFFER, i, 0, CDR_CEREMONY_OFFER);
		}
		has_all &= slot->count > 0 && slot->version[0].holds;
	}
	c->view.has_offers = has_all;
	return CDR_OK;
}

static bool
is_digest_of(const struct cdr_ceremony_version *version, const uint8_t *digest)
{
	return memcmp(version->digest, digest, CDR_CEREMONY_DIGEST_LEN) == 0;
}

/* One complaint, if it speaks of the offer that we have. If it speaks of another, the echo shows that. */
static cdr_err
judge_complaint(struct cdr_ceremony *c, uint8_t complainer, const struct cdr_ceremony_echo *echo, size_t at)
{
	const uint8_t *complaint = echo->complaints + at * CDR_CEREMONY_COMPLAINT_LEN;
	uint8_t accused = complaint[0];
	const struct cdr_ceremony_slot *slot = cdr_ceremony_slot(c, CDR_CEREMONY_OFFER, accused);
	cdr_err err;

	/* An offer that does not hold is at fault already. */
	if (slot->count == 0 || !slot->version[0].holds ||
	    !is_digest_of(&slot->version[0], echo->digests + (size_t)(accused - 1) * CDR_CEREMONY_DIGEST_LEN))
		return CDR_OK;
	err = cdr_ceremony_complaint_judge(c, complainer, &c->offer[accused - 1], complaint);
	if (err == CDR_OK)
		find(c, CDR_CEREMONY_BAD_SHARE, accused, complainer, CDR_CEREMONY_ECHO);
	else if (err == CDR_E_PROOF)
		find(c, CDR_CEREMONY_FALSE_COMPLAINT, complainer, accused, CDR_CEREMONY_ECHO);
	else
		return err;
	return CDR_OK;
}

/* Whether an echo tells of another offer than ours; the first such is noted. */
static void
compare_digests(struct cdr_ceremony *c, uint8_t from, const struct cdr_ceremony_echo *echo)
{
	for (uint8_t i = 1; i <= c->n; i++) {
		const struct cdr_ceremony_slot *slot = cdr_ceremony_slot(c, CDR_CEREMONY_OFFER, i);

		if (slot->count > 0 && !is_digest_of(&slot->version[0], echo->digests + (size_t)(i - 1) * CDR_CEREMONY_DIGEST_LEN))
			disagree(c, from, i);
	}
}

static cdr_err
judge_echoes(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;

	c->view.has_echoes = true;
	for (uint8_t i = 1; i <= c->n; i++) {
		const struct cdr_ceremony_slot *slot = cdr_ceremony_slot(c, CDR_CEREMONY_ECHO, i);
		struct cdr_ceremony_echo echo;

		if (!cdr_ceremony_takes_part(c, CDR_CEREMONY_ECHO, i))
			continue;
		if (slot->count == 0) {
			c->view.has_echoes = false;
			continue;
		}
		if (cdr_ceremony_echo_read(c, cdr_ceremony_body(&slot->version[0]), &echo) != CDR_OK) {
			c->view.has_echoes = false;
			find(c, CDR_CEREMONY_BAD_ECHO, i, 0, CDR_CEREMONY_ECHO);
			continue;
		}
		compare_digests(c, i, &echo);
		for (size_t k = 0; k < echo.complaint_count; k++)
			CDR_TRY(judge_complaint(c, i, &echo, k));
	}
	err = CDR_OK;
out:
	return err;
}

/* Whether one version of this trustee's certificate verifies. */
static cdr_err
judge_certificate(const struct cdr_ceremony *c, uint8_t from, struct cdr_bytes transcript)
{
	const struct cdr_ceremony_slot *slot = cdr_ceremony_slot_peek(c, CDR_CEREMONY_CERTIFICATE, from);
	cdr_err err = CDR_E_ABSENT;

	for (size_t i = 0; i < slot->count; i++) {
		struct cdr_bytes body = cdr_ceremony_body(&slot->version[i]);

		err = body.len == CDR_DKG_SIGNATURE_LEN ? cdr_dkg_verify(c->group.key[from - 1], transcript, body.data) :
		    CDR_E_INPUT;
		if (err == CDR_OK || !is_peers(err))
			return err;
	}
	return err;
}

/*
 * Count the certificates over our transcript. One that does not hold is a fault only where its giver's echo shows
 * that it has the same offers as we.
 */
static cdr_err
judge_certificates(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer transcript = { 0 };
	bool holds = true;

	CDR_TRY(cdr_ceremony_transcript(c, &transcript));
	for (uint8_t i = 1; i <= c->n; i++) {
		if (!cdr_ceremony_takes_part(c, CDR_CEREMONY_CERTIFICATE, i))
			continue;
		err = judge_certificate(c, i, cdr_buffer_bytes(&transcript));
		holds &= err == CDR_OK;
		if (err != CDR_OK && is_peers(err) && c->view.has_echoes && c->view.agrees)
			find(c, CDR_CEREMONY_BAD_CERTIFICATE, i, 0, CDR_CEREMONY_CERTIFICATE);
		else if (err != CDR_OK && !is_peers(err) && err != CDR_E_ABSENT)
			goto out;
	}
	c->view.is_certified = holds;
	err = CDR_OK;
out:
	cdr_buffer_free(&transcript);
	return err;
}

/* see proto/ceremony_internal.h */
cdr_err
cdr_ceremony_judge(struct cdr_ceremony *c)
{
	cdr_err err = CDR_E_INTERNAL;

	c->finding_count = 0;
	c->view = (struct cdr_ceremony_view){ .agrees = true };
	judge_versions(c);
	CDR_TRY(judge_keys(c));
	if (!c->view.has_keys)
		return CDR_OK;
	CDR_TRY(judge_offers(c));
	CDR_TRY(judge_echoes(c));
	if (c->view.has_offers)
		CDR_TRY(judge_certificates(c));
	err = CDR_OK;
out:
	return err;
}

static bool
has_valid(const struct cdr_ceremony *c, uint32_t round, uint8_t from)
{
	return cdr_ceremony_slot_peek(c, round, from)->count > 0;
}

/* see proto/ceremony.h */
size_t
cdr_ceremony_waiting(const struct cdr_ceremony *c, struct cdr_ceremony_finding *findings)
{
	size_t count = 0;

	for (uint32_t round = CDR_CEREMONY_KEY; round < CDR_CEREMONY_EVIDENCE; round++) {
		for (uint8_t i = 1; i <= c->n; i++) {
			if (!cdr_ceremony_takes_part(c, round, i) || has_valid(c, round, i))
				continue;
			bool is_forged = cdr_ceremony_slot_peek(c, round, i)->is_forged;
			findings[count++] = (struct cdr_ceremony_finding){
				is_forged ? CDR_CEREMONY_FORGED : CDR_CEREMONY_ABSENT, i, 0, (uint8_t)round };
		}
		/* Nobody is blamed for a later round while an earlier one is open. */
		if (count > 0)
			return count;
		if (!c->view.agrees && round == (c->view.odd_offer == 0 ? CDR_CEREMONY_OFFER : CDR_CEREMONY_ECHO)) {
			findings[count++] = (struct cdr_ceremony_finding){ CDR_CEREMONY_UNSHOWN, c->view.odd_from,
				c->view.odd_offer, (uint8_t)round };
			return count;
		}
	}
	return count;
}

static const char *
name_of(const struct cdr_ceremony *c, uint8_t index)
{
	return index >= 1 && index <= c->n ? c->plan->participant[index - 1]->party->name : "?";
}

static const char *
round_name(uint8_t round)
{
	static const char *const names[] = { "key", "offer", "echo", "certificate", "evidence" };

	return round >= 1 && round <= CDR_CEREMONY_ROUND_COUNT ? names[round - 1] : "message";
}

/* see proto/ceremony.h */
void
cdr_ceremony_finding_write(const struct cdr_ceremony *c, const struct cdr_ceremony_finding *f, char *text, size_t size)
{
	const char *who = name_of(c, f->trustee), *round = round_name(f->round);
	int n = snprintf(text, size, "trustee %u (%s) ", f->trustee, who);

	if (n < 0 || (size_t)n >= size)
		return;
	text += n;
	size -= (size_t)n;
	switch (f->kind) {
	case CDR_CEREMONY_EQUIVOCATED:
		(void)snprintf(text, size, "signed two different messages of round %u (%s)", f->round, round);
		return;
	case CDR_CEREMONY_BAD_KEY:
		(void)snprintf(text, size, "sent a key for the ceremony that does not hold");
		return;
	case CDR_CEREMONY_BAD_OFFER:
		(void)snprintf(text, size, "sent an offer that does not hold");
		return;
	case CDR_CEREMONY_BAD_ECHO:
		(void)snprintf(text, size, "sent a malformed echo");
		return;
	case CDR_CEREMONY_BAD_SHARE:
		(void)snprintf(text, size, "dealt trustee %u (%s) a share that does not agree with its commitments",
		    f->other, name_of(c, f->other));
		return;
	case CDR_CEREMONY_FALSE_COMPLAINT:
		(void)snprintf(text, size, "complained about the share of trustee %u (%s), which is right", f->other,
		    name_of(c, f->other));
		return;
	case CDR_CEREMONY_BAD_CERTIFICATE:
		(void)snprintf(text, size, "sent a certificate that does not verify");
		return;
	case CDR_CEREMONY_ABSENT:
		(void)snprintf(text, size, "has sent nothing in round %u (%s), or the hub holds it back", f->round, round);
		return;
	case CDR_CEREMONY_FORGED:
		(void)snprintf(text, size, "has sent nothing in round %u (%s) that carries its signature: what came in its "
		    "name was altered, by the hub or on the way", f->round, round);
		return;
	case CDR_CEREMONY_UNSHOWN:
		if (f->other == 0) {
			(void)snprintf(text, size, "says that somebody sent it another key than we have seen, and that has not been shown, "
			    "or the hub holds it back");
			return;
		}
		(void)snprintf(text, size, "says that trustee %u (%s) sent it another offer than ours, and the offer has not "
		    "been shown, or the hub holds it back", f->other, name_of(c, f->other));
		return;
	default:
		(void)snprintf(text, size, "is at fault");
	}
}
