import Foundation
import TestSupport
import Testing

/// `nibble step` on a pseudo-terminal, over a rehearsal unless other arguments are given.
final class DebuggerTerminal: PseudoTerminal {
  /// The program, beside the tests' own resources.
  static let program = Bundle.module.bundleURL.deletingLastPathComponent()
    .appending(path: "nibble")

  static let prompt = "(nibble) "
  /// What xterm's terminfo entry begins and ends a full screen with.
  static let entered = "\u{1B}[?1049h"
  static let left = "\u{1B}[?1049l"
  /// The full screen has no cursor while a command runs.
  private static let hidesCursor = "\u{1B}[?25l"
  static let showsCursor = "\u{1B}[?25h"
  /// ^L: the screen is written whole, and not what has changed alone.
  static let repaint = "\u{0C}"
  static let endlessQuery =
    "WITH c AS (VALUES(1) UNION ALL SELECT 1 FROM c) SELECT max(1) FROM c;"

  /// One call of a function that takes hours and does not listen, after ``announcement``.
  static let deafQuery = announcing("instr(hex(zeroblob(5e7+i)),hex(zeroblob(5e5))||1)")
  /// A query that never ends and listens, after ``announcement``.
  static let announcedQuery = announcing(
    "(WITH c AS (VALUES(1) UNION ALL SELECT 1 FROM c) SELECT max(1) FROM c)")
  static let announcement = "at it"

  /// A query whose last row takes long; the one before says that it comes next.
  ///
  /// A table is shown once there are 10,000 rows, and the full screen shows what comes a tenth of a
  /// second after it was drawn last, which counting to twenty million takes care of.
  private static func announcing(_ last: String) -> String {
    "WITH n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<10002) SELECT CASE i "
      + "WHEN 10001 THEN (WITH c(x) AS (VALUES(1) UNION ALL SELECT x+1 FROM c WHERE x<2e7) "
      + "SELECT iif(max(x)>1,'at'||' it',0) FROM c) WHEN 10002 THEN \(last) ELSE i END FROM n;"
  }

  let folder: ScratchFolder
  /// Whether the full screen is on.
  var isFull: Bool

  /// - Parameters:
  ///   - arguments: what follows `nibble step`, the trace among it, before the options.
  ///   - waits: whether to wait for the first prompt.
  init(
    in folder: ScratchFolder? = nil, _ arguments: [String]? = nil, options: [String] = [],
    isFull: Bool = false, environment: [String: String?] = [:], waits: Bool = true
  ) throws {
    let folder = try folder ?? ScratchFolder()
    if arguments == nil, !FileManager.default.fileExists(atPath: folder.file()) {
      try Rehearsal(path: folder.file()).perform()
    }
    self.folder = folder
    self.isFull = isFull
    try super.init(
      Self.program,
      ["step"] + (arguments ?? [folder.file()]) + options + (isFull ? ["--tui"] : []),
      home: folder.path, environment: environment)
    guard waits else { return }
    if isFull { try expect(Self.entered) }
    try expect(Self.prompt)
  }

  /// Types a line, and waits for what it comes to and for the next prompt.
  func answer(_ line: String, _ texts: String...) throws {
    type(line + "\r" + (isFull ? Self.repaint : ""))
    for text in texts { try expect(text) }
    try waitForPrompt()
  }

  /// Types a line that takes long, and waits until it is being done.
  func start(_ line: String) throws {
    type(line + "\r")
    try expect(isFull ? Self.hidesCursor : line.suffix(6) + "\r\n")
  }

  /// Presses ^C, and waits for what that comes to.
  func interrupt(_ text: String) throws {
    send(signal: SIGINT)
    if isFull { type(Self.repaint) }
    try expect(text)
    try waitForPrompt()
  }

  /// On the full screen it is not written anew.
  func waitForPrompt() throws {
    if !isFull { try expect(Self.prompt) }
  }

  /// Does `tui enable`, by these keys.
  func enter(by keys: String = "tui enable\r") throws {
    type(keys)
    try expect(Self.entered)
    isFull = true
  }

  /// Does `tui disable`, by these keys.
  func leave(by keys: String = "tui disable\r") throws {
    type(keys)
    try expect(Self.left)
    isFull = false
    try waitForPrompt()
  }

  /// Ends the session, which leaves the terminal as it found it.
  func quit(by keys: String = "quit\r", sourceLocation: SourceLocation = #_sourceLocation) {
    type(keys)
    expectEnd(0, sourceLocation: sourceLocation)
  }

  func expectEnd(_ code: Int32, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(wait() == code, sourceLocation: sourceLocation)
    #expect(isAsItWas, sourceLocation: sourceLocation)
  }
}
