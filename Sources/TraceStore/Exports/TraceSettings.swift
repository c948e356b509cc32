import Basics

/// How a run was run and how it ended, in words: what a page and a report say of it.
struct TraceSettings {
  /// Names with what they are.
  let rows: [(name: String, value: ReportText)]

  init(passes: [TracePass], branches: Int, steps: Int, meta: [String: String]) {
    let strategies = Self.strategies(passes, meta)
    let types = Self.distinct(passes.compactMap(\.kvType))
    let run =
      "\(counted(passes.count, "pass", "passes")), \(counted(steps, "step"))"
      + (branches > 1 ? ", \(counted(branches, "branch", "branches"))" : "")
    let rows: [(String, ReportText?)] = [
      (
        strategies.count > 1 ? "strategies" : "strategy",
        ReportText(strategies.map { "\(theirs: $0)" }, separator: "; ")
      ),
      (
        "KV cache", (types.isEmpty ? meta["kv_type"] : types.joined(separator: ", ")).map(Self.text)
      ),
      ("threads", meta["threads"].map(Self.text)),
      ("sequences", meta["sequences"].flatMap { $0 == "1" ? nil : Self.text($0) }),
      (
        "memory budget",
        meta["memory_budget"].flatMap(Int.init).map { "\(formatBytes($0))" }
      ),
      ("run", "\(run)"),
      ("ended", Self.ending(meta)),
      (
        "recorded",
        meta["recorded_at"].map { Self.text($0.prefix(16).replacing("T", with: " ") + " UTC") }
      ),
      ("on", meta["host"].map(Self.text)),
    ]
    self.rows = rows.compactMap { name, value in
      value.flatMap { $0.isEmpty ? nil : (name, $0) }
    }
  }

  private static func text(_ text: String) -> ReportText { "\(theirs: text)" }

  /// How a run ended that did not come to its own end.
  private static func ending(_ meta: [String: String]) -> ReportText? {
    switch meta["status"] {
    case "complete", nil: nil
    case "failed": "by the memory budget"
    case "interrupted": "by ^C"
    case "error": meta["error"].map { "by an error: \(theirs: $0)" } ?? "by an error"
    case "recording": "not yet, or it was killed: what was written until then is here"
    case let status?: "\(theirs: status)"
    }
  }

  /// Those that passes were run with, in the order of their first: `tiled, 64 rows a tile`.
  static func strategies(_ passes: [TracePass], _ meta: [String: String]) -> [String] {
    let own = passes.compactMap { pass in
      pass.strategy.map { name in
        pass.tileRows.map { "\(name), \($0) rows a tile" } ?? name
      }
    }
    if own.isEmpty { return [meta["strategy"]].compactMap { $0 } }
    return distinct(own)
  }

  /// Each once, in the order of the first.
  private static func distinct(_ words: [String]) -> [String] {
    words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

/// `1 step`, `4,801 steps`
func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  "\(formatCount(count)) \(count == 1 ? one : many ?? one + "s")"
}
