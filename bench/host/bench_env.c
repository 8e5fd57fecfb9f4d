#include "bench_env.h"

#include "kb_version.h"

#include <gnu/libc-version.h>
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

static void read_line(char out[BENCH_ENV_LINE_SIZE], const char *path)
{
	FILE *f = fopen(path, "re");

	if (f && fgets(out, BENCH_ENV_LINE_SIZE, f))
		out[strcspn(out, "\n")] = '\0';
	else
		out[0] = '\0';
	if (f)
		fclose(f);
}

static bool has_hypervisor(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[8192];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, "flags", 5) == 0 &&
			strstr(line, " hypervisor");
	if (f)
		fclose(f);
	return found;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void read_machine(struct bench_env *env)
{
#define X(name, file) read_line(env->name, file);
	BENCH_ENV_FILES(X)
#undef X
	env->hypervisor = has_hypervisor();
	env->page_size = sysconf(_SC_PAGESIZE);
	env->cache_l1d = sysconf(_SC_LEVEL1_DCACHE_SIZE);
	env->cache_l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);
	env->cache_l3 = sysconf(_SC_LEVEL3_CACHE_SIZE);
	env->libc = gnu_get_libc_version();
	env->glibc_tunables = variable("GLIBC_TUNABLES");
	env->ld_preload = variable("LD_PRELOAD");
}

void bench_env_read(struct bench_env *env)
{
	struct utsname name;
	struct tm tm;
	time_t now = time(NULL);

	memset(env, 0, sizeof(*env));
	env->version = kb_version;
	env->revision = kb_revision;
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
	read_machine(env);
	if (gmtime_r(&now, &tm))
		strftime(env->date, sizeof(env->date), "%Y-%m-%dT%H:%M:%SZ",
			 &tm);
	if (getloadavg(&env->load, 1) != 1)
		env->load = 0;
}
