# kb_man_pages(PROGRAM COMMAND...) : makes PROGRAM.1 and PROGRAM-COMMAND.1 from the
# program's --help, so they are always up to date. A command's own command is "sweep
# plan", its page PROGRAM-sweep-plan.1. A cross build runs it under
# CMAKE_CROSSCOMPILING_EMULATOR and fails without one.
function(kb_man_pages program)
	set(maker ${PROJECT_SOURCE_DIR}/cmake/help-to-man)
	foreach(command "" ${ARGN})
		string(REPLACE " " "-" page "${program}-${command}.1")
		string(REPLACE "-.1" ".1" page ${page})
		set(page ${CMAKE_CURRENT_BINARY_DIR}/${page})
		add_custom_command(OUTPUT ${page}
			COMMAND ${maker} ${program} "${command}"
				${CMAKE_CROSSCOMPILING_EMULATOR}
				$<TARGET_FILE:${program}> > ${page}
			DEPENDS ${program} ${maker} VERBATIM)
		list(APPEND pages ${page})
	endforeach()
	add_custom_target(${program}_man ALL DEPENDS ${pages})
	install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
	# bash loads a program's completion from the file of the same name.
	install(FILES ${PROJECT_SOURCE_DIR}/core/program/completion
		DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
		RENAME ${program})
endfunction()
