/* This one must be reported: a branch on a secret, and a table that a secret points into. */
#include <stdint.h>

#include "tests/ct/ct.h"

int
main(void)
{
	static const uint8_t table[4] = { 1, 1, 2, 3 };
	volatile uint8_t secret = 2;
	int seen = 0;

	SECRET((void *)(uintptr_t)&secret, sizeof(secret));
	if (secret > 1)
		seen++;
	seen += table[secret & 3];
	PUBLIC(&seen, sizeof(seen));
	return seen == 3 ? 0 : 2;
}
