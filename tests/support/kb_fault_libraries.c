/* What makes the contexts of the libraries that traces and replay use. */
#include "kb_fault_wrap.h"

#include <stddef.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

WRAP(CREATE, ZSTD_CCtx *, NULL, ZSTD_createCCtx, (void), ())
WRAP(CREATE, ZSTD_DCtx *, NULL, ZSTD_createDCtx, (void), ())
WRAP(CREATE, XXH64_state_t *, NULL, XXH64_createState, (void), ())
WRAP(CREATE, int, Z_MEM_ERROR, inflateInit2_,
     (z_streamp z, int bits, const char *version, int size),
     (z, bits, version, size))
