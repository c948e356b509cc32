#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "line_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

enum { HISTORY_LINES = 2000 };

struct nibble_editor {
  EditLine *el;
  History *history;
  nibble_completer completer;
  void *context;
  const char *prompt;
  char *line;
  char *recalled;
  bool interrupted;
};

// ---- Signals ----------------------------------------------------------------------------------

static volatile sig_atomic_t interrupt_flag;
static volatile sig_atomic_t pending[NSIG];
static struct sigaction interrupt_before;
static bool interrupts_installed;

static void on_interrupt(int number) {
  (void)number;
  interrupt_flag = 1;
}

static void on_pending(int number) { pending[number] = 1; }

// Some programs start others with signals blocked; nobody could stop us then.
static void unblock(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

void nibble_interrupts_install(void) {
  if (interrupts_installed) return;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;  // no SA_RESTART: a blocked read must return
  sigemptyset(&action.sa_mask);
  interrupts_installed = sigaction(SIGINT, &action, &interrupt_before) == 0;
  unblock(SIGINT);
}

void nibble_interrupts_remove(void) {
  if (!interrupts_installed) return;
  sigaction(SIGINT, &interrupt_before, NULL);
  interrupts_installed = false;
}

bool nibble_interrupted(void) { return interrupt_flag != 0; }
void nibble_interrupts_clear(void) { interrupt_flag = 0; }

// The signals that the editor answers itself while it waits for a key.
static const int answered[] = {SIGINT, SIGWINCH, SIGTSTP, SIGTERM, SIGHUP, SIGQUIT};
enum { ANSWERED = sizeof answered / sizeof answered[0] };

static void do_nothing(int number) { (void)number; }

int nibble_run_shell(
    const char *command, int input, int output, void (*meanwhile)(void *), void *context) {
  struct sigaction ignore, before[2];
  memset(&ignore, 0, sizeof ignore);
  ignore.sa_handler = do_nothing;  // a program started meanwhile would inherit SIG_IGN
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGINT, &ignore, &before[0]);
  sigaction(SIGQUIT, &ignore, &before[1]);

  sigset_t usual, none;
  sigemptyset(&none);
  sigemptyset(&usual);
  sigaddset(&usual, SIGINT);
  sigaddset(&usual, SIGQUIT);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (input >= 0) posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  }
  char *arguments[] = {"sh", "-c", (char *)command, NULL};
  pid_t child = 0;
  extern char **environ;
  int error = posix_spawn(&child, "/bin/sh", &files, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (input >= 0) close(input);
  if (output >= 0) close(output);

  int status = -1;
  if (error == 0) {
    if (meanwhile) meanwhile(context);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  sigaction(SIGINT, &before[0], NULL);
  sigaction(SIGQUIT, &before[1], NULL);
  return status;
}

// ---- The terminal, restored whatever happens ---------------------------------------------------

static struct termios terminal_before;
static bool terminal_saved;

static void restore_terminal(void) {
  if (terminal_saved) tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
}

static void save_terminal(void) {
  static bool registered;
  if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) return;
  terminal_saved = true;
  if (!registered) atexit(restore_terminal);
  registered = true;
}

bool nibble_terminal_size(int descriptor, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return false;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return true;
}

bool nibble_locale_is_utf8(void) {
  const char *known = setlocale(LC_CTYPE, "");
  const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  const char *name = NULL;
  for (int i = 0; i < 3 && !name; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) name = value;
  }
  // A locale that is not installed here is UTF-8 all the same where its name says so.
  bool is_absent = !known && name && (strstr(name, "UTF-8") || strstr(name, "utf8"));
  if ((!name || is_absent) && !setlocale(LC_CTYPE, "C.UTF-8")) setlocale(LC_CTYPE, "en_US.UTF-8");
  return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

// ---- Keys -------------------------------------------------------------------------------------

