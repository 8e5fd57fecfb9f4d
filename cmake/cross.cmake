# A toolchain file for another architecture, with Debian's cross compilers and that
# architecture's libraries installed alongside ours (multiarch):
#
#   cmake -B build/s390x --toolchain cmake/cross.cmake -D KB_MACHINE=s390x
#
# KB_MACHINE is the name that compilers and qemu-user use: aarch64, not arm64. The build
# and ctest run programs under qemu-user. scripts/long/cross does all of this in a
# separate Debian system.
if(NOT KB_MACHINE)
	message(FATAL_ERROR
		"say which machine to compile for: -D KB_MACHINE=aarch64, for instance")
endif()
# CMake's compiler checks are separate projects, which get only these variables.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KB_MACHINE)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${KB_MACHINE})
set(CMAKE_C_COMPILER ${KB_MACHINE}-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${KB_MACHINE}-linux-gnu-g++)
# By its path, because tests change PATH.
find_program(KB_QEMU qemu-${KB_MACHINE})
if(KB_QEMU)
	set(CMAKE_CROSSCOMPILING_EMULATOR ${KB_QEMU})
endif()
set(ENV{PKG_CONFIG_LIBDIR}
	/usr/lib/${KB_MACHINE}-linux-gnu/pkgconfig:/usr/share/pkgconfig)
