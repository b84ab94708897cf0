#include "node/net/print.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/net/clock.h"

#define PROGRAM "candor-print"
#define MESSAGE_MAX 512

/* ---- putting a document together ---------------------------------------------------------------------------------------- */

/* see node/net/print.h */
void
cdr_print_start(struct cdr_print *print, const char *language, const char *title, const char *subtitle, const char *footer,
    int64_t created)
{
	static const struct {
		const char *language, *page;
	} words[] = { { "fr", "Page %1 sur %2" }, { "es", "Página %1 de %2" }, { "ar", "صفحة %1 من %2" } };
	const char *page = "Page %1 of %2";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].language, language) == 0)
			page = words[i].page;
	print->document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:[]}", "language", language, "direction",
	    strcmp(language, "ar") == 0 ? "rtl" : "ltr", "title", title, "subtitle", subtitle != NULL ? subtitle : "", "footer",
	    footer != NULL ? footer : "", "page", page, "created", (json_int_t)created, "blocks");
}

/*
 * A text of others may hold what candor-print would refuse, and with it the whole document: a control character becomes '?', and so does
 * what is no UTF-8. NULL for want of memory.
 */
static json_t *
text_of(const char *text)
{
	size_t len = strlen(text);
	char *plain = cdr_wiping_alloc(len + 1);

	if (plain == NULL)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		plain[i] = i < len && (unsigned char)text[i] < ' ' && text[i] != '\n' ? '?' : text[i];
	json_t *value = json_string(plain);
	cdr_wiping_free(plain);
	return value != NULL ? value : json_string("?");
}

static void
add_block(struct cdr_print *print, json_t *block)
{
	(void)json_array_append_new(json_object_get(print->document, "blocks"), block);
}

/* The rows of the block that was added last. */
static json_t *
last_rows(struct cdr_print *print)
{
	json_t *blocks = json_object_get(print->document, "blocks");

	return json_object_get(json_array_get(blocks, json_array_size(blocks) - 1), "rows");
}

/* see node/net/print.h */
void
cdr_print_heading(struct cdr_print *print, const char *text)
{
	add_block(print, json_pack("{s:s, s:o}", "kind", "heading", "text", text_of(text)));
}

/* see node/net/print.h */
void
cdr_print_text(struct cdr_print *print, const char *style, const char *text)
{
	add_block(print, json_pack("{s:s, s:s, s:o}", "kind", "text", "style", style, "text", text_of(text)));
}

/* see node/net/print.h */
void
cdr_print_code(struct cdr_print *print, const char *text, const char *qr, const char *caption)
{
	add_block(print, json_pack("{s:s, s:o, s:o, s:o}", "kind", "code", "text", text_of(text), "qr", text_of(qr), "caption", text_of(caption)));
}

/* see node/net/print.h */
void
cdr_print_space(struct cdr_print *print)
{
	add_block(print, json_pack("{s:s}", "kind", "space"));
}

/* see node/net/print.h */
void
cdr_print_page(struct cdr_print *print)
{
	add_block(print, json_pack("{s:s}", "kind", "page"));
}

/* see node/net/print.h */
void
cdr_print_fields(struct cdr_print *print)
{
	add_block(print, json_pack("{s:s, s:[]}", "kind", "fields", "rows"));
}

/* see node/net/print.h */
void
cdr_print_field(struct cdr_print *print, const char *label, const char *value)
{
	if (value[0] != '\0')
		(void)json_array_append_new(last_rows(print), json_pack("[o, o]", text_of(label), text_of(value)));
}

/* A list of texts. */
static json_t *
texts(const char *const *cells, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, text_of(cells[i] != NULL ? cells[i] : ""));
	return list;
}

/* see node/net/print.h */
void
cdr_print_table(struct cdr_print *print, const char *const *header, size_t count, uint32_t numbers)
{
	json_t *columns = json_array();

	for (size_t i = 0; i < count && i < 32; i++)
		if (numbers >> i & 1)
			(void)json_array_append_new(columns, json_integer((json_int_t)i));
	add_block(print, json_pack("{s:s, s:o, s:o, s:[]}", "kind", "table", "header", texts(header, count), "numbers", columns, "rows"));
}

