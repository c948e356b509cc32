import Basics
import CTerminal

/// Where the debugger writes: results on one side, messages about what went wrong on the other.
public protocol OutputSink: AnyObject {
  /// Writes text as it is, with no line break added.
  func write(_ text: String)
  /// Writes one line for whoever watches, apart from the results.
  func complain(_ message: String)
  /// Shows how far something is, in place of what it showed before; `nil` takes it away.
  func progress(_ text: String?)
}

extension OutputSink {
  /// Nobody watches.
  public func progress(_ text: String?) {}
}

/// Standard output and standard error, unbuffered: libedit and the debugger share the terminal, and
/// what each writes must appear in the order in which it was written.
public final class StandardOutput: OutputSink {
  private var failure: SystemError?

  public init() {}

  /// Why some of the results could not be written, or `nil`.
  public var problem: String? { failure?.description }

  public func write(_ text: String) {
    if failure == nil { failure = writeAll(text, to: 1) }
  }

  public func complain(_ message: String) {
    // A command that we print can be typed as it stands.
    let invocation = CommandLine.arguments.first ?? "nibble"
    _ = writeAll(message.replacing("`nibble ", with: "`\(invocation) ") + "\n", to: 2)
  }

  public func progress(_ text: String?) {
    // To the beginning of the line, and away with what stands there.
    if isTerminal(2) { _ = writeAll("\r\u{1B}[K" + fittingTerminal(text ?? ""), to: 2) }
  }
}

/// A line that is to be taken away again, cut to the terminal of messages: what is wider would go
/// on in the next line, and stay there.
func fittingTerminal(_ line: String) -> String {
  var columns: Int32 = 0
  var rows: Int32 = 0
  guard nibble_terminal_size(2, &columns, &rows) else { return line }
  return truncated(line, to: max(1, Int(columns) - 1), unicode: nibble_locale_is_utf8())
}

/// Keeps what was written, results and messages in one text, as a terminal would show them.
public final class CollectedOutput: OutputSink {
  /// Everything so far.
  public private(set) var text = ""
  /// The messages alone, one a line.
  public private(set) var messages: [String] = []

  public init() {}

  public func write(_ text: String) {
    self.text += text
  }

  public func complain(_ message: String) {
    messages.append(message)
    text += message + "\n"
  }
}
