// What a terminal is like: its size, and what characters it shows.

#ifndef NIBBLE_TERMINAL_H
#define NIBBLE_TERMINAL_H

#include <stdbool.h>

// The size of the terminal behind a file descriptor; false when there is none.
bool nibble_terminal_size(int descriptor, int *columns, int *rows);

// Uses the locale of the environment for the width and encoding of characters; where the
// environment names none, UTF-8. Returns whether text is UTF-8.
bool nibble_locale_is_utf8(void);

#endif
