// A line editor over libedit, in the shape that Swift can call.
//
// libedit's own entry points (`el_set`, `history`) take variable arguments, which Swift does not
// import; and its signal handling re-raises to the whole process group, which would reach whatever
// started us. So this file owns the signals while a line is being read: ^C gives up the line, ^Z
// suspends and resumes, a resized window is redrawn, and a deadly signal leaves the terminal as
// it was found. None is lost: one that comes once the line was typed is whoever's had it before.

#ifndef NIBBLE_LINE_EDITOR_H
#define NIBBLE_LINE_EDITOR_H

#include <stdbool.h>

typedef struct nibble_editor nibble_editor;

// What Tab does. Both strings come from malloc and are freed by the editor; NULL means nothing.
typedef struct {
  char *insert;      // text to put at the cursor
  char *candidates;  // lines to show under the prompt
} nibble_completion;

// `before` is the line up to the cursor, UTF-8.
typedef nibble_completion (*nibble_completer)(void *context, const char *before);

// What reading a line can come to, other than a line.
enum {
  NIBBLE_LINE_END = -1,
  NIBBLE_LINE_INTERRUPTED = -2,
  NIBBLE_LINE_WANTS_SCREEN = -3  // ^X a; the line is what was typed by then
};

// Opens the editor on standard input and standard output, or returns NULL.
// `program` names the section of ~/.editrc that applies.
nibble_editor *nibble_editor_open(
    const char *program, nibble_completer completer, void *context);

// Reads one line. Its length in bytes (no line break) and its text, which stays valid until the
// next call; or one of the values above.
int nibble_editor_read(nibble_editor *editor, const char *prompt, const char **line);

// Types text ahead: the next line that is read begins with it.
void nibble_editor_type(nibble_editor *editor, const char *text);

// Adds a line to the history, unless it repeats the newest entry.
void nibble_editor_remember(nibble_editor *editor, const char *line);

// A line of the history, the newest being number 0; NULL past the oldest. Valid until the next call.
const char *nibble_editor_recall(nibble_editor *editor, int number);

// Reads or writes a history file; false when the file cannot be read or written.
bool nibble_editor_load_history(nibble_editor *editor, const char *path);
bool nibble_editor_save_history(nibble_editor *editor, const char *path);

// Restores the terminal and frees the editor.
void nibble_editor_close(nibble_editor *editor);

#endif
