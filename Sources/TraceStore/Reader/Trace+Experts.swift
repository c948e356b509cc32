import Events

/// An expert, and the rows of a tensor that are its matrix.
public struct TraceExpert: Equatable, Sendable {
  /// Counting from 0.
  public let number: Int
  public let rows: Range<Int>
}

/// The operation that sends each token of a pass to a few of a layer's experts.
public struct TraceRouter: Equatable, Sendable {
  public let op: TraceOp
  /// How many experts it chooses from.
  public let experts: Int
}

/// One choice of a router: a row of `route`.
public struct TraceRoute: Equatable, Sendable {
  /// The row of the pass's activations, counting from 0.
  public let row: Int
  public let expert: Int
  /// What the expert's result is multiplied by.
  public let weight: Double
}

// MARK: - Experts

extension Trace {
  /// More than any model has in a layer; a trace that says more is damaged.
  private static var mostExperts: Int { 1 << 16 }

  /// True if a router is among the operations of the model.
  public func hasExperts() throws(TraceError) -> Bool {
    try nodes().contains { $0.kind == OpDescription.Kind.route.name }
  }

  /// The expert whose matrix some rows of a tensor are part of; `nil` for a tensor that is one
  /// matrix, and for rows of several experts.
  ///
  /// - Parameter op: an operation that may be the one that multiplies it.
  /// - Complexity: O(operations of a pass) where `op` is another.
  public func expert(
    of part: Range<Int>, in tensor: TraceTensor, op: TraceOp?
  ) throws(TraceError) -> TraceExpert? {
    var rows: Int?
    if let op, op.tensor == tensor.id {
      rows = op.operation == .expertMatmul ? op.cols : nil
    } else if let node = try nodes().first(where: {
      $0.tensor == tensor.id && $0.kind == OpDescription.Kind.expertMatmul.name
    }) {
      rows = try first("SELECT cols FROM _op WHERE node = ? LIMIT 1", [node.id]) { try $0[0] }
    }
    guard let rows, (1...max(tensor.rows, 1)).contains(rows),
      (0..<tensor.rows).contains(part.lowerBound)
    else { return nil }
    let number = part.lowerBound / rows
    let expert = TraceExpert(number: number, rows: number * rows..<(number + 1) * rows)
    return part.upperBound <= expert.rows.upperBound ? expert : nil
  }

  /// The routers of a pass, in order; of one layer where it is given.
  ///
  /// - Complexity: O(operations of the pass).
  public func routers(inPass pass: Int, layer: Int? = nil) throws(TraceError) -> [TraceRouter] {
    let ops = try ops(inPass: pass)
    return try ops.filter { $0.operation == .route && (layer == nil || $0.layer == layer) }
      .map { op throws(TraceError) in
        guard let logits = ops.last(where: { $0.id < op.id && $0.name == op.inputs.first }),
          (1...Self.mostExperts).contains(logits.cols)
        else { throw .corrupt(path: path, reason: "the logits of router \(op.id)") }
        return TraceRouter(op: op, experts: logits.cols)
      }
  }

  /// How many experts the router of each layer chooses from, in the order of the layers.
  ///
  /// - Complexity: O(operations).
  public func expertCounts() throws(TraceError) -> [(layer: Int, experts: Int)] {
    try all("SELECT layer, experts FROM _router WHERE layer IS NOT NULL ORDER BY layer", []) {
      let found: (layer: Int, experts: Int) = try ($0[0], $0[1])
      guard found.experts <= Self.mostExperts else {
        throw TraceError.corrupt(path: self.path, reason: "\(found.experts) experts")
      }
      return found
    }
  }

  /// What a router chose, row after row, the first choice of each first.
  public func routes(ofOp op: Int) throws(TraceError) -> [TraceRoute] {
    try all("SELECT row, expert, weight FROM route WHERE op = ? ORDER BY row, slot", [op]) {
      try TraceRoute(row: $0[0], expert: $0[1], weight: $0[2])
    }
  }

  /// The experts that a router chose, `(rows, experts of a row)` row-major, the first choice of a row
  /// first.
  public func experts(ofOp op: Int) throws(TraceError) -> [Int] {
    try routes(ofOp: op).map(\.expert)
  }

  /// How many tokens the routers sent to each expert of each layer, by operations that ended within
  /// some steps.
  ///
  /// - Complexity: O(operations + choices of routers).
  public func tokensOfExperts(
    in steps: ClosedRange<Int>
  ) throws(TraceError) -> [(layer: Int, expert: Int, tokens: Int)] {
    try all(
      """
      SELECT n.layer, r.expert, count(*)
      FROM _node AS n JOIN _op AS o ON o.node = n.id JOIN route AS r ON r.op = o.id
      WHERE n.kind = 'route' AND n.layer IS NOT NULL AND o.last_step BETWEEN ? AND ?
      GROUP BY n.layer, r.expert
      """, [steps.lowerBound, steps.upperBound]
    ) { try ($0[0], $0[1], $0[2]) }
  }

  /// Bytes of experts' matrices, packed, that products within some steps were computed with, and
  /// those that their operations would have taken with every expert.
  ///
  /// - Parameter layer: counts the operations of this layer alone.
  /// - Complexity: O(operations + products of the steps).
  public func bytesOfExperts(
    in steps: ClosedRange<Int>, layer: Int? = nil
  ) throws(TraceError) -> (read: Int, all: Int) {
    let query = """
      SELECT
        (SELECT sum(s.bytes * r.rows / s.rows)
          FROM (SELECT tensor, sum(rows) AS rows FROM _expert_product
            WHERE step BETWEEN ?1 AND ?2 AND (?3 IS NULL OR layer = ?3) GROUP BY tensor) AS r
            JOIN tensor AS s ON s.id = r.tensor),
        (SELECT sum(s.bytes)
          FROM _node AS n JOIN _op AS o ON o.node = n.id JOIN tensor AS s ON s.id = n.tensor
          WHERE n.kind = 'mul_mat_id' AND o.last_step BETWEEN ?1 AND ?2
            AND (?3 IS NULL OR n.layer = ?3))
      """
    let sums = try first(query, [steps.lowerBound, steps.upperBound, layer]) {
      (read: try $0[0] as Int? ?? 0, all: try $0[1] as Int? ?? 0)
    }
    return sums ?? (0, 0)
  }
}
