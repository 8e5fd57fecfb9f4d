/* JSON on its way out: whole, or an error. */
#include "kb_test.h"

#include "kb_fault.h"
#include "kb_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Without any check of what jansson answers, as the writers do it. */
static json_t *make_document(void)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", kb_json_text("a\xff"));
	json_object_set_new(object, "low", kb_json_count(7));
	json_object_set_new(object, "high", kb_json_count(UINT64_MAX));
	return object;
}

/* What is printed on standard output. */
static int print(char *out, size_t size, const json_t *document,
		 struct kb_diag *diag)
{
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO);
	ssize_t got;
	int err;

	assert_non_null(file);
	fflush(stdout);
	assert_int_equal(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
	err = kb_json_print(document, diag);
	fflush(stdout);
	assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
	close(kept);
	got = pread(fileno(file), out, size - 1, 0);
	assert_true(got >= 0);
	out[got] = '\0';
	fclose(file);
	return err;
}

static void test_kb_json__prints_one_line(void **state)
{
	struct kb_diag diag = { 0 };
	json_t *document;
	char text[200];

	(void)state;
	kb_json_begin();
	document = make_document();
	assert_int_equal(print(text, sizeof(text), document, &diag), 0);
	assert_string_equal(text, "{\"name\": \"a?\", \"low\": 7, \"high\": "
				  "1.8446744073709552e19}\n");
	json_decref(document);
}

/* jansson drops a member that it has no memory for. Whichever allocation fails,
 * no document without it comes out. */
static void test_kb_json__is_whole_or_an_error(void **state)
{
	bool has_failed = true;
	unsigned n;

	(void)state;
	for (n = 1; has_failed; n++) {
		struct kb_diag diag = { 0 };
		json_t *document;
		char text[200];
		int err;

		kb_json_begin();
		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		document = make_document();
		err = print(text, sizeof(text), document, &diag);
		has_failed = kb_fault_end();
		json_decref(document);
		assert_int_equal(err, has_failed ? KB_E_NOMEM : 0);
		assert_int_equal(strlen(text) > 0, !has_failed);
		if (has_failed)
			assert_non_null(strstr(diag.text, "out of memory"));
	}
	assert_true(n > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_json__prints_one_line),
		cmocka_unit_test(test_kb_json__is_whole_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
