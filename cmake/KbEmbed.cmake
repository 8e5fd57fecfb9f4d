# kb_embed(TARGET SYMBOL FILE) : gives TARGET the text of FILE as `const char
# SYMBOL[]`, regenerated whenever FILE changes.
set(KB_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
function(kb_embed target symbol file)
	kb_embed_file(${target} ${symbol} ${CMAKE_CURRENT_SOURCE_DIR}/${file} TEXT)
endfunction()

# kb_embed_binary(TARGET SYMBOL FILE DEPENDS...) : the same for any bytes, as `const
# unsigned char SYMBOL[]` and `const size_t SYMBOL_size`. FILE is a path, perhaps of
# what another target makes.
function(kb_embed_binary target symbol file)
	kb_embed_file(${target} ${symbol} ${file} BINARY ${ARGN})
endfunction()

function(kb_embed_file target symbol from kind)
	set(to ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
	add_custom_command(OUTPUT ${to}
		COMMAND ${CMAKE_COMMAND} -DFROM=${from} -DTO=${to}
			-DSYMBOL=${symbol} -DKIND=${kind} -P ${KB_EMBED_SCRIPT}
		DEPENDS ${from} ${KB_EMBED_SCRIPT} ${ARGN} VERBATIM)
	target_sources(${target} PRIVATE ${to})
endfunction()