/* see node/net/print.h */
void
cdr_print_row(struct cdr_print *print, const char *const *cells, size_t count)
{
	(void)json_array_append_new(last_rows(print), texts(cells, count));
}

/* see node/net/print.h */
void
cdr_print_bars(struct cdr_print *print)
{
	add_block(print, json_pack("{s:s, s:[]}", "kind", "bars", "rows"));
}

/* see node/net/print.h */
void
cdr_print_bar(struct cdr_print *print, const char *label, double value, const char *text)
{
	(void)json_array_append_new(last_rows(print), json_pack("[o, f, o]", text_of(label), value, text_of(text)));
}

/* see node/net/print.h */
void
cdr_print_free(struct cdr_print *print)
{
	json_decref(print->document);
	print->document = NULL;
}

/* ---- having it drawn ------------------------------------------------------------------------------------------------------ */

/* The child, what is still to be written to it, what came from it. */
struct child {
	pid_t pid;
	int in, out, err;              /* our ends; -1: closed */
	const char *text;
	size_t text_len;
	struct cdr_buffer *pdf;
	size_t room;
	char message[MESSAGE_MAX];
	size_t message_len;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* candor-print stands beside the program that runs. */
static cdr_err
find_program(char *path, size_t size, struct cdr_fault *fault)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (len <= 0)
		return cdr_fault_set(fault, CDR_E_IO, "/proc/self/exe: %s", strerror(errno));
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL || (size_t)(slash + 1 - path) + sizeof(PROGRAM) > size)
		return cdr_fault_set(fault, CDR_E_RANGE, "the path of this program is too long");
	memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
	if (access(path, X_OK) != 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, "%s: %s; it makes the PDFs and is installed beside this program", path, strerror(errno));
	return CDR_OK;
}

/* Start it with three pipes and nothing else of ours: no open file, an environment of one line. */
static cdr_err
start_child(struct child *child, const char *path, struct cdr_fault *fault)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	char name[] = PROGRAM, locale[] = "LC_ALL=C.UTF-8", *argv[] = { name, NULL }, *environment[] = { locale, NULL };
	posix_spawn_file_actions_t actions;
	sigset_t none;
	posix_spawnattr_t attributes;
	int failed = 0;

	for (size_t i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			failed = errno;
	(void)sigemptyset(&none);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3 && failed == 0; i++)
		failed = posix_spawn_file_actions_adddup2(&actions, pipes[i][i == 0 ? 0 : 1], i);
	if (failed == 0)
		failed = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (failed == 0)
		failed = posix_spawn(&child->pid, path, &actions, &attributes, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	for (size_t i = 0; i < 3; i++)
		close_fd(&pipes[i][i == 0 ? 0 : 1]);
	child->in = pipes[0][1];
	child->out = pipes[1][0];
	child->err = pipes[2][0];
	return failed == 0 ? CDR_OK : cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(failed));
}

/* Take what the child writes; its end closes our end. */
static cdr_err
take_pdf(struct child *child)
{
	struct cdr_buffer *pdf = child->pdf;

	if (pdf->len == child->room) {
		size_t room = child->room == 0 ? 1U << 16 : 2 * child->room;
		uint8_t *larger = room <= CDR_PRINT_PDF_MAX ? malloc(room) : NULL;
		if (larger == NULL)
			return room > CDR_PRINT_PDF_MAX ? CDR_E_RANGE : CDR_E_MEMORY;
		if (pdf->len > 0) {
			memcpy(larger, pdf->data, pdf->len);
			cdr_wipe(pdf->data, pdf->len);
		}
		free(pdf->data);
		pdf->data = larger;
		child->room = room;
	}
	ssize_t n = read(child->out, pdf->data + pdf->len, child->room - pdf->len);
	pdf->len += n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EINTR))
		close_fd(&child->out);
	return CDR_OK;
}

