#include "node/net/visit.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_S 10L
#define TOTAL_S 30L

/* What a browser of these days says of itself. */
#define AGENT "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"

struct visit {
	struct cdr_buffer *page;
	size_t max;
};

/* libcurl's write callback. */
static size_t
take(char *data, size_t one, size_t len, void *context)
{
	struct visit *visit = context;

	(void)one;
	if (len > visit->max - visit->page->len)
		return 0;
	uint8_t *grown = realloc(visit->page->data, visit->page->len + len + 1);
	if (grown == NULL)
		return 0;
	memcpy(grown + visit->page->len, data, len);
	visit->page->data = grown;
	visit->page->len += len;
	return len;
}

/* Every option is one that this libcurl knows: an error is want of memory. */
static bool
configure(CURL *easy, const char *url, const char *ca_file, struct curl_slist *fields, struct visit *visit, char *detail)
{
	return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	    (ca_file == NULL || curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK) &&
	    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_USERAGENT, AGENT) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT, TOTAL_S) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_WRITEDATA, visit) == CURLE_OK;
}

/* see node/net/visit.h */
cdr_err
cdr_visit_get(const char *url, const char *ca_file, size_t max, struct cdr_buffer *page, struct cdr_fault *fault)
{
	struct visit visit = { page, max };
	char detail[CURL_ERROR_SIZE] = "";
	long status = 0;
	cdr_err err = CDR_E_MEMORY;
	CURL *easy = curl_easy_init();
	struct curl_slist *fields = curl_slist_append(NULL, "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

	*page = (struct cdr_buffer){ 0 };
	if (easy != NULL && fields != NULL && configure(easy, url, ca_file, fields, &visit, detail)) {
		CURLcode code = curl_easy_perform(easy);
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (code == CURLE_OPERATION_TIMEDOUT)
			err = cdr_fault_set(fault, CDR_E_TIME, "%s: no answer in time", url);
		else if (code != CURLE_OK)
			err = cdr_fault_set(fault, CDR_E_NETWORK, "%s: %.200s", url, detail[0] != '\0' ? detail : curl_easy_strerror(code));
		else if (status != 200)
			err = cdr_fault_set(fault, CDR_E_REFUSED, "%s: HTTP status %ld", url, status);
		else
			err = CDR_OK;
	}
	curl_slist_free_all(fields);
	curl_easy_cleanup(easy);
	if (err != CDR_OK)
		cdr_buffer_free(page);
	return err;
}
