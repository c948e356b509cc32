import TraceStore

extension DebuggerSession {
  /// Runs a query and prints its result as a table. ^C ends it.
  func query(_ sql: String) throws {
    let output = output
    var isEmpty = true
    try interruptibly { _ in
      try trace.run(sql, format: style.unicode ? .box : .markdown) { text in
        isEmpty = false
        output.write(text)
      }
    }
    if isEmpty { show(["No rows."]) }
  }
}
