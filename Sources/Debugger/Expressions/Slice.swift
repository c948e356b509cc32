import Basics

/// What stands in square brackets after a name: `[5]`, `[0..8]`, `[2, 0..8]`, `[head=2]`,
/// `[sequence=1]`, `[5]@4`.
struct Slice: Equatable {
  /// One dimension: an index, or a range whose end is left out of it.
  enum Part: Equatable {
    case index(Int)
    case range(Int?, Int?)
  }

  /// By place: columns, or rows and columns.
  var parts: [Part]
  var head: Int?
  /// Whose rows, in a pass of several sequences.
  var sequence: Int?
  /// Rows by name: `[row=3]`, `[token=1]`.
  var rows: Part?
  /// As it was typed.
  var text: String

  /// Reads the brackets and what may follow them; `nil` for what is no slice.
  init?(_ text: String) {
    guard text.first == "[", let close = text.firstIndex(of: "]") else { return nil }
    self.text = text
    parts = []
    let inner = text[text.index(after: text.startIndex)..<close]
    for piece in inner.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = piece.firstIndex(of: "=") else {
        guard let part = Self.part(String(piece).trimmingSpaces()) else { return nil }
        parts.append(part)
        continue
      }
      let name = String(piece[..<equals]).trimmingSpaces()
      let value = String(piece[piece.index(after: equals)...]).trimmingSpaces()
      switch name {
      case "head":
        guard head == nil, let index = Int(value) else { return nil }
        head = index
      case "sequence":
        guard sequence == nil, let index = Int(value) else { return nil }
        sequence = index
      case "row", "token":
        guard rows == nil, let part = Self.part(value) else { return nil }
        rows = part
      default: return nil
      }
    }
    guard parts.count <= (rows == nil ? 2 : 1) else { return nil }
    let rest = text[text.index(after: close)...]
    if rest.isEmpty { return }
    // gdb's artificial array: as many values from there on.
    guard rest.first == "@", let count = Int(rest.dropFirst()), count > 0,
      case .index(let first)? = parts.last
    else { return nil }
    let (end, overflow) = first.addingReportingOverflow(count)
    if overflow { return nil }
    parts[parts.count - 1] = .range(first, end)
  }

  /// A name with or without a slice.
  ///
  /// - Returns: `nil` for brackets that hold no slice.
  static func split(_ expression: String) -> (name: String, slice: Slice?)? {
    guard let open = expression.firstIndex(of: "[") else { return (expression, nil) }
    guard let slice = Slice(String(expression[open...])) else { return nil }
    return (String(expression[..<open]).trimmingSpaces(), slice)
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
      guard from <= to else {
        throw DebuggerError.badSlice(
          slice: slice, name: name, reason: "\(from) is not before \(to)")
      }
      guard from >= 0, to <= count else {
        throw DebuggerError.badSlice(
          slice: slice, name: name, reason: "there are \(count), from 0 to \(count - 1)")
      }
      range = from..<to
    }
    return range
  }
}
