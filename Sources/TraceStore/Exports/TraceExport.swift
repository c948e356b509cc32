/// A format that a trace can be turned into for another tool: what it says of itself, and how it is
/// written.
///
/// A new one is one file, with a ``FileExport`` or a ``FolderExport``, and one entry in
/// ``exports``.
protocol TraceExport: SendableMetatype {
  /// Its name after `--format`.
  static var name: String { get }
  /// The tool that it is for, and what that shows of the trace: a line without a full stop.
  static var summary: String { get }
  /// What the name of the trace gets in the place of `.sqlite`.
  static var suffix: String { get }
  static var shape: ExportShape { get }
  /// True if it can show a second trace beside the first.
  static var takesTwo: Bool { get }
  /// True if it shows one pass step by step, which can be chosen.
  static var takesPass: Bool { get }

  /// Writes to `path` what appears there whole or not at all.
  static func write(_ source: ExportSource, to path: String, _ progress: ExportMeter) throws
}

/// Every export, in the order in which people are shown them.
let exports: [any TraceExport.Type] = [
  PageExport.self, ChromeExport.self, MemoryVizExport.self, CSVExport.self, JSONLinesExport.self,
  NPYExport.self, SVGExport.self,
]

/// What an export is made of.
struct ExportSource {
  let trace: Trace
  /// A trace to show beside it.
  let second: Trace?
  /// The pass to show step by step.
  let pass: Int?
}

extension TraceExport {
  static var takesTwo: Bool { false }
  static var takesPass: Bool { false }
}

/// An export that is one file, or standard output.
protocol FileExport: TraceExport {
  static func write(_ source: ExportSource, to output: ExportOutput, _ progress: ExportMeter) throws
}

extension FileExport {
  static var shape: ExportShape { .text }

  /// - Parameter path: `-` is standard output.
  static func write(_ source: ExportSource, to path: String, _ progress: ExportMeter) throws {
    let output = path == "-" ? ExportOutput() : try ExportOutput(path: path)
    try write(source, to: output, progress)
    try output.commit()
  }
}

/// An export that is a folder of files.
protocol FolderExport: TraceExport {
  static func write(_ source: ExportSource, to folder: ExportFolder, _ progress: ExportMeter) throws
}

extension FolderExport {
  static var shape: ExportShape { .folder }

  static func write(_ source: ExportSource, to path: String, _ progress: ExportMeter) throws {
    let folder = try ExportFolder(path: path)
    try write(source, to: folder, progress)
    try folder.commit()
  }
}
