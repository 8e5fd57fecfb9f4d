# cmake -DFROM=FILE -DTO=FILE.c -DSYMBOL=NAME -DKIND=TEXT|BINARY -P embed.cmake :
# writes the bytes of FROM as a C array NAME: a string, or unsigned char and its size. It
# is an array of characters, because compilers may limit the length of string literals,
# and because no character needs escaping then.
file(READ ${FROM} bytes HEX)
if(KIND STREQUAL "BINARY")
	string(LENGTH "${bytes}" size)
	math(EXPR size "${size} / 2")
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
	string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)"
		"\\1\n" bytes "${bytes}")
	file(WRITE ${TO} "/* Made from ${FROM}; change that. */
#include <stddef.h>
extern const unsigned char ${SYMBOL}[];
extern const size_t ${SYMBOL}_size;
const unsigned char ${SYMBOL}[] = {
${bytes}
0 };
const size_t ${SYMBOL}_size = ${size};
")
	return()
endif()
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
string(FIND "${bytes}" "'\\x00'" nul)
if(NOT nul EQUAL -1)
	message(FATAL_ERROR "${FROM} has a NUL, which would end the string")
endif()
string(REGEX REPLACE "(('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',))"
	"\\1\n" bytes "${bytes}")
file(WRITE ${TO} "/* Made from ${FROM}; change that. */
extern const char ${SYMBOL}[];
const char ${SYMBOL}[] = {
${bytes}
'\\0' };
")
