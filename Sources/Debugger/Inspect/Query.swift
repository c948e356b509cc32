import Recording
import TraceStore

extension DebuggerSession {
  /// Runs a query and prints its result as a table. ^C ends it.
  func query(_ sql: String) throws {
    let output = output
    let queries = try trace.queries()
    if queries.weights == nil { queries.weights = ModelWeights(of: trace, named: modelPath) }
    var isEmpty = true
    try interruptibly { _ in
      try queries.run(sql, format: style.unicode ? .box : .markdown) { text in
        isEmpty = false
        output.write(text)
      }
    }
    if isEmpty { show(["No rows."]) }
  }
}
