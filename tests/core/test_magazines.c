/*
 * Magazines: what each operation does, by hand, and against a model of lists.
 */
#include "kb_test.h"

#include "kb_rng.h"
#include "magazines.h"

#include <string.h>

#define CPUS   3
#define ROUNDS 4

static void test_magazines__last_in_first_out(void **state)
{
	struct magazines *m = magazines_new(1, 2);

	(void)state;
	assert_int_equal(magazines_take(m, 0, 1), 0);
	assert_int_equal(magazines_load(m, 0, 1), 0);
	for (kva_t va = 1; va <= 4; va++)
		assert_int_equal(magazines_put(m, 0, 1, va), 0);
	/* Loaded holds 3 and 4, previous 1 and 2. */
	assert_int_equal(magazines_put(m, 0, 1, 5), KB_END);
	assert_int_equal(magazines_store(m, 0, 1, 5), 0);
	/* The depot has 1 and 2, previous 3 and 4. */
	assert_int_equal(magazines_take(m, 0, 1), 5);
	assert_int_equal(magazines_take(m, 0, 1), 4);
	assert_int_equal(magazines_take(m, 0, 1), 3);
	assert_int_equal(magazines_take(m, 0, 1), 0);
	assert_int_equal(magazines_load(m, 0, 1), 2);
	assert_int_equal(magazines_take(m, 0, 1), 1);
	assert_int_equal(magazines_take(m, 0, 1), 0);
	assert_int_equal(magazines_load(m, 0, 1), 0);
	magazines_free(m);
}

static void test_magazines__rows_and_cpus_are_apart(void **state)
{
	struct magazines *m = magazines_new(2, 1);

	(void)state;
	assert_true(magazines_have(MAGAZINES_ROWS));
	assert_false(magazines_have(MAGAZINES_ROWS + 1));
	assert_int_equal(magazines_put(m, 0, 1, 10), 0);
	assert_int_equal(magazines_put(m, 0, 2, 20), 0);
	assert_int_equal(magazines_take(m, 1, 1), 0);
	assert_int_equal(magazines_put(m, 0, 1, 11), 0);
	assert_int_equal(magazines_put(m, 0, 1, 12), KB_END);
	assert_int_equal(magazines_store(m, 0, 1, 12), 0);
	/* Through the depot to another CPU, of the same row alone. */
	assert_int_equal(magazines_load(m, 1, 2), 0);
	assert_int_equal(magazines_load(m, 1, 1), 10);
	assert_int_equal(magazines_take(m, 0, 2), 20);
	magazines_free(m);
	magazines_free(NULL);
}

/* Of one row: what each CPU holds, and the depot's magazines in the order of their
 * storing. */
struct model {
	kva_t loaded[CPUS][ROUNDS];
	kva_t previous[CPUS][ROUNDS];
	kva_t depot[200][ROUNDS];
	unsigned loaded_count[CPUS];
	unsigned previous_count[CPUS];
	unsigned depot_count;
};

static kva_t model_take(struct model *m, unsigned cpu)
{
	kva_t was[ROUNDS];

	if (m->loaded_count[cpu] == 0 && m->previous_count[cpu] == ROUNDS) {
		memcpy(was, m->loaded[cpu], sizeof(was));
		memcpy(m->loaded[cpu], m->previous[cpu], sizeof(was));
		memcpy(m->previous[cpu], was, sizeof(was));
		m->loaded_count[cpu] = ROUNDS;
		m->previous_count[cpu] = 0;
	}
	if (m->loaded_count[cpu] == 0)
		return 0;
	return m->loaded[cpu][--m->loaded_count[cpu]];
}

static int model_put(struct model *m, unsigned cpu, kva_t va)
{
	if (m->loaded_count[cpu] == ROUNDS && m->previous_count[cpu] == 0) {
		memcpy(m->previous[cpu], m->loaded[cpu],
		       sizeof(m->loaded[cpu]));
		m->previous_count[cpu] = ROUNDS;
		m->loaded_count[cpu] = 0;
	}
	if (m->loaded_count[cpu] == ROUNDS)
		return KB_END;
	m->loaded[cpu][m->loaded_count[cpu]++] = va;
	return 0;
}

static void model_store(struct model *m, unsigned cpu, kva_t va)
{
	memcpy(m->depot[m->depot_count++], m->previous[cpu],
	       sizeof(m->previous[cpu]));
	memcpy(m->previous[cpu], m->loaded[cpu], sizeof(m->loaded[cpu]));
	m->loaded[cpu][0] = va;
	m->loaded_count[cpu] = 1;
}

static kva_t model_load(struct model *m, unsigned cpu)
{
	if (m->depot_count == 0)
		return 0;
	m->previous_count[cpu] = 0;
	memcpy(m->loaded[cpu], m->depot[--m->depot_count],
	       sizeof(m->loaded[cpu]));
	m->loaded_count[cpu] = ROUNDS - 1;
	return m->loaded[cpu][ROUNDS - 1];
}

static void test_magazines__against_a_model(void **state)
{
	struct magazines *m = magazines_new(CPUS, ROUNDS);
	struct kb_rng rng = kb_rng_init(5);
	struct model model;
	kva_t next = 1;

	(void)state;
	memset(&model, 0, sizeof(model));
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned cpu = (unsigned)kb_rng_below(&rng, CPUS);
		/* In turns more puts and more takes. */
		const bool put =
			kb_rng_below(&rng, 8) < (i / 400 % 2 ? 5u : 3u);

		if (put && model.depot_count < 199) {
			const int full = model_put(&model, cpu, next);

			assert_int_equal(magazines_put(m, cpu, 7, next), full);
			if (full) {
				model_store(&model, cpu, next);
				assert_int_equal(
					magazines_store(m, cpu, 7, next), 0);
			}
			next++;
			continue;
		}
		const kva_t taken = model_take(&model, cpu);

		assert_int_equal(magazines_take(m, cpu, 7), taken);
		if (!taken)
			assert_int_equal(magazines_load(m, cpu, 7),
					 model_load(&model, cpu));
	}
	assert_true(next > 5000);
	magazines_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_magazines__last_in_first_out),
		cmocka_unit_test(test_magazines__rows_and_cpus_are_apart),
		cmocka_unit_test(test_magazines__against_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
