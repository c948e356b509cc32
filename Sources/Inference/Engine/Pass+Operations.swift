import CKernels
import Events
import Quantization

/// Where an operation's result goes.
enum Output {
  /// A buffer of the pass, as `(rows, cols)`.
  case slot(Slot, rows: Int, cols: Int)
  /// Over values that are there.
  case over(Activation)
}

// The operations of a pass but those of attention and of experts. Each is recorded under the name
// that llama.cpp gives it, with what it was computed with and the line that calls it, and returns
// its result named so.
extension Pass {
  /// The rows of `weight` for the tokens, dequantized one by one: `(nTokens, nEmbd)`.
  func rows(of weight: Weight, _ name: String, line: Int = #line) throws -> Activation {
    try record(
      .getRows, name, [weight.name], tensor: weight.index, line: line,
      to: .slot(.residual, rows: tokens.count, cols: weight.cols)
    ) { y in
      for (index, token) in tokens.enumerated() {
        engine.strategy.decode(weight, row: token, into: y.row(index), on: engine)
      }
      computed()
    }
  }

  /// RMSNorm (arXiv:1910.07467) of each row, times `weight`: x and y `(nTokens, nEmbd)`.
  ///
  /// - Parameter slot: where y goes; `nil` for over x.
  func rmsNorm(
    _ x: Activation, _ weight: Vector, _ name: String, into slot: Slot? = .norm,
    line: Int = #line
  ) throws -> Activation {
    let epsilon = engine.model.config.normEpsilon
    return try record(
      .norm, name, [x.name, weight.name], with: OpAttributes(epsilon: epsilon), line: line,
      to: slot.map { .slot($0, rows: x.rows, cols: x.cols) } ?? .over(x)
    ) { y in
      backend.rmsNorm(x, weight, into: y, epsilon: epsilon)
      computed()
    }
  }

  /// RMSNorm of each head, in place: x `(nTokens, nHead * headSize)`, weight `(headSize)`.
  func headNorm(
    _ x: Activation, _ weight: Vector, _ name: String, line: Int = #line
  ) throws -> Activation {
    let epsilon = engine.model.config.normEpsilon
    return try record(
      .norm, name, [x.name, weight.name],
      with: OpAttributes(epsilon: epsilon, headSize: weight.count, heads: x.cols / weight.count),
      line: line, to: .over(x)
    ) { x in
      let heads = x.reshaped(cols: weight.count)
      backend.rmsNorm(heads, weight, into: heads, epsilon: epsilon)
      computed()
    }
  }

  /// `y = x Wᵀ + b`: x `(nTokens, nIn)`, W `(nOut, nIn)`, b `(nOut)`, y `(nTokens, nOut)`.
  ///
  /// - Parameter slot: where y goes; by default one of the operation's name.
  func linear(
    _ linear: Linear, _ x: Activation, _ name: String, into slot: Slot? = nil, line: Int = #line
  ) throws -> Activation {
    let weight = linear.weight
    func attributes() -> OpAttributes {
      linear.heads.map { OpAttributes(headSize: weight.rows / $0, heads: $0) } ?? OpAttributes()
    }
    let product = try record(
      .matmul, name, [weight.name, x.name], tensor: weight.index, with: attributes(), line: line,
      to: .slot(slot ?? Slot(name), rows: x.rows, cols: weight.rows)
    ) { y in
      try engine.multiply(weight, x, into: y)
    }
    guard let bias = linear.bias else { return product }
    return try record(
      .add, "\(name)_bias", [product.name, bias.name], with: attributes(), line: line,
      to: .over(product)
    ) { y in
      backend.add(bias, to: y)
      computed()
    }
  }

  /// `a + b`, element by element, over b: `(nTokens, nEmbd)`.
  func add(
    _ a: Activation, _ b: Activation, _ name: String, line: Int = #line
  ) throws -> Activation {
    try record(.add, name, [a.name, b.name], line: line, to: .over(b)) { y in
      backend.add(a, to: y)
      computed()
    }
  }

  /// `factor * x`, in place.
  func scale(
    _ x: Activation, by factor: Float, _ name: String, line: Int = #line
  ) throws -> Activation {
    try record(
      .scale, name, [x.name], with: OpAttributes(scale: factor), line: line, to: .over(x)
    ) { x in
      backend.scale(x, by: factor)
      computed()
    }
  }

  /// SwiGLU (arXiv:2002.05202), over `gate`: `silu(gate) * up`, `(nTokens, nFF)`.
  func swiglu(
    _ gate: Activation, _ up: Activation, _ name: String, line: Int = #line
  ) throws -> Activation {
    try record(.silu, name, [gate.name, up.name], line: line, to: .over(gate)) { gate in
      backend.swiglu(gate, up)
      computed()
    }
  }

  /// GeGLU (arXiv:2002.05202) with tanh's approximation of GELU, over `gate`: `gelu(gate) * up`,
  /// `(nTokens, nFF)`.
  func geglu(
    _ gate: Activation, _ up: Activation, _ name: String, line: Int = #line
  ) throws -> Activation {
    try record(.gelu, name, [gate.name, up.name], line: line, to: .over(gate)) { gate in
      backend.geglu(gate, up)
      computed()
    }
  }

