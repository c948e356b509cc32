/// The steps that a branch of a run came through, from the first to its last: its own, and before
/// them those of the branch that it goes on from, up to where the two part.
///
/// A run that was never taken back has one history: all its steps.
public struct TraceHistory: Equatable, Sendable {
  /// The branch whose history it is.
  public let branch: Int
  /// Ranges of steps that follow each other, rising; at least one.
  public private(set) var ranges: [ClosedRange<Int>]

  /// - Parameter ranges: rising, at least one.
  init(branch: Int, ranges: [ClosedRange<Int>]) {
    precondition(!ranges.isEmpty)
    self.branch = branch
    self.ranges = ranges
  }

  public var first: Int { ranges[0].lowerBound }
  public var last: Int { ranges[ranges.count - 1].upperBound }
  /// How many steps there are.
  public var count: Int { ranges.reduce(0) { $0 + $1.count } }

  public func contains(_ step: Int) -> Bool { ranges.contains { $0.contains(step) } }

  /// The history as far as a step; `nil` where it begins after that.
  public func through(_ step: Int) -> TraceHistory? {
    let cut = ranges.filter { $0.lowerBound <= step }.map { $0.clamped(to: $0.lowerBound...step) }
    return cut.isEmpty ? nil : TraceHistory(branch: branch, ranges: cut)
  }

  /// The steps after `start` up to `end`, as the ranges that a move forwards goes through, in its
  /// order.
  public func ranges(after start: Int, through end: Int) -> [ClosedRange<Int>] {
    guard start < end else { return [] }
    return ranges.filter { $0.overlaps(start + 1...end) }.map { $0.clamped(to: start + 1...end) }
  }

  /// The steps before `start` down to `end`, as the ranges that a move backwards goes through, in
  /// its order.
  public func ranges(before start: Int, downTo end: Int) -> [ClosedRange<Int>] {
    guard end < start else { return [] }
    return ranges.reversed().filter { $0.overlaps(end...start - 1) }
      .map { $0.clamped(to: end...start - 1) }
  }

  /// How many steps of the history come before a step.
  public func index(of step: Int) -> Int {
    ranges.reduce(0) { count, range in
      count + min(max(step - range.lowerBound, 0), range.count)
    }
  }

  /// The step that so many steps come before, from 0 to below ``count``.
  public func step(at index: Int) -> Int {
    var left = index
    for range in ranges {
      if left < range.count { return range.lowerBound + left }
      left -= range.count
    }
    return last
  }
}

/// The histories of all branches, the last one open to what is yet to come, by branch.
struct HistoryTable {
  /// How many branches there were when they were read.
  var branches = 0
  var ranges: [[ClosedRange<Int>]] = []
}

extension Trace {
  /// The history of a branch, as far as it is recorded; of the last one for a branch that is not
  /// there.
  public func history(ofBranch branch: Int) throws(TraceError) -> TraceHistory {
    try loadHistories()
    let branch = min(max(branch, 0), histories.ranges.count - 1)
    let end = max(1, try eventCount())
    let whole = TraceHistory(branch: branch, ranges: histories.ranges[branch])
    return whole.through(end) ?? TraceHistory(branch: branch, ranges: [1...end])
  }

  /// The history of the branch that a step is of its own of.
  public func history(at step: Int) throws(TraceError) -> TraceHistory {
    try history(ofBranch: branch(at: step))
  }

  /// The branch that a step belongs to: the last that had begun before it.
  public func branch(at step: Int) throws(TraceError) -> Int {
    let branch = try first("SELECT max(id) FROM branch WHERE step < ?", [step]) {
      try $0[0] as Int?
    }
    return (branch ?? nil) ?? 0
  }

  /// - Complexity: O(passes) where a branch was added since the last call.
  private func loadHistories() throws(TraceError) {
    let count = 1 + (try count("SELECT max(id) FROM branch"))
    guard count != histories.branches else { return }
    var ranges: [[ClosedRange<Int>]] = []
    let branches = try self.branches()
    for (index, branch) in branches.enumerated() {
      let next = index + 1 < branches.count ? branches[index + 1].step : Int.max
      guard branch.id == index, branch.step <= next else {
        throw .corrupt(path: path, reason: "branch \(branch.id) begins at step \(branch.step)")
      }
      // None where the first pass was given up before anything was done.
      let own = branch.step < next ? [branch.step + 1...next] : []
      var shared: [ClosedRange<Int>] = []
      if let parent = branch.parent {
        guard ranges.indices.contains(parent) else {
          throw .corrupt(path: path, reason: "branch \(index) goes on from branch \(parent)")
        }
        let line = TraceHistory(branch: parent, ranges: ranges[parent])
        let fork = try end(ofPosition: branch.position, in: line)
        shared = line.through(min(fork, branch.step))?.ranges ?? []
      }
      ranges.append(shared.isEmpty && own.isEmpty ? [1...1] : shared + own)
    }
    histories = HistoryTable(branches: count, ranges: ranges.isEmpty ? [[1...Int.max]] : ranges)
  }

  /// The last step of the pass that was the last to append one of the first `position` positions;
  /// of loading for none of them.
  private func end(
    ofPosition position: Int, in history: TraceHistory
  ) throws(TraceError) -> Int {
    for range in history.ranges.reversed() {
      let found = try first(
        """
        SELECT last_step FROM pass WHERE is_finished AND first_step BETWEEN ? AND ?
        AND first_position < ? ORDER BY first_step DESC LIMIT 1
        """, [range.lowerBound, range.upperBound, position]
      ) { try $0[0] as Int }
      if let found { return found }
    }
    return (try pass(1)?.steps.lowerBound ?? 1) - 1
  }
}
