import Basics
import Events
import Foundation

/// A trace, or two beside each other, as one page that needs no network: `page.html` with the
/// style, the scripts and the data in it.
///
/// The data is a reduced form of the trace whose size does not depend on the length of the run:
/// ``PageRun`` says how, and the page says it to its reader.
struct PageExport: FileExport {
  static let name = "html"
  static let summary =
    "a browser: one page with all it needs in it, which shows the run, one "
    + "pass by steps and the text"
  static let suffix = ".html"
  static let takesTwo = true
  static let takesPass = true

  /// One or two.
  let traces: [Trace]
  /// The pass of the first to show step by step; `nil` for the last decode pass that was finished,
  /// or else the last pass.
  let pass: Int?

  static func write(
    _ source: ExportSource, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let page = PageExport(
      traces: [source.trace, source.second].compactMap { $0 }, pass: source.pass)
    try page.write(to: output, progress)
  }

  /// - Throws: ``TraceError/cannotExport(path:reason:)`` where there is no such pass, and what the
  ///   traces throw.
  /// - Complexity: O(steps) time; memory for one trace's reduced columns and one pass.
  func write(to output: ExportOutput, _ progress: ExportMeter) throws {
    let counts = try traces.map { try $0.eventCount() }
    progress.total = counts.reduce(0, +)
    for piece in Self.pieces {
      switch piece.marker {
      case "title": output.write(try title())
      case "style":
        output.write(Self.palette)
        output.write(bytes: PackageResources.page_css)
      case "script": for script in Self.scripts { output.write(bytes: script) }
      case "data":
        output.write("{\"words\":\(try Self.json(PageWords())),\"traces\":[")
        for (index, trace) in traces.enumerated() {
          if index > 0 { output.write(",\n") }
          let before = counts[..<index].reduce(0, +)
          let page = try PageTrace(trace, pass: index == 0 ? pass : nil) { read in
            try progress.reached(before + read)
          }
          output.write(try Self.json(page))
          try output.rowEnded()
        }
        output.write("]}")
      default: break
      }
      output.write(piece.text)
      try output.rowEnded()
    }
  }

  /// What was run, as text of HTML.
  private func title() throws -> String {
    let models = try traces.map { try $0.meta()["model"] ?? "a trace" }
    return markup(Set(models).count == 1 ? models[0] : models.joined(separator: " and "))
  }

  /// In the order in which they need each other.
  private static let scripts = [
    PackageResources.data_js, PackageResources.text_js, PackageResources.plot_js,
    PackageResources.figures_js, PackageResources.run_js, PackageResources.pass_js,
    PackageResources.tiles_js, PackageResources.tokens_js, PackageResources.main_js,
  ]

  /// The page cut at its markers, `{{data}}` and the like: each with the text that follows it.
  private static var pieces: [(marker: String, text: String)] {
    let page = String(decoding: PackageResources.page_html, as: UTF8.self)
    return page.components(separatedBy: "{{").enumerated().map { index, part in
      guard index > 0, let end = part.range(of: "}}") else { return ("", part) }
      return (String(part[..<end.lowerBound]), String(part[end.upperBound...]))
    }
  }

  /// JSON that may stand in a script element: nothing in it can end the element or begin a comment.
  private static func json(_ page: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(page), as: UTF8.self)
      .replacingOccurrences(of: "<", with: "\\u003c")
  }

  /// The colours of the categories, as variables of CSS.
  private static var palette: String {
    let colours = MemoryCategory.allCases.map { category in
      "--\(category.name): light-dark(\(category.look.light), \(category.look.dark));"
    }
    return ":root { \(colours.joined(separator: " ")) }\n"
  }
}

/// The words of a page that are the same for every trace.
private struct PageWords: Encodable {
  /// Names and labels of the categories, by number.
  let categories = MemoryCategory.allCases.map(\.name)
  let labels = MemoryCategory.allCases.map(\.label)
  /// Their order in every plot, from the axis upwards.
  let stack = MemoryCategory.stack.map(\.rawValue)
  /// What can happen at a step, by number.
  let kinds = EventKind.allCases.map(\.name)
}

extension ExportFormat {
  /// One page for a browser.
  public static let html = ExportFormat(PageExport.self)
}