// Acts on what arrived while we waited; returns true when the line is to be given up.
static bool answer_signals(EditLine *el, nibble_editor *editor) {
  if (pending[SIGWINCH]) {
    pending[SIGWINCH] = 0;
    el_resize(el);
    el_set(el, EL_REFRESH);
  }
  if (pending[SIGTSTP]) {
    pending[SIGTSTP] = 0;
    el_set(el, EL_PREP_TERM, 0);
    raise(SIGSTOP);
    el_set(el, EL_PREP_TERM, 1);
    el_resize(el);
    el_set(el, EL_REFRESH);
  }
  if (pending[SIGINT]) {
    pending[SIGINT] = 0;
    editor->interrupted = true;
    return true;
  }
  return pending[SIGTERM] || pending[SIGHUP] || pending[SIGQUIT];
}

// Waits until there is a key or a signal. The signals are blocked except inside `ppoll`, so that
// none can slip in between the look at the flags and the wait.
static int wait_for_key(EditLine *el, nibble_editor *editor, const sigset_t *waiting) {
  for (;;) {
    if (answer_signals(el, editor)) return -1;
    struct pollfd key = {.fd = STDIN_FILENO, .events = POLLIN};
#if defined(__linux__)
    int ready = ppoll(&key, 1, NULL, waiting);
#else
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, waiting, &blocked);
    int ready = poll(&key, 1, 200);
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
#endif
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return -1;
  }
}

// Reads one character in the encoding of the locale. 1, 0 at the end of input, -1 to give up.
static int read_key(EditLine *el, wchar_t *character) {
  nibble_editor *editor = NULL;
  el_get(el, EL_CLIENTDATA, &editor);
  sigset_t ours, outside;
  sigemptyset(&ours);
  for (int i = 0; i < ANSWERED; i++) sigaddset(&ours, answered[i]);
  pthread_sigmask(SIG_BLOCK, &ours, &outside);
  sigset_t waiting = outside;
  for (int i = 0; i < ANSWERED; i++) sigdelset(&waiting, answered[i]);

  int result = -1;
  mbstate_t state;
  memset(&state, 0, sizeof state);
  while (wait_for_key(el, editor, &waiting) == 0) {
    char byte;
    ssize_t count = read(STDIN_FILENO, &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) {
      result = (int)count;
      break;
    }
    size_t used = mbrtowc(character, &byte, 1, &state);
    if (used == (size_t)-2) continue;  // the first bytes of a longer character
    if (used == (size_t)-1) {          // not in this encoding: leave it out
      memset(&state, 0, sizeof state);
      continue;
    }
    result = 1;
    break;
  }
  pthread_sigmask(SIG_SETMASK, &outside, NULL);
  return result;
}

// ---- Completion and prompt --------------------------------------------------------------------

static char *prompt_of(EditLine *el) {
  nibble_editor *editor = NULL;
  el_get(el, EL_CLIENTDATA, &editor);
  return (char *)editor->prompt;
}

static unsigned char complete(EditLine *el, int key) {
  (void)key;
  nibble_editor *editor = NULL;
  el_get(el, EL_CLIENTDATA, &editor);
  const LineInfo *line = el_line(el);
  size_t length = (size_t)(line->cursor - line->buffer);
  char *before = malloc(length + 1);
  if (!before) return CC_ERROR;
  memcpy(before, line->buffer, length);
  before[length] = '\0';
  nibble_completion found = editor->completer(editor->context, before);
  free(before);

  unsigned char answer = CC_ERROR;  // a beep
  if (found.insert && *found.insert && el_insertstr(el, found.insert) == 0) answer = CC_REFRESH;
  if (found.candidates && *found.candidates) {
    fprintf(stdout, "\n%s", found.candidates);
    fflush(stdout);
    answer = CC_REDISPLAY;
  }
  free(found.insert);
  free(found.candidates);
  return answer;
}

// ---- The editor -------------------------------------------------------------------------------

