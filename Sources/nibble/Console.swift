import Basics
import Debugger
import Foundation

/// How the reader called this program, so that a command we print can be typed as it stands.
let invocation = CommandLine.arguments.first ?? "nibble"

/// Commands in `text`, written `` `nibble …` `` or in the examples and usage lines of a help page,
/// as the reader has to type them.
func asTyped(_ text: String) -> String {
  ["`", "EXAMPLE: ", "\n         ", "USAGE: ", "Usage: ", "See '"].reduce(text) {
    $0.replacingOccurrences(of: $1 + "nibble ", with: $1 + invocation + " ")
  }
}

/// A word as a shell takes it: in quotes where it needs them.
func shellWord(_ word: String) -> String {
  let plain = word.unicodeScalars.allSatisfy {
    $0.properties.isAlphabetic || ("0"..."9").contains($0)
      || "./_-+=:,@".unicodeScalars.contains($0)
  }
  let path = word.hasPrefix("-") ? "./" + word : word
  if plain && !path.isEmpty { return path }
  return "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
}

/// Standard output: buffered, and remembering whether all of it could be written.
enum Output {
  nonisolated(unsafe) private static var pending: [UInt8] = []
  nonisolated(unsafe) private static var failure: SystemError?

  static func write(_ text: String) {
    pending.append(contentsOf: text.utf8)
    if pending.count > 1 << 16 { flush() }
  }

  static func line(_ text: String) { write(text + "\n") }

  /// Hands what was written so far to the system.
  static func flush() {
    if failure == nil { failure = pending.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) } }
    pending = []
  }

  /// Why some of the output could not be written, or `nil`.
  static var problem: String? { failure?.description }
}

/// A line on standard error.
func printError(_ message: String) {
  Output.flush()
  _ = writeAll(asTyped(message) + "\n", to: STDERR_FILENO)
}

/// A line that is drawn again and again on standard error, where that is a terminal.
struct ProgressLine {
  private let output = StandardOutput()

  func show(_ text: String) { output.progress(text) }
  func clear() { output.progress(nil) }
}

/// Whether ^C was pressed since `catchInterrupts`. The second ^C ends the program.
nonisolated(unsafe) private(set) var isInterrupted: sig_atomic_t = 0

func catchInterrupts() {
  signal(SIGINT) { _ in
    isInterrupted = 1
    signal(SIGINT, SIG_DFL)
  }
}

/// A value as one line of JSON.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
