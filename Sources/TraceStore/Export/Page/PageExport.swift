import Foundation
import Inference

/// A trace, or two beside each other, as one page that needs no network: `page.html` with the style,
/// the scripts and the data in it.
public struct PageExport {
  /// The pass to show step by step; `nil` for the last decode pass that was finished, or else the
  /// last.
  public var pass: Int?
  /// Called from time to time with the steps that were read so far, and how many there are.
  public var progress: (_ read: Int, _ of: Int) -> Void = { _, _ in }

  public init() {}

  /// Writes the page, a piece at a time.
  ///
  /// - Parameters:
  ///   - traces: one or two; ``pass`` is of the first.
  ///   - write: called with each piece.
  /// - Throws: ``PageError``, and what the traces and `write` throw.
  /// - Complexity: O(steps) time; memory for one trace's reduced columns and one pass.
  public func write(_ traces: [Trace], to write: (String) throws -> Void) throws {
    let counts = try traces.map { try $0.eventCount() }
    for (marker, text) in Self.pieces {
      switch marker {
      case "title":
        let models = try traces.map { try $0.meta()["model"] ?? "a trace" }
        try write(Self.escaped(Set(models).count == 1 ? models[0] : models.joined(separator: " · ")))
      case "style": try write(String(decoding: PackageResources.page_css, as: UTF8.self))
      case "script":
        for script in Self.scripts { try write(String(decoding: script, as: UTF8.self)) }
      case "data":
        try write("{\"traces\":[")
        for (index, trace) in traces.enumerated() {
          if index > 0 { try write(",\n") }
          let before = counts[..<index].reduce(0, +)
          let page = try PageTrace(trace, pass: index == 0 ? pass : nil) {
            progress(before + $0, counts.reduce(0, +))
          }
          try write(Self.json(page))
        }
        try write("]}")
      default: break
      }
      try write(text)
    }
  }

  /// In the order in which they need each other.
  private static let scripts = [
    PackageResources.data_js, PackageResources.text_js, PackageResources.plot_js,
    PackageResources.figures_js, PackageResources.run_js, PackageResources.pass_js,
    PackageResources.tiles_js, PackageResources.tokens_js, PackageResources.main_js,
  ]

  /// The page cut at its markers, `{{data}}` and the like: each with the text that follows it.
  private static var pieces: [(marker: String, text: String)] {
    let parts = String(decoding: PackageResources.page_html, as: UTF8.self)
      .components(separatedBy: "{{")
    return [("", parts[0])]
      + parts.dropFirst().map { part in
        let halves = part.components(separatedBy: "}}")
        return (halves[0], halves.dropFirst().joined(separator: "}}"))
      }
  }

  /// JSON that may stand in a script element: nothing in it can end the element or begin a comment.
  private static func json(_ page: PageTrace) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(page), as: UTF8.self)
      .replacingOccurrences(of: "<", with: "\\u003c")
  }

  /// Text as it may stand in HTML.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case let scalar where scalar.properties.generalCategory == .control: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
