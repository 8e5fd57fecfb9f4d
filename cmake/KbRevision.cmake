# The revision that reports carry: from git where there is a checkout, else the
# project's version (a tarball). Found at configure time; editing a source does
# not change it, which is why reports also say "dirty" only from git itself.
set(KB_REVISION "v${PROJECT_VERSION}")
find_package(Git QUIET)
if(Git_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
	execute_process(
		COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR}
			describe --always --dirty --abbrev=12
		OUTPUT_VARIABLE KB_GIT_DESCRIBE
		OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
	if(KB_GIT_DESCRIBE)
		set(KB_REVISION "${KB_GIT_DESCRIBE}")
	endif()
	# In a worktree .git is a file, and these are elsewhere.
	execute_process(
		COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR}
			rev-parse --absolute-git-dir
		OUTPUT_VARIABLE KB_GIT_DIR
		OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
	foreach(file HEAD index)
		if(EXISTS "${KB_GIT_DIR}/${file}")
			set_property(DIRECTORY APPEND PROPERTY
				CMAKE_CONFIGURE_DEPENDS ${KB_GIT_DIR}/${file})
		endif()
	endforeach()
endif()
