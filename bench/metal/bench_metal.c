#include "bench_metal.h"

#include "bench_metal_answer.h"
#include "bench_metal_machine.h"
#include "bench_metal_model.h"
#include "bench_metal_walk.h"
#include "kb_bits.h"
#include "metal_request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel, if this bench was built with one; else of size 0. */
extern const unsigned char bench_metal_image[];
extern const size_t bench_metal_image_size;

#define MIB (UINT64_C(1) << 20)

/* The machine's memory is mapped in steps of 4 MiB. */
#define MEMORY_STEP (4 * MIB)

/* The kernel and what is below it. */
#define MEMORY_BASE (4 * MIB)

/* Bytes of the heap's records, at most, of each kind: rows, arrays, runs, ranks and
 * lookups by the page; a frame's record, twice while the array grows; and handles,
 * nodes and instructions by slot and operation. A generous sum: memory that the
 * kernel does not touch costs nothing. */
#define RECORD_BASE  (8 * MIB)
#define RECORD_PAGE  512u
#define RECORD_FRAME 64u
#define RECORD_SLOT  64u
#define RECORD_OP    8u

/* Frames besides those that the simulation needs, so that there are some. */
#define FRAMES_EXTRA 16u

/* What a run is made of, on its way. */
struct metal {
	const struct bench_metal_job *job;
	struct bench_metal_result *result;
	struct kb_diag *diag;

	struct bench_metal_model model;
	struct bench_metal_machine machine;
	struct bench_metal_answer answer;
	struct metal_request request;
	uint64_t memory;
	int request_fd;
	int kernel_fd;
};

static bool has_value(const struct alloc_spec *spec, const char *key,
		      const char *value)
{
	const char *chosen = alloc_spec_value(spec, key);

	return chosen && strcmp(chosen, value) == 0;
}

int bench_metal_check(const struct alloc_spec *spec, const char *image,
		      struct kb_diag *diag)
{
	if (!bench_metal_is_fast(spec) && strcmp(spec->ops->name, "kheap") != 0)
		return kb_fail(diag, KB_E_ARG,
			       "%s does not run on a real MMU; kheap and "
			       "kheap-fast do",
			       spec->name);
	if (!bench_metal_is_fast(spec) && !has_value(spec, "pager", "sim"))
		return kb_fail(diag, KB_E_ARG,
			       "%s: only pager=sim can be compared with page "
			       "tables",
			       spec->name);
	if (has_value(spec, "lookup", "judy"))
		return kb_fail(diag, KB_E_ARG,
			       "%s: the kernel has no lookup that needs a "
			       "library",
			       spec->name);
	if (!image && bench_metal_image_size == 0)
		return kb_fail(diag, KB_E_ENVIRONMENT,
			       "this bench was built by a compiler that makes "
			       "no 32-bit code, so it has no kernel to boot; "
			       "install gcc-multilib and build it again");
	return 0;
}

/* --- The request -------------------------------------------------------------- */

/* The frames that the heap may need. kheap-fast has one for each page and table of
 * its window. */
static uint64_t frames_needed(const struct metal *m)
{
	const uint64_t window = m->model.pages + m->model.pages / 1024 + 2;

	if (m->request.heap == METAL_KHEAP_FAST)
		return window;
	return bench_metal_model_counter(&m->model, "frames_peak") +
	       FRAMES_EXTRA;
}

static uint64_t round_up(uint64_t bytes, uint64_t step)
{
	return kb_div_up(bytes, step) * step;
}

/* Decides on the machine's memory. */
static int plan_memory(struct metal *m)
{
	const struct bench_metal_model *model = &m->model;
	const uint64_t frames = frames_needed(m);
	const uint64_t bytes =
		sizeof(m->request) + model->op_count * sizeof(*model->ops);
	const uint64_t needed =
		round_up(MEMORY_BASE + bytes + RECORD_BASE +
				 (uint64_t)model->pages * RECORD_PAGE +
				 frames * (RECORD_FRAME + KVA_PAGE_SIZE) +
				 model->slots * RECORD_SLOT +
				 model->op_count * RECORD_OP,
			 MEMORY_STEP);

	m->memory = m->job->memory_mib
			    ? round_up(m->job->memory_mib * MIB, MEMORY_STEP)
			    : needed;
	if (m->memory < needed || m->memory > METAL_MEMORY_MAX)
		return kb_fail(m->diag, KB_E_RANGE,
			       "%s: with %s the trace needs %" PRIu64
			       " page frames, and a machine of %" PRIu64
			       " MiB; %s",
			       m->job->trace->given, m->job->spec->name, frames,
			       needed / MIB,
			       m->memory < needed ? "give it more with --memory"
						  : "the kernel can use 2,048");
	m->request.frames = (uint32_t)frames;
	m->request.bytes = (uint32_t)bytes;
	return 0;
}

