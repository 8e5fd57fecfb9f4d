# The revision in reports: from git in a checkout, else the project's version (in a
# tarball). It is determined at configure time, so editing a source does not change
# it; "dirty" also comes from git at that time.
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
	# In a worktree .git is a file, and these files are elsewhere.
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
