# The fuzz targets of traces/: the reader, and each importer that reads bytes
# itself. trace.dat and perf.data are read by other people's programs.
kb_add_fuzz_target(fuzz_trc_reader SOURCES fuzz_trc_reader.c CORPUS trc-reader
	LIBS trc_reader fuzz_support)
foreach(format android console csapp csv ftrace heaptrack kheap lttng
		malloc-bench mtrace perf trace-cmd valgrind)
	kb_add_fuzz_target(fuzz_trc_${format} SOURCES fuzz_trc_import.c
		CORPUS trc-${format} LIBS trc_import fuzz_support)
	target_compile_definitions(fuzz_trc_${format}
		PRIVATE KB_FUZZ_FORMAT="${format}")
endforeach()
kb_add_fuzz_target(fuzz_trc_fast SOURCES fuzz_trc_fast.c CORPUS trc-fast
	LIBS trc_import fuzz_support)
