# kb_embed(TARGET SYMBOL FILE) : gives TARGET the text of FILE as `const char
# SYMBOL[]`, regenerated whenever FILE changes.
set(KB_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
function(kb_embed target symbol file)
	set(from ${CMAKE_CURRENT_SOURCE_DIR}/${file})
	set(to ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
	add_custom_command(OUTPUT ${to}
		COMMAND ${CMAKE_COMMAND} -DFROM=${from} -DTO=${to}
			-DSYMBOL=${symbol} -P ${KB_EMBED_SCRIPT}
		DEPENDS ${from} ${KB_EMBED_SCRIPT} VERBATIM)
	target_sources(${target} PRIVATE ${to})
endfunction()
