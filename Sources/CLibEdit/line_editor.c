#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "line_editor_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "signals.h"
#include "terminal.h"

enum { HISTORY_LINES = 2000 };

nibble_editor *nibble_editor_of(EditLine *el) {
  nibble_editor *editor = NULL;
  el_get(el, EL_CLIENTDATA, &editor);
  return editor;
}

// ---- The terminal, restored whatever happens ---------------------------------------------------

static struct termios terminal_before;
static bool terminal_saved;

// Without waiting for what is still to be shown: a terminal that was stopped never shows it.
static void restore_terminal(void) {
  if (terminal_saved) tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

static void save_terminal(void) {
  static bool registered;
  if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) return;
  terminal_saved = true;
  if (!registered) atexit(restore_terminal);
  registered = true;
}

// ---- Completion and prompt --------------------------------------------------------------------

static char *prompt_of(EditLine *el) {
  return (char *)nibble_editor_of(el)->prompt;
}

static unsigned char complete(EditLine *el, int key) {
  (void)key;
  nibble_editor *editor = nibble_editor_of(el);
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

// ^X a: what was typed is kept for the screen, and the line is left.
static unsigned char leave_for_screen(EditLine *el, int key) {
  (void)key;
  nibble_editor *editor = nibble_editor_of(el);
  const LineInfo *line = el_line(el);
  free(editor->line);
  editor->line = strndup(line->buffer, (size_t)(line->lastchar - line->buffer));
  if (!editor->line) return CC_ERROR;
  editor->wants_screen = true;
  fputc('\n', stdout);
  fflush(stdout);
  return CC_EOF;
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
  el_wset(el, EL_GETCFN, nibble_line_key);
  el_set(el, EL_ADDFN, "nibble-complete", "Complete a command or a name", complete);
  el_set(el, EL_BIND, "^I", "nibble-complete", NULL);
  el_set(el, EL_ADDFN, "nibble-screen", "Go on on the full screen", leave_for_screen);
  el_set(el, EL_BIND, "^Xa", "nibble-screen", NULL);
  el_set(el, EL_BIND, "^XA", "nibble-screen", NULL);
  el_set(el, EL_BIND, "^X^A", "nibble-screen", NULL);
  el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_set(el, EL_BIND, "\\e[1;5C", "em-next-word", NULL);
  el_set(el, EL_BIND, "\\e[1;5D", "ed-prev-word", NULL);
  el_source(el, NULL);
  return editor;
}

int nibble_editor_read(nibble_editor *editor, const char *prompt, const char **line) {
  editor->prompt = prompt;
  editor->interrupted = false;
  editor->wants_screen = false;
  nibble_line_signals_take();
  nibble_interrupts_clear();  // from here on ^C is for this line, and then for what is typed in it
  nibble_deadly_signals_take(restore_terminal);
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
  } else if (editor->wants_screen) {
    *line = editor->line;
    result = NIBBLE_LINE_WANTS_SCREEN;
  }

  el_set(editor->el, EL_PREP_TERM, 0);
  nibble_deadly_signals_give_back();
  nibble_line_signals_give_back();
  return result;
}

void nibble_editor_type(nibble_editor *editor, const char *text) { el_push(editor->el, text); }

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
