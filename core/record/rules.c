#include "core/record/rules.h"

#include <string.h>

/* see core/record/rules.h */
bool
cdr_member_id_valid(const char *text)
{
	size_t len = text == NULL ? 0 : strnlen(text, CDR_MEMBER_ID_LEN);

	if (len < 2 || len >= CDR_MEMBER_ID_LEN || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		bool plain = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
		if (!plain && (text[i] != '-' || text[i - 1] == '-'))
			return false;
	}
	return true;
}
