/// What a trace can be turned into for another tool.
public enum ExportFormat: String, CaseIterable, Sendable {
  /// One page for a browser, with all it needs in it.
  case html
  /// Lines of JSON, one a row: every table that a trace documents.
  case json

  /// What the name of the trace gets in the place of `.sqlite`.
  public var suffix: String {
    switch self {
    case .html: ".html"
    case .json: ".jsonl"
    }
  }

  /// Whether it is a folder of files, and not one file.
  public var isFolder: Bool {
    switch self {
    case .html, .json: false
    }
  }

  /// Whether it is text, which a terminal can show.
  public var isText: Bool { !isFolder }

  /// Whether it can show a second trace beside the first.
  public var takesTwo: Bool { self == .html }

  /// Whether it shows one pass step by step, which can be chosen.
  public var takesPass: Bool { self == .html }

  /// Where an export goes that was not told where: `traces/story.sqlite` gives
  /// `traces/story.trace.json`.
  public func defaultPath(for trace: String) -> String {
    let endings = [".sqlite", ".sqlite3", ".db"]
    let stem = endings.first { trace.hasSuffix($0) }.map { String(trace.dropLast($0.count)) }
    return (stem ?? trace) + suffix
  }
}
