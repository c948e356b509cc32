#include "event_loop.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { COLUMNS = 6, BLOCK = 16, COMPUTE = 4 };

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int prepare(sqlite3 *db, int rows, sqlite3_stmt **statement) {
  char sql[1024] = "INSERT OR ROLLBACK INTO _event VALUES ";
  for (int row = 0; row < rows; row++) strcat(sql, row == 0 ? "(?,?,?,?,?,?)" : ",(?,?,?,?,?,?)");
  return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
}

static void bind_row(sqlite3_stmt *statement, int row, int64_t step, int64_t op, int64_t memory) {
  const int after = row * COLUMNS;
  sqlite3_bind_int64(statement, after + 1, step);
  sqlite3_bind_int64(statement, after + 2, op);
  sqlite3_bind_int64(statement, after + 3, 0);
  sqlite3_bind_int64(statement, after + 4, COMPUTE);
  sqlite3_bind_int64(statement, after + 5, memory);
  sqlite3_bind_null(statement, after + 6);
}

static int insert(sqlite3_stmt *statement) {
  const int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

// Rows first ..< first + count, which are those of one transaction.
static int insert_rows(
    sqlite3_stmt *many, sqlite3_stmt *one, int64_t first, int64_t count, int steps_an_op) {
  int code = SQLITE_OK;
  int64_t done = 0;
  for (; code == SQLITE_OK && count - done >= BLOCK; done += BLOCK) {
    for (int row = 0; row < BLOCK; row++) {
      const int64_t step = first + done + row;
      bind_row(many, row, step, (step - 1) / steps_an_op + 1, (step - 1) % 3 + 1);
    }
    code = insert(many);
  }
  for (; code == SQLITE_OK && done < count; done++) {
    const int64_t step = first + done;
    bind_row(one, 0, step, (step - 1) / steps_an_op + 1, (step - 1) % 3 + 1);
    code = insert(one);
  }
  return code;
}

int64_t event_loop(const char *path, int passes, int ops_a_pass, int steps_an_op) {
  sqlite3 *db = NULL;
  sqlite3_stmt *many = NULL, *one = NULL;
  int64_t start = 0;
  int code = sqlite3_open_v2(
      path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_exec(
        db,
        "PRAGMA page_size = 1024; PRAGMA synchronous = OFF;"
        "CREATE TABLE _event (step INTEGER PRIMARY KEY, op INTEGER, thread INTEGER NOT NULL,"
        " kind INTEGER NOT NULL, memory INTEGER NOT NULL, buffer INTEGER);"
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4096",
        NULL, NULL, NULL);
  }
  if (code == SQLITE_OK) code = prepare(db, BLOCK, &many);
  if (code == SQLITE_OK) code = prepare(db, 1, &one);
  start = now();
  const int64_t count = (int64_t)ops_a_pass * steps_an_op;
  for (int pass = 0; code == SQLITE_OK && pass < passes; pass++) {
    code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK) code = insert_rows(many, one, pass * count + 1, count, steps_an_op);
    if (code == SQLITE_OK) code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  }
  if (code == SQLITE_OK) code = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
  if (code != SQLITE_OK) fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(db));
  sqlite3_finalize(many);
  sqlite3_finalize(one);
  sqlite3_close(db);
  return code == SQLITE_OK ? now() - start : -1;
}

int event_digest(const char *path, int64_t digest[6]) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_prepare_v2(
        db,
        "SELECT count(*), sum(step), sum(op * step), sum(thread), sum(kind), sum(memory * step)"
        " FROM _event",
        -1, &statement, NULL);
  }
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    for (int i = 0; i < 6; i++) digest[i] = sqlite3_column_int64(statement, i);
  } else {
    fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(db));
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return code == SQLITE_ROW ? 0 : -1;
}