static void
take_message(struct child *child)
{
	char rest[256];
	bool full = child->message_len >= sizeof(child->message) - 1;
	ssize_t n = full ? read(child->err, rest, sizeof(rest)) :
		read(child->err, child->message + child->message_len, sizeof(child->message) - 1 - child->message_len);

	child->message_len += !full && n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EINTR))
		close_fd(&child->err);
}

static void
give_text(struct child *child)
{
	ssize_t n = write(child->in, child->text, child->text_len);

	if (n > 0) {
		child->text += n;
		child->text_len -= (size_t)n;
	}
	if (child->text_len == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		close_fd(&child->in);
}

/* Give and take until the child has closed its ends. */
static cdr_err
talk(struct child *child)
{
	int64_t end = (int64_t)cdr_clock_ms() + CDR_PRINT_SECONDS_MAX * 1000;
	cdr_err err = CDR_OK;

	(void)fcntl(child->in, F_SETFL, O_NONBLOCK);
	while (err == CDR_OK && (child->out >= 0 || child->err >= 0)) {
		struct pollfd fds[3] = { { child->in, POLLOUT, 0 }, { child->out, POLLIN, 0 }, { child->err, POLLIN, 0 } };
		int64_t left = end - (int64_t)cdr_clock_ms();
		if (left <= 0)
			return CDR_E_TIME;
		if (poll(fds, 3, (int)left) < 0 && errno != EINTR)
			return CDR_E_IO;
		if (fds[0].revents != 0)
			give_text(child);
		if (fds[1].revents != 0)
			err = take_pdf(child);
		if (fds[2].revents != 0)
			take_message(child);
	}
	return err;
}

/* How it ended, in the child's own words where it said any (fontconfig may say more before them). */
static cdr_err
judge(const struct child *child, cdr_err talked, int status, struct cdr_fault *fault)
{
	const char *words = strstr(child->message, PROGRAM ": ");

	if (talked == CDR_E_TIME)
		return cdr_fault_set(fault, talked, "the PDF was not ready after %d seconds", CDR_PRINT_SECONDS_MAX);
	if (talked != CDR_OK)
		return cdr_fault_set(fault, talked, "the PDF could not be taken over: it is too large, or memory is short");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CDR_OK;
	return cdr_fault_set(fault, WIFEXITED(status) && WEXITSTATUS(status) == 2 ? CDR_E_INPUT : CDR_E_IO, "%.*s",
	    words != NULL ? (int)strcspn(words, "\n") : 64, words != NULL ? words : "candor-print ended without a PDF");
}

/* see node/net/print.h */
cdr_err
cdr_print_run(struct cdr_print *print, struct cdr_buffer *pdf, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char path[4096], *text = NULL;
	struct child child = { .in = -1, .out = -1, .err = -1, .pdf = pdf };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int status = 0;

	*pdf = (struct cdr_buffer){ 0 };
	(void)sigaction(SIGPIPE, &ignore, &before);
	CDR_TRY(find_program(path, sizeof(path), fault));
	text = json_dumps(print->document, JSON_COMPACT);
	if (text == NULL) {
		err = cdr_fault_set(fault, CDR_E_MEMORY, "no memory to describe the document");
		goto out;
	}
	child.text = text;
	child.text_len = strlen(text);
	CDR_TRY(start_child(&child, path, fault));
	cdr_err talked = talk(&child);
	if (talked != CDR_OK)
		(void)kill(child.pid, SIGKILL);
	while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
		;
	CDR_TRY(judge(&child, talked, status, fault));
	err = CDR_OK;
out:
	close_fd(&child.in);
	close_fd(&child.out);
	close_fd(&child.err);
	cdr_json_free(text);
	(void)sigaction(SIGPIPE, &before, NULL);
	if (err != CDR_OK)
		cdr_buffer_free(pdf);
	return err;
}
