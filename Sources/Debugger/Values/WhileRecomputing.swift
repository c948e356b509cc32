import CLibEdit
import Dispatch

extension DebuggerSession {
  /// Does something for which a model may have to run: ^C ends it, and after a second a terminal is
  /// told how far it is.
  func whileRecomputing<T>(_ body: () throws -> T) throws -> T {
    nibble_interrupts_clear()
    let start = DispatchTime.now().uptimeNanoseconds
    let isShown = output is StandardOutput && isTerminal(2)
    var isSaid = false
    values.isCancelled = nibble_interrupted
    values.progress = { done, count in
      guard isShown, DispatchTime.now().uptimeNanoseconds - start > 1_000_000_000 else { return }
      isSaid = true
      _ = emit("\rRunning the model again: pass \(done + 1) of \(count); ^C ends it. ", to: 2)
    }
    defer {
      if isSaid { _ = emit("\r" + String(repeating: " ", count: 60) + "\r", to: 2) }
      values.isCancelled = { false }
      values.progress = { _, _ in }
      nibble_interrupts_clear()
    }
    return try body()
  }
}
