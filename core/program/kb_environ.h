/*
 * kb_environ: the environment of the programs that ours run, such as gnuplot and
 * perf: where programs are, and a locale. No other variable gets there, so that
 * what they do depends on no settings of the user's. They get no home either, where
 * their init files are.
 *
 * For the programs' own files, and traces/import.
 */
#ifndef KB_ENVIRON_H
#define KB_ENVIRON_H

struct kb_environ {
	/* For execve: "NAME=VALUE", ended by NULL. */
	char *entry[4];

	/* Owned. */
	char *path;
};

/* Makes it, with one more `entry`, which is borrowed; NULL for none. Returns 0, to
 * be released, or KB_E_NOMEM. */
int kb_environ_make(struct kb_environ *env, char *entry);
void kb_environ_release(struct kb_environ *env);

#endif /* KB_ENVIRON_H */
