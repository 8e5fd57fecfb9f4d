# The fuzz targets of the programs: their command lines, what bench reads besides
# traces, and what plug-ins and workers hand to it. kb_fuzz_replace has functions
# of the program replaced by the target's, called __wrap_NAME.
function(kb_fuzz_replace target)
	foreach(name ${ARGN})
		target_link_options(${target} PRIVATE -Wl,--wrap=${name})
	endforeach()
endfunction()

# Both programs' main, under other names.
add_library(fuzz_programs OBJECT ${PROJECT_SOURCE_DIR}/bench/bench_main.c
	${PROJECT_SOURCE_DIR}/traces/trc_main.c)
kb_target_defaults(fuzz_programs)
target_compile_options(fuzz_programs PRIVATE -Wno-missing-prototypes)
target_link_libraries(fuzz_programs PUBLIC bench_command trc_parts)
set_source_files_properties(${PROJECT_SOURCE_DIR}/bench/bench_main.c
	PROPERTIES COMPILE_DEFINITIONS main=bench_program)
set_source_files_properties(${PROJECT_SOURCE_DIR}/traces/trc_main.c
	PROPERTIES COMPILE_DEFINITIONS main=trc_program)

kb_add_fuzz_target(fuzz_cli SOURCES fuzz_cli.c CORPUS cli
	LIBS fuzz_programs fuzz_support)
kb_fuzz_replace(fuzz_cli bench_micro kb_signal_catch
	kb_signal_own replay_clock_qualify replay_clock_calibrate)

# What bench reads besides traces.
foreach(what baseline diff elf svg)
	kb_add_fuzz_target(fuzz_bench_${what} SOURCES fuzz_bench_${what}.c
		CORPUS bench-${what} LIBS bench_command fuzz_support)
endforeach()
kb_fuzz_replace(fuzz_bench_baseline bench_trace_open bench_run kb_out_open
	kb_out_make_folder)
kb_fuzz_replace(fuzz_bench_diff bench_plot kb_out_make_folder
	kb_out_write)

# What a plug-in exports and answers. It finds the plug-in's one symbol in itself.
kb_add_fuzz_target(fuzz_plugin SOURCES fuzz_plugin.c CORPUS plugin
	LIBS replay_test_support allocator_plugin fuzz_support)
target_include_directories(fuzz_plugin PRIVATE
	${PROJECT_SOURCE_DIR}/tests/support)
target_link_libraries(fuzz_plugin PRIVATE ${CMAKE_DL_LIBS})
target_link_options(fuzz_plugin PRIVATE
	-Wl,--export-dynamic-symbol=allocator_plugin)
kb_fuzz_replace(fuzz_plugin alloc_library_load)

# What a worker, and the allocator in it, leave behind.
kb_add_fuzz_target(fuzz_worker SOURCES fuzz_worker.c CORPUS worker
	LIBS bench_command fuzz_support)
target_compile_definitions(fuzz_worker PRIVATE
	KB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
kb_fuzz_replace(fuzz_worker bench_worker_run kb_out_write)
kb_add_fake_time(fuzz_worker)