nibble_editor *nibble_editor_open(
    const char *program, nibble_completer completer, void *context) {
  nibble_locale_is_utf8();
  save_terminal();
  nibble_editor *editor = calloc(1, sizeof *editor);
  if (!editor) return NULL;
  editor->completer = completer;
  editor->context = context;
  editor->prompt = "";
  editor->el = el_init(program, stdin, stdout, stderr);
  editor->history = history_init();
  if (!editor->el || !editor->history) {
    nibble_editor_close(editor);
    return NULL;
  }
  HistEvent event;
  history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
  history(editor->history, &event, H_SETUNIQUE, 1);

  EditLine *el = editor->el;
  el_set(el, EL_CLIENTDATA, editor);
  el_set(el, EL_SIGNAL, 0);
  el_set(el, EL_PROMPT_ESC, prompt_of, '\1');
  el_set(el, EL_EDITOR, "emacs");
  el_set(el, EL_HIST, history, editor->history);
  el_wset(el, EL_GETCFN, read_key);
  el_set(el, EL_ADDFN, "nibble-complete", "Complete a command or a name", complete);
  el_set(el, EL_BIND, "^I", "nibble-complete", NULL);
  el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_set(el, EL_BIND, "\\e[1;5C", "em-next-word", NULL);
  el_set(el, EL_BIND, "\\e[1;5D", "ed-prev-word", NULL);
  el_source(el, NULL);
  return editor;
}

int nibble_editor_read(nibble_editor *editor, const char *prompt, const char **line) {
  editor->prompt = prompt;
  editor->interrupted = false;
  struct sigaction before[ANSWERED], action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_pending;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < ANSWERED; i++) {
    pending[answered[i]] = 0;
    sigaction(answered[i], &action, &before[i]);
  }
  el_resize(editor->el);  // the window may have changed while a command ran
  el_set(editor->el, EL_PREP_TERM, 1);  // before the prompt: no key is echoed twice

  int length = 0;
  const char *text = el_gets(editor->el, &length);
  int result = NIBBLE_LINE_END;
  if (text && length > 0) {
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
    free(editor->line);
    editor->line = strndup(text, (size_t)length);
    *line = editor->line;
    result = editor->line ? length : NIBBLE_LINE_END;
  } else if (editor->interrupted) {
    result = NIBBLE_LINE_INTERRUPTED;
  }

  el_set(editor->el, EL_PREP_TERM, 0);
  for (int i = 0; i < ANSWERED; i++) sigaction(answered[i], &before[i], NULL);
  const int deadly[] = {SIGTERM, SIGHUP, SIGQUIT};
  for (int i = 0; i < 3; i++) {
    if (!pending[deadly[i]]) continue;
    restore_terminal();
    unblock(deadly[i]);
    raise(deadly[i]);
  }
  return result;
}

void nibble_editor_remember(nibble_editor *editor, const char *line) {
  HistEvent event;
  history(editor->history, &event, H_ENTER, line);
}

const char *nibble_editor_recall(nibble_editor *editor, int number) {
  HistEvent event;
  int found = history(editor->history, &event, H_FIRST);
  for (int i = 0; i < number && found >= 0; i++) found = history(editor->history, &event, H_NEXT);
  if (found < 0) return NULL;
  free(editor->recalled);
  editor->recalled = strdup(event.str);
  if (editor->recalled) editor->recalled[strcspn(editor->recalled, "\n")] = '\0';
  return editor->recalled;
}

bool nibble_editor_load_history(nibble_editor *editor, const char *path) {
  HistEvent event;
  return history(editor->history, &event, H_LOAD, path) >= 0;
}

bool nibble_editor_save_history(nibble_editor *editor, const char *path) {
  HistEvent event;
  return history(editor->history, &event, H_SAVE, path) >= 0;
}

void nibble_editor_close(nibble_editor *editor) {
  if (!editor) return;
  if (editor->el) el_end(editor->el);
  if (editor->history) history_end(editor->history);
  free(editor->line);
  free(editor->recalled);
  free(editor);
  restore_terminal();
}
