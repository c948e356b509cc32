import Foundation

/// A text with `{{name|format}}` in it.
enum Template {
  /// One that was found: `{{name|format}}`.
  struct Hole: Hashable {
    let name: String
    let format: String
    var written: String { format.isEmpty ? name : "\(name)|\(format)" }
  }

  /// The holes of a text, in its order.
  static func holes(in text: String) -> [Hole] {
    var holes: [Hole] = []
    _ = fill(text) { hole in
      holes.append(hole)
      return ""
    }
    return holes
  }

  /// The text with what `value` gives in the place of each hole.
  static func fill(_ text: String, _ value: (Hole) throws -> String) rethrows -> String {
    var result = ""
    var rest = Substring(text)
    while let open = rest.firstRange(of: "{{") {
      guard let close = rest[open.upperBound...].firstRange(of: "}}") else { break }
      let parts = rest[open.upperBound..<close.lowerBound].split(
        separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
      let words = parts.map { $0.trimmingCharacters(in: .whitespaces) }
      result += rest[..<open.lowerBound]
      result += try value(Hole(name: words[0], format: words.count > 1 ? words[1] : ""))
      rest = rest[close.upperBound...]
    }
    return result + rest
  }
}

extension Values {
  /// What a hole is filled with.
  ///
  /// - Throws: as ``value(_:)``, or ``LessonError/badFormat(template:problem:)``.
  func text(of hole: Template.Hole) throws -> String {
    if hole.format == "source" {
      guard let fact = facts[hole.name] else {
        throw LessonError.badFormat(template: hole.written, problem: "only a fact has a source")
      }
      return fact.source
    }
    guard let format = ValueFormat(hole.format) else {
      throw LessonError.badFormat(
        template: hole.written,
        problem: "there are bytes, percent, count, times, bits, ns, source and a number of decimals"
      )
    }
    return try format.text(value(hole.name), template: hole.written)
  }

  /// A text for a machine: an option, or a command of the debugger.
  func filled(_ text: String) throws -> String {
    try Template.fill(text) { hole in
      hole.format.isEmpty ? try value(hole.name).text ?? "" : try self.text(of: hole)
    }
  }
}
