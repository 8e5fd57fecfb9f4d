#include "gbench_shim.h"
#include "kb_exit.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace
{

benchmark::State *unwrap(gb_state *state)
{
	return reinterpret_cast<benchmark::State *>(state);
}

const benchmark::State *unwrap(const gb_state *state)
{
	return reinterpret_cast<const benchmark::State *>(state);
}

benchmark::internal::Benchmark *unwrap(gb_bench *bench)
{
	return reinterpret_cast<benchmark::internal::Benchmark *>(bench);
}

const char *const out_option = "--benchmark_out=";

/* Hands the options to the library, which keeps argv[0] to name the program by:
 * that one must be the caller's, not a copy. Returns false if it knows one of
 * them not, and has said so. `extra` is an option of ours, which wins over the
 * caller's or gives way to it. The library opens `file`, whatever the options and
 * the environment say. */
bool initialize(int argc, char **argv, const char *extra, bool wins,
		const char *file)
{
	std::vector<std::string> words(argv + 1, argv + argc);
	std::vector<char *> pointers(1, argv[0]);

	words.insert(wins ? words.end() : words.begin(), extra);
	words.push_back(std::string(out_option) + file);
	for (std::string &word : words)
		pointers.push_back(&word[0]);
	int count = static_cast<int>(pointers.size());
	pointers.push_back(nullptr);
	benchmark::Initialize(&count, pointers.data());
	return !benchmark::ReportUnrecognizedArguments(count, pointers.data());
}

/* The library means to drop it; as long as it has not, its users have it. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* Reports into a text instead of the file that the library has opened. */
template <class Reporter> class TextReporter : public Reporter
{
      public:
	explicit TextReporter(std::ostream *text) : text_(text)
	{
	}

	/* The first call, once the library has chosen the stream. */
	bool ReportContext(
		const benchmark::BenchmarkReporter::Context &context) override
	{
		this->SetOutputStream(text_);
		this->SetErrorStream(text_);
		return Reporter::ReportContext(context);
	}

      private:
	std::ostream *text_;
};

/* Console without color, as the library's own for a file. */
class PlainReporter : public benchmark::ConsoleReporter
{
      public:
	PlainReporter() : ConsoleReporter(OO_None)
	{
	}
};

using Reporter = std::unique_ptr<benchmark::BenchmarkReporter>;

/* The reporter of --benchmark_out_format; none if the library has no such. */
Reporter text_reporter(const std::string &format, std::ostream *text)
{
	if (format == "json")
		return Reporter(
			new TextReporter<benchmark::JSONReporter>(text));
	if (format == "console")
		return Reporter(new TextReporter<PlainReporter>(text));
	if (format == "csv")
		return Reporter(new TextReporter<benchmark::CSVReporter>(text));
	return nullptr;
}

/* The value of the option's last use, or `other`. */
std::string value_of(int argc, char **argv, const std::string &option,
		     const std::string &other)
{
	std::string value = other;

	for (int i = 1; i < argc; i++)
		if (std::string(argv[i]).compare(0, option.size(), option) == 0)
			value = argv[i] + option.size();
	return value;
}

} // namespace

gb_bench *gb_register(const char *name, gb_fn fn, void *user)
{
	return reinterpret_cast<gb_bench *>(benchmark::RegisterBenchmark(
		name, [fn, user](benchmark::State &state) {
			fn(reinterpret_cast<gb_state *>(&state), user);
		}));
}

void gb_clear(void)
{
	benchmark::ClearRegisteredBenchmarks();
}

void gb_arg(gb_bench *bench, int64_t arg)
{
	unwrap(bench)->Arg(arg);
}

void gb_arg_name(gb_bench *bench, const char *name)
{
	unwrap(bench)->ArgName(name);
}

void gb_complexity(gb_bench *bench)
{
	unwrap(bench)->Complexity();
}

void gb_complexity_n(gb_state *state, int64_t n)
{
	unwrap(state)->SetComplexityN(n);
}

void gb_repetitions(gb_bench *bench, int n)
{
	unwrap(bench)->Repetitions(n);
}

void gb_iterations(gb_bench *bench, int64_t n)
{
	unwrap(bench)->Iterations(n);
}

void gb_use_manual_time(gb_bench *bench)
{
	unwrap(bench)->UseManualTime();
}

int64_t gb_arg_of(const gb_state *state)
{
	return unwrap(state)->range(0);
}

int64_t gb_iters(const gb_state *state)
{
	return static_cast<int64_t>(unwrap(state)->max_iterations);
}

bool gb_next_batch(gb_state *state, int64_t n)
{
	return unwrap(state)->KeepRunningBatch(n);
}

void gb_iteration_time(gb_state *state, double seconds)
{
	unwrap(state)->SetIterationTime(seconds);
}

void gb_counter(gb_state *state, const char *name, double value)
{
	unwrap(state)->counters[name] = benchmark::Counter(value);
}

void gb_bytes(gb_state *state, int64_t bytes)
{
	unwrap(state)->SetBytesProcessed(bytes);
}

void gb_items(gb_state *state, int64_t items)
{
	unwrap(state)->SetItemsProcessed(items);
}

void gb_skip(gb_state *state, const char *why)
{
	unwrap(state)->SkipWithError(why);
	while (unwrap(state)->KeepRunning())
		;
}

void gb_context(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

int gb_match(int argc, char **argv, void (*fn)(const char *name, void *user),
	     void *user)
{
	std::ostringstream listing;
	benchmark::ConsoleReporter reporter;
	std::string name;

	if (!initialize(argc, argv, "--benchmark_list_tests=true", true, ""))
		return KB_EXIT_USAGE;
	reporter.SetOutputStream(&listing);
	reporter.SetErrorStream(&std::cerr);
	benchmark::RunSpecifiedBenchmarks(&reporter);
	std::istringstream lines(listing.str());
	while (std::getline(lines, name))
		fn(name.c_str(), user);
	return 0;
}

int gb_run(int argc, char **argv, bool all, bool to_stderr, char **file)
{
	const bool has_file = !value_of(argc, argv, out_option, "").empty();
	std::ostringstream text;
	Reporter to_text, to_console;
	size_t count;

	*file = nullptr;
	if (has_file)
		to_text = text_reporter(
			value_of(argc, argv, "--benchmark_out_format=", "json"),
			&text);
	if (!initialize(argc, argv, "--benchmark_list_tests=false", false,
			to_text ? "/dev/null" : ""))
		return KB_EXIT_USAGE;
	if (to_stderr) {
		to_console.reset(new benchmark::ConsoleReporter);
		to_console->SetOutputStream(&std::cerr);
	}
	count = all ? benchmark::RunSpecifiedBenchmarks(to_console.get(),
							to_text.get(), "all")
		    : benchmark::RunSpecifiedBenchmarks(to_console.get(),
							to_text.get());
	std::cout.flush();
	if (count == 0)
		return KB_EXIT_USAGE;
	if (to_text)
		*file = strdup(text.str().c_str());
	return to_text && !*file ? KB_EXIT_USAGE : 0;
}
