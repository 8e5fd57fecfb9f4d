# The compiler flags of every target. A target's include path enforces the include rules
# of docs/architecture.md: link a library, which makes its headers visible, only where
# the table there allows it.

set(KB_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef)
set(KB_C_WARNINGS -Wstrict-prototypes -Wmissing-prototypes)

function(kb_target_defaults target)
	target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
	target_compile_options(${target} PRIVATE ${KB_WARNINGS}
		$<$<COMPILE_LANGUAGE:C>:${KB_C_WARNINGS}>)
	if(KB_WERROR)
		target_compile_options(${target} PRIVATE -Werror)
	endif()
	if(KB_DEBUG_FULL)
		target_compile_definitions(${target} PRIVATE KB_DEBUG_FULL)
	endif()
	if(KB_SANITIZE)
		target_compile_options(${target} PRIVATE
			-fsanitize=address,undefined
			-fno-sanitize-recover=undefined
			-fno-omit-frame-pointer)
		target_link_options(${target} PRIVATE
			-fsanitize=address,undefined)
	endif()
	# Not in the compiler's flags for all: plugins, which are foreign code, may not
	# open the file of the counters.
	if(KB_COVERAGE)
		target_compile_options(${target} PRIVATE
			-fprofile-instr-generate -fcoverage-mapping
			"SHELL:-mllvm -runtime-counter-relocation")
		target_link_options(${target} PRIVATE -fprofile-instr-generate)
	endif()
endfunction()

# kb_add_library(NAME SOURCES... ) : a static library whose own folder is its
# public include path.
function(kb_add_library target)
	add_library(${target} STATIC ${ARGN})
	target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
	kb_target_defaults(${target})
endfunction()
