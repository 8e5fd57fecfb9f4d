#include "bench_corpus.h"

#include "bench_trace_open.h"
#include "kb_json.h"
#include "trc_reader.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a person writes on a card, and what --update writes: X(member, is text). */
#define CARD_WORDS(X)       \
	X("load", true)     \
	X("why", true)      \
	X("command", true)  \
	X("machine", true)  \
	X("recorded", true) \
	X("cpus", false)
#define CARD_FACTS(X)        \
	X("kernel", true)    \
	X("events", false)   \
	X("objects", false)  \
	X("lost", false)     \
	X("live_max", false) \
	X("bytes", false)    \
	X("sha256", true)

static char *path_of(const char *folder, const char *name, const char *ending,
		     struct kb_diag *diag)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", folder, name, ending) >= 0)
		return path;
	kb_fail(diag, KB_E_NOMEM, "out of memory");
	return NULL;
}

/* The name without its ending; NULL if it ends otherwise, or without memory. */
static char *stem(const char *name, const char *ending)
{
	const size_t length = strlen(name), tail = strlen(ending);

	if (length <= tail || strcmp(name + length - tail, ending) != 0)
		return NULL;
	return strndup(name, length - tail);
}

static int check_member(const json_t *card, const char *name, bool is_text,
			const char *path, struct kb_diag *diag)
{
	const json_t *member = json_object_get(card, name);

	if (is_text ? json_is_string(member)
		    : json_is_integer(member) &&
			      json_integer_value(member) >= 0)
		return 0;
	return kb_fail(diag, KB_E_FORMAT,
		       "%s: the card's '%s' must be %s; what the trace says is "
		       "filled in by 'bench corpus verify --update'",
		       path, name, is_text ? "a text" : "a whole number");
}

static int read_card(json_t **card, const char *path, bool whole,
		     struct kb_diag *diag)
{
	json_error_t error;
	int err = 0;

	*card = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!*card && access(path, R_OK) != 0)
		return kb_fail(diag, KB_E_IO, "%s: %s", path, strerror(errno));
	if (!json_is_object(*card))
		return kb_fail(diag, KB_E_FORMAT, "%s:%d: is no card: %s", path,
			       *card ? 1 : error.line,
			       *card ? "not a JSON object" : error.text);
#define X(name, is_text) \
	if (err == 0)    \
		err = check_member(*card, name, is_text, path, diag);
	CARD_WORDS(X)
	if (whole) {
		CARD_FACTS(X)
	}
#undef X
	return err;
}

static int add_entry(struct bench_corpus *corpus, const char *folder,
		     char *name, bool whole, struct kb_diag *diag)
{
	struct bench_corpus_entry *grown =
		realloc(corpus->entry, (corpus->count + 1) * sizeof(*grown));
	char *path;
	int err;

	if (!grown) {
		free(name);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	corpus->entry = grown;
	grown += corpus->count++;
	memset(grown, 0, sizeof(*grown));
	grown->name = name;
	path = path_of(folder, name, ".json", diag);
	if (!path)
		return KB_E_NOMEM;
	err = read_card(&grown->card, path, whole, diag);
	free(path);
	return err;
}

static int compare_entries(const void *a, const void *b)
{
	const struct bench_corpus_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static uint64_t number_of(const json_t *card, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(card, name));
}

static void sum_up(struct bench_corpus *corpus)
{
	corpus->events = 0;
	corpus->bytes = 0;
	for (size_t i = 0; i < corpus->count; i++) {
		corpus->events += number_of(corpus->entry[i].card, "events");
		corpus->bytes += number_of(corpus->entry[i].card, "bytes");
	}
}

int bench_corpus_read(struct bench_corpus *corpus, const char *folder,
		      bool whole, struct kb_diag *diag)
{
	const struct dirent *file;
	DIR *dir = opendir(folder);
	int err = 0;

	memset(corpus, 0, sizeof(*corpus));
	if (!dir)
		return kb_fail(diag, KB_E_IO, "%s: %s", folder,
			       strerror(errno));
	while (err == 0 && (file = readdir(dir))) {
		char *name = stem(file->d_name, ".json");

		if (name)
			err = add_entry(corpus, folder, name, whole, diag);
	}
	closedir(dir);
	if (err == 0 && corpus->count == 0)
		err = kb_fail(diag, KB_E_ARG,
			      "%s: holds no cards, NAME.json beside each "
			      "NAME.trc",
			      folder);
	if (err < 0)
		return err;
	qsort(corpus->entry, corpus->count, sizeof(*corpus->entry),
	      compare_entries);
	sum_up(corpus);
	return 0;
}

void bench_corpus_release(struct bench_corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->entry[i].name);
		json_decref(corpus->entry[i].card);
	}
	free(corpus->entry);
	memset(corpus, 0, sizeof(*corpus));
}

/* Decodes every block, which verifies the header's counts; `*cpus` is one more than
 * the highest CPU. */
static int read_events(const struct bench_trace *trace, uint32_t *cpus,
		       bool (*stop)(void), struct kb_diag *diag)
{
	struct trc_reader *reader;
	struct trc_block block;
	int err = trc_reader_open_fd(&reader, trace->fd, trace->given,
				     TRC_COLUMNS_ALL, diag);

	*cpus = 0;
	while (err == 0 && (err = trc_reader_next(reader, &block, diag)) == 0) {
		for (uint32_t i = 0; i < block.count; i++)
			if (block.cpu[i] >= *cpus)
				*cpus = block.cpu[i] + UINT32_C(1);
		if (stop())
			err = kb_fail(diag, KB_E_STOPPED, "stopped");
	}
	trc_reader_close(reader);
	return err == KB_END ? 0 : err;
}

