import Basics
import Foundation
import Inference

/// A run's story as text: what ran, the three figures, where memory went, what took time, what was
/// said, and what failed.
///
/// Every figure is a view's, so that `nibble sql` gives the same.
public struct TraceReport {
  /// How it is written.
  public enum Format: String, CaseIterable, Sendable {
    /// For a terminal.
    case text
    /// For an issue or a chat: headings and tables of GitHub's Markdown.
    case markdown
  }

  /// A heading with what stands below it.
  struct Section: Equatable {
    var title: String
    var lines: [ReportText] = []
    var table: [[ReportText]] = []
    var columns: [String] = []
  }

  let title: ReportText
  let sections: [Section]

  /// Reads what the report says.
  ///
  /// - Throws: ``TraceError``; ``TraceError/cannotExport(path:reason:)`` where nothing was recorded.
  /// - Complexity: O(operations + tokens).
  public init(trace: Trace) throws(TraceError) {
    let meta = try trace.meta()
    guard try trace.eventCount() > 0 else {
      throw .cannotExport(path: trace.path, reason: "holds no steps, so there is nothing to report")
    }
    title = "nibble: \(theirs: meta["model"] ?? "a model")"
    var sections = [try Self.settings(trace, meta)]
    if let failure = try Self.failure(trace) { sections.append(failure) }
    if let branches = try Self.branches(trace, meta) { sections.append(branches) }
    sections += [try Self.figures(trace), try Self.peaks(trace)]
    sections += [try Self.growth(trace), try Self.slowest(trace)]
    sections += try Self.tokens(trace)
    self.sections = sections.filter { !$0.lines.isEmpty || !$0.table.isEmpty }
  }

  /// The report; ends with a line feed.
  public func text(_ format: Format) -> String {
    let isMarkdown = format == .markdown
    var text = isMarkdown ? "# \(title.markdown)\n" : title.plain + "\n"
    for section in sections {
      text += isMarkdown ? "\n## \(section.title)\n\n" : "\n\(section.title)\n"
      for line in section.lines {
        text += isMarkdown ? line.markdown + "\n" : "  \(line.plain)\n"
      }
      guard !section.table.isEmpty else { continue }
      if isMarkdown, !section.lines.isEmpty { text += "\n" }
      text += isMarkdown ? Self.markdown(section) : Self.aligned(section)
    }
    return text
  }

  // MARK: - Tables

  private static func markdown(_ section: Section) -> String {
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    return row(section.columns) + row(section.columns.map { _ in "---" })
      + section.table.map { row($0.map(\.markdownCell)) }.joined()
  }

  private static func aligned(_ section: Section) -> String {
    let heads = section.columns.allSatisfy(\.isEmpty) ? [] : [section.columns]
    let rows = heads + section.table.map { $0.map(\.plain) }
    let widths = section.columns.indices.map { column in
      rows.map { displayWidth($0[column]) }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - displayWidth(cell))
      }
      var line = "  " + cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
