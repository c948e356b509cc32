import Events
import Foundation

extension PageTrace {
  /// Reads what the page holds of a trace.
  ///
  /// - Parameters:
  ///   - pass: the pass to show step by step; `nil` for the last decode pass that was finished, or
  ///     else the last pass.
  ///   - progress: called from time to time with the steps that were read so far.
  /// - Throws: ``TraceError/cannotExport(path:reason:)`` where there is no such pass, and what the
  ///   trace and `progress` throw.
  /// - Complexity: O(steps); memory for ``PageRun/capacity`` columns and one pass.
  init(
    _ trace: Trace, pass chosen: Int?, progress: (Int) throws -> Void = { _ in }
  ) throws {
    let passes = try trace.passes()
    let tensors = try trace.tensors()
    let nodes = try trace.pageNodes()
    var states = PageStates()

    let scan = try trace.pageRun(progress)
    name = URL(fileURLWithPath: trace.path).lastPathComponent
    meta = try trace.meta()
    steps = scan.steps
    peak = try trace.peak().map { Moment(step: $0.step, bytes: $0.live.bytes) }
    peaks = scan.memory.peaks.bytes
    figures = try trace.pageFigures()
    self.passes = zip(passes, scan.passPeaks).map { Pass($0, peak: states[$1]) }
    branches = try trace.branches().map {
      Branch(id: $0.id, parent: $0.parent, position: $0.position)
    }
    tokens = try trace.allTokens().map(Token.init)
    settings = TraceSettings(
      passes: passes, branches: branches.count, steps: steps, meta: meta
    ).rows.map { [$0.name, $0.value.plain] }
    failure = try trace.failure().map {
      Failure(step: $0.step, name: $0.name, shortfall: $0.shortfall)
    }
    self.nodes = nodes
    self.tensors = tensors.map {
      Tensor(name: $0.name, type: $0.type, rows: $0.rows, cols: $0.cols, bytes: $0.bytes)
    }
    run = try trace.pageColumns(of: scan, &states)
    detail = try trace.pagePass(chosen, of: passes).map { pass in
      try trace.pageDetail(of: pass, steps: scan.steps, &states)
    }
    self.states = states.columns
  }
}

extension PageTrace.Pass {
  init(_ pass: TracePass, peak: Int) {
    self.init(
      id: pass.id, branch: pass.branch, kind: pass.kind == .prefill ? "prefill" : "decode",
      first: pass.steps.lowerBound, last: pass.steps.upperBound, tokens: pass.tokens,
      duration: pass.duration, finished: pass.isFinished, peak: peak)
  }
}

extension PageTrace.Token {
  init(_ token: TraceToken) {
    func number(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    self.init(
      branch: token.branch, sequence: token.sequence, position: token.position, id: token.id,
      text: token.text, prompt: token.isPrompt, forced: token.isForced,
      logprob: number(token.logprob), pass: token.pass,
      top: token.topK.map { .init(id: $0.id, text: $0.text, logprob: number($0.logprob)) })
  }
}

extension MemoryUse {
  /// Bytes of each category, in the order of ``MemoryCategory``.
  var bytes: [Int] { MemoryCategory.allCases.map { self[$0] } }
}

extension Trace {
  /// What is the same about each operation in every pass; the number of a node is its place,
  /// counting from 1.
  fileprivate func pageNodes() throws(TraceError) -> [PageTrace.Node] {
    try all("SELECT * FROM _node ORDER BY id", []) { row in
      try PageTrace.Node(
        name: row["name"], kind: row["kind"], layer: row["layer"], tensor: row["tensor"])
    }
  }

  fileprivate func pageFigures() throws(TraceError) -> PageTrace.Figures {
    let figures = try figures()
    return PageTrace.Figures(
      packed: figures.packed, temporary: figures.temporary, wholeModel: figures.wholeModel,
      tiles: try count("SELECT count(*) FROM tile"),
      dequantized: try count("SELECT min(sum(bytes), 1 << 53) FROM tile"))
  }

  /// The pass to show step by step.
  fileprivate func pagePass(_ chosen: Int?, of passes: [TracePass]) throws -> TracePass? {
    guard let chosen else {
      let hasFailed = try failure() != nil
      return hasFailed
        ? passes.last
        : passes.last { $0.kind == .decode && $0.isFinished } ?? passes.last
    }
    guard let pass = passes.first(where: { $0.id == chosen }) else {
      throw TraceError.cannotExport(
        path: path,
        reason: "has no pass \(chosen); "
          + (passes.isEmpty ? "it has none" : "its passes are 1 to \(passes.count)"))
    }
    return pass
  }
}
