extension Trace {
  /// All branches of the run, in the order in which they began; branch 0 alone where it was never
  /// taken back.
  public func branches() throws(TraceError) -> [TraceBranch] {
    try all("SELECT * FROM branch ORDER BY id", []) { row in
      try TraceBranch(
        id: row["id"], parent: row["parent"], position: row["position"], step: row["step"])
    }
  }

  /// Whether the run was ever taken back.
  public func hasBranches() throws(TraceError) -> Bool {
    try count("SELECT max(id) FROM branch") > 0
  }

  /// The pass that the KV cache at `step` is as it was after, or is being filled by: the one of
  /// `step`, unless that was given up, and otherwise the last before it that the branch there has;
  /// `nil` where the cache is empty.
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
  ///
  /// - Complexity: O(log passes), and O(passes that were given up).
  private func passBefore(_ step: Int, _ here: TracePass?) throws(TraceError) -> TracePass? {
    let end = here?.steps.lowerBound ?? step
    for range in try history(at: step).ranges(before: end, downTo: 1) {
      let pass = try first(
        """
        SELECT * FROM pass WHERE first_step BETWEEN ? AND ? AND last_step < ? AND is_finished
        ORDER BY first_step DESC LIMIT 1
        """, [range.lowerBound, range.upperBound, end], decodePass)
      if let pass { return pass }
    }
    return nil
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
