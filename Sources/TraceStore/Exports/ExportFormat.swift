/// One of the exports, by the name that `--format` uses.
public struct ExportFormat: RawRepresentable, CaseIterable, Hashable, Sendable,
  CustomStringConvertible
{
  let type: any TraceExport.Type

  init(_ type: any TraceExport.Type) { self.type = type }

  public init?(rawValue: String) {
    guard let type = exports.first(where: { $0.name == rawValue }) else { return nil }
    self.type = type
  }

  /// All of them, in the order in which people are shown them.
  public static let allCases = exports.map { ExportFormat($0) }

  /// `html`, `memory-viz`, …
  public var rawValue: String { type.name }
  public var description: String { rawValue }
  /// The tool that it is for, and what that shows of the trace: a line without a full stop.
  public var summary: String { type.summary }
  /// A file of text, of other bytes, or a folder.
  public var shape: ExportShape { type.shape }
  /// True if it can show a second trace beside the first.
  public var takesTwo: Bool { type.takesTwo }
  /// True if it shows one pass step by step, which can be chosen.
  public var takesPass: Bool { type.takesPass }

  /// Where an export goes that was not told where: `traces/story.sqlite` gives
  /// `traces/story.trace.json`.
  public func defaultPath(for trace: String) -> String {
    let endings = [".sqlite", ".sqlite3", ".db"]
    let stem = endings.first { trace.hasSuffix($0) }.map { String(trace.dropLast($0.count)) }
    return (stem ?? trace) + type.suffix
  }
}

/// The shape of an export.
public enum ExportShape: Sendable {
  /// A file of text, which a terminal can show.
  case text
  /// A file of other bytes.
  case binary
  /// A folder of files.
  case folder
}
