// A full screen over ncurses, in the shape that Swift can call.
//
// Much of ncurses is macros and functions with variable arguments, which Swift does not import; and
// ncurses restores the terminal on SIGINT and SIGTERM alone. So this file draws, reads keys, and
// owns the signals while the screen is open: ^C is told to whoever waits for a key, ^Z suspends
// and resumes, a resized window is told, and whatever ends the process (a deadly signal, a crash,
// exit) leaves the terminal as it was found.

#ifndef NIBBLE_SCREEN_H
#define NIBBLE_SCREEN_H

#include <stdbool.h>

// What opening the screen came to.
enum {
  NIBBLE_SCREEN_OPENED = 0,
  NIBBLE_SCREEN_NO_TERMINAL = 1,  // standard input or standard output is none
  NIBBLE_SCREEN_UNKNOWN = 2,      // nothing is known about a terminal called $TERM
  NIBBLE_SCREEN_TOO_SIMPLE = 3    // its cursor cannot be moved
};

// Takes over the terminal behind standard input and output. It can be opened again after it was
// closed. The locale must have been set (see nibble_locale_is_utf8).
int nibble_screen_open(void);

// Gives the terminal back as it was found.
void nibble_screen_close(void);

// How many colours there are; 0 without any.
int nibble_screen_colors(void);

// The size of the window as it is now.
void nibble_screen_size(int *columns, int *rows);

// How a text is drawn; together they make a set.
enum {
  NIBBLE_TEXT_BOLD = 1,
  NIBBLE_TEXT_DIM = 2,
  NIBBLE_TEXT_REVERSE = 4
};

// Empties the screen. Nothing is seen before nibble_screen_show.
void nibble_screen_erase(void);

// Draws text (in the encoding of the locale, without control characters) from a place on, rows and
// columns counting from 0; what passes the right edge is left out. Colours are numbers of the
// terminal's palette, -1 for its own.
void nibble_screen_put(
    int row, int column, const char *text, int foreground, int background, int attributes);

// Shows what was drawn since, with the cursor at a place; without a cursor where the row is -1.
void nibble_screen_show(int row, int column);

// The next nibble_screen_show draws everything, for a terminal that something else wrote to.
void nibble_screen_repaint(void);

// Keys that are no characters lie above all characters.
enum {
  NIBBLE_KEY_NONE = 0x110000,  // none in the time given
  NIBBLE_KEY_END,              // there will be none: the terminal is gone
  NIBBLE_KEY_INTERRUPT,        // ^C
  NIBBLE_KEY_RESIZE,           // the window has another size, or is to be drawn anew
  NIBBLE_KEY_UP,
  NIBBLE_KEY_DOWN,
  NIBBLE_KEY_LEFT,
  NIBBLE_KEY_RIGHT,
  NIBBLE_KEY_WORD_LEFT,
  NIBBLE_KEY_WORD_RIGHT,
  NIBBLE_KEY_WORD_DELETE,     // the word after the cursor
  NIBBLE_KEY_WORD_BACKSPACE,  // the word before the cursor
  NIBBLE_KEY_HOME,
  NIBBLE_KEY_LINE_END,
  NIBBLE_KEY_BACKSPACE,
  NIBBLE_KEY_DELETE,
  NIBBLE_KEY_PAGE_UP,
  NIBBLE_KEY_PAGE_DOWN,
  NIBBLE_KEY_ENTER,
  NIBBLE_KEY_OTHER  // a key that means nothing here
};

// Waits for a key: a Unicode character, or one of the above.
// `milliseconds` is how long at most, or -1 for as long as it takes.
int nibble_screen_key(int milliseconds);

// Forgets a ^C that came while nobody waited for a key.
void nibble_screen_forget_interrupt(void);

#endif
