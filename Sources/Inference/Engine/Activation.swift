import Events

/// A matrix of f32 values that flows between operations: `(rows, cols)`, row-major, one row a
/// token (or one a head and token, for attention scores).
struct Activation {
  let values: UnsafeMutablePointer<Float>
  let rows: Int
  let cols: Int
  /// The operation that wrote it last.
  var name = ""
  /// True if it may hold anything where no operation reads it: scores of positions that a token
  /// does not see.
  var hasGaps = false

  var count: Int { rows * cols }
  var buffer: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: values, count: count) }

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { values + index * cols }

  /// Some of its rows.
  func rows(_ range: Range<Int>) -> Activation {
    Activation(values: row(range.lowerBound), rows: range.count, cols: cols, name: name)
  }

  /// The same values as rows of `cols`.
  func reshaped(cols: Int) -> Activation {
    Activation(values: values, rows: count / cols, cols: cols, name: name)
  }

  func named(_ name: String) -> Activation {
    var copy = self
    copy.name = name
    return copy
  }
}

/// A buffer of a pass: it is taken where an operation first needs it, and later ones reuse it.
struct Slot: Sendable {
  let name: String
  let category: MemoryCategory

  init(_ name: String, _ category: MemoryCategory = .activations) {
    self.name = name
    self.category = category
  }

  /// The residual stream, `(nTokens, nEmbd)`.
  static let residual = Slot("residual")
  /// What goes into attention or the feed-forward network, `(nTokens, nEmbd)`.
  static let norm = Slot("norm")
  /// What attention or the feed-forward network adds, `(nTokens, nEmbd)`.
  static let out = Slot("out")
  static let logits = Slot("logits", .logits)
}
