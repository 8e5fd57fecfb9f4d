/*
 * import_android: Android's memory_replay text:
 *
 *   TID: malloc 0xP SIZE [START_NS END_NS]
 *   TID: calloc 0xP COUNT SIZE            TID: memalign 0xP ALIGNMENT SIZE
 *   TID: realloc 0xNEW 0xOLD SIZE         TID: free 0xP
 *   TID: thread_done 0x0
 */
#include "trc_scan.h"
#include "trc_user.h"

/* The numbers after an operation's pointer. */
struct numbers {
	uint64_t value[4];

	/* It is no number. */
	bool is_bad[4];
	unsigned count;
};

/* Reads " N" until the line's end. */
static bool read_numbers(struct trc_scan *c, struct numbers *numbers)
{
	numbers->count = 0;
	while (!trc_scan_is_end(c)) {
		uint64_t *value = &numbers->value[numbers->count];
		struct trc_scan word = *c;

		if (numbers->count == KB_ARRAY_LEN(numbers->value))
			return false;
		while (c->p < c->end && *c->p != ' ' && *c->p != ':')
			c->p++;
		word.end = c->p;
		*value = 0;
		numbers->is_bad[numbers->count++] =
			(!trc_scan_0x(&word, value) &&
			 !trc_scan_decimal(&word, value)) ||
			word.p < word.end;
	}
	return true;
}

/* Uses the start of the call as its time, if it and the end follow the `used`
 * numbers. */
static int take_time(struct trc_user *user, const struct numbers *numbers,
		     unsigned used)
{
	if (numbers->count != used && numbers->count != used + 2)
		return trc_text_bad(&user->text,
				    "it has too few or too many numbers");
	if (numbers->count == used + 2) {
		user->counts_time = false;
		if (numbers->is_bad[used])
			trc_text_drop(&user->text);
		else
			/* Below numbers->count all have been read. */
			/* NOLINTNEXTLINE(clang-analyzer-core.*) */
			user->now.time_ns = numbers->value[used];
		return trc_text_clock(&user->text, TRC_CLOCK_NS);
	}
	return trc_text_clock(&user->text, TRC_CLOCK_TICKS);
}

struct operation {
	/* Including the space after it. */
	const char *name;

	/* Numbers after its pointer, and how many of the first do not
	 * matter: an alignment. */
	unsigned count;
	unsigned skipped;
	int (*run)(struct trc_user *user, uint64_t pointer,
		   const struct numbers *numbers);
};

static int run_malloc(struct trc_user *user, uint64_t pointer,
		      const struct numbers *numbers)
{
	return trc_user_malloc(user, pointer, numbers->value[0]);
}

static int run_calloc(struct trc_user *user, uint64_t pointer,
		      const struct numbers *numbers)
{
	uint64_t size;

	if (__builtin_mul_overflow(numbers->value[0], numbers->value[1], &size))
		return trc_text_bad(&user->text, "the size is absurd");
	return trc_user_malloc(user, pointer, size);
}

static int run_memalign(struct trc_user *user, uint64_t pointer,
			const struct numbers *numbers)
{
	return trc_user_malloc(user, pointer, numbers->value[1]);
}

static int run_realloc(struct trc_user *user, uint64_t pointer,
		       const struct numbers *numbers)
{
	return trc_user_realloc(user, numbers->value[0], pointer,
				numbers->value[1]);
}

static int run_free(struct trc_user *user, uint64_t pointer,
		    const struct numbers *numbers)
{
	(void)numbers;
	return trc_user_free(user, pointer);
}

/* The end of a thread is not an event of the heap. */
static int run_thread_done(struct trc_user *user, uint64_t pointer,
			   const struct numbers *numbers)
{
	(void)pointer;
	(void)numbers;
	user->text.job->rules.counts.other_events++;
	return 0;
}

static const struct operation operations[] = {
	{ "malloc ", 1, 0, run_malloc },
	{ "calloc ", 2, 0, run_calloc },
	{ "memalign ", 2, 1, run_memalign },
	{ "realloc ", 2, 0, run_realloc },
	{ "free ", 0, 0, run_free },
	{ "thread_done ", 0, 0, run_thread_done },
};

/* Reads "TID: name 0xP"; NULL if it is not that. `tid` is that of no task where
 * the word is no number. */
static const struct operation *read_start(struct trc_scan *c, uint64_t *tid,
					  uint64_t *pointer)
{
	struct trc_scan word = *c;

	while (c->p < c->end && *c->p != ' ' && *c->p != ':')
		c->p++;
	if (!trc_scan_decimal(&word, tid) || *tid > INT32_MAX || word.p != c->p)
		*tid = UINT64_MAX;
	if (!TRC_SKIP(c, ": "))
		return NULL;
	for (size_t i = 0; i < KB_ARRAY_LEN(operations); i++) {
		const struct operation *operation = &operations[i];

		if (trc_scan_text(c, operation->name, strlen(operation->name)))
			return trc_scan_0x(c, pointer) ? operation : NULL;
	}
	return NULL;
}

/* Whether an operation has the numbers that it needs. */
static bool has_numbers(const struct operation *operation,
			const struct numbers *numbers)
{
	if (numbers->count < operation->count)
		return false;
	for (unsigned i = operation->skipped; i < operation->count; i++)
		if (numbers->is_bad[i])
			return false;
	return true;
}

static int take_task(struct trc_user *user, uint64_t tid)
{
	user->now.task = TRC_NAME_NONE;
	if (tid != UINT64_MAX)
		return trc_text_task(&user->text, "", 0, (int32_t)tid,
				     &user->now.task);
	trc_text_drop(&user->text);
	return 0;
}

static int read_line(struct trc_text *text)
{
	struct trc_user *user = (struct trc_user *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	const struct operation *operation;
	struct numbers numbers;
	uint64_t pointer;
	uint64_t tid;
	int err;

	if (trc_scan_is_end(&c))
		return 0;
	operation = read_start(&c, &tid, &pointer);
	if (!operation || !read_numbers(&c, &numbers) ||
	    !has_numbers(operation, &numbers))
		return trc_text_bad(text, "it is not TID: malloc, calloc, "
					  "memalign, realloc, free or "
					  "thread_done with its numbers");
	for (unsigned i = 0; i < operation->skipped; i++)
		if (numbers.is_bad[i])
			trc_text_drop(text);
	err = operation->run == run_thread_done
		      ? 0
		      : take_time(user, &numbers, operation->count);
	if (err == 0)
		err = take_task(user, tid);
	return err < 0 ? err : operation->run(user, pointer, &numbers);
}

static int import_android(struct trc_job *job, struct kb_diag *diag)
{
	struct trc_user user;

	trc_user_init(&user, job, diag);
	return trc_text_run(&user.text, read_line);
}

static bool is_ours(struct trc_scan c)
{
	uint64_t pointer;
	uint64_t tid;

	return read_start(&c, &tid, &pointer) != NULL && tid != UINT64_MAX;
}

static size_t detect_android(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_android = {
	.name = "android",
	.detect = detect_android,
	.import = import_android,
};
