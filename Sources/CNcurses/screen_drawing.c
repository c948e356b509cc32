#if defined(__linux__)
#define _GNU_SOURCE
#endif
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1

#include "screen_internal.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

// The pair of two colours, made when it is first used; 0 where there is no room for more.
static int pair_of(int foreground, int background) {
  static struct {
    int foreground, background;
  } pairs[256];
  static int count = 1;
  if (!has_colors() || (foreground < 0 && background < 0)) return 0;
  if (foreground >= COLORS || background >= COLORS) return 0;
  for (int i = 1; i < count; i++)
    if (pairs[i].foreground == foreground && pairs[i].background == background) return i;
  if (count >= 256 || count >= COLOR_PAIRS) return 0;
  if (init_pair((short)count, (short)foreground, (short)background) != OK) return 0;
  pairs[count].foreground = foreground;
  pairs[count].background = background;
  return count++;
}

// How many bytes of a text fit into so many columns.
static int fitting_bytes(const char *text, int columns) {
  mbstate_t state;
  memset(&state, 0, sizeof state);
  int bytes = 0;
  for (;;) {
    wchar_t character;
    size_t used = mbrtowc(&character, text + bytes, MB_CUR_MAX, &state);
    if (used == 0 || used == (size_t)-1 || used == (size_t)-2) return bytes;
    int width = wcwidth(character);
    columns -= width > 0 ? width : 0;
    if (columns < 0) return bytes;
    bytes += (int)used;
  }
}

void nibble_screen_erase(void) {
  nibble_screen_fit_window();
  erase();
}

void nibble_screen_put(
    int row, int column, const char *text, int foreground, int background, int attributes) {
  if (row < 0 || row >= LINES || column < 0 || column >= COLS) return;
  attr_t set = A_NORMAL;
  if (attributes & NIBBLE_TEXT_BOLD) set |= A_BOLD;
  if (attributes & NIBBLE_TEXT_DIM) set |= A_DIM;
  if (attributes & NIBBLE_TEXT_REVERSE) set |= A_REVERSE;
  attr_set(set, (short)pair_of(foreground, background), NULL);
  mvaddnstr(row, column, text, fitting_bytes(text, COLS - column));
  attr_set(A_NORMAL, 0, NULL);
}

void nibble_screen_show(int row, int column) {
  if (!nibble_screen_is_open) return;
  if (nibble_screen_is_damaged) {
    nibble_screen_is_damaged = 0;
    clearok(curscr, TRUE);
  }
  curs_set(row >= 0);
  if (row >= 0) move(row < LINES ? row : LINES - 1, column < COLS ? column : COLS - 1);
  refresh();
}

void nibble_screen_repaint(void) { nibble_screen_is_damaged = 1; }
