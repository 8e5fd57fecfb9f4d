#include "kb_version.h"

const char kb_version[] = KB_VERSION;
const char kb_revision[] = KB_REVISION;
