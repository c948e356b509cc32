import CKernels

/// A float32 matrix in a buffer that outlives it, row-major.
struct Matrix {
  let values: UnsafeMutablePointer<Float>
  let rows: Int
  let cols: Int

  var count: Int { rows * cols }
  var array: [Float] { Array(UnsafeBufferPointer(start: values, count: count)) }

  func clear() { values.update(repeating: 0, count: count) }

  /// Copies the transpose of `other`.
  func fill(transposeOf other: Matrix) {
    precondition(rows == other.cols && cols == other.rows, "the transpose's shape")
    for row in 0..<rows {
      let target = values + row * cols
      for col in 0..<cols { target[col] = other.values[col * other.cols + row] }
    }
  }

  /// Becomes `x wᵀ`: `(tokens, rows)` from `x` `(tokens, cols)` and `w` `(rows, cols)`.
  func fill(_ x: Matrix, timesTransposeOf w: Matrix) {
    precondition(x.cols == w.cols && rows == x.rows && cols == w.rows, "shapes of a product")
    var product = nibble_product(
      w: w.values, w_stride: w.cols, rows: w.rows, cols: w.cols, x: x.values, x_stride: x.cols,
      tokens: x.rows, y: values, y_stride: cols)
    nibble_matmul_f32(&product)
  }

  /// Adds `a b`: `(n, m)` from `a` `(n, k)` and `b` `(k, m)`.
  func add(_ a: Matrix, times b: Matrix) {
    precondition(a.cols == b.rows && rows == a.rows && cols == b.cols, "shapes of a product")
    var product = nibble_page_sums(
      values: b.values, stride: b.cols, rows: b.rows, cols: b.cols, weights: a.values,
      weights_stride: a.cols, tokens: a.rows, out: values, out_stride: cols)
    nibble_page_sums_f32(&product)
  }
}
