# A toolchain file for another architecture than this machine's, with Debian's cross
# compilers and that architecture's libraries beside our own (multiarch):
#
#   cmake -B build/s390x --toolchain cmake/cross.cmake -D KB_MACHINE=s390x
#
# KB_MACHINE is the architecture as compilers and qemu-user call it: aarch64, not
# arm64. What the build and ctest run runs under qemu-user. scripts/long/cross does
# it all in a Debian of its own.
if(NOT KB_MACHINE)
	message(FATAL_ERROR
		"say which machine to compile for: -D KB_MACHINE=aarch64, for instance")
endif()
# The compiler is tried in projects of CMake's own, which know only these.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KB_MACHINE)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${KB_MACHINE})
set(CMAKE_C_COMPILER ${KB_MACHINE}-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${KB_MACHINE}-linux-gnu-g++)
# By its path, for tests change PATH.
find_program(KB_QEMU qemu-${KB_MACHINE})
if(KB_QEMU)
	set(CMAKE_CROSSCOMPILING_EMULATOR ${KB_QEMU})
endif()
set(ENV{PKG_CONFIG_LIBDIR}
	/usr/lib/${KB_MACHINE}-linux-gnu/pkgconfig:/usr/share/pkgconfig)
