#include "bench_grade_class.h"

#include "bench_grade_build.h"
#include "bench_grade_mark.h"
#include "kb_complain.h"
#include "kb_escape.h"
#include "kb_exit.h"
#include "kb_json.h"
#include "kb_out.h"
#include "kb_parent.h"
#include "kb_signal.h"
#include "kb_version.h"
#include "sandbox_space.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <jansson.h>
#include <limits.h>
#include <sha2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD	 "grade.json"
#define HASH_MAX (64 << 20)

/* One submission's place in the class. */
struct seat {
	const char *given;

	/* Absolute; empty with `refused` saying why there is none. */
	char path[PATH_MAX];
	char refused[512];

	/* Where its record is, and what it is a record of. */
	char folder[PATH_MAX];
	char key[65];

	/* While it is graded. */
	pid_t child;
	char work[PATH_MAX];
};

struct teaching {
	struct grade_class *course;
	struct seat *seat;
	char script[PATH_MAX];
	char folder[PATH_MAX];
	char temporary[PATH_MAX];
	size_t done;
	struct kb_diag *diag;
};

/* --- What a submission is --- */

static void hash_file(SHA2_CTX *context, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char bytes[65536];
	size_t all = 0;
	ssize_t n;

	while (fd >= 0 && all < HASH_MAX &&
	       (n = read(fd, bytes, sizeof(bytes))) > 0) {
		SHA256Update(context, (const uint8_t *)bytes, (size_t)n);
		all += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void hash_tree(SHA2_CTX *context, const char *path)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const size_t root = strlen(path);
	const FTSENT *at;

	while (tree && (at = fts_read(tree))) {
		if (at->fts_info != FTS_F)
			continue;
		SHA256Update(context, (const uint8_t *)at->fts_path + root,
			     strlen(at->fts_path + root) + 1);
		hash_file(context, at->fts_path);
	}
	if (tree)
		fts_close(tree);
}

static void make_key(const struct grade_class *course, struct seat *seat)
{
	char head[1200];
	SHA2_CTX context;

	snprintf(head, sizeof(head), "%s %s %s %d %d %s", course->rubric.sha256,
		 course->toolchain, kb_version, course->visible_only,
		 course->wants_trace, seat->refused);
	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)head, strlen(head));
	if (!seat->refused[0])
		hash_tree(&context, seat->path);
	SHA256End(&context, seat->key);
}

static void find_submission(struct seat *seat)
{
	struct stat st;

	if (!realpath(seat->given, seat->path) || stat(seat->path, &st) != 0)
		snprintf(seat->refused, sizeof(seat->refused),
			 "it cannot be read: %s", strerror(errno));
	else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		snprintf(seat->refused, sizeof(seat->refused),
			 "it is neither a folder nor an archive");
}

/* A folder by the submission's last name; two with one name are told apart. */
static int name_folder(struct teaching *t, struct seat *seat)
{
	char name[128], clean[NAME_MAX], hash[65];
	size_t end = strlen(seat->given);
	const char *begin;

	while (end > 1 && seat->given[end - 1] == '/')
		end--;
	begin = memrchr(seat->given, '/', end - (end > 0));
	begin = begin ? begin + 1 : seat->given;
	snprintf(name, sizeof(name), "%.*s", (int)(seat->given + end - begin),
		 begin);
	kb_escape_component(clean, sizeof(clean), name);
	SHA256Data((const uint8_t *)seat->given, strlen(seat->given), hash);
	if (snprintf(seat->folder, sizeof(seat->folder), "%s/%.100s-%.8s",
		     t->folder, clean, hash) >= (int)sizeof(seat->folder))
		return kb_fail(t->diag, KB_E_ARG, "'%s': the name is too long",
			       t->folder);
	return 0;
}

/* --- Records --- */

static bool is_record(const json_t *record, const struct seat *seat)
{
	return json_integer_value(json_object_get(record, "record")) == 1 &&
	       strcmp(kb_json_string_of(record, "key"), seat->key) == 0 &&
	       json_is_array(json_object_get(record, "tests"));
}

/* The record that is there already, or NULL. */
static json_t *read_record(const struct seat *seat)
{
	char path[PATH_MAX + sizeof(RECORD)];
	json_t *record;

	snprintf(path, sizeof(path), "%s/" RECORD, seat->folder);
	record = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (is_record(record, seat))
		return record;
	json_decref(record);
	return NULL;
}

