import CTerminal

extension DebuggerSession {
  /// Does something for which a model may have to run: ^C ends it, and after a second whoever
  /// watches is told how far it is.
  func whileRecomputing<T>(_ body: () throws -> T) throws -> T {
    try interruptibly { progress in
      values.isCancelled = nibble_interrupted
      values.progress = { done, count in
        progress.show { "running the model again: pass \(done + 1) of \(count); ^C ends it" }
      }
      defer {
        values.isCancelled = { false }
        values.progress = { _, _ in }
      }
      return try body()
    }
  }
}
