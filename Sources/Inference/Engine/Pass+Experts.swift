import CKernels
import Events
import Quantization

/// Which experts the tokens of a pass go to: of each token its first choice, its second, …
struct Routes {
  /// `(nTokens, used)`: how much each counts; the sum of a row is 1.
  let weights: Activation
  /// `(nTokens, used)`, row-major.
  let experts: [Int]
  /// Experts of a token.
  var used: Int { weights.cols }

  /// The experts that any token goes to, in their order, each with the rows of `(nTokens * used)`
  /// that are its.
  let chosen: [(expert: Int, rows: [Int])]

  init(weights: Activation, experts: [Int]) {
    self.weights = weights
    self.experts = experts
    chosen = Dictionary(grouping: experts.indices) { experts[$0] }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

// A mixture of experts (arXiv:1701.06538): of a layer's feed-forward networks each token goes
// through a few, which a router chooses.
extension Pass {
  /// The `used` experts with the highest logits of each token, and the softmax over them: logits
  /// `(nTokens, nExpert)` → weights `(nTokens, used)`.
  func route(
    _ logits: Activation, top used: Int, _ name: String, line: Int = #line
  ) throws -> Routes {
    var experts: [Int] = []
    let weights = try record(
      .route, name, [logits.name], with: OpAttributes(expertsUsed: used), line: line,
      to: .slot(Slot(name), rows: logits.rows, cols: used)
    ) { weights in
      experts = backend.route(logits, into: weights)
      computed()
      if Observer.isWatching, backend.computes {
        let values = backend.read(weights)
        ledger.report(now: nibble_nanoseconds()) {
          $0.routed(experts: experts, weights: values, tokens: logits.rows)
        }
      }
    }
    return Routes(weights: weights, experts: experts)
  }

  /// Gives the strategy the matrices of the experts that tokens of this pass go to.
  ///
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func prefetch(_ matrices: [Experts], _ routes: Routes) throws {
    let weights = routes.chosen.flatMap { chosen in matrices.map { $0[chosen.expert] } }
    try engine.strategy.prefetch(weights, on: engine)
  }

  /// Products of each token with the matrices of its experts: x `(nTokens, nIn)` or `(nTokens *
  /// used, nIn)`, matrices `(nExpert, nOut, nIn)` → y `(nTokens * used, nOut)`.
  func linear(
    _ experts: Experts, _ routes: Routes, _ x: Activation, _ name: String, line: Int = #line
  ) throws -> Activation {
    let weight = experts.weight
    return try record(
      .expertMatmul, name, [weight.name, routes.weights.name, x.name], tensor: weight.index,
      with: OpAttributes(expertsUsed: routes.used), line: line,
      to: .slot(Slot(name), rows: routes.experts.count, cols: weight.sliceRows)
    ) { y in
      // Taken whether or not two tokens go to one expert, so that a dry run takes what a run takes.
      let gathered = tokens.count == 1 ? nil : try gathering(weight)
      for (expert, rows) in routes.chosen {
        let sources = x.rows == y.rows ? rows : rows.map { $0 / routes.used }
        guard let gathered, rows.count > 1 else {
          try engine.multiply(
            experts[expert], x.rows(sources[0]..<sources[0] + 1),
            into: y.rows(rows[0]..<rows[0] + 1))
          continue
        }
        try multiply(experts[expert], x, sources, into: y, rows, gathered)
      }
    }
  }

  /// Room for the rows of one expert side by side, and for their products.
  private func gathering(_ weight: Weight) throws -> (x: Activation, y: Activation) {
    (
      try take(Slot("rows of an expert", .workspace), rows: tokens.count, cols: weight.cols),
      try take(
        Slot("products of an expert", .workspace), rows: tokens.count, cols: weight.sliceRows)
    )
  }

  /// Multiplies rows that are apart: gathers them, multiplies, and scatters the products.
  private func multiply(
    _ weight: Weight, _ x: Activation, _ sources: [Int], into y: Activation, _ rows: [Int],
    _ gathered: (x: Activation, y: Activation)
  ) throws {
    for (index, row) in sources.enumerated() {
      backend.copy(x.rows(row..<row + 1), to: gathered.x.row(index))
    }
    try engine.multiply(
      weight, gathered.x.rows(0..<rows.count), into: gathered.y.rows(0..<rows.count))
    for (index, row) in rows.enumerated() {
      backend.copy(gathered.y.rows(index..<index + 1), to: y.row(row))
    }
  }

  /// What the experts of each token give, weighted: x `(nTokens * used, nEmbd)` → y `(nTokens,
  /// nEmbd)`.
  func weightedSum(
    of x: Activation, _ routes: Routes, _ name: String, into slot: Slot, line: Int = #line
  ) throws -> Activation {
    try record(
      .expertSum, name, [x.name, routes.weights.name],
      with: OpAttributes(expertsUsed: routes.used), line: line,
      to: .slot(slot, rows: tokens.count, cols: x.cols)
    ) { y in
      backend.sum(x, weights: routes.weights, into: y)
      computed()
    }
  }
}
