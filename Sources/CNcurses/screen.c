#if defined(__linux__)
#define _GNU_SOURCE
#endif
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1

#include "screen_internal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>
#undef columns  // terminfo's macros for two common words
#undef lines

static SCREEN *screen;

void nibble_screen_fit_window(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  if (size.ws_row != LINES || size.ws_col != COLS) resizeterm(size.ws_row, size.ws_col);
}

// The first time only; from then on the screen is left and entered again.
static int make_screen(void) {
  int error = 0;
  if (setupterm(NULL, STDOUT_FILENO, &error) != OK) return NIBBLE_SCREEN_UNKNOWN;
  if (!cursor_address || !clear_screen) return NIBBLE_SCREEN_TOO_SIMPLE;
  screen = newterm(NULL, stdout, stdin);
  if (!screen) return NIBBLE_SCREEN_UNKNOWN;
  atexit(nibble_screen_close);
  if (has_colors()) {
    start_color();
    use_default_colors();
  }
  set_escdelay(25);
  nibble_screen_define_keys();
  return NIBBLE_SCREEN_OPENED;
}

int nibble_screen_open(void) {
  if (nibble_screen_is_open) return NIBBLE_SCREEN_OPENED;
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return NIBBLE_SCREEN_NO_TERMINAL;
  // The signals first: ncurses leaves alone what is taken.
  if (!nibble_screen_remember_before() || !nibble_screen_signals_take())
    return NIBBLE_SCREEN_NO_TERMINAL;
  if (!screen) {
    int result = make_screen();
    if (result != NIBBLE_SCREEN_OPENED) {
      nibble_screen_signals_give_back();
      return result;
    }
  }
  nibble_screen_remember_sequences();
  nibble_screen_is_open = 1;
  nibble_screen_was_interrupted = nibble_screen_was_resized = nibble_screen_is_damaged = 0;
  nibble_screen_fit_window();
  noecho();
  cbreak();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  clearok(curscr, TRUE);
  wnoutrefresh(stdscr);
  doupdate();
  nibble_screen_remember_ours();
  nibble_screen_prepare_messages();
  nibble_screen_keep_messages();
  return NIBBLE_SCREEN_OPENED;
}

void nibble_screen_close(void) {
  if (!nibble_screen_is_open) return;
  // The modes first: whoever sees the screen left may type at once.
  nibble_screen_restore_before();
  curs_set(1);
  endwin();
  nibble_screen_is_open = 0;
  nibble_screen_restore_before();
  nibble_screen_say_messages();
  nibble_screen_signals_give_back();
}

int nibble_screen_colors(void) { return nibble_screen_is_open && has_colors() ? COLORS : 0; }

void nibble_screen_size(int *columns, int *rows) {
  nibble_screen_fit_window();
  *columns = COLS;
  *rows = LINES;
}
