/* candor-trustee: holds one share of a key, evaluates what it cannot read, and says who may come in. */

#include "node/net/arguments.h"
#include "node/net/node_options.h"
#include "node/trustee/command.h"

int
main(int argc, char **argv)
{
	const struct cdr_program program = {
		.name = "candor-trustee",
		.version = "0.1",
		.summary = "A trustee of a Candor exchange: one share of the key that no machine has whole",
		.commands = cdr_trustee_commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
