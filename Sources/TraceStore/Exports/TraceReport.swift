import Basics
import Foundation

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
      let columns: [Table.Column] = section.columns.map { ($0, .left) }
      let lines =
        isMarkdown
        ? Table.markdown(columns, section.table.map { $0.map(\.markdown) })
        : Self.table(columns, section.table.map { $0.map(\.plain) }).map { "  " + $0 }
      text += lines.map { $0 + "\n" }.joined()
    }
    return text
  }

  private static func table(_ columns: [Table.Column], _ rows: [[String]]) -> [String] {
    var table = Table(columns)
    for row in rows { table.add(row) }
    return table.lines()
  }
}
