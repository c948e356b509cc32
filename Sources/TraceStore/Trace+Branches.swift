extension Trace {
  /// All branches of the run, in the order in which they began; branch 0 alone where it was never
  /// taken back.
  public func branches() throws(TraceError) -> [TraceBranch] {
    guard schema >= 3 else { return [TraceBranch(id: 0, parent: nil, position: 0, step: 0)] }
    return try all("SELECT * FROM branch ORDER BY id", []) { row in
      try TraceBranch(
        id: row["id"], parent: row["parent"], position: row["position"], step: row["step"])
    }
  }

  /// Whether the run was ever taken back.
  public func hasBranches() throws(TraceError) -> Bool {
    guard schema >= 3 else { return false }
    return try count("SELECT max(id) FROM branch") > 0
  }

  /// The pass that the KV cache at `step` is as it was after, or is being filled by: the one of
  /// `step`, unless that was given up, and otherwise the last before it that the branch there has;
  /// `nil` where the cache is empty.
  ///
  /// - Complexity: O(positions of the branch) between passes and in one that was given up.
  public func passBehind(_ step: Int) throws(TraceError) -> TracePass? {
    let here = try pass(at: step)
    if let here, here.isFinished { return here }
    return try passBefore(step, here)
  }

  /// What was the last to be appended to the KV cache until `step`, of what was still in it: not
  /// what a pass appended that was given up before, nor what a branch appended that the run was
  /// taken back from.
  public func lastKVAppend(atOrBefore step: Int) throws(TraceError) -> TraceKVAppend? {
    let here = try pass(at: step)
    if let here, let append = try lastKVAppend(in: here.steps.lowerBound...step) { return append }
    guard let before = try passBefore(step, here) else { return nil }
    return try lastKVAppend(in: before.steps)
  }

  /// The last finished pass before `here`, or before `step` where no pass is there, of the branch
  /// and those that it comes from.
  private func passBefore(_ step: Int, _ here: TracePass?) throws(TraceError) -> TracePass? {
    let end = here?.steps.lowerBound ?? step
    guard schema >= 3 else {
      return try first(
        "SELECT * FROM pass WHERE last_step < ? ORDER BY id DESC LIMIT 1", [end], decodePass)
    }
    let branch = if let here { here.branch } else { try branch(at: step) }
    return try first(
      """
      SELECT p.* FROM branch_token AS t JOIN pass AS p ON p.id = t.pass
      WHERE t.branch = ?1 AND p.is_finished AND p.last_step < ?2
      ORDER BY p.id DESC LIMIT 1
      """, [branch, end], decodePass)
  }

  /// The branch that a step between passes belongs to: the next pass after it, or the last where
  /// there is none.
  public func branch(at step: Int) throws(TraceError) -> Int {
    guard schema >= 3 else { return 0 }
    let branch = try first("SELECT max(id) FROM branch WHERE step < ?", [step]) {
      try $0[0] as Int?
    }
    return (branch ?? nil) ?? 0
  }

  private func lastKVAppend(
    in steps: ClosedRange<Int>
  ) throws(TraceError) -> TraceKVAppend? {
    let last = try first(
      "SELECT max(step) FROM kv_append WHERE step BETWEEN ? AND ?",
      [steps.lowerBound, steps.upperBound]
    ) { try $0[0] as Int? }
    guard let step = last ?? nil else { return nil }
    return try kvAppend(at: step)
  }
}
