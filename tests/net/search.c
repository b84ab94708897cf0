/*
 * Search files and the memory of processes for what must not be there, in every form in which it could be.
 *
 *   search NEEDLES              each line of standard input is a place; a table of what was found. Fails if anything was
 *                               found where it may not be.
 *   search --must-find NEEDLES  fails unless every needle is found in every place.
 *   search --plant PID TEXT     write TEXT into the memory of a process: into the unused end of its heap.
 *
 * A place is  PARTY <tab> TITLE <tab> SOURCE, with SOURCE "files PATH" (a file, or a folder with all below it) or
 * "memory PID".
 * A needle is  KIND <tab> HOLDERS <tab> FORM <tab> VALUE. HOLDERS are the parties where it may be, separated by spaces; one that
 * ends in ":locked" may have it in locked memory alone. FORM is "text", "date" (YYYY-MM-DD), "bytes" or "key" (both in
 * hexadecimal; keys are counted apart, and searched for with the low byte first too, as libraries of numbers keep them).
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#define LINE_MAX_LEN 8192
#define VALUE_MAX_LEN 2048
#define PATTERN_LEN_MIN 6      /* shorter ones are found everywhere by chance */
#define PATTERN_LEN_MAX 16384
#define CHUNK_LEN ((size_t)4 << 20)
#define FILTER_BITS 18
#define FREED_LEN 16
#define LOOKS_MAX 5            /* at memory in which a key is in use */
#define EXAMPLES_MAX 3         /* printed of each needle in each place */
#define HEX_RUN_LEN 32         /* so many hexadecimal digits in a row are bytes written out */
#define HEX_CHANCE_LEN 12      /* shorter needles of digits come about by chance in there */

struct needle {
	char *kind, *holders, *form, *value;
	size_t pattern_count;
	bool is_key;
	uint64_t found_count;  /* in the place at hand, also where it may be */
};

struct pattern {
	struct needle *needle;
	const char *encoding;
	uint8_t *bytes;
	size_t len;
	bool digits;           /* hexadecimal digits alone */
	struct pattern *next;  /* with the same filter value */
};

/* What is being searched. */
struct place {
	const char *party, *title;
	const char *part;      /* file or mapping, for messages */
	bool locked;           /* memory that is never swapped out */
	uint64_t bytes;
	uint64_t found_count;  /* what must not be there */
	uint64_t loose_count;  /* of these: keys of the process itself, outside of its locked memory */
	uint64_t own_count, own_key_count; /* what may */
};

static struct needle *needles;
static size_t needle_count;
static struct pattern **patterns;
static size_t pattern_count, pattern_room, longest;
static struct pattern *bucket[1 << FILTER_BITS];
static uint8_t filter[1 << (FILTER_BITS - 3)];
static struct place *here; /* nftw has no argument of the caller's */
static bool is_control;    /* needles shall be found */
static FILE *story;        /* what was found in the place at hand */

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
	(void)fputc('\n', stderr);
	exit(2);
}