  /// `cap * tanh(scale * x / cap)`, in place: no magnitude passes `cap`.
  ///
  /// - Parameter heads: rows for each token, of attention scores.
  func softCap(
    _ x: Activation, scale: Float, cap: Float, heads: Int? = nil, _ name: String,
    line: Int = #line
  ) throws -> Activation {
    try record(
      .softCap, name, [x.name], with: OpAttributes(cap: cap, heads: heads, scale: scale),
      line: line,
      to: .over(x)
    ) { x in
      backend.softCap(x, scale: scale, cap: cap)
      computed()
    }
  }

  /// The last row of each sequence, `(nSequences, nEmbd)`, or all where all logits are wanted.
  /// Where they lie apart they are copied.
  func lastRows(of x: Activation, line: Int = #line) throws -> Activation {
    if logitsForAll || parts.count == x.rows { return x }
    if parts.count == 1 { return x.rows(x.rows - 1..<x.rows) }
    return try record(
      .getRows, "l_out_last", [x.name], line: line,
      to: .slot(.out, rows: parts.count, cols: x.cols)
    ) { y in
      for (index, part) in parts.enumerated() {
        backend.copy(x.rows(part.rows.upperBound - 1..<part.rows.upperBound), to: y.row(index))
      }
      computed()
    }
  }

  // MARK: - Recording

  /// Does `body` as one operation, and returns its result under its name.
  ///
  /// - Parameters:
  ///   - attributes: what it is computed with; asked for if somebody watches.
  ///   - line: where the forward pass calls the operation.
  ///   - noted: the first value that is not finite, if `body` notes it; by default all are looked
  ///     at, but none of a result with gaps.
  ///   - body: given where the result goes.
  /// - Throws: `InferenceError.notFiniteOutput` for a result that holds an infinity or a NaN, and
  ///   what `body` throws.
  func record(
    _ kind: OpDescription.Kind, _ name: String, _ inputs: @autoclosure () -> [String],
    tensor: Int? = nil, with attributes: @autoclosure () -> OpAttributes = OpAttributes(),
    line: Int, to output: Output, noting noted: FirstNotFinite? = nil,
    _ body: (Activation) throws -> Void
  ) throws -> Activation {
    if engine.isCancelled() { throw InferenceError.interrupted }
    engine.operationBegins(name, layer)
    guard Observer.isWatching else {
      let y = try place(output)
      try body(y)
      if let error = notFinite(y, noted, name) { throw error }
      return y
    }
    let (rows, cols) =
      switch output {
      case .slot(_, let rows, let cols): (rows, cols)
      case .over(let x): (x.rows, x.cols)
      }
    let observer = ledger.observer
    observer.opBegan(
      OpDescription(
        name: fullName(name), kind: kind, layer: layer, inputs: inputs(), tensor: tensor,
        rows: rows, cols: cols, attributes: attributes(), line: line))
    let start = Int(nibble_nanoseconds()) - ledger.observerNanoseconds
    func elapsed() -> Int {
      max(Int(nibble_nanoseconds()) - ledger.observerNanoseconds - start, 0)
    }
    let y: Activation
    do {
      y = try place(output)
      try body(y)
    } catch {
      observer.opFailed(nanoseconds: elapsed())
      throw error
    }
    let nanoseconds = elapsed()
    let error = notFinite(y, noted, name)
    if error != nil { observer.outputNotFinite() }
    if kind == .kvAppend || !backend.computes {
      observer.opEnded(output: nil, nanoseconds: nanoseconds)
    } else {
      backend.withValues(y) { observer.opEnded(output: $0, nanoseconds: nanoseconds) }
    }
    if let error { throw error }
    return y.named(fullName(name))
  }

  private func place(_ output: Output) throws -> Activation {
    switch output {
    case .slot(let slot, let rows, let cols): try take(slot, rows: rows, cols: cols)
    case .over(let x): x
    }
  }

  /// The name of an operation of the layer under way: `ffn_norm-3`.
  func fullName(_ name: String) -> String { layer.map { "\(name)-\($0)" } ?? name }

  /// `InferenceError.notFiniteOutput` for a result that holds an infinity or a NaN.
  private func notFinite(
    _ y: Activation, _ noted: FirstNotFinite?, _ name: String
  ) -> InferenceError? {
    let found = noted != nil || y.hasGaps ? noted?.found : backend.firstNotFinite(y)
    guard let (index, value) = found else { return nil }
    return .notFiniteOutput(
      op: fullName(name), value: value, row: index / y.cols, column: index % y.cols)
  }

  /// One step: the work of an operation other than a product.
  func computed() { engine.computed() }
}

extension Engine {
  /// One step: the work of an operation other than a product.
  func computed() {
    ledger.step(.activations, 0) { $0.computed(thread: 0, live: $1) }
  }

  /// `y = x Wᵀ`, as the strategy computes it: x `(nTokens, weight.cols)`, y `(nTokens,
  /// weight.rows)`.
  ///
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func multiply(_ weight: Weight, _ x: Activation, into y: Activation) throws {
    if weight.type.isQuantized {
      try strategy.multiply(weight, x, into: y, on: self)
    } else {
      let share = (weight.rows + threads - 1) / threads
      try forEachRows(of: weight, by: share) { rows, thread in
        multiplyInPlace(weight, rows: rows, x, into: y, thread: thread)
      }
    }
  }
}
