import CKernels
import Quantization

// The operations of a pass but attention's own. Each is recorded under the name that llama.cpp
// gives it, with what it was computed with and the line that calls it, and returns its result
// named so.
extension Engine {
  /// The rows of `weight` for `tokens`, dequantized one by one: `(nTokens, nEmbd)`.
  func getRows(
    _ weight: Weight, _ tokens: [Int], into y: Activation, _ name: String, line: Int = #line
  ) throws -> Activation {
    try record(.getRows, name, nil, [weight.name], tensor: weight.index, line: line, y) {
      for (index, token) in tokens.enumerated() {
        strategy.decode(weight, row: token, into: y.row(index))
      }
      computed()
    }
  }

  /// RMSNorm (arXiv:1910.07467) of each row, times `weight`: x and y `(nTokens, nEmbd)`.
  func rmsNorm(
    _ x: Activation, _ weight: Vector, into y: Activation, _ name: String, _ il: Int?,
    line: Int = #line
  ) throws -> Activation {
    let epsilon = model.config.normEpsilon
    return try record(
      .norm, name, il, [x.name, weight.name], with: OpAttributes(epsilon: epsilon), line: line, y
    ) {
      workers.forEach(x.rows, by: 16) { rows, _ in
        for row in rows {
          nibble_rms_norm(x.row(row), weight.values, y.row(row), x.cols, epsilon)
        }
      }
      computed()
    }
  }

  /// RMSNorm of each head, in place: x `(nTokens, nHead * headSize)`, weight `(headSize)`.
  func headNorm(
    _ x: Activation, _ weight: Vector, _ name: String, _ il: Int, line: Int = #line
  ) throws -> Activation {
    let epsilon = model.config.normEpsilon
    let heads = Activation(
      values: x.values, rows: x.count / weight.count, cols: weight.count, name: x.name)
    return try record(
      .norm, name, il, [x.name, weight.name],
      with: OpAttributes(epsilon: epsilon, headSize: heads.cols, heads: x.cols / heads.cols),
      line: line, x
    ) {
      for head in 0..<heads.rows {
        nibble_rms_norm(heads.row(head), weight.values, heads.row(head), heads.cols, epsilon)
      }
      computed()
    }
  }

  /// `y = x Wᵀ + b`: x `(nTokens, nIn)`, W `(nOut, nIn)`, b `(nOut)`, y `(nTokens, nOut)`.
  ///
  /// - Parameter heads: how many lie side by side in a row of y; `nil` if they are not told apart.
  func linear(
    _ linear: Linear, _ x: Activation, into y: Activation, _ name: String, _ il: Int?,
    heads: Int? = nil, line: Int = #line
  ) throws -> Activation {
    let weight = linear.weight
    func attributes() -> OpAttributes {
      heads.map { OpAttributes(headSize: y.cols / $0, heads: $0) } ?? OpAttributes()
    }
    let product = try record(
      .matmul, name, il, [weight.name, x.name], tensor: weight.index, with: attributes(),
      line: line, y
    ) {
      if weight.type.isQuantized {
        try strategy.multiply(weight, x, into: y, on: self)
      } else {
        try forEachRows(of: weight, by: (weight.rows + threads - 1) / threads) { rows, thread in
          multiplyInPlace(weight, rows: rows, x, into: y, thread: thread)
        }
      }
    }
    guard let bias = linear.bias else { return product }
    return try record(
      .add, "\(name)_bias", il, [product.name, bias.name], with: attributes(), line: line, product
    ) {
      for row in 0..<y.rows {
        nibble_add(y.row(row), bias.values, y.row(row), y.cols)
      }
      computed()
    }
  }

  /// `a + b`, element by element: `(nTokens, nEmbd)`.
  func add(
    _ a: Activation, _ b: Activation, into y: Activation, _ name: String, _ il: Int,
    line: Int = #line
  ) throws -> Activation {
    try record(.add, name, il, [a.name, b.name], line: line, y) {
      nibble_add(a.values, b.values, y.values, y.count)
      computed()
    }
  }

  /// SwiGLU (arXiv:2002.05202), into the buffer of `gate`: `silu(gate) * up`, `(nTokens, nFF)`.
  func swiglu(
    _ gate: Activation, _ up: Activation, _ name: String, _ il: Int, line: Int = #line
  ) throws -> Activation {
    try record(.silu, name, il, [gate.name, up.name], line: line, gate) {
      workers.forEach(gate.rows, by: 4) { rows, _ in
        nibble_swiglu(
          gate.row(rows.lowerBound), up.row(rows.lowerBound), gate.row(rows.lowerBound),
          rows.count * gate.cols)
      }
      computed()
    }
  }

  /// Does `body` as one operation whose result is `y`, and returns `y` under its name.
  ///
  /// - Parameters:
  ///   - attributes: what it is computed with; asked for if somebody watches.
  ///   - line: where the forward pass calls the operation.
  func record(
    _ kind: OpDescription.Kind, _ name: String, _ il: Int?, _ inputs: @autoclosure () -> [String],
    tensor: Int? = nil, with attributes: @autoclosure () -> OpAttributes = OpAttributes(),
    line: Int, _ y: Activation, _ body: () throws -> Void
  ) throws -> Activation {
    if isCancelled() { throw InferenceError.interrupted }
    operationBegins(name, il)
    guard Observer.isWatching else {
      try body()
      return y
    }
    let fullName = il.map { "\(name)-\($0)" } ?? name
    let observer = ledger.observer
    observer.opBegan(
      OpDescription(
        name: fullName, kind: kind, layer: il, inputs: inputs(), tensor: tensor, rows: y.rows,
        cols: y.cols, attributes: attributes(), line: line))
    let start = Int(nibble_nanoseconds()) - ledger.observerNanoseconds
    func elapsed() -> Int {
      max(Int(nibble_nanoseconds()) - ledger.observerNanoseconds - start, 0)
    }
    do { try body() } catch {
      observer.opFailed(nanoseconds: elapsed())
      throw error
    }
    let output = kind == .kvAppend ? nil : y.buffer
    observer.opEnded(output: output, nanoseconds: elapsed())
    return y.named(fullName)
  }

  /// One step: the work of an operation that is no product was done.
  func computed() {
    ledger.step(.activations, 0) { $0.computed(thread: 0, live: $1) }
  }
}