static void *
must(void *p)
{
	if (p == NULL)
		die("search: no memory");
	return p;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

static uint32_t
filter_at(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word * 2654435761U >> (32 - FILTER_BITS);
}

/* One more form of a needle, unless it is too short, or one that is there already. */
static void
pattern_add(struct needle *needle, const char *encoding, const uint8_t *bytes, size_t len)
{
	if (len < PATTERN_LEN_MIN)
		return;
	uint32_t at = filter_at(bytes);
	for (struct pattern *p = bucket[at]; p != NULL; p = p->next)
		if (p->needle == needle && p->len == len && memcmp(p->bytes, bytes, len) == 0)
			return;
	if (pattern_count == pattern_room) {
		pattern_room = pattern_room == 0 ? 1024 : 2 * pattern_room;
		patterns = must(reallocarray(patterns, pattern_room, sizeof(struct pattern *)));
	}
	struct pattern *p = must(calloc(1, sizeof(*p)));
	*p = (struct pattern){ needle, encoding, must(malloc(len)), len, true, bucket[at] };
	memcpy(p->bytes, bytes, len);
	for (size_t i = 0; i < len; i++)
		p->digits = p->digits && isxdigit(bytes[i]);
	bucket[at] = p;
	filter[at >> 3] |= (uint8_t)(1U << (at & 7));
	patterns[pattern_count++] = p;
	needle->pattern_count++;
	if (len > longest)
		longest = len;
}

static void
add_hex(struct needle *needle, const char *encoding, const uint8_t *bytes, size_t len)
{
	char text[2 * VALUE_MAX_LEN * 4 + 1];

	for (int upper = 0; upper < 2; upper++) {
		for (size_t i = 0; i < len; i++)
			(void)snprintf(text + 2 * i, 3, upper ? "%02X" : "%02x", bytes[i]);
		pattern_add(needle, encoding, (uint8_t *)text, 2 * len);
	}
}

/*
 * RFC 4648 sections 4 and 5, for bytes that begin 0, 1 or 2 places after a group of three: the characters that depend on
 * these bytes alone.
 */
static void
add_base64(struct needle *needle, const char *encoding, const uint8_t *bytes, size_t len)
{
	static const char *const alphabets[] = {
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	};
	char text[2 * VALUE_MAX_LEN * 4];

	for (size_t shift = 0; shift < 3; shift++)
		for (size_t a = 0; a < 2; a++) {
			size_t out = 0;
			/* Characters that lie whole within bits 8 * shift .. 8 * (shift + len). */
			for (size_t c = (8 * shift + 5) / 6; 6 * c + 6 <= 8 * (shift + len); c++) {
				size_t bit = 6 * c - 8 * shift, at = bit / 8, in = bit % 8;
				unsigned pair = (unsigned)bytes[at] << 8 | (at + 1 < len ? bytes[at + 1] : 0U);
				text[out++] = alphabets[a][pair >> (10 - in) & 63];
			}
			pattern_add(needle, encoding, (uint8_t *)text, out);
		}
}

/* Bytes as they are, and as the texts that programs make of bytes. */
static void
add_bytes(struct needle *needle, const char *const names[3], const uint8_t *bytes, size_t len)
{
	pattern_add(needle, names[0], bytes, len);
	add_hex(needle, names[1], bytes, len);
	add_base64(needle, names[2], bytes, len);
}

/* Texts in which what is not ASCII stands as an escape: percent signs, as in our log and in URLs, and JSON's \u. */
static void
add_escaped(struct needle *needle, const char *text)
{
	for (int upper = 0; upper < 2; upper++) {
		char out[3 * VALUE_MAX_LEN + 1];
		size_t len = 0;
		for (const char *c = text; *c != '\0'; c++)
			if ((uint8_t)*c > 0x20 && (uint8_t)*c < 0x7f && strchr("\"%=", *c) == NULL)
				out[len++] = *c;
			else
				len += (size_t)snprintf(out + len, sizeof(out) - len, upper ? "%%%02X" : "%%%02x", (uint8_t)*c);
		pattern_add(needle, "percent", (uint8_t *)out, len);
	}
}

static void
add_json(struct needle *needle, const wchar_t *text)
{
	for (int upper = 0; upper < 2; upper++) {
		char out[6 * VALUE_MAX_LEN + 1];
		size_t len = 0;
		for (const wchar_t *c = text; *c != L'\0'; c++)
			if (*c < 0x80)
				out[len++] = (char)*c;
			else
				len += (size_t)snprintf(out + len, sizeof(out) - len, upper ? "\\u%04X" : "\\u%04x", (unsigned)*c);
		pattern_add(needle, "JSON", (uint8_t *)out, len);
	}
}

/* One spelling of a text in every encoding. Characters beyond the basic plane are none of ours. */
static void
add_spelling(struct needle *needle, const wchar_t *text)
{
	static const char *const utf8_names[] = { "UTF-8", "hex", "base64" };
	static const char *const le_names[] = { "UTF-16LE", "hex UTF-16LE", "base64 UTF-16LE" };
	static const char *const be_names[] = { "UTF-16BE", "hex UTF-16BE", "base64 UTF-16BE" };
	char utf8[VALUE_MAX_LEN * 4];
	uint8_t le[VALUE_MAX_LEN * 2], be[VALUE_MAX_LEN * 2];
	size_t len = wcslen(text), utf8_len = wcstombs(utf8, text, sizeof(utf8));

	if (utf8_len >= sizeof(utf8))
		die("search: a needle cannot be written in UTF-8");
	for (size_t i = 0; i < len; i++) {
		le[2 * i] = be[2 * i + 1] = (uint8_t)text[i];
		le[2 * i + 1] = be[2 * i] = (uint8_t)(text[i] >> 8);
	}
	add_bytes(needle, utf8_names, (uint8_t *)utf8, utf8_len);
	add_bytes(needle, le_names, le, 2 * len);
	add_bytes(needle, be_names, be, 2 * len);
	pattern_add(needle, "UTF-32", (const uint8_t *)text, len * sizeof(*text));
	add_escaped(needle, utf8);
	add_json(needle, text);
}

static void
add_text(struct needle *needle, const char *value)
{
	wchar_t text[VALUE_MAX_LEN], other[VALUE_MAX_LEN];
	size_t len = mbstowcs(text, value, VALUE_MAX_LEN);

	if (len >= VALUE_MAX_LEN)
		die("search: %s is not UTF-8, or too long", value);
	add_spelling(needle, text);
	for (size_t i = 0; i <= len; i++)
		other[i] = (wchar_t)towlower((wint_t)text[i]);
	add_spelling(needle, other);
	for (size_t i = 0; i <= len; i++)
		other[i] = (wchar_t)towupper((wint_t)text[i]);
	add_spelling(needle, other);
}

#define ADD_NOTATION(notation)                                        \
	do {                                                              \
		char notation_text[64];                                       \
		(void)strftime(notation_text, sizeof(notation_text), notation, &day); \
		add_text(needle, notation_text);                              \
	} while (0)

/* The notations of a day that our own code, databases and people use; and the bytes of a Date message. */
static void
add_date(struct needle *needle, const char *value)
{
	static const char *const names[] = { "Date message", "hex Date message", "base64 Date message" };
	struct tm day = { 0 };

	if (strptime(value, "%Y-%m-%d", &day) == NULL)
		die("search: %s is not a date", value);
	ADD_NOTATION("%Y-%m-%d");
	ADD_NOTATION("%Y%m%d");
	ADD_NOTATION("%Y/%m/%d");
	ADD_NOTATION("%d/%m/%Y");
	ADD_NOTATION("%m/%d/%Y");
	ADD_NOTATION("%d.%m.%Y");
	ADD_NOTATION("%d-%m-%Y");
	ADD_NOTATION("%d%m%Y");
	ADD_NOTATION("%d %b %Y");
	ADD_NOTATION("%d %B %Y");
	ADD_NOTATION("%B %d, %Y");
	/* proto/candor.proto, Date: year (two bytes of seven bits, low ones first), month, day, precision "day". */
	unsigned year = (unsigned)day.tm_year + 1900;
	const uint8_t message[] = { 0x08, (uint8_t)(year | 0x80), (uint8_t)(year >> 7), 0x10, (uint8_t)(day.tm_mon + 1), 0x18,
		(uint8_t)day.tm_mday, 0x22, 3, 'd', 'a', 'y' };
	add_bytes(needle, names, message, sizeof(message));
}

static void
add_hexadecimal(struct needle *needle, const char *value)
{
	static const char *const names[] = { "bytes", "hex", "base64" };
	static const char *const reversed_names[] = { "bytes reversed", "hex reversed", "base64 reversed" };
	uint8_t bytes[VALUE_MAX_LEN], reversed[VALUE_MAX_LEN];
	size_t len = strlen(value) / 2;
	unsigned byte;

	if (len > VALUE_MAX_LEN)
		die("search: a needle is too long");
	for (size_t i = 0; i < len; i++) {
		if (sscanf(value + 2 * i, "%2x", &byte) != 1)
			die("search: a needle is not hexadecimal");
		bytes[i] = reversed[len - 1 - i] = (uint8_t)byte;
	}
	add_bytes(needle, names, bytes, len);
	if (!needle->is_key)
		return;
	add_bytes(needle, reversed_names, reversed, len);
	/* What is freed has malloc's lists written over its first 16 bytes. */
	if (len > FREED_LEN + PATTERN_LEN_MIN) {
		pattern_add(needle, "end of its bytes", bytes + FREED_LEN, len - FREED_LEN);
		pattern_add(needle, "end of its bytes reversed", reversed + FREED_LEN, len - FREED_LEN);
	}
}

/* The next field of a line that ends at a tab or at its end. */
static char *
field(char **line)
{
	char *start = strsep(line, "\t");

	if (start == NULL)
		die("search: a line has too few fields");
	return start;
}

static void
read_needle(char *line)
{
	needles = must(reallocarray(needles, needle_count + 1, sizeof(*needles)));
	struct needle *needle = &needles[needle_count++];
	char *copy = must(strdup(line));

	*needle = (struct needle){ 0 };
	needle->kind = field(&copy);
	needle->holders = field(&copy);
	needle->form = field(&copy);
	needle->value = field(&copy);
	needle->is_key = strcmp(needle->form, "key") == 0;
}

static void
read_needles(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_MAX_LEN];

	if (file == NULL)
		die("search: %s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			read_needle(line);
	}
	(void)fclose(file);
	for (size_t i = 0; i < needle_count; i++) {
		struct needle *needle = &needles[i];
		if (strcmp(needle->form, "text") == 0)
			add_text(needle, needle->value);
		else if (strcmp(needle->form, "date") == 0)
			add_date(needle, needle->value);
		else
			add_hexadecimal(needle, needle->value);
		if (needle->pattern_count == 0)
			die("search: %s %s has less than %d bytes: it would be found by chance", needle->kind, needle->value,
			    PATTERN_LEN_MIN);
	}
}

