/// A matrix of f32 values that flows between operations: `(rows, cols)`, row-major, one row a
/// token (or one a head and token, for attention scores).
struct Activation {
  let values: UnsafeMutablePointer<Float>
  let rows: Int
  let cols: Int
  /// The operation that wrote it last.
  var name = ""

  var count: Int { rows * cols }
  var buffer: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: values, count: count) }

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { values + index * cols }

  /// The last `count` rows.
  func suffix(_ count: Int) -> Activation {
    Activation(values: row(rows - count), rows: count, cols: cols, name: name)
  }

  func named(_ name: String) -> Activation {
    var copy = self
    copy.name = name
    return copy
  }
}