static bool is_graded(const json_t *record)
{
	return strncmp(kb_json_string_of(record, "status"), "not graded", 10) !=
	       0;
}

/* Nothing came of it, for no reason of its own. */
static json_t *make_lost(const struct seat *seat)
{
	char given[4096];

	kb_escape_clean(given, sizeof(given), seat->given);
	return json_pack("{s:o, s:s, s:f, s:f, s:s, s:s, s:b, s:[]}",
			 "submission", kb_json_text(given), "status",
			 "not graded, run again", "score", 0.0, "max_score",
			 0.0, "message", "its grading has ended without result",
			 "toolchain", "", "trace", 0, "tests");
}

/* --- Grading one --- */

/* In the child; never returns. */
static void grade_one(struct teaching *t, const struct seat *seat, pid_t parent)
{
	const struct grade_marking marking = {
		.rubric = &t->course->rubric,
		.given = seat->given,
		.submission = seat->path,
		.refused = seat->refused[0] ? seat->refused : NULL,
		.script = t->script,
		.toolchain = t->course->toolchain,
		.work = seat->work,
		.folder = seat->folder,
		.visible_only = t->course->visible_only,
		.wants_trace = t->course->wants_trace,
		.key = seat->key,
	};
	json_t *record = NULL;
	struct kb_diag diag;
	int err;

	kb_parent_follow(parent);
	kb_diag_init(&diag);
	err = grade_mark(&marking, &record, &diag);
	if (err == 0)
		err = kb_json_write(seat->folder, RECORD, record, 0, &diag);
	if (err < 0 && err != KB_E_STOPPED)
		kb_complain_diag("bench", &diag);
	_exit(err < 0 ? kb_exit_of(err) : 0);
}

static int start(struct teaching *t, struct seat *seat)
{
	const pid_t self = getpid();

	snprintf(seat->work, sizeof(seat->work), "%.*s/XXXXXX",
		 (int)sizeof(seat->work) - 8, t->temporary);
	if (!mkdtemp(seat->work) ||
	    kb_out_make_folder(seat->folder, t->diag) < 0)
		return kb_fail(t->diag, KB_E_IO, "cannot make a folder: %s",
			       strerror(errno));
	fflush(NULL);
	seat->child = fork();
	if (seat->child == 0)
		grade_one(t, seat, self);
	return seat->child > 0
		       ? 0
		       : kb_fail(t->diag, KB_E_IO, "cannot start a process: %s",
				 strerror(errno));
}

static void remove_tree(const char *path)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *at;

	while (tree && (at = fts_read(tree))) {
		if (at->fts_info == FTS_D)
			chmod(at->fts_path, 0700);
		else
			remove(at->fts_path);
	}
	if (tree)
		fts_close(tree);
}

static void end_seat(struct teaching *t, size_t i, json_t *record)
{
	t->course->record[i] = record;
	t->course->any_not_graded |= !is_graded(record);
	t->done++;
	t->course->progress.done = t->done;
}

/* Waits for one of the children. */
static int finish(struct teaching *t)
{
	int status = 0;
	const pid_t child = waitpid(-1, &status, 0);
	size_t i = 0;

	if (child < 0)
		return errno == EINTR
			       ? 0
			       : kb_fail(t->diag, KB_E_IO, "cannot wait: %s",
					 strerror(errno));
	while (i < t->course->count && t->seat[i].child != child)
		i++;
	if (i == t->course->count)
		return 0;
	t->seat[i].child = 0;
	remove_tree(t->seat[i].work);
	if (kb_signal)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == KB_EXIT_ENVIRONMENT)
		return kb_fail(t->diag, KB_E_ENVIRONMENT,
			       "'%s' cannot be graded on this machine",
			       t->seat[i].given);
	end_seat(t, i,
		 status == 0 ? read_record(&t->seat[i])
			     : make_lost(&t->seat[i]));
	if (!t->course->record[i])
		return kb_fail(t->diag, KB_E_NOMEM, "out of memory");
	return 0;
}

static unsigned running(const struct teaching *t)
{
	unsigned count = 0;

	for (size_t i = 0; i < t->course->count; i++)
		count += t->seat[i].child > 0;
	return count;
}

/* A signal may have come to this process alone. */
static void hand_on_signal(const struct teaching *t)
{
	for (size_t i = 0; i < t->course->count; i++)
		if (kb_signal && t->seat[i].child > 0)
			kill(t->seat[i].child, kb_signal);
}