/* What a card must say of its trace; the caller releases it. */
static json_t *facts_json(const struct bench_trace *trace)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "kernel",
			 kb_json_text(trace->kernel_release), "events",
			 kb_json_count(trace->counts.events), "objects",
			 kb_json_count(trace->counts.objects), "lost",
			 kb_json_count(trace->counts.lost_events), "live_max",
			 kb_json_count(trace->counts.live_max), "bytes",
			 kb_json_count((uint64_t)trace->size), "sha256",
			 trace->sha256);
}

/* Names the first member that differs. */
static int compare_facts(const json_t *card, json_t *facts, const char *path,
			 struct kb_diag *diag)
{
	const char *name;
	json_t *fact;

	json_object_foreach(facts, name, fact) {
		const json_t *said = json_object_get(card, name);

		if (json_equal(said, fact))
			continue;
		if (json_is_string(fact))
			return kb_fail(diag, KB_E_WRONG,
				       "%s: its %s is %s, its card says %s",
				       path, name, json_string_value(fact),
				       json_string_value(said));
		return kb_fail(diag, KB_E_WRONG,
			       "%s: its %s: %" JSON_INTEGER_FORMAT
			       ", its card says %" JSON_INTEGER_FORMAT,
			       path, name, json_integer_value(fact),
			       json_integer_value(said));
	}
	return 0;
}

static int judge(const struct bench_corpus_entry *entry,
		 const struct bench_trace *trace, uint32_t cpus,
		 struct kb_diag *diag)
{
	if (trace->size > BENCH_CORPUS_TRACE_MAX)
		return kb_fail(diag, KB_E_WRONG,
			       "%s: has %jd bytes, more than %d; record less",
			       trace->given, (intmax_t)trace->size,
			       BENCH_CORPUS_TRACE_MAX);
	if (cpus > number_of(entry->card, "cpus"))
		return kb_fail(diag, KB_E_WRONG,
			       "%s: has events of CPU %" PRIu32
			       ", its card says %" PRIu64 " CPUs",
			       trace->given, cpus - 1,
			       number_of(entry->card, "cpus"));
	return 0;
}

static int write_card(struct bench_corpus_entry *entry, const char *folder,
		      json_t *facts, struct kb_diag *diag)
{
	char *path = path_of(folder, entry->name, ".json", diag);
	int err;

	if (!path)
		return KB_E_NOMEM;
	if (!facts || json_object_update(entry->card, facts) < 0)
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	else
		err = kb_json_write(NULL, path, entry->card, 0, diag);
	free(path);
	return err;
}

static int verify_entry(struct bench_corpus_entry *entry, const char *folder,
			bool update, bool (*stop)(void), struct kb_diag *diag)
{
	char *path = path_of(folder, entry->name, ".trc", diag);
	struct bench_trace trace = { .fd = -1 };
	json_t *facts = NULL;
	uint32_t cpus = 0;
	int err =
		path ? bench_trace_open(&trace, path, stop, diag) : KB_E_NOMEM;

	if (err == 0)
		err = read_events(&trace, &cpus, stop, diag);
	if (err == 0)
		err = judge(entry, &trace, cpus, diag);
	if (err == 0) {
		facts = facts_json(&trace);
		err = update ? write_card(entry, folder, facts, diag)
			     : compare_facts(entry->card, facts, path, diag);
	}
	json_decref(facts);
	bench_trace_release(&trace);
	free(path);
	return err;
}

/* Every trace of the folder has a card. */
static int check_strays(const struct bench_corpus *corpus, const char *folder,
			struct kb_diag *diag)
{
	const struct dirent *file;
	DIR *dir = opendir(folder);
	int err = 0;

	if (!dir)
		return kb_fail(diag, KB_E_IO, "%s: %s", folder,
			       strerror(errno));
	while (err == 0 && (file = readdir(dir))) {
		struct bench_corpus_entry key = { .name = stem(file->d_name,
							       ".trc") };

		if (key.name && !bsearch(&key, corpus->entry, corpus->count,
					 sizeof(key), compare_entries))
			err = kb_fail(diag, KB_E_WRONG,
				      "%s/%s: has no card; write %s.json",
				      folder, file->d_name, key.name);
		free(key.name);
	}
	closedir(dir);
	return err;
}

int bench_corpus_verify(struct bench_corpus *corpus, const char *folder,
			bool update, bool (*stop)(void), struct kb_diag *diag)
{
	size_t wrong = 0;

	for (size_t i = 0; i < corpus->count; i++) {
		struct bench_corpus_entry *e = &corpus->entry[i];
		int err = verify_entry(e, folder, update, stop, &e->found);

		if (err == KB_E_STOPPED || err == KB_E_NOMEM) {
			*diag = e->found;
			return err;
		}
		wrong += err < 0;
	}
	sum_up(corpus);
	if (wrong)
		return kb_fail(diag, KB_E_WRONG,
			       "%s: %zu of %zu recordings are not what their "
			       "cards say",
			       folder, wrong, corpus->count);
	if (corpus->bytes > BENCH_CORPUS_MAX)
		return kb_fail(diag, KB_E_WRONG,
			       "%s: has %" PRIu64
			       " bytes, more than %d; remove "
			       "a recording",
			       folder, corpus->bytes, BENCH_CORPUS_MAX);
	return check_strays(corpus, folder, diag);
}
