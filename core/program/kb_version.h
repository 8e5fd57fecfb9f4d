/*
 * kb_version: which kheap-replay this is. Programs, reports and the package say the
 * same, from CMakeLists.txt: project(VERSION) and cmake/KbRevision.cmake.
 */
#ifndef KB_VERSION_H
#define KB_VERSION_H

/* The project's version: "0.1.0". */
extern const char kb_version[];

/* What was built: the commit, followed by "-dirty" if files were changed; or
 * "v" and the version if the sources are not a checkout. */
extern const char kb_revision[];

#endif /* KB_VERSION_H */
