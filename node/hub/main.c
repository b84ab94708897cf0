/* candor-hub: carries what members and trustees say to each other, and finds which tags are equal. */
#include "node/hub/command.h"
#include "node/net/node_options.h"

int
main(int argc, char **argv)
{
	static const struct cdr_program program = {
		.name = "candor-hub",
		.version = "0.1",
		.summary = "The hub of an exchange: roster, index of tags, sealed mail",
		.commands = cdr_hub_commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
