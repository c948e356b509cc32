import CTerminal

extension DebuggerSession {
  /// Does something for which a model may have to run: ^C ends it, and after a second whoever
  /// watches is told how far it is.
  func whileRecomputing<T>(_ body: () throws -> T) throws -> T {
    try interruptibly { progress in
      values.isCancelled = nibble_interrupted
      var passes = ""
      values.progress = { done, count in passes = "pass \(done + 1) of \(count)" }
      values.passProgress = { pass in
        progress.show { "running the model again: \(passes), \(pass); ^C ends it" }
      }
      defer {
        values.passProgress = { _ in }
        values.isCancelled = { false }
        values.progress = { _, _ in }
      }
      return try body()
    }
  }
}
