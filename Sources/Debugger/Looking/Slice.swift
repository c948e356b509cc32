/// What stands in square brackets after a name: `[5]`, `[0..8]`, `[2, 0..8]`.
struct Slice: Equatable {
  /// One dimension: an index, or a range whose end is left out of it.
  enum Part: Equatable {
    case index(Int)
    case range(Int?, Int?)
  }

  var parts: [Part]
  /// As it was typed.
  var text: String

  /// A name with or without a slice.
  ///
  /// - Returns: `nil` for brackets that hold no slice.
  static func split(_ expression: String) -> (name: String, slice: Slice?)? {
    guard let open = expression.firstIndex(of: "[") else { return (expression, nil) }
    guard expression.last == "]" else { return nil }
    let inner = expression[expression.index(after: open)...].dropLast()
    var parts: [Part] = []
    for text in inner.split(separator: ",", omittingEmptySubsequences: false) {
      guard let part = part(String(text).trimmingSpaces()) else { return nil }
      parts.append(part)
    }
    guard (1...2).contains(parts.count) else { return nil }
    let name = String(expression[..<open]).trimmingSpaces()
    return (name, Slice(parts: parts, text: String(expression[open...])))
  }

  private static func part(_ text: String) -> Part? {
    guard let dots = text.range(of: "..") else { return Int(text).map { .index($0) } }
    let end = text[dots.upperBound...].drop { $0 == "<" }
    let bounds = [String(text[..<dots.lowerBound]), String(end)].map { $0.trimmingSpaces() }
    let numbers = bounds.map { Int($0) }
    for (bound, number) in zip(bounds, numbers) where !bound.isEmpty && number == nil { return nil }
    return .range(numbers[0], numbers[1])
  }

  /// The indices that a part means, of `count`.
  static func indices(_ part: Part, count: Int, slice: String, name: String) throws -> Range<Int> {
    let range: Range<Int>
    switch part {
    case .index(let index):
      guard index >= 0, index < count else {
        throw DebuggerError.badSlice(
          slice: slice, name: name, reason: "the last index is \(count - 1)")
      }
      range = index..<index + 1
    case .range(let from, let to):
      let (from, to) = (from ?? 0, to ?? count)
      guard from >= 0, from <= to, to <= count else {
        throw DebuggerError.badSlice(
          slice: slice, name: name, reason: "there are \(count), from 0 to \(count - 1)")
      }
      range = from..<to
    }
    return range
  }
}
