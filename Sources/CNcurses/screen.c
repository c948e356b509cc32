#if defined(__linux__)
#define _GNU_SOURCE
#endif
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1

#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>
#include <term.h>
#undef columns  // terminfo's macros for two common words
#undef lines

static SCREEN *screen;
static volatile sig_atomic_t is_open;
static struct termios before, ours;

// ---- What a signal handler may use to leave and enter the screen -------------------------------

// The terminal's own sequences, written out beforehand: a handler may call nothing but write.
static char leaving[512], entering[512];
static size_t leaving_length, entering_length;

static char *collected;
static size_t collected_length;

static int collect(int byte) {
  if (collected_length < sizeof leaving) collected[collected_length++] = (char)byte;
  return byte;
}

static size_t collect_capabilities(char *into, const char *const *names) {
  collected = into;
  collected_length = 0;
  for (; *names; names++) {
    const char *sequence = tigetstr((char *)*names);
    if (sequence && sequence != (char *)-1) tputs(sequence, 1, collect);
  }
  return collected_length;
}

static void write_all(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(STDOUT_FILENO, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes += count;
    length -= (size_t)count;
  }
}

// Without waiting for what is still to be shown: a terminal that was stopped never shows it.
static void leave(void) {
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  write_all(leaving, leaving_length);
}

static void enter(void) {
  tcsetattr(STDIN_FILENO, TCSANOW, &ours);
  write_all(entering, entering_length);
}

// ---- Signals ----------------------------------------------------------------------------------

// The last five are a crash: then too the shell gets its terminal back.
static const int deadly[] = {SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP,
                             SIGFPE};
static const int answered[] = {SIGINT, SIGWINCH, SIGTSTP};
enum { DEADLY = sizeof deadly / sizeof deadly[0], ANSWERED = sizeof answered / sizeof answered[0] };

static struct sigaction before_deadly[DEADLY], before_answered[ANSWERED];
static volatile sig_atomic_t was_interrupted, was_resized, is_damaged;
// A byte in it wakes whoever waits for a key, on whichever thread the signal arrived.
static int wake[2] = {-1, -1};

static void wake_up(void) {
  char byte = 0;
  ssize_t count = write(wake[1], &byte, 1);
  (void)count;  // a full pipe wakes as well
}

// Some programs start others with signals blocked; nobody could stop us then.
static void unblock(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static void on_deadly(int number) {
  int error = errno;
  if (is_open) leave();
  is_open = 0;
  for (int i = 0; i < DEADLY; i++)
    if (deadly[i] == number) sigaction(number, &before_deadly[i], NULL);
  unblock(number);
  raise(number);
  errno = error;
}

static void on_answered(int number) {
  int error = errno;
  if (number == SIGTSTP) {
    if (is_open) leave();
    raise(SIGSTOP);
    if (is_open) enter();
    is_damaged = 1;
    was_resized = 1;
  } else if (number == SIGWINCH) {
    was_resized = 1;
  } else {
    was_interrupted = 1;
    // Whoever else counts on ^C: a command that is to stop.
    if (!(before_answered[0].sa_flags & SA_SIGINFO) &&
        before_answered[0].sa_handler != SIG_DFL && before_answered[0].sa_handler != SIG_IGN)
      before_answered[0].sa_handler(number);
  }
  wake_up();
  errno = error;
}

static void take_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_answered;
  for (int i = 0; i < ANSWERED; i++) {
    sigaction(answered[i], &action, &before_answered[i]);
    unblock(answered[i]);
  }
  action.sa_handler = on_deadly;
  for (int i = 0; i < DEADLY; i++) {
    sigaction(deadly[i], &action, &before_deadly[i]);
    // What was ignored (nohup) stays ignored.
    if (before_deadly[i].sa_handler == SIG_IGN) sigaction(deadly[i], &before_deadly[i], NULL);
    unblock(deadly[i]);
  }
}

static void give_signals_back(void) {
  for (int i = 0; i < ANSWERED; i++) sigaction(answered[i], &before_answered[i], NULL);
  for (int i = 0; i < DEADLY; i++) sigaction(deadly[i], &before_deadly[i], NULL);
}

// ---- Opening and closing ----------------------------------------------------------------------