static int teach(struct teaching *t)
{
	int err = 0;

	for (size_t i = 0; i < t->course->count && err == 0 && !kb_signal;
	     i++) {
		struct seat *seat = &t->seat[i];
		json_t *record = read_record(seat);

		if (record && is_graded(record)) {
			end_seat(t, i, record);
			continue;
		}
		json_decref(record);
		kb_progress_step(&t->course->progress, "grade", seat->given);
		while (err == 0 && !kb_signal && running(t) >= t->course->jobs)
			err = finish(t);
		if (err == 0 && !kb_signal)
			err = start(t, seat);
	}
	while (running(t) > 0) {
		int ended;

		hand_on_signal(t);
		ended = finish(t);

		if (ended < 0 && err == 0)
			err = ended;
	}
	return kb_signal ? KB_E_STOPPED : err;
}

/* --- The class --- */

static int check_spaces(struct teaching *t)
{
	struct grade_class *course = t->course;
	const int err = sandbox_space_check(t->diag);
	char why[KB_DIAG_TEXT_SIZE];

	if (err == 0)
		return 0;
	snprintf(why, sizeof(why), "%s", t->diag->text);
	kb_diag_init(t->diag);
	if (!course->is_unsafe)
		return kb_fail(t->diag, KB_E_ENVIRONMENT,
			       "submissions cannot be kept apart from this "
			       "machine: %s; --unsafe grades them all the same",
			       why);
	if (course->note)
		course->note("submissions have no namespaces of their own");
	return 0;
}

static int make_temporary(struct teaching *t)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || folder[0] != '/')
		folder = "/tmp";
	snprintf(t->temporary, sizeof(t->temporary), "%s/bench-grade-XXXXXX",
		 folder);
	if (mkdtemp(t->temporary))
		return 0;
	t->temporary[0] = '\0';
	return kb_fail(t->diag, KB_E_IO, "cannot make a folder in '%s': %s",
		       folder, strerror(errno));
}

static int prepare(struct teaching *t)
{
	struct grade_class *course = t->course;
	char rubric[PATH_MAX];
	int err;

	if (!realpath(course->rubric_path, rubric))
		return kb_fail(t->diag, KB_E_IO, "cannot read '%s': %s",
			       course->rubric_path, strerror(errno));
	err = grade_rubric_open(&course->rubric, rubric, t->diag);
	if (err == 0)
		err = grade_build_find(t->script, sizeof(t->script), t->diag);
	if (err == 0)
		err = grade_build_toolchain(course->toolchain,
					    sizeof(course->toolchain), t->diag);
	if (err == 0)
		err = check_spaces(t);
	if (err == 0)
		err = kb_out_make_folder(course->folder, t->diag);
	if (err == 0 && !realpath(course->folder, t->folder))
		err = kb_fail(t->diag, KB_E_IO, "cannot find '%s': %s",
			      course->folder, strerror(errno));
	if (err == 0)
		err = make_temporary(t);
	return err;
}

static int take_seats(struct teaching *t)
{
	struct grade_class *course = t->course;

	course->record = calloc(course->count, sizeof(*course->record));
	t->seat = calloc(course->count, sizeof(*t->seat));
	if (!course->record || !t->seat)
		return kb_fail(t->diag, KB_E_NOMEM, "out of memory");
	for (size_t i = 0; i < course->count; i++) {
		struct seat *seat = &t->seat[i];

		seat->given = course->submission[i];
		find_submission(seat);
		if (name_folder(t, seat) < 0)
			return KB_E_ARG;
		make_key(course, seat);
	}
	return 0;
}

int grade_class_run(struct grade_class *course, struct kb_diag *diag)
{
	struct teaching t = { .course = course, .diag = diag };
	int err = prepare(&t);

	if (err == 0)
		err = take_seats(&t);
	if (err == 0) {
		kb_progress_begin(&course->progress);
		course->progress.total = course->count;
		err = teach(&t);
		kb_progress_finish(&course->progress);
	}
	if (t.temporary[0])
		remove_tree(t.temporary);
	free(t.seat);
	return err;
}

void grade_class_release(struct grade_class *course)
{
	for (size_t i = 0; course->record && i < course->count; i++)
		json_decref(course->record[i]);
	free(course->record);
	course->record = NULL;
	grade_rubric_release(&course->rubric);
}
