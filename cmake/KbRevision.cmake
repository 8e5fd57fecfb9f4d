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
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
		${PROJECT_SOURCE_DIR}/.git/HEAD
		${PROJECT_SOURCE_DIR}/.git/index)
endif()
