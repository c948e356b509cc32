import CTerminal
import Dispatch
import TraceStore

extension DebuggerSession {
  /// Does something that may take long: ^C ends the query that it is at, and whoever watches is
  /// told of progress after a second.
  ///
  /// A ^C holds until the next line that is typed: what was to follow is not done either.
  ///
  /// - Throws: ``TraceError/interrupted`` after ^C, and what `body` throws.
  func interruptibly<T>(_ body: (Progress) throws -> T) throws -> T {
    if nibble_interrupted() { throw TraceError.interrupted }
    let interrupter = try trace.queryInterrupter()
    let watch = DispatchSource.makeTimerSource(queue: .global())
    watch.schedule(deadline: .now() + .milliseconds(50), repeating: .milliseconds(50))
    watch.setEventHandler { if nibble_interrupted() { interrupter.interrupt() } }
    watch.resume()
    let progress = Progress(output)
    defer {
      watch.cancel()
      progress.clear()
    }
    return try body(progress)
  }
}

/// A line that tells how far something is, once it has taken a second.
final class Progress {
  private let tell: (String?) -> Void
  private let start = ContinuousClock.now
  private var last: ContinuousClock.Instant?

  /// - Parameter tell: is given the line, and `nil` to take it away.
  init(_ tell: @escaping (String?) -> Void) { self.tell = tell }

  convenience init(_ output: any OutputSink) { self.init { output.progress($0) } }

  /// Shows a text, at most ten times a second.
  func show(_ text: () -> String) {
    let now = ContinuousClock.now
    guard now - start > .seconds(1), last.map({ now - $0 > .milliseconds(100) }) ?? true else {
      return
    }
    last = now
    tell(text())
  }

  /// Whether there is a line to take away.
  var isShown: Bool { last != nil }

  /// Takes the line away.
  func clear() {
    if last != nil { tell(nil) }
    last = nil
  }
}
