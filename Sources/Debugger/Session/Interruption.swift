import CTerminal
import Foundation
import Inference
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
    let queries = try trace.queries()
    queries.endAtInterrupts()
    let progress = Progress(output)
    let outer = queries.isCancelled
    queries.isCancelled = {
      progress.tell()
      return false
    }
    defer {
      queries.isCancelled = outer
      progress.clear()
    }
    return try body(progress)
  }
}

extension QuerySession {
  /// From now on ^C ends a query; and what does not listen, to a second ^C or when its time is over,
  /// ends with the process.
  public func endAtInterrupts() {
    interrupts = { Int(nibble_interrupts()) }
    endProcess = { error in
      let line = isTerminal(2) ? "\r\u{1B}[K" : ""  // away with what tells of progress
      nibble_end_process("\(line)nibble: \(error)\n", failureCode(of: error))
    }
  }
}

/// The exit code of a program that ^C ended, as a shell tells it.
public let interruptedExitCode: Int32 = 128 + SIGINT

/// The exit code of a program that an error ended.
public func failureCode(of error: any Error) -> Int32 {
  isInterruption(error) ? interruptedExitCode : 1
}

/// Whether an error says that a person ended something with ^C.
func isInterruption(_ error: any Error) -> Bool {
  switch error {
  case TraceError.interrupted, TraceError.exportInterrupted, TraceError.unstoppable(seconds: nil),
    InferenceError.interrupted:
    true
  default: false
  }
}

/// A line that tells how far something is, once it has taken a second.
final class Progress {
  private let write: (String?) -> Void
  private let start = ContinuousClock.now
  private var last: ContinuousClock.Instant?
  private var line: (() -> String)?

  /// - Parameter write: is given the line, and `nil` to take it away.
  init(_ write: @escaping (String?) -> Void) { self.write = write }

  convenience init(_ output: any OutputSink) { self.init { output.progress($0) } }

  /// Shows a text from now on, at most ten times a second.
  func show(_ text: @escaping () -> String) {
    line = text
    tell()
  }

  /// Shows the text that was given last, where it is time: to be called while it takes long.
  func tell() {
    guard let line else { return }
    let now = ContinuousClock.now
    guard now - start > .seconds(1), last.map({ now - $0 > .milliseconds(100) }) ?? true else {
      return
    }
    last = now
    write(line())
  }

  /// Whether there is a line to take away.
  var isShown: Bool { last != nil }

  /// Takes the line away.
  func clear() {
    if last != nil { write(nil) }
    last = nil
    line = nil
  }
}