/* ---- searching ----------------------------------------------------------------------------------------------------- */

/* Whether the needle may be in the place; ${loose}: it might, were the place locked memory. */
static bool
may_have(const struct needle *needle, const struct place *place, bool *loose)
{
	size_t len = strlen(place->party);

	*loose = false;
	for (const char *at = needle->holders; *at != '\0'; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");
		if (word >= len && strncmp(at, place->party, len) == 0) {
			if (word == len)
				return true;
			*loose = word == len + 7 && strncmp(at + len, ":locked", 7) == 0;
			if (*loose && place->locked)
				return true;
		}
		at += word;
	}
	return false;
}

/* Digits inside of a long run of them are bytes written out, and look like any date by chance. */
static bool
is_chance(const struct pattern *p, const uint8_t *data, size_t len, size_t at)
{
	size_t first = at, last = at + p->len;

	if (!p->digits || p->len >= HEX_CHANCE_LEN)
		return false;
	while (first > 0 && at - first < HEX_RUN_LEN && isxdigit(data[first - 1]))
		first--;
	while (last < len && last - at < HEX_RUN_LEN && isxdigit(data[last]))
		last++;
	return last - first >= HEX_RUN_LEN;
}

static void
note(struct place *place, const struct pattern *p, uint64_t at)
{
	struct needle *needle = p->needle;
	bool loose;

	needle->found_count++;
	if (may_have(needle, place, &loose)) {
		*(needle->is_key ? &place->own_key_count : &place->own_count) += 1;
		return;
	}
	place->found_count++;
	place->loose_count += loose;
	if (needle->found_count <= EXAMPLES_MAX && !is_control)
		(void)fprintf(story, "FOUND in %s (%s): %s \"%s\" as %s, %s at %" PRIu64 "%s\n", place->title, place->party,
		    needle->kind, needle->value, p->encoding, place->part, at, place->locked ? " (locked)" : "");
}

