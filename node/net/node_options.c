#include "node/net/node_options.h"

#include <stdlib.h>

const struct cdr_option cdr_node_options[] = {
	CDR_NODE_OPTION_ROWS,
	{ .name = NULL },
};

/* see node/net/node_options.h */
cdr_err
cdr_node_home(const struct cdr_arguments *arguments, const char **path, struct cdr_fault *fault)
{
	*path = cdr_arguments_text(arguments, "home");
	if (*path == NULL)
		*path = getenv("CANDOR_HOME");
	if (*path == NULL || **path == '\0') {
		*path = NULL;
		return cdr_fault_set(fault, CDR_E_ABSENT,
		    "which node? Give its folder with --home DIR, or set CANDOR_HOME");
	}
	return CDR_OK;
}

/* see node/net/node_options.h */
cdr_err
cdr_node_passphrase(const struct cdr_arguments *arguments, bool create, struct cdr_passphrase **passphrase,
    struct cdr_fault *fault)
{
	struct cdr_passphrase_source source = {
		.fd = (int)cdr_arguments_number(arguments, "passphrase-fd", -1),
		.file = cdr_arguments_text(arguments, "passphrase-file"),
		.prompt = create ? "New passphrase" : NULL,
		.create = create,
		.is_node = true,
	};

	cdr_err err = cdr_passphrase_read(&source, passphrase, fault);
	/* Whatever keeps it from being read: to who called, it is missing. */
	if (err == CDR_E_ABSENT || err == CDR_E_IO || err == CDR_E_INPUT) {
		struct cdr_fault why = *fault;
		err = cdr_fault_set(fault, CDR_E_PASSPHRASE, "%s%s", err == CDR_E_IO ? "the passphrase cannot be read: " : "", why.text);
	}
	return err;
}

/* see node/net/node_options.h */
cdr_err
cdr_node_home_make(const struct cdr_arguments *arguments, const struct cdr_store_schema *schema, struct cdr_home **home,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_passphrase *passphrase = NULL;
	const char *path;

	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, true, &passphrase, fault));
	err = cdr_home_create(path, schema, passphrase, home, fault);
	if (err == CDR_E_EXISTS && cdr_home_open(path, schema, passphrase, home, NULL) == CDR_OK)
		err = CDR_OK;
out:
	cdr_passphrase_free(passphrase);
	return err;
}
