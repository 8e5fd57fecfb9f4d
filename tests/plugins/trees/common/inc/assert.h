#ifndef INC_ASSERT_H
#define INC_ASSERT_H

void _panic(const char *file, int line, const char *format, ...);
#define panic(...) _panic(__FILE__, __LINE__, __VA_ARGS__)

#endif
