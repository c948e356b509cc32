import Basics

/// Text of a report: our own words, and between them what a trace holds, in which nothing may act
/// on what shows it: `"Pass \(pass) of \(theirs: name)."`
struct ReportText: Equatable, ExpressibleByStringInterpolation {
  fileprivate struct Part: Equatable {
    var text: String
    var isOurs: Bool
  }

  private var parts: [Part] = []

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    init(literalCapacity: Int, interpolationCount: Int) {}

    mutating func appendLiteral(_ text: String) { parts.append(Part(text: text, isOurs: true)) }

    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      appendLiteral("\(value)")
    }

    mutating func appendInterpolation(_ text: ReportText) { parts += text.parts }

    mutating func appendInterpolation(theirs text: String) {
      parts.append(Part(text: visible(text), isOurs: false))
    }
  }

  init(stringLiteral text: String) { parts = [Part(text: text, isOurs: true)] }

  init(stringInterpolation text: StringInterpolation) { parts = text.parts }

  /// Texts one after another.
  init(_ texts: [ReportText], separator: String) {
    for (index, text) in texts.enumerated() {
      if index > 0 { parts.append(Part(text: separator, isOurs: true)) }
      parts += text.parts
    }
  }

  var isEmpty: Bool { parts.allSatisfy { $0.text.isEmpty } }

  /// For a terminal.
  var plain: String { parts.map(\.text).joined() }

  /// For GitHub: what a trace holds is code, in which no mark, mention or reference means anything.
  var markdown: String {
    parts.map { $0.isOurs || Self.isHarmless($0.text) ? $0.text : Self.code($0.text) }.joined()
  }

  /// Words that Markdown shows as they stand.
  private static func isHarmless(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || " ,-".unicodeScalars.contains($0)
    }
  }

  /// Code between more backticks than any run of them in it; a space at both ends is taken away
  /// again.
  private static func code(_ text: String) -> String {
    let runs = text.split(omittingEmptySubsequences: true) { $0 != "`" }.map(\.count)
    let fence = String(repeating: "`", count: (runs.max() ?? 0) + 1)
    let isEdge = { (character: Character?) in character == "`" || character == " " }
    let space = isEdge(text.first) || isEdge(text.last) ? " " : ""
    return fence + space + text + space + fence
  }
}
