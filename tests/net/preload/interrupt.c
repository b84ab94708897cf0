/*
 * A library to load into a node (LD_PRELOAD) that ends it with SIGKILL at a moment that a scenario chooses: a program that
 * dies there has had no chance to tidy up. The program itself knows nothing of it.
 *
 * In the folder $INTERRUPT, for the node $NODE:
 *   $NODE.plan   a file with one line "WHERE COUNT PATH": die at the COUNT-th such moment from now on. Read again whenever
 *                it changes; while there is none, or it is empty, the node lives.
 *   $NODE.hold   where it is, the node does not die: it stands still at that moment until the file is gone, and goes on.
 *   $NODE.log    gets a line "WHERE PATH within|outside" from a node that dies or stands still. "within": a request, or a letter, had been
 *                received and was not acknowledged.
 *   $NODE.acks   gets a line "PATH HEX" for every request whose reply, with status 200, has left: the beginning of its
 *                body. Whoever sees the line knows that the other side was told.
 *
 * WHERE is one of
 *   receive  a request has come, and nobody has looked at it            (server)
 *   reply    everything is done, and nothing of the reply has left      (server)
 *   replied  the last byte of the reply has left                        (server)
 *   ask      a request is about to leave                                (client)
 *   answer   the reply to it has come, and nobody has looked at it      (client)
 *   sync     something is about to be made durable: fsync, fdatasync
 *   synced   it is durable
 * PATH is that of the request, or "any". For sync and synced it is that of a request which is open at that moment, "letter"
 * while a letter has come that was not acknowledged, or "always".
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LEN 128
#define PATH_LEN 48
#define FILE_NAME_LEN 4096
#define KEPT_LEN 2048       /* of a request, from its head on */
#define ACK_LEN 800         /* of a request's body, in the log of acknowledgements */
#define STREAM_MAX 1024
#define LETTER_LEN 20000    /* a reply as long as this holds a letter */

