import Basics
import Events

// What ran, how it ended, and where memory and time went.
extension TraceReport {
  /// The most characters of a prompt that are shown.
  private static let longestPrompt = 240

  static func settings(_ trace: Trace, _ meta: [String: String]) throws(TraceError) -> Section {
    let settings = TraceSettings(
      passes: try trace.passes(), branches: try trace.branches().count,
      steps: try trace.eventCount(), meta: meta)
    var rows = settings.rows.map { ["\($0.name)" as ReportText, $0.value] }
    if let prompt = meta["prompt"] {
      let shown = prompt.count > longestPrompt ? prompt.prefix(longestPrompt) + "…" : prompt[...]
      rows.insert(["prompt", "\(theirs: quoted(String(shown)))"], at: 0)
    }
    return Section(title: "Run", table: rows, columns: ["", ""])
  }

  /// The allocation or the result that ended the run, or passes that were given up.
  static func failure(_ trace: Trace) throws(TraceError) -> Section? {
    if let failure = try trace.failure() {
      return Section(
        title: "What failed",
        lines: [
          """
          At step \(formatCount(failure.step)) \(theirs: failure.name) \
          (\(failure.category.label)) \(failure.shortfall).
          """
        ])
    }
    if let op = try trace.notFiniteOp() {
      return Section(
        title: "What failed",
        lines: [
          """
          At step \(formatCount(op.steps.upperBound)) the result of \(theirs: op.name) is not finite.
          """
        ])
    }
    let givenUp = try trace.passes().filter { !$0.isFinished }
    guard !givenUp.isEmpty else { return nil }
    let names = givenUp.prefix(10).map { "\($0.id)" }.joined(separator: ", ")
    return Section(
      title: "What failed",
      lines: [
        givenUp.count == 1
          ? "Pass \(names) was given up."
          : "\(givenUp.count) passes were given up: \(names)\(givenUp.count > 10 ? ", …" : "")."
      ])
  }

  /// How a run went that was taken back.
  static func branches(_ trace: Trace, _ meta: [String: String]) throws(TraceError) -> Section? {
    let branches = try trace.branches()
    guard branches.count > 1 else { return nil }
    let passes = Dictionary(grouping: try trace.passes(), by: \.branch)
    let rows = branches.map { branch -> [ReportText] in
      let own = passes[branch.id] ?? []
      return [
        "\(branch.id)", "\(origin(branch))", "\(own.count)",
        ReportText(
          TraceSettings.strategies(own, meta).map { "\(theirs: $0)" }, separator: "; "),
      ]
    }
    return Section(
      title: "Branches", table: rows, columns: ["branch", "goes on from", "passes", "strategy"])
  }

  /// Where a branch begins.
  static func origin(_ branch: TraceBranch) -> String {
    branch.parent.map { "position \(branch.position) of branch \($0)" } ?? "the beginning"
  }

  static func figures(_ trace: Trace) throws(TraceError) -> Section {
    let figures = try trace.figures()
    return Section(
      title: "Three figures",
      table: [
        ["weights, packed", "\(formatBytes(figures.packed))"],
        ["dequantized at once, at most", "\(formatBytes(figures.temporary))"],
        ["whole model as float16", "\(formatBytes(figures.wholeModel))"],
      ], columns: ["", ""])
  }

  static func peaks(_ trace: Trace) throws(TraceError) -> Section {
    let rows = try trace.all("SELECT category, bytes, step, at_peak FROM peak_by_category", []) {
      row -> [ReportText]? in
      let name: String = try row[0]
      let bytes: Int = try row[1]
      let step: Int? = try row[2]
      let atPeak: Int = try row[3]
      guard bytes > 0 else { return nil }
      let category = MemoryCategory.allCases.first { $0.name == name }
      return [
        "\(category?.label ?? "all together")", "\(formatBytes(bytes))",
        "\(step.map(formatCount) ?? "")", "\(formatBytes(atPeak))",
      ]
    }
    return Section(
      title: "Peak memory", table: rows.compactMap { $0 },
      columns: ["", "at most", "first at step", "at the peak of all"])
  }

  /// A curve of memory beside the context, pass by pass of each branch.
  static func growth(_ trace: Trace) throws(TraceError) -> Section {
    struct Pass {
      let branch, positions, cache, total: Int
    }
    let all = try trace.all(
      """
      SELECT p.branch, m.positions, m.kv_cache, m.total
      FROM memory_by_pass AS m JOIN pass AS p ON p.id = m.pass
      WHERE m.total IS NOT NULL ORDER BY p.id
      """, []
    ) { row in
      Pass(branch: try row[0], positions: try row[1], cache: try row[2], total: try row[3])
    }
    guard all.count > 1 else { return Section(title: "") }
    let sequences = try trace.passes().map(\.sequences).max() ?? 1
    let branches = Dictionary(grouping: all, by: \.branch).sorted { $0.key < $1.key }
    let rows = branches.flatMap { branch, passes -> [[ReportText]] in
      let ofBranch = branches.count > 1 ? ", branch \(branch)" : ""
      func row(_ name: String, _ values: [Int]) -> [ReportText] {
        let (first, last) = (values.first ?? 0, values.last ?? 0)
        let curve = sparkline(
          values.map(Double.init), from: 0, to: Double(max(values.max() ?? 1, 1)), width: 40)
        return [
          "\(name)\(ofBranch)",
          "\(passes.first?.positions ?? 0) to \(passes.last?.positions ?? 0)", "\(curve)",
          "\(formatBytes(first))", "\(formatBytes(last))",
        ]
      }
      return [row("KV cache", passes.map(\.cache)), row("all together", passes.map(\.total))]
    }
    let together = sequences > 1 ? " of all \(sequences) sequences together" : ""
    return Section(
      title: "Memory as the context grows",
      lines: ["The most in each pass; positions\(together) when it ended."], table: rows,
      columns: ["", "positions", "from the first pass to the last", "first", "last"])
  }

  static func slowest(_ trace: Trace) throws(TraceError) -> Section {
    let rows = try trace.all(
      "SELECT pass, name, kind, duration_ns, percent FROM slowest_ops LIMIT 8", []
    ) { row -> [ReportText] in
      let (name, kind): (String, String) = (try row[1], try row[2])
      let (nanoseconds, percent): (Int?, Double?) = (try row[3], try row[4])
      return [
        "\(theirs: name)", "\(theirs: kind)", "\(try row[0] as Int)",
        "\(nanoseconds.map(formatNanoseconds) ?? "")", "\(percent.map(tenths) ?? "")",
      ]
    }
    return Section(
      title: "Slowest operations", table: rows,
      columns: ["operation", "kind", "pass", "took", "of its pass"])
  }
}