/* Every pattern that begins in the first ${starts} of ${len} bytes. */
static void
search(struct place *place, const uint8_t *data, size_t len, size_t starts, uint64_t base)
{
	for (size_t at = 0; at < starts && at + PATTERN_LEN_MIN <= len; at++) {
		uint32_t hash = filter_at(data + at);
		if ((filter[hash >> 3] & 1U << (hash & 7)) == 0)
			continue;
		for (const struct pattern *p = bucket[hash]; p != NULL; p = p->next)
			if (p->len <= len - at && memcmp(data + at, p->bytes, p->len) == 0 && !is_chance(p, data, len, at))
				note(place, p, base + at);
	}
	place->bytes += starts;
}

static int
search_file(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F || !S_ISREG(info->st_mode))
		return 0;
	/* The name is a place too. */
	here->part = path;
	search(here, (const uint8_t *)path, strlen(path), strlen(path), 0);
	if (info->st_size == 0)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("search: %s: %s", path, strerror(errno));
	size_t len = (size_t)info->st_size;
	uint8_t *data = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (data == MAP_FAILED)
		die("search: %s: %s", path, strerror(errno));
	search(here, data, len, len, 0);
	(void)munmap(data, len);
	(void)close(fd);
	return 0;
}

/* One mapping. What cannot be read (guard pages, the kernel's own) is left out. */
static void
search_mapping(struct place *place, int memory, uint64_t from, uint64_t to, uint8_t *buffer)
{
	for (uint64_t at = from; at < to; at += CHUNK_LEN) {
		size_t starts = to - at < CHUNK_LEN ? (size_t)(to - at) : CHUNK_LEN;
		size_t wanted = to - at < CHUNK_LEN + longest ? (size_t)(to - at) : CHUNK_LEN + longest;
		ssize_t got = pread(memory, buffer, wanted, (off_t)at);
		if (got <= 0)
			return;
		search(place, buffer, (size_t)got, (size_t)got < starts ? (size_t)got : starts, at);
	}
}

