# cmake -DFROM=FILE -DTO=FILE.c -DSYMBOL=NAME -P embed.cmake : writes the bytes of
# FROM as a C string NAME. It is a character array, because compilers may limit the
# length of string literals, and because no character needs escaping then.
file(READ ${FROM} bytes HEX)
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
