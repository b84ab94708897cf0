#include "node/web/page.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"

#define PLACE "<p id=\"embedded\" hidden>"

/* CDR_WEB_GEN is where the Makefile had them made. */
CDR_EMBED(cdr_web_page_html, CDR_WEB_GEN "/page.html");
CDR_EMBED(cdr_web_page_gz, CDR_WEB_GEN "/page.html.gz");
CDR_EMBED(cdr_web_page_csp, CDR_WEB_GEN "/page.csp");

/* see node/web/page.h */
bool
cdr_web_guest_url_is_valid(const char *url)
{
	static const char *const begins[] = { "https://", "http://127.0.0.1:", "http://[::1]:", "http://localhost:" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t len = strlen(begins[i]);
		size_t host = strncmp(url, begins[i], len) == 0 ? strspn(url + len,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") : 0;
		if (host > 0 && strcmp(url + len + host, CDR_WEB_GUEST_PATH) == 0)
			return true;
	}
	return false;
}

/* see node/web/page.h */
struct cdr_bytes
cdr_web_page(void)
{
	return (struct cdr_bytes){ cdr_web_page_html, (size_t)(cdr_web_page_html_end - cdr_web_page_html) };
}

/* see node/web/page.h */
struct cdr_bytes
cdr_web_page_gzip(void)
{
	return (struct cdr_bytes){ cdr_web_page_gz, (size_t)(cdr_web_page_gz_end - cdr_web_page_gz) };
}

/* see node/web/page.h */
const char *
cdr_web_page_policy(void)
{
	return (const char *)cdr_web_page_csp;
}

/* see node/web/page.h */
cdr_err
cdr_web_page_hash(struct cdr_bytes page, uint8_t out[static CDR_SHA256_LEN])
{
	struct cdr_bytes part = page.data != NULL ? page : cdr_web_page();

	return cdr_sha256(&part, 1, out);
}

/* see node/web/page.h */
cdr_err
cdr_web_page_file(struct cdr_bytes embedded, struct cdr_buffer *out)
{
	struct cdr_bytes page = cdr_web_page();
	/* A NUL follows the page. */
	const char *place = strstr((const char *)page.data, PLACE);

	*out = (struct cdr_buffer){ NULL, 0 };
	if (embedded.len > CDR_WEB_PAGE_MAX)
		return CDR_E_RANGE;
	if (place == NULL)
		return CDR_E_INTERNAL;
	size_t before = (size_t)(place - (const char *)page.data) + strlen(PLACE);
	size_t text_len = (embedded.len + 2) / 3 * 4;
	/* EVP_EncodeBlock closes with a NUL, which the rest of the page then covers. */
	out->data = malloc(page.len + text_len + 1);
	if (out->data == NULL)
		return CDR_E_MEMORY;
	out->len = page.len + text_len;
	memcpy(out->data, page.data, before);
	(void)EVP_EncodeBlock(out->data + before, embedded.data, (int)embedded.len);
	memcpy(out->data + before + text_len, page.data + before, page.len - before);
	return CDR_OK;
}
