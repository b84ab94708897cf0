#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[CDR_E_COUNT] = {
	[CDR_OK] = "ok",
	[CDR_E_INTERNAL] = "internal",
	[CDR_E_MEMORY] = "memory",
	[CDR_E_RANGE] = "range",
	[CDR_E_INPUT] = "input",
	[CDR_E_POINT] = "point",
	[CDR_E_PROOF] = "proof",
	[CDR_E_SIGNATURE] = "signature",
	[CDR_E_SEALED] = "sealed",
	[CDR_E_SHARE] = "share",
	[CDR_E_PASSPHRASE] = "passphrase",
	[CDR_E_IO] = "io",
	[CDR_E_STORE] = "store",
	[CDR_E_EXISTS] = "exists",
	[CDR_E_ABSENT] = "absent",
	[CDR_E_REFUSED] = "refused",
	[CDR_E_ROSTER] = "roster",
	[CDR_E_QUOTA] = "quota",
	[CDR_E_SEQUENCE] = "sequence",
	[CDR_E_EPOCH] = "epoch",
	[CDR_E_TIME] = "time",
	[CDR_E_NETWORK] = "network",
	[CDR_E_BUSY] = "busy",
};

/* see core/error.h */
const char *
cdr_err_name(cdr_err err)
{
	return (unsigned)err < CDR_E_COUNT ? names[err] : "unknown";
}

/* see core/error.h */
cdr_err
cdr_fault_set(struct cdr_fault *fault, cdr_err err, const char *format, ...)
{
	if (fault == NULL)
		return err;

	va_list args;
	va_start(args, format);
	fault->code = err;
	(void)vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return err;
}
