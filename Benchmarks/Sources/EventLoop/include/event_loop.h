#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H
#include <stdint.h>

// Writes rows into `_event` of a new file at `path`, as TraceRecorder leaves them for steps of
// `compute` in operations of `steps_an_op` and passes of `ops_a_pass` operations: with the same
// table, the same pragmas, the same prepared statements of sixteen rows and a transaction a pass.
//
// Returns the nanoseconds from the first row to a closed file, or -1 after it has printed what
// SQLite said.
int64_t event_loop(const char *path, int passes, int ops_a_pass, int steps_an_op);

// Number of rows and sums over each column of `_event` in the file at `path`; 0 where it was read.
int event_digest(const char *path, int64_t digest[6]);

#endif