/* One entry of /proc/PID/smaps. */
struct mapping {
	uint64_t from, to;
	bool readable, locked;
	char name[256];
};

/* Read the next entry, from its first line to its VmFlags, which are the last. */
static bool
read_mapping(FILE *maps, struct mapping *mapping)
{
	char line[LINE_MAX_LEN], flags[5];
	uint64_t from, to;

	while (fgets(line, sizeof(line), maps) != NULL) {
		int name = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &from, &to, flags, &name) == 3) {
			mapping->from = from;
			mapping->to = to;
			mapping->readable = flags[0] == 'r';
			line[strcspn(line, "\n")] = '\0';
			(void)snprintf(mapping->name, sizeof(mapping->name), "%s", name > 0 && line[name] != '\0' ? line + name :
														"anonymous memory");
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			mapping->locked = strstr(line, " lo") != NULL;
			return true;
		}
	}
	return false;
}

/* The process stands still meanwhile, so that nothing slips from where was not looked yet to where was. */
static void
search_memory(struct place *place, pid_t pid)
{
	char path[64];
	struct mapping mapping = { 0 };
	uint8_t *buffer = must(malloc(CHUNK_LEN + longest));

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	FILE *maps = fopen(path, "re");
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	int memory = open(path, O_RDONLY | O_CLOEXEC);
	if (maps == NULL || memory < 0 || kill(pid, SIGSTOP) != 0)
		die("search: the memory of process %d cannot be read: %s", (int)pid, strerror(errno));
	while (read_mapping(maps, &mapping)) {
		place->part = mapping.name;
		place->locked = mapping.locked;
		if (mapping.readable && strcmp(mapping.name, "[vvar]") != 0 && strcmp(mapping.name, "[vsyscall]") != 0)
			search_mapping(place, memory, mapping.from, mapping.to, buffer);
	}
	(void)kill(pid, SIGCONT);
	place->locked = false;
	(void)fclose(maps);
	(void)close(memory);
	free(buffer);
}

static void
search_source(struct place *place, const char *source)
{
	struct stat info;

	here = place;
	if (strncmp(source, "memory ", 7) == 0) {
		search_memory(place, (pid_t)strtol(source + 7, NULL, 10));
		return;
	}
	if (strncmp(source, "files ", 6) != 0 || stat(source + 6, &info) != 0)
		die("search: %s: there is no such place", source);
	if (nftw(source + 6, search_file, 64, FTW_PHYS) != 0)
		die("search: %s: %s", source, strerror(errno));
}

/* ---- what was found -------------------------------------------------------------------------------------------------- */

