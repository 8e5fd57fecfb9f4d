# `cpack -G DEB` in the build folder makes a Debian package of the files that `cmake
# --install` installs. dpkg-shlibdeps cannot see libraries that are loaded by name at
# run time, so they are listed here as recommended, like gnuplot. The list has the
# names of every release, since the package may be installed on another release.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kheap-replay)
set(CPACK_PACKAGE_VENDOR kheap-replay)
set(CPACK_PACKAGE_CONTACT "The kheap-replay authors <kheap-replay@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
	${CMAKE_BINARY_DIR}/replay/allocators)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
	"gnuplot-nox, libmimalloc3 | libmimalloc2.0, libgoogle-perftools4t64 | libgoogle-perftools4")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"Replays recorded kernel allocation traces into a teaching kernel's cluster heap
over simulated paging, and beside it into production allocators; times the
lookups inside kfree, counts exactly, draws the results.")
include(CPack)
