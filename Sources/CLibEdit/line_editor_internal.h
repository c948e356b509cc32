// What the files of the line editor share.

#ifndef NIBBLE_LINE_EDITOR_INTERNAL_H
#define NIBBLE_LINE_EDITOR_INTERNAL_H

#include "line_editor.h"

#include <histedit.h>
#include <signal.h>
#include <wchar.h>

struct nibble_editor {
  EditLine *el;
  History *history;
  nibble_completer completer;
  void *context;
  const char *prompt;
  char *line;
  char *recalled;
  bool interrupted;
  bool wants_screen;
};

// The editor that libedit calls back for.
nibble_editor *nibble_editor_of(EditLine *el);

// The signals that are answered while a line is being read.
void nibble_line_signals_take(void);
void nibble_line_signals_give_back(void);

// Reads one character in the encoding of the locale. 1, 0 at the end of input, -1 to give up.
int nibble_line_key(EditLine *el, wchar_t *character);

#endif