static void fit_window(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  if (size.ws_row != LINES || size.ws_col != COLS) resizeterm(size.ws_row, size.ws_col);
}

static bool open_pipe(void) {
  if (wake[0] >= 0) return true;
  if (pipe(wake) != 0) return false;
  for (int i = 0; i < 2; i++) {
    fcntl(wake[i], F_SETFL, O_NONBLOCK);
    fcntl(wake[i], F_SETFD, FD_CLOEXEC);
  }
  return true;
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
  // What many terminals send whatever mode the keypad is in.
  const struct {
    const char *sequence;
    int key;
  } keys[] = {{"\033[A", KEY_UP},   {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT},
              {"\033[D", KEY_LEFT}, {"\033[H", KEY_HOME}, {"\033[F", KEY_END}};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    define_key(keys[i].sequence, keys[i].key);
  define_key("\033[1;5C", KEY_MAX - 1);
  define_key("\033[1;5D", KEY_MAX - 2);
  return NIBBLE_SCREEN_OPENED;
}

int nibble_screen_open(void) {
  if (is_open) return NIBBLE_SCREEN_OPENED;
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return NIBBLE_SCREEN_NO_TERMINAL;
  if (tcgetattr(STDIN_FILENO, &before) != 0 || !open_pipe()) return NIBBLE_SCREEN_NO_TERMINAL;
  take_signals();  // first: ncurses leaves alone what is taken
  if (!screen) {
    int result = make_screen();
    if (result != NIBBLE_SCREEN_OPENED) {
      give_signals_back();
      return result;
    }
  }
  const char *const out[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup", NULL};
  const char *const in[] = {"smcup", "smkx", NULL};
  leaving_length = collect_capabilities(leaving, out);
  entering_length = collect_capabilities(entering, in);
  is_open = 1;
  was_interrupted = was_resized = is_damaged = 0;
  fit_window();
  noecho();
  cbreak();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  clearok(curscr, TRUE);
  wnoutrefresh(stdscr);
  doupdate();
  tcgetattr(STDIN_FILENO, &ours);
  return NIBBLE_SCREEN_OPENED;
}

void nibble_screen_close(void) {
  if (!is_open) return;
  curs_set(1);
  endwin();
  is_open = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  give_signals_back();
}

int nibble_screen_colors(void) { return is_open && has_colors() ? COLORS : 0; }

void nibble_screen_size(int *columns, int *rows) {
  fit_window();
  *columns = COLS;
  *rows = LINES;
}

// ---- Drawing ----------------------------------------------------------------------------------

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
  fit_window();
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
  if (!is_open) return;
  if (is_damaged) {
    is_damaged = 0;
    clearok(curscr, TRUE);
  }
  curs_set(row >= 0);
  if (row >= 0) move(row < LINES ? row : LINES - 1, column < COLS ? column : COLS - 1);
  refresh();
}

// ---- Keys -------------------------------------------------------------------------------------

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
    case KEY_MAX - 1: return NIBBLE_KEY_WORD_RIGHT;
    case KEY_MAX - 2: return NIBBLE_KEY_WORD_LEFT;
    case KEY_RESIZE: return NIBBLE_KEY_RESIZE;
    default: return NIBBLE_KEY_OTHER;
  }
}

// A signal that came, as a key; or NIBBLE_KEY_NONE.
static int signal_key(void) {
  if (was_interrupted) {
    was_interrupted = 0;
    return NIBBLE_KEY_INTERRUPT;
  }
  if (was_resized) {
    was_resized = 0;
    fit_window();
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
  if (!is_open) return NIBBLE_KEY_END;
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
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = wake[0], .events = POLLIN}};
    int ready = poll(sources, 2, rest);
    if (ready < 0 && errno != EINTR) return NIBBLE_KEY_END;
    if (ready <= 0) continue;
    if (sources[1].revents) {
      char bytes[64];
      while (read(wake[0], bytes, sizeof bytes) > 0) {
      }
    }
    int waiting = 0;
    if (sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) return NIBBLE_KEY_END;
    if ((sources[0].revents & POLLIN) && ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 &&
        waiting == 0)
      return NIBBLE_KEY_END;
  }
}

void nibble_screen_repaint(void) { is_damaged = 1; }

void nibble_screen_forget_interrupt(void) { was_interrupted = 0; }
