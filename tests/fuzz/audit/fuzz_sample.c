/*
 * Lots and openings as they travel. The first byte of the input says what the rest is: a lot (0), an opening (1), or changes of three bytes
 * each, place and value, to an honest lot (2) or an honest opening (3), so that mutants reach what comes after the form.
 *
 * Properties: a lot that is believed is the honest one, whatever its parts; an opening that holds shows whom was evaluated; what does
 * not hold shows nobody, and says why.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The worlds of the unit tests, without cmocka. */
#include "tests/unit/plain.h"
#include "tests/unit/audit/sample_world.h"

static struct sample_world world;
static struct cdr_sample sample;
static struct cdr_person person;
static struct cdr_buffer lot, opening;

static void
stop(void)
{
	cdr_buffer_free(&lot);
	cdr_buffer_free(&opening);
	s_free(&world);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct s_opening o;
	const struct cdr_sample_basis basis = s_basis(1, 0, 100);

	(void)argc;
	(void)argv;
	assert(make_parties(NULL) == 0);
	s_make(&world, 1, 1);
	s_lot(&world, &basis, (const uint32_t[]){ 1, 3, 4 }, 3, &lot);
	assert(cdr_sample_read(cdr_buffer_bytes(&lot), world.genesis, world.roster, &sample, NULL) == CDR_OK);
	person = s_person("Candida", "Testperson");
	s_check(&world, &person, 42, &o);
	assert(cdr_message_encode(&o.message.base, &opening) == CDR_OK);
	s_opening_free(&o);
	(void)atexit(stop);
	return 0;
}

static void
try_lot(struct cdr_bytes bytes)
{
	struct cdr_sample seen;
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = cdr_sample_read(bytes, world.genesis, world.roster, &seen, &fault);

	if (err == CDR_OK)
		assert(memcmp(seen.seed, sample.seed, sizeof(seen.seed)) == 0);
	else
		assert(fault.text[0] != '\0' && seen.basis.number == 0);
}

static void
try_opening(struct cdr_bytes bytes)
{
	static struct cdr_query_opening_shown shown;
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *message;

	if (cdr_message_decode(&arena, &cdr__wire__opening__descriptor, bytes, &message) == CDR_OK) {
		cdr_err err = cdr_query_opening_verify(message, "blue-harbour", &sample, world.roster, &shown, &fault);
		if (err == CDR_OK)
			assert(strcmp(shown.person.given_names, person.given_names) == 0 &&
			    strcmp(shown.person.document[0].number, person.document[0].number) == 0);
		else
			assert(fault.text[0] != '\0' && shown.person.given_names[0] == '\0');
	}
	cdr_arena_free(&arena);
}

/* The honest bytes with some changed. */
static void
try_changed(const struct cdr_buffer *honest, const uint8_t *data, size_t size, void (*try)(struct cdr_bytes bytes))
{
	struct cdr_buffer changed;

	assert(cdr_buffer_copy(cdr_buffer_bytes(honest), &changed) == CDR_OK);
	for (size_t at = 0; at + 3 <= size && at < 24; at += 3)
		changed.data[((size_t)data[at] << 8 | data[at + 1]) % changed.len] = data[at + 2];
	try(cdr_buffer_bytes(&changed));
	cdr_buffer_free(&changed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const struct cdr_bytes rest = { data + 1, size - 1 };
	switch (data[0]) {
	case 0: try_lot(rest); break;
	case 1: try_opening(rest); break;
	case 2: try_changed(&lot, rest.data, rest.len, try_lot); break;
	case 3: try_changed(&opening, rest.data, rest.len, try_opening); break;
	default: break;
	}
	return 0;
}
