import TraceStore

/// What a step is part of and what happened at it, as far as the trace tells.
public struct Place {
  public let event: TraceEvent
  public let pass: TracePass?
  /// Whether the trace has branches to tell apart.
  public let hasBranches: Bool
  /// Whether the first pass has not begun yet.
  public let isLoading: Bool
  /// The tokens that went into the pass.
  public let tokens: [TraceToken]
  public let op: TraceOp?
  /// The weight tensor of the tile or of the op.
  public let tensor: TraceTensor?
  public let tile: TraceTile?
  public let matmul: TraceMatmul?
  public let append: TraceKVAppend?
  /// The buffer that was taken or returned.
  public let buffer: TraceBuffer?
  /// The allocation that would have passed the memory budget here.
  public let failure: TraceFailure?
  /// Which of the tensor's tiles the tile is, counting from 1, and how many there are.
  public let tileNumber: (index: Int, count: Int)?
  /// The expert whose matrix the product, or else the tile, is part of, in a tensor that holds
  /// several; its tiles are then counted by themselves.
  public let expert: TraceExpert?

  public var step: Int { event.step }

  /// Reads what is known about a step.
  ///
  /// - Parameter tileRows: the rows of a whole tile as the trace's `meta` has them, which the last
  ///   tile of a tensor does not tell; for where the pass has none of its own.
  public init(_ trace: Trace, at step: Int, tileRows: Int?) throws {
    guard let event = try trace.event(at: step) else {
      throw TraceError.corrupt(path: trace.path, reason: "no event at step \(step)")
    }
    self.event = event
    pass = try trace.pass(at: step)
    isLoading = try pass == nil && step < trace.pass(1)?.steps.lowerBound ?? Int.max
    tokens = try pass.map { try trace.tokens(inPass: $0.id) } ?? []
    let op = try event.op.flatMap { try trace.op($0) }
    self.op = op
    let tile = try trace.tile(at: step)
    self.tile = tile
    let matmul = event.kind == .multiply ? try trace.matmul(at: step) : nil
    self.matmul = matmul
    append = event.kind == .append ? try trace.kvAppend(at: step) : nil
    buffer =
      [.alloc, .dequantize, .free].contains(event.kind) ? try trace.buffer(at: step) : nil
    failure = event.kind == .fail ? try trace.failure(at: step) : nil
    hasBranches = try trace.hasBranches()
    let tensor = try (tile?.tensor ?? matmul?.tensor ?? op?.tensor).flatMap {
      try trace.tensor($0)
    }
    self.tensor = tensor
    let expert = try (matmul?.rangeOfRows ?? tile?.rangeOfRows).flatMap { rows in
      try tensor.flatMap { try trace.expert(of: rows, in: $0, op: op) }
    }
    self.expert = expert
    if let tile, let tensor {
      // A tile may hold the matrices of all experts.
      let own = expert.flatMap { $0.rows.contains(tile.rangeOfRows) ? $0.rows : nil }
      tileNumber = Self.number(
        of: tile, in: own ?? 0..<tensor.rows, tileRows: pass?.tileRows ?? tileRows)
    } else {
      tileNumber = nil
    }
  }

  private static func number(
    of tile: TraceTile, in matrix: Range<Int>, tileRows: Int?
  ) -> (index: Int, count: Int)? {
    var rows = tile.rows
    let first = tile.firstRow - matrix.lowerBound
    let isLast = first + tile.rows >= matrix.count
    if isLast && first > 0 {
      guard let tileRows, tileRows > 0, first % tileRows == 0 else { return nil }
      rows = tileRows
    }
    guard rows > 0, first >= 0, first % rows == 0 else { return nil }
    return (first / rows + 1, (matrix.count + rows - 1) / rows)
  }
}
