/// What a trace can be turned into for another tool.
public enum ExportFormat: String, CaseIterable, Sendable {
  /// One page for a browser, with all it needs in it.
  case html
  /// Chrome's JSON, for the Perfetto UI: slices, counters, lifetimes and flows over time.
  case chrome
  /// The pickle that PyTorch's memory_viz page reads: every allocation and free.
  case memoryViz = "memory-viz"
  /// A folder with a file for each table and view.
  case csv
  /// Lines of JSON, one a row: every table that a trace documents.
  case json
  /// A folder with a NumPy array for each captured value.
  case npy
  /// The memory plot, for a slide or a paper.
  case svg

  /// What the name of the trace gets in the place of `.sqlite`.
  public var suffix: String {
    switch self {
    case .html: ".html"
    case .chrome: ".trace.json"
    case .memoryViz: ".memory.pickle"
    case .csv: "-csv"
    case .json: ".jsonl"
    case .npy: "-npy"
    case .svg: ".svg"
    }
  }

  /// Whether it is a folder of files, and not one file.
  public var isFolder: Bool { self == .csv || self == .npy }

  /// Whether it is text, which a terminal can show.
  public var isText: Bool { !isFolder && self != .memoryViz }

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
