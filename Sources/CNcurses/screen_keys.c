#if defined(__linux__)
#define _GNU_SOURCE
#endif
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1

#include "screen_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

// Sequences for which ncurses has no key of its own: it is given numbers that no other key has.
enum { WORD_RIGHT = KEY_MAX - 1, WORD_LEFT = KEY_MAX - 2, WORD_DELETE = KEY_MAX - 3,
       WORD_BACKSPACE = KEY_MAX - 4 };

void nibble_screen_define_keys(void) {
  static const struct {
    const char *sequence;
    int key;
  } keys[] = {
      // What many terminals send whatever mode the keypad is in.
      {"\033[A", KEY_UP},           {"\033[B", KEY_DOWN},        {"\033[C", KEY_RIGHT},
      {"\033[D", KEY_LEFT},         {"\033[H", KEY_HOME},        {"\033[F", KEY_END},
      // Control with an arrow, and Alt with a letter.
      {"\033[1;5C", WORD_RIGHT},    {"\033[1;5D", WORD_LEFT},    {"\033f", WORD_RIGHT},
      {"\033b", WORD_LEFT},         {"\033d", WORD_DELETE},      {"\033\177", WORD_BACKSPACE},
      {"\033\010", WORD_BACKSPACE},
  };
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    define_key(keys[i].sequence, keys[i].key);
}

static int named_key(wint_t key) {
  switch (key) {
    case KEY_UP: return NIBBLE_KEY_UP;
    case KEY_DOWN: return NIBBLE_KEY_DOWN;
    case KEY_LEFT: return NIBBLE_KEY_LEFT;
    case KEY_RIGHT: return NIBBLE_KEY_RIGHT;
    case KEY_HOME: return NIBBLE_KEY_HOME;
    case KEY_END: return NIBBLE_KEY_LINE_END;
    case KEY_BACKSPACE: return NIBBLE_KEY_BACKSPACE;
    case KEY_DC: return NIBBLE_KEY_DELETE;
    case KEY_PPAGE: return NIBBLE_KEY_PAGE_UP;
    case KEY_NPAGE: return NIBBLE_KEY_PAGE_DOWN;
    case KEY_ENTER: return NIBBLE_KEY_ENTER;
    case WORD_RIGHT: return NIBBLE_KEY_WORD_RIGHT;
    case WORD_LEFT: return NIBBLE_KEY_WORD_LEFT;
    case WORD_DELETE: return NIBBLE_KEY_WORD_DELETE;
    case WORD_BACKSPACE: return NIBBLE_KEY_WORD_BACKSPACE;
    case KEY_RESIZE: return NIBBLE_KEY_RESIZE;
    default: return NIBBLE_KEY_OTHER;
  }
}

// A signal that came, as a key; or NIBBLE_KEY_NONE.
static int signal_key(void) {
  if (nibble_screen_was_interrupted) {
    nibble_screen_was_interrupted = 0;
    return NIBBLE_KEY_INTERRUPT;
  }
  if (nibble_screen_was_resized) {
    nibble_screen_was_resized = 0;
    nibble_screen_fit_window();
    return NIBBLE_KEY_RESIZE;
  }
  return NIBBLE_KEY_NONE;
}

static long long now_in_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int nibble_screen_key(int milliseconds) {
  if (!nibble_screen_is_open) return NIBBLE_KEY_END;
  long long deadline = now_in_milliseconds() + milliseconds;
  for (;;) {
    int key = signal_key();
    if (key != NIBBLE_KEY_NONE) return key;
    wint_t character = 0;
    int kind = wget_wch(stdscr, &character);
    if (kind == KEY_CODE_YES) return named_key(character);
    if (kind == OK) return character < NIBBLE_KEY_NONE ? (int)character : NIBBLE_KEY_OTHER;

    int rest = -1;
    if (milliseconds >= 0) {
      long long left = deadline - now_in_milliseconds();
      if (left <= 0) return NIBBLE_KEY_NONE;
      rest = (int)left;
    }
    struct pollfd sources[] = {
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = nibble_screen_signal_pipe, .events = POLLIN}};
    int ready = poll(sources, 2, rest);
    if (ready < 0 && errno != EINTR) return NIBBLE_KEY_END;
    if (ready <= 0) continue;
    if (sources[1].revents) {
      char bytes[64];
      while (read(nibble_screen_signal_pipe, bytes, sizeof bytes) > 0) {
      }
    }
    int waiting = 0;
    if (sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) return NIBBLE_KEY_END;
    if ((sources[0].revents & POLLIN) && ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 &&
        waiting == 0)
      return NIBBLE_KEY_END;
  }
}

void nibble_screen_forget_interrupt(void) { nibble_screen_was_interrupted = 0; }