/* How many findings pure chance would give, were all bytes random. */
static double
expected_by_chance(uint64_t bytes)
{
	double sum = 0;

	for (size_t i = 0; i < pattern_count; i++) {
		double one = (double)bytes;
		for (size_t k = 0; k < patterns[i]->len && one > 1e-30; k++)
			one /= 256;
		sum += one;
	}
	return sum;
}

/* In a control: which needles were not found here. */
static bool
all_found(const struct place *place)
{
	bool all = true;

	for (size_t i = 0; i < needle_count; i++)
		if (needles[i].found_count == 0) {
			(void)fprintf(stderr, "NOT FOUND in %s (%s): %s \"%s\"\n", place->title, place->party, needles[i].kind,
			    needles[i].value);
			all = false;
		}
	return all;
}

static void
print_place(const struct place *place)
{
	(void)printf("%-40s %8zu %8zu %11" PRIu64 " %9" PRIu64, place->title, needle_count, pattern_count, place->bytes,
	    place->found_count);
	if (!is_control)
		(void)printf(" %9" PRIu64 " %9" PRIu64, place->own_count, place->own_key_count);
	(void)putchar('\n');
}

/*
 * Look into a place and tell what is there. A key in use stands for some microseconds outside of locked memory, inside of
 * OpenSSL: where nothing else is found, look again.
 */
static void
look(struct place *place, const char *source)
{
	const struct place empty = *place;
	char *text = NULL;
	size_t text_len = 0;

	for (int looks = 1; looks <= LOOKS_MAX; looks++) {
		if (looks > 1)
			(void)usleep(50000);
		*place = empty;
		for (size_t i = 0; i < needle_count; i++)
			needles[i].found_count = 0;
		free(text);
		story = must(open_memstream(&text, &text_len));
		search_source(place, source);
		(void)fclose(story);
		if (place->loose_count == 0 || place->loose_count < place->found_count)
			break;
	}
	(void)fputs(text, stderr);
	free(text);
}

static int
run(void)
{
	char line[LINE_MAX_LEN];
	uint64_t bytes = 0;
	bool good = true;

	(void)printf("%-40s %8s %8s %11s %9s%s\n", "place", "needles", "patterns", "bytes", is_control ? "planted" : "elsewhere",
	    is_control ? "" : "   owner's  own keys");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *rest = line;
		line[strcspn(line, "\n")] = '\0';
		struct place place = { .party = field(&rest) };
		place.title = field(&rest);
		look(&place, field(&rest));
		print_place(&place);
		good = (is_control ? all_found(&place) : place.found_count == 0) && place.bytes > 0 && good;
		bytes += place.bytes;
	}
	if (!is_control)
		(void)printf("%.1f MB; by chance one would expect %.0e findings.\n", (double)bytes / 1e6, expected_by_chance(bytes));
	return good && bytes > 0 ? 0 : 1;
}

/* The last bytes of the heap are malloc's to hand out, and handed out last. Locked pages split it into several mappings. */
static int
plant(pid_t pid, const char *text)
{
	char path[64];
	struct mapping mapping = { 0 };
	uint64_t end = 0;
	size_t len = strlen(text) + 1;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	FILE *maps = fopen(path, "re");
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	int memory = open(path, O_RDWR | O_CLOEXEC);
	if (maps == NULL || memory < 0)
		die("search: process %d: %s", (int)pid, strerror(errno));
	while (read_mapping(maps, &mapping))
		if (strcmp(mapping.name, "[heap]") == 0)
			end = mapping.to;
	bool done = end > 0 && pwrite(memory, text, len, (off_t)(end - len)) == (ssize_t)len;
	(void)fclose(maps);
	(void)close(memory);
	return done ? 0 : 1;
}

int
main(int argc, char **argv)
{
	is_control = argc == 3 && strcmp(argv[1], "--must-find") == 0;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		die("search: the locale C.UTF-8 is not there");
	if (argc == 4 && strcmp(argv[1], "--plant") == 0)
		return plant((pid_t)strtol(argv[2], NULL, 10), argv[3]);
	if (argc != 2 && !is_control)
		die("usage: search [--must-find] NEEDLES; search --plant PID TEXT");
	read_needles(argv[argc - 1]);
	return run();
}
