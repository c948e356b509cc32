// A line editor over libedit, in the shape that Swift can call.
//
// libedit's own entry points (`el_set`, `history`) take variable arguments, which Swift does not
// import; and its signal handling re-raises to the whole process group, which would reach whatever
// started us. So this file owns the signals while a line is being read: ^C gives up the line, ^Z
// suspends and resumes, a resized window is redrawn, and a deadly signal leaves the terminal as
// it was found.

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
enum { NIBBLE_LINE_END = -1, NIBBLE_LINE_INTERRUPTED = -2 };

// Opens the editor on standard input and standard output, or returns NULL.
// `program` names the section of ~/.editrc that applies.
nibble_editor *nibble_editor_open(
    const char *program, nibble_completer completer, void *context);

// Reads one line. Its length in bytes (no line break) and its text, which stays valid until the
// next call; or one of the two values above.
int nibble_editor_read(nibble_editor *editor, const char *prompt, const char **line);

// Adds a line to the history, unless it repeats the newest entry.
void nibble_editor_remember(nibble_editor *editor, const char *line);

// A line of the history, the newest being number 0; NULL past the oldest. Valid until the next call.
const char *nibble_editor_recall(nibble_editor *editor, int number);

// Reads or writes a history file; false when the file cannot be read or written.
bool nibble_editor_load_history(nibble_editor *editor, const char *path);
bool nibble_editor_save_history(nibble_editor *editor, const char *path);

// Restores the terminal and frees the editor.
void nibble_editor_close(nibble_editor *editor);

// The size of the terminal behind a file descriptor; false when there is none.
bool nibble_terminal_size(int descriptor, int *columns, int *rows);

// From now on ^C sets a flag instead of ending the process.
void nibble_interrupts_install(void);
// Gives ^C back to whoever had it.
void nibble_interrupts_remove(void);
// Whether ^C was pressed since the flag was last cleared.
bool nibble_interrupted(void);
void nibble_interrupts_clear(void);

// Runs a command of the shell, as system(3) does: ^C is for it alone while it runs. Its input comes
// from `input`, its output and messages go to `output`; -1 leaves it ours. Both are closed here
// once it has them. Calls `meanwhile` while it runs. Its wait status, or -1.
int nibble_run_shell(
    const char *command, int input, int output, void (*meanwhile)(void *), void *context);

// Uses the locale of the environment for the width and encoding of characters; where the
// environment names none, UTF-8. Returns whether text is UTF-8.
bool nibble_locale_is_utf8(void);

#endif
