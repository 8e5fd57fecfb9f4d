#include "bench_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void read_cpu_model(char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[512];

	snprintf(out, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(out, size, "%s", colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

void bench_env_build(char *out, size_t size)
{
#if defined(KB_SANITIZED)
	const char *sanitized = ", sanitized";
#else
	const char *sanitized = "";
#endif

	snprintf(out, size, "%s, %s, %s%s", COMPILER, KB_FLAGS, KB_BUILD_TYPE,
		 sanitized);
}

void bench_env_read(struct bench_env *env)
{
	struct utsname name;
	struct tm tm;
	time_t now = time(NULL);

	memset(env, 0, sizeof(*env));
	env->revision = KB_REVISION;
	env->compiler = COMPILER;
	env->flags = KB_FLAGS;
	env->build_type = KB_BUILD_TYPE;
	env->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	env->pinned_cpu = -1;
#if !defined(NDEBUG) || defined(KB_SANITIZED)
	env->slow_build = true;
#endif
	if (uname(&name) == 0)
		snprintf(env->system, sizeof(env->system), "%.60s %.60s %.60s",
			 name.sysname, name.release, name.machine);
	read_cpu_model(env->cpu_model, sizeof(env->cpu_model));
	if (gmtime_r(&now, &tm))
		strftime(env->date, sizeof(env->date), "%Y-%m-%dT%H:%M:%SZ",
			 &tm);
	if (getloadavg(&env->load, 1) != 1)
		env->load = 0;
}