/* One TLS connection. */
struct stream {
	SSL *ssl;
	bool is_open;            /* a request has come, or is on its way, and has not been answered */
	char path[PATH_LEN];
	size_t kept_len;
	char kept[KEPT_LEN];
	long left;               /* bytes of the reply that have not left; -1: nothing is known yet */
	int status;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct stream *streams[STREAM_MAX];
static bool has_letter;      /* received, and not acknowledged yet */

static struct {
	struct timespec read_at;
	ino_t inode;
	char where[16], path[PATH_LEN];
	int left;                /* moments until the end; 0: none is planned */
} plan;

/* The function that stands behind ours, looked up when it is called: not every program has one. POSIX lets a data pointer hold it. */
#define REAL(name) (*(__typeof__(&(name)) *)real_pointer(#name))

static void **
real_pointer(const char *name)
{
	static _Thread_local void *found;

	found = dlsym(RTLD_NEXT, name);
	if (found == NULL)
		abort();
	return &found;
}

static bool
is_server(const SSL *ssl)
{
	return REAL(SSL_is_server)(ssl) != 0;
}

/* ---- what the scenario wants -------------------------------------------------------------------------------------- */

/* The path of this node's file of one kind; false if nobody asked for us. */
static bool
name_file(const char *kind, char *path, size_t size)
{
	const char *folder = getenv("INTERRUPT"), *node = getenv("NODE");

	return folder != NULL && node != NULL && (size_t)snprintf(path, size, "%s/%s.%s", folder, node, kind) < size;
}

static void
read_plan(void)
{
	char name[FILE_NAME_LEN];
	struct stat now;
	FILE *file;

	if (!name_file("plan", name, sizeof(name)) || stat(name, &now) != 0) {
		plan.left = 0;
		plan.inode = 0;
		return;
	}
	if (now.st_ino == plan.inode && now.st_mtim.tv_sec == plan.read_at.tv_sec && now.st_mtim.tv_nsec == plan.read_at.tv_nsec)
		return;
	plan.inode = now.st_ino;
	plan.read_at = now.st_mtim;
	plan.left = 0;
	file = fopen(name, "re");
	if (file == NULL)
		return;
	if (fscanf(file, "%15s %d %47s", plan.where, &plan.left, plan.path) != 3)
		plan.left = 0;
	(void)fclose(file);
}

static void
append(const char *kind, const char *line, size_t len)
{
	char name[FILE_NAME_LEN];

	if (!name_file(kind, name, sizeof(name)))
		return;
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	if (write(fd, line, len) != (ssize_t)len)
		abort();
	(void)close(fd);
}

static bool
is_any_open(const char *path)
{
	for (size_t i = 0; i < STREAM_MAX; i++)
		if (streams[i] != NULL && streams[i]->is_open && is_server(streams[i]->ssl) &&
		    (path == NULL || strcmp(path, streams[i]->path) == 0))
			return true;
	return false;
}

/* Whether the scenario wants this node to stand still rather than die; once it wants that no more. */
static bool
stands_still(void)
{
	char name[FILE_NAME_LEN];
	bool held = false;

	while (name_file("hold", name, sizeof(name)) && access(name, F_OK) == 0) {
		held = true;
		(void)usleep(20000);
	}
	return held;
}

/* A moment has come. With the lock, which nobody needs any more after the last one. */
static void
moment(const char *where, const char *path)
{
	char line[LINE_MAX_LEN];

	read_plan();
	if (plan.left == 0 || strcmp(plan.where, where) != 0)
		return;
	if (path == NULL && strcmp(plan.path, "always") != 0 && !(strcmp(plan.path, "letter") == 0 && has_letter) &&
	    !is_any_open(plan.path) && !(strcmp(plan.path, "any") == 0 && is_any_open(NULL)))
		return;
	if (path != NULL && strcmp(plan.path, "any") != 0 && strcmp(plan.path, path) != 0)
		return;
	if (--plan.left > 0)
		return;
	bool within = has_letter || (is_any_open(NULL) && strcmp(where, "replied") != 0);
	int len = snprintf(line, sizeof(line), "%s %s %s\n", where, path != NULL ? path : plan.path,
	    within ? "within" : "outside");
	append("log", line, (size_t)len);
	if (stands_still())
		return;
	(void)kill(getpid(), SIGKILL);
	(void)pause();
}

/* ---- requests and replies ------------------------------------------------------------------------------------------- */

static struct stream *
find_stream(SSL *ssl)
{
	struct stream **room = NULL;

	for (size_t i = 0; i < STREAM_MAX; i++) {
		if (streams[i] != NULL && streams[i]->ssl == ssl)
			return streams[i];
		if (streams[i] == NULL && room == NULL)
			room = &streams[i];
	}
	if (room == NULL || (*room = calloc(1, sizeof(**room))) == NULL)
		abort();
	(*room)->ssl = ssl;
	return *room;
}

/* "POST /v1/mail/post HTTP/1.1": a request begins. */
static bool
begin_request(struct stream *stream, const char *bytes, size_t len)
{
	size_t at = 5, path_len = 0;

	if (len < 12 || memcmp(bytes, "POST /", 6) != 0)
		return false;
	while (at < len && bytes[at] != ' ' && path_len + 1 < sizeof(stream->path))
		stream->path[path_len++] = bytes[at++];
	stream->path[path_len] = '\0';
	stream->is_open = true;
	stream->kept_len = 0;
	stream->left = -1;
	return true;
}

static void
keep(struct stream *stream, const char *bytes, size_t len)
{
	size_t room = sizeof(stream->kept) - stream->kept_len;

	if (len > room)
		len = room;
	memcpy(stream->kept + stream->kept_len, bytes, len);
	stream->kept_len += len;
}

/* The status and the length, with its head, of a reply that begins here. */
static long
reply_len(struct stream *stream, const char *bytes, size_t len)
{
	char head[1024];
	size_t head_len = len < sizeof(head) - 1 ? len : sizeof(head) - 1;
	const char *end, *field;

	memcpy(head, bytes, head_len);
	head[head_len] = '\0';
	stream->status = head_len > 12 ? (int)strtol(head + 9, NULL, 10) : 0;
	end = strstr(head, "\r\n\r\n");
	field = strcasestr(head, "\r\nContent-Length:");
	return end == NULL || field == NULL ? 0 : end + 4 - head + atol(field + 17);
}

/* The reply has left: the other side may rely on it. */
static void
note_acknowledged(struct stream *stream)
{
	static const char digits[] = "0123456789abcdef";
	char line[PATH_LEN + 2 * ACK_LEN + 3];
	const char *body = memmem(stream->kept, stream->kept_len, "\r\n\r\n", 4);
	size_t at = (size_t)snprintf(line, sizeof(line), "%s ", stream->path);

	if (body != NULL && stream->status == 200) {
		for (size_t i = 0; i < ACK_LEN && body + 4 + i < stream->kept + stream->kept_len; i++) {
			line[at++] = digits[(uint8_t)body[4 + i] >> 4];
			line[at++] = digits[(uint8_t)body[4 + i] & 15];
		}
		line[at++] = '\n';
		append("acks", line, at);
	}
	stream->is_open = false;
}

static void
before_write(struct stream *stream, const char *bytes, size_t len)
{
	if (is_server(stream->ssl)) {
		if (stream->is_open && stream->left == -1 && len > 12 && memcmp(bytes, "HTTP/1.1 ", 9) == 0 &&
		    memcmp(bytes, "HTTP/1.1 100", 12) != 0) {
			moment("reply", stream->path);
			stream->left = reply_len(stream, bytes, len);
		}
	} else if (begin_request(stream, bytes, len)) {
		moment("ask", stream->path);
		if (strcmp(stream->path, "/v1/mail/taken") == 0)
			has_letter = false;
	}
}

static void
after_write(struct stream *stream, long len)
{
	if (!is_server(stream->ssl) || !stream->is_open || stream->left == -1)
		return;
	stream->left -= len;
	if (stream->left > 0)
		return;
	note_acknowledged(stream);
	moment("replied", stream->path);
}

static void
after_read(struct stream *stream, const char *bytes, size_t len)
{
	if (is_server(stream->ssl)) {
		bool begins = begin_request(stream, bytes, len);
		if (stream->is_open && stream->left == -1)
			keep(stream, bytes, len);
		if (begins)
			moment("receive", stream->path);
	} else if (stream->is_open && len > 12 && memcmp(bytes, "HTTP/1.1 ", 9) == 0 &&
	    memcmp(bytes, "HTTP/1.1 100", 12) != 0) {
		stream->is_open = false;
		if (strcmp(stream->path, "/v1/mail/fetch") == 0 && reply_len(stream, bytes, len) > LETTER_LEN)
			has_letter = true;
		moment("answer", stream->path);
	}
}

/* ---- what stands in front of the real functions ---------------------------------------------------------------------- */

int
SSL_read(SSL *ssl, void *bytes, int len)
{
	int got = REAL(SSL_read)(ssl, bytes, len);

	if (got > 0) {
		(void)pthread_mutex_lock(&lock);
		after_read(find_stream(ssl), bytes, (size_t)got);
		(void)pthread_mutex_unlock(&lock);
	}
	return got;
}

int
SSL_write(SSL *ssl, const void *bytes, int len)
{
	(void)pthread_mutex_lock(&lock);
	before_write(find_stream(ssl), bytes, len > 0 ? (size_t)len : 0);
	(void)pthread_mutex_unlock(&lock);
	int sent = REAL(SSL_write)(ssl, bytes, len);
	if (sent > 0) {
		(void)pthread_mutex_lock(&lock);
		after_write(find_stream(ssl), sent);
		(void)pthread_mutex_unlock(&lock);
	}
	return sent;
}

void
SSL_free(SSL *ssl)
{
	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < STREAM_MAX; i++)
		if (streams[i] != NULL && streams[i]->ssl == ssl) {
			free(streams[i]);
			streams[i] = NULL;
		}
	(void)pthread_mutex_unlock(&lock);
	REAL(SSL_free)(ssl);
}

static void
sync_moment(const char *where)
{
	(void)pthread_mutex_lock(&lock);
	moment(where, NULL);
	(void)pthread_mutex_unlock(&lock);
}

int
fsync(int fd)
{
	sync_moment("sync");
	int code = REAL(fsync)(fd);
	sync_moment("synced");
	return code;
}

int
fdatasync(int fd)
{
	sync_moment("sync");
	int code = REAL(fdatasync)(fd);
	sync_moment("synced");
	return code;
}
