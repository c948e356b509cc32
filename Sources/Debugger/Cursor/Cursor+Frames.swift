import Basics
import TraceStore

// A boundary of a grain is the last step of a frame of that grain: standing there, the frame has
// just been finished. Moves go from boundary to boundary, so a move and its reverse undo each
// other wherever they begin on one.
extension Cursor {
  /// Goes to the end of the frame that is under way, or of the next one; `count` times.
  public mutating func advance(_ grain: Grain, count: Int = 1) throws -> Ending {
    if count > 1, let op = try ops(grain, firstOp(endingAfter: step), count - 1), op > step {
      step = op
      return .arrived
    }
    for done in 0..<count {
      guard let boundary = try boundary(of: grain, after: step) else {
        try checkTiles(grain, "after")
        step = last
        left = count - done
        return .end
      }
      try check(boundary > step, boundary)
      step = boundary
    }
    return .arrived
  }

  /// Goes back to where the frame before this one ended; `count` times.
  public mutating func retreat(_ grain: Grain, count: Int = 1) throws -> Ending {
    if count > 1, let op = try ops(grain, lastOp(endingBefore: step), 1 - count), op < step {
      step = op
      return .arrived
    }
    for _ in 0..<count {
      guard let boundary = try boundary(of: grain, before: step) else {
        try checkTiles(grain, "before")
        step = history.first
        return .beginning
      }
      try check(boundary < step && boundary > 0, boundary)
      step = boundary
    }
    return .arrived
  }

  /// The end of the op that is so many after another, where ops are what is counted and no other
  /// branch lies between: their numbers follow each other.
  private func ops(_ grain: Grain, _ op: TraceOp?, _ count: Int) throws -> Int? {
    guard grain == .op, let op, abs(count) < 1 << 40, let there = try trace.op(op.id + count)
    else { return nil }
    let (here, end) = (op.steps.upperBound, there.steps.upperBound)
    let isOneWay = history.ranges.contains {
      $0.contains(step) && $0.contains(here) && $0.contains(end)
    }
    return isOneWay ? end : nil
  }

  /// Throws for tiles: where none is freed near by, the end of the trace is not what is meant.
  private func checkTiles(_ grain: Grain, _ where: String) throws {
    guard grain == .tile else { return }
    throw DebuggerError.nothingHere(
      what: "tile that is freed soon \(`where`)", step: step,
      advice: "\"finish op\" leaves the operation")
  }

  /// Throws where a move would not lead on, as it may in a damaged trace.
  private func check(_ leadsOn: Bool, _ boundary: Int) throws {
    guard leadsOn else {
      throw TraceError.corrupt(
        path: trace.path, reason: "from step \(step) the next end of a frame is \(boundary)")
    }
  }

  /// What `finish` leaves: the op where one is under way, else the layer.
  public func currentFrame() throws -> Grain {
    guard let op = try op(at: step), step < op.steps.upperBound else { return .layer }
    return .op
  }

  /// The first boundary after a step in the history of the branch.
  ///
  /// - Complexity: O(log ops), and for a layer also O(ops of the layer).
  func boundary(of grain: Grain, after step: Int) throws -> Int? {
    for range in history.ranges(after: step, through: last) {
      let found = try traceBoundary(of: grain, after: range.lowerBound - 1)
      if let found, found <= range.upperBound { return found }
    }
    return nil
  }

  /// The last boundary before a step in the history of the branch.
  func boundary(of grain: Grain, before step: Int) throws -> Int? {
    for range in history.ranges(before: step, downTo: history.first) {
      let found = try traceBoundary(of: grain, before: range.upperBound + 1)
      if let found, found >= range.lowerBound { return found }
    }
    return nil
  }

  /// Where the first op begins after a step in the history of the branch.
  func startOfOp(after step: Int) throws -> Int? {
    for range in history.ranges(after: step, through: last) {
      let found = try trace.op(startingAtOrAfter: range.lowerBound)?.steps.lowerBound
      if let found, found <= range.upperBound { return found }
    }
    return nil
  }

  private func traceBoundary(of grain: Grain, after step: Int) throws -> Int? {
    switch grain {
    case .tile:
      return try trace.step(ofFirstTileFreedAfter: step)
    case .op:
      return try firstOp(endingAfter: step)?.steps.upperBound
    case .layer:
      guard let op = try firstOp(endingAfter: step) else { return nil }
      return try lastOp(ofLayerWith: op).steps.upperBound
    case .pass:
      guard let pass = try firstPass(endingAfter: step) else { return nil }
      return pass.steps.upperBound
    }
  }

  private func traceBoundary(of grain: Grain, before step: Int) throws -> Int? {
    switch grain {
    case .tile:
      return try trace.step(ofLastTileFreedBefore: step)
    case .op:
      return try lastOp(endingBefore: step)?.steps.upperBound
    case .layer:
      guard let op = try lastOp(endingBefore: step) else { return nil }
      guard let next = try trace.op(op.id + 1), sameLayer(op, next) else {
        return op.steps.upperBound
      }
      let first = try firstOp(ofLayerWith: op)
      return try trace.op(first.id - 1)?.steps.upperBound
    case .pass:
      guard let pass = try firstPass(endingAfter: step - 1) else {
        return try trace.pass(trace.passCount())?.steps.upperBound
      }
      return try trace.pass(pass.id - 1)?.steps.upperBound
    }
  }

  // MARK: - Ops

  /// The op that a step is part of.
  func op(at step: Int) throws -> TraceOp? {
    try trace.op(at: step)
  }

  private func firstOp(endingAfter step: Int) throws -> TraceOp? {
    guard let op = try trace.op(startingAtOrBefore: step) else { return try trace.op(1) }
    return op.steps.upperBound > step ? op : try trace.op(op.id + 1)
  }

  private func lastOp(endingBefore step: Int) throws -> TraceOp? {
    guard let op = try trace.op(startingAtOrBefore: step) else { return nil }
    return op.steps.upperBound < step ? op : try trace.op(op.id - 1)
  }

  // MARK: - Layers

  /// Whether two ops are of one layer of one pass. The ops before the first layer, and those after
  /// the last, count as a layer each.
  private func sameLayer(_ one: TraceOp, _ other: TraceOp) -> Bool {
    one.pass == other.pass && one.layer == other.layer
  }

  func lastOp(ofLayerWith op: TraceOp) throws -> TraceOp {
    var result = op
    while let next = try trace.op(result.id + 1), sameLayer(next, op) { result = next }
    return result
  }

  func firstOp(ofLayerWith op: TraceOp) throws -> TraceOp {
    var result = op
    while let previous = try trace.op(result.id - 1), sameLayer(previous, op) {
      result = previous
    }
    return result
  }

  // MARK: - Passes

  private func firstPass(endingAfter step: Int) throws -> TracePass? {
    try trace.pass(
      (1..<trace.passCount() + 1).firstSortedIndex { id in
        try trace.pass(id).map { $0.steps.upperBound > step } ?? true
      })
  }
}
