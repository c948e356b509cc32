// What the files of the full screen share.

#ifndef NIBBLE_SCREEN_INTERNAL_H
#define NIBBLE_SCREEN_INTERNAL_H

#include "screen.h"

#include <signal.h>
#include <stddef.h>

// Whether the terminal is ours.
extern volatile sig_atomic_t nibble_screen_is_open;

// What signals came to, until somebody looks.
extern volatile sig_atomic_t nibble_screen_was_interrupted, nibble_screen_was_resized,
    nibble_screen_is_damaged;

// The end to wait at for signals: there are bytes to read once one came. -1 before
// nibble_screen_signals_take.
extern int nibble_screen_signal_pipe;

// From now on signals are the screen's; false where they cannot be.
bool nibble_screen_signals_take(void);
void nibble_screen_signals_give_back(void);

// Remembers the state in which the terminal was found; false where there is no terminal.
bool nibble_screen_remember_before(void);
// Remembers how the screen is left and entered.
void nibble_screen_remember_sequences(void);
// Remembers the state in which the screen has the terminal.
void nibble_screen_remember_ours(void);
// Puts the terminal into the state in which it was found.
void nibble_screen_restore_before(void);

// Keeps what is written to standard error until the screen is left. All but the first may be called
// in a signal handler.
void nibble_screen_prepare_messages(void);
void nibble_screen_keep_messages(void);
void nibble_screen_say_messages(void);

// Writes all of it, where it can be written; may be called in a signal handler.
void nibble_screen_write(int descriptor, const char *bytes, size_t length);

// Names the keys that ncurses does not know by itself.
void nibble_screen_define_keys(void);

// Makes what is drawn as large as the window.
void nibble_screen_fit_window(void);

#endif
