import Foundation
import Testing

/// Compares a text with the one recorded in `Fixtures`, or records it where the environment has
/// `NIBBLE_RECORD_GOLDENS=1`.
func expectGolden(
  _ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Fixtures/\(name)")
  try expectRecorded(text, file, sourceLocation: sourceLocation)
}

/// The same for a document of the project, by its path there.
func expectDocument(
  _ text: String, _ path: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  try expectRecorded(text, root.appending(path: path), sourceLocation: sourceLocation)
}

private func expectRecorded(_ text: String, _ file: URL, sourceLocation: SourceLocation) throws {
  let name = file.lastPathComponent
  if ProcessInfo.processInfo.environment["NIBBLE_RECORD_GOLDENS"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
    return
  }
  let recorded = try String(contentsOf: file, encoding: .utf8)
  guard text != recorded else { return }
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  let old = recorded.split(separator: "\n", omittingEmptySubsequences: false)
  let line = zip(lines, old).prefix { $0 == $1 }.count
  Issue.record(
    """
    \(name), line \(line + 1): recorded
      \(line < old.count ? old[line] : "(nothing)")
    but now
      \(line < lines.count ? lines[line] : "(nothing)")
    NIBBLE_RECORD_GOLDENS=1 records it anew.
    """, sourceLocation: sourceLocation)
}