/* The window must be free of memory, which is mapped to itself, and of the array of
 * PTEs. */
static int check_window(const struct metal *m)
{
	const uint64_t end =
		m->model.base + ((uint64_t)m->model.pages << KVA_PAGE_SHIFT);

	if (m->model.base < m->memory)
		return kb_fail(m->diag, KB_E_RANGE,
			       "the heap's window at 0x%08" PRIx32
			       " is in the way of the machine's memory, "
			       "%" PRIu64 " MiB; choose another --heap-base",
			       m->model.base, m->memory / MIB);
	if (end > METAL_PTES)
		return kb_fail(m->diag, KB_E_RANGE,
			       "the heap's window reaches into the kernel's "
			       "array of page-table entries, at 0x%08" PRIx32
			       "; choose another --heap-base or fewer "
			       "--heap-pages",
			       METAL_PTES);
	return 0;
}

/* The place of the chosen value among the key's. */
static uint32_t place_of(const struct alloc_spec *spec, const char *key)
{
	for (size_t i = 0; spec->ops->keys && spec->ops->keys[i].name; i++)
		if (strcmp(spec->ops->keys[i].name, key) == 0)
			return spec->choice[i];
	return 0;
}

static void fill_request(struct metal *m)
{
	const struct alloc_spec *spec = m->job->spec;
	const char *lookup = alloc_spec_value(spec, "lookup");
	struct metal_request *r = &m->request;

	*r = (struct metal_request){
		.magic = METAL_MAGIC,
		.version = METAL_VERSION,
		.heap = bench_metal_is_fast(spec) ? METAL_KHEAP_FAST
						  : METAL_KHEAP,
		.base = m->model.base,
		.pages = m->model.pages,
		.order = place_of(spec, "order"),
		.fit = place_of(spec, "fit"),
		.nodes = place_of(spec, "nodes"),
		.slots = (uint32_t)m->model.slots,
		.ops = (uint32_t)m->model.op_count,
		.flags = (m->job->emit_fd >= 0 ? METAL_EMIT : 0) |
			 (m->job->walk ? METAL_WALK : 0),
	};
	if (lookup)
		strncpy(r->lookup, lookup, sizeof(r->lookup) - 1);
}

/* Writes request and operations to a file without a name. */
static int make_request(struct metal *m)
{
	const size_t head = sizeof(m->request);
	const size_t ops = m->model.op_count * sizeof(*m->model.ops);
	unsigned char *bytes;
	int err;

	fill_request(m);
	err = plan_memory(m);
	if (err == 0)
		err = check_window(m);
	if (err < 0)
		return err;
	bytes = malloc(head + ops);
	if (!bytes)
		return kb_fail(m->diag, KB_E_NOMEM, "out of memory");
	memcpy(bytes, &m->request, head);
	if (ops > 0)
		memcpy(bytes + head, m->model.ops, ops);
	m->request_fd = bench_metal_file(bytes, head + ops, m->diag);
	free(bytes);
	return m->request_fd < 0 ? KB_E_IO : 0;
}

static int open_kernel(struct metal *m)
{
	const char *image = m->job->image;

	if (!image) {
		m->kernel_fd = bench_metal_file(
			bench_metal_image, bench_metal_image_size, m->diag);
		return m->kernel_fd < 0 ? KB_E_IO : 0;
	}
	m->kernel_fd = open(image, O_RDONLY | O_CLOEXEC);
	if (m->kernel_fd < 0)
		return kb_fail(m->diag, KB_E_IO, "%s: %s", image,
			       strerror(errno));
	return 0;
}

/* --- The comparison ----------------------------------------------------------- */

static void set_simulated(struct metal *m)
{
	struct bench_metal_result *r = m->result;
	const struct bench_metal_model *model = &m->model;

	for (size_t i = 0; i < model->counters.count; i++) {
		struct bench_metal_counter *counter =
			&r->counter[r->counters++];

		memcpy(counter->name, model->counters.item[i].name,
		       sizeof(counter->name));
		counter->pair.simulated = model->counters.item[i].value;
	}
	r->digest.simulated = model->digest;
	r->state.simulated = metal_digest_end(&model->state);
	r->accessed_dirty.simulated = model->accessed_dirty;
	r->faults.simulated = model->faults;
}

