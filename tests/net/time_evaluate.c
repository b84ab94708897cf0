/* How long an evaluation takes that a member's node asks: time_evaluate COUNT --home ...; prints milliseconds, one a line. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/member/command.h"
#include "node/member/evaluate.h"
#include "node/net/log.h"
#include "node/net/node_options.h"

static double
now_ms(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1000 + (double)at.tv_nsec / 1e6;
}

static cdr_err
run(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_member *member = NULL;
	uint8_t tag[CDR_TAG_LEN];
	char text[64];
	long count = strtol(cdr_arguments_operand(arguments, 0), NULL, 10);

	(void)report;
	cdr_err err = cdr_command_open(arguments, true, &member, fault);
	for (long i = 0; i < count && err == CDR_OK; i++) {
		const struct cdr_roster *roster = cdr_current_hold(member->current);
		(void)snprintf(text, sizeof(text), "nobody %ld %ld %ld", (long)time(NULL), (long)clock(), i);
		const struct cdr_bytes input = { (const uint8_t *)text, strlen(text) };
		double begin = now_ms();
		err = cdr_evaluate(member, roster, cdr_roster_epoch_at(roster, (uint64_t)time(NULL)), CDR_PURPOSE_CHECK, &input, 1, tag, fault);
		if (err == CDR_OK)
			(void)printf("%.1f\n", now_ms() - begin);
		cdr_current_release(member->current, roster);
	}
	cdr_member_close(member);
	return err;
}

int
main(int argc, char **argv)
{
	static const struct cdr_command commands[] = {
		{ .name = "run", .operands = "COUNT", .operand_min = 1, .operand_max = 1, .summary = "evaluate", .handle = run },
		{ .name = NULL },
	};
	const struct cdr_program program = { .name = "time_evaluate", .version = "1", .summary = "Times evaluations", .commands = commands,
		.options = cdr_node_options };

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	cdr_log_set_level(CDR_LOG_WARNING);
	return cdr_arguments_main(&program, argc, argv);
}