static void compare_pair(struct bench_metal_result *r, const char *name,
			 const struct bench_metal_pair *pair)
{
	if (!pair->has_real)
		bench_metal_differ(r, "%s: the kernel does not tell", name);
	else if (pair->simulated != pair->real)
		bench_metal_differ(r,
				   "%s: simulated %" PRIu64 ", real %" PRIu64,
				   name, pair->simulated, pair->real);
}

static void compare_digest(struct bench_metal_result *r, const char *name,
			   const struct bench_metal_pair *pair)
{
	if (pair->has_real && pair->simulated != pair->real)
		bench_metal_differ(
			r, "%s: simulated %016" PRIx64 ", real %016" PRIx64,
			name, pair->simulated, pair->real);
}

static int compare_all(struct metal *m)
{
	struct bench_metal_result *r = m->result;

	for (size_t i = 0; i < r->counters; i++)
		compare_pair(r, r->counter[i].name, &r->counter[i].pair);
	compare_pair(r, "accessed and dirty pairs", &r->accessed_dirty);
	compare_pair(r, "faults after a free", &r->faults);
	compare_digest(r, "digest", &r->digest);
	compare_digest(r, "digest of the page-table entries", &r->state);
	if (bench_metal_walk(r, &m->machine, &m->answer, &m->model) < 0 ||
	    bench_metal_instructions(r, &m->machine, &m->answer) < 0)
		return kb_fail(m->diag, KB_E_NOMEM, "out of memory");
	return 0;
}

/* Says how QEMU ended where that was not by the kernel's own word. */
static int judge_end(struct metal *m, int status)
{
	char said[BENCH_METAL_SAID_SIZE];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return kb_fail(m->diag, KB_E_ENVIRONMENT,
			       "there is no qemu-system-i386 on this machine; "
			       "install the package qemu-system-x86");
	bench_metal_machine_said(&m->machine, said);
	if (WIFSIGNALED(status))
		return kb_fail(m->diag, KB_E_ENVIRONMENT,
			       "QEMU was ended by signal %d (%s) after event "
			       "%" PRIu64,
			       WTERMSIG(status), strsignal(WTERMSIG(status)),
			       m->answer.event);
	if (!m->answer.has_begun)
		return kb_fail(m->diag, KB_E_ENVIRONMENT,
			       "QEMU did not start the kernel (status %d): %s",
			       WEXITSTATUS(status),
			       *said ? said : "it does not say why");
	bench_metal_differ(m->result,
			   "the machine ended after event %" PRIu64
			   " without the kernel's last word",
			   m->answer.event);
	return 0;
}

/* Starts the machine, listens, and compares. */
static int run_machine(struct metal *m)
{
	const struct bench_metal_setup setup = {
		.kernel_fd = m->kernel_fd,
		.request_fd = m->request_fd,
		.serial_fd = m->job->emit_fd,
		.memory_size = (size_t)m->memory,
	};
	int err = bench_metal_machine_start(&m->machine, &setup, m->diag);
	int status;

	if (err == 0) {
		m->answer.result = m->result;
		err = bench_metal_answer_read(&m->answer, &m->machine, m->job,
					      m->diag);
	}
	if (err < 0)
		return err;
	status = bench_metal_machine_end(&m->machine, m->answer.has_failed);
	if (m->answer.has_failed)
		return 0;
	if (!m->answer.has_ended)
		return judge_end(m, status);
	return compare_all(m);
}

int bench_metal_run(const struct bench_metal_job *job,
		    struct bench_metal_result *out, struct kb_diag *diag)
{
	struct metal m = {
		.job = job,
		.result = out,
		.diag = diag,
		.machine = { .pid = -1,
			     .console_fd = -1,
			     .said_fd = -1,
			     .memory_fd = -1 },
		.request_fd = -1,
		.kernel_fd = -1,
	};
	int err;

	memset(out, 0, sizeof(*out));
	out->equal = true;
	err = bench_metal_model_run(&m.model, job, diag);
	if (err == 0)
		set_simulated(&m);
	if (err == 0)
		err = make_request(&m);
	if (err == 0)
		err = open_kernel(&m);
	if (err == 0)
		err = run_machine(&m);
	bench_metal_machine_release(&m.machine);
	if (m.request_fd >= 0)
		close(m.request_fd);
	if (m.kernel_fd >= 0)
		close(m.kernel_fd);
	bench_metal_model_release(&m.model);
	return err;
}
