import Foundation
import Inference

extension TraceReport {
  static func settings(_ trace: Trace, _ meta: [String: String]) throws(TraceError) -> Section {
    let passes = try trace.passes()
    let steps = try trace.eventCount()
    let branches = try trace.branches().count
    let settings = [
      ("prompt", meta["prompt"].map(quoted)), ("strategy", meta["strategy"]),
      ("tile rows", meta["tile_rows"]), ("KV cache", meta["kv_type"]),
      ("threads", meta["threads"]),
      ("sequences", meta["sequences"].flatMap { $0 == "1" ? nil : $0 }),
      ("memory budget", meta["memory_budget"].flatMap(Int.init).map(formatBytes)),
      ("host", meta["host"]), ("recorded", meta["recorded_at"]),
      ("status", meta["status"]),
      (
        "trace",
        "\(count(passes.count, "pass", "passes")), \(count(steps, "step", "steps"))"
          + (branches > 1 ? ", \(branches) branches" : "")
      ),
    ]
    let rows = settings.compactMap { name, value in
      value.flatMap { $0.isEmpty ? nil : [name, visible($0)] }
    }
    return Section(title: "Run", table: rows, columns: ["", ""])
  }

  /// The allocation that ended the run, or a pass that was given up.
  static func failure(_ trace: Trace) throws(TraceError) -> Section? {
    if let failure = try trace.failure() {
      return Section(
        title: "What failed",
        lines: [
          "At step \(formatCount(failure.step)) \"\(visible(failure.name))\" (\(failure.category.label)) asked "
            + "for \(formatBytes(failure.bytes)) beside \(formatBytes(failure.live)) alive, which the "
            + "memory budget of \(formatBytes(failure.budget)) does not allow."
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
          : "\(givenUp.count) passes were given up: \(names)"
            + (givenUp.count > 10 ? ", …" : "")
      ])
  }

  static func figures(_ trace: Trace) throws(TraceError) -> Section {
    let figures = try trace.figures()
    return Section(
      title: "Three figures",
      table: [
        ["weights, packed", formatBytes(figures.packed)],
        ["dequantized at once, at most", formatBytes(figures.temporary)],
        ["whole model as float16", formatBytes(figures.wholeModel)],
      ], columns: ["", ""])
  }

  static func peaks(_ trace: Trace) throws(TraceError) -> Section {
    let rows = try trace.all("SELECT category, bytes, step, at_peak FROM peak_by_category", []) {
      row -> [String]? in
      let name: String = try row[0]
      let bytes: Int = try row[1]
      let step: Int? = try row[2]
      let atPeak: Int = try row[3]
      guard bytes > 0 else { return nil }
      let category = MemoryCategory.allCases.first { $0.name == name }
      return [
        category?.label ?? "all together", formatBytes(bytes), step.map(formatCount) ?? "",
        formatBytes(atPeak),
      ]
    }
    return Section(
      title: "Peak memory", table: rows.compactMap { $0 },
      columns: ["", "at most", "first at step", "at the peak of all"])
  }

  /// A sparkline of memory beside the context, pass by pass.
  static func growth(_ trace: Trace) throws(TraceError) -> Section {
    let rows = try trace.all(
      "SELECT positions, kv_cache, total FROM memory_by_pass WHERE total IS NOT NULL ORDER BY pass",
      []
    ) { row in (positions: try row[0] as Int, cache: try row[1] as Int, total: try row[2] as Int) }
    guard let first = rows.first, let last = rows.last, rows.count > 1 else {
      return Section(title: "")
    }
    func line(_ name: String, _ values: [Int]) -> [String] {
      [
        name, sparkline(values, columns: 40), formatBytes(values.first ?? 0),
        formatBytes(values.last ?? 0),
      ]
    }
    return Section(
      title: "Memory as the context grows",
      lines: ["From \(first.positions) to \(last.positions) positions, the most in each pass."],
      table: [line("KV cache", rows.map(\.cache)), line("all together", rows.map(\.total))],
      columns: ["", "from the first pass to the last", "first", "last"])
  }

  static func slowest(_ trace: Trace) throws(TraceError) -> Section {
    let rows = try trace.all(
      "SELECT pass, name, kind, duration_ns, percent FROM slowest_ops LIMIT 8", []
    ) { row -> [String] in
      let percent: Double? = try row[4]
      return [
        try row[1], try row[2], String(try row[0] as Int), formatNanoseconds(try row[3]),
        percent.map { String(format: "%.1f %%", $0) } ?? "",
      ]
    }
    return Section(
      title: "Slowest operations", table: rows,
      columns: ["operation", "kind", "pass", "took", "of its pass"])
  }

  /// The last tokens of the last branch, each with the probability that the model gave it.
  static func tokens(_ trace: Trace) throws(TraceError) -> Section {
    let branch = try trace.branches().last?.id ?? 0
    let tokens = try trace.tokens(branch: branch)
    let isParallel = tokens.contains { $0.sequence > 0 }
    let shown = tokens.filter { !$0.isPrompt }.suffix(32)
    let rows = shown.map { token -> [String] in
      let rivals = token.topK.filter { $0.id != token.id }.prefix(2)
      return [
        isParallel ? "\(token.sequence):\(token.position)" : "\(token.position)",
        quoted(token.text) + (token.isForced ? " (forced)" : ""), percent(token.logprob),
        rivals.map { "\(quoted($0.text)) \(percent($0.logprob))" }.joined(separator: ", "),
      ]
    }
    let prompt = tokens.filter(\.isPrompt).count
    let generated = tokens.count - prompt
    let hidden = generated - shown.count
    return Section(
      title: "Tokens",
      lines: [
        "\(formatCount(prompt)) of the prompt, \(formatCount(generated)) after it"
          + (hidden > 0 ? "; the last \(shown.count):" : rows.isEmpty ? "." : ":")
      ], table: rows,
      columns: [
        isParallel ? "sequence:position" : "position", "token", "probability", "next likeliest",
      ])
  }

  private static func count(_ count: Int, _ one: String, _ many: String) -> String {
    "\(formatCount(count)) \(count == 1 ? one : many)"
  }

  private static func percent(_ logprob: Double?) -> String {
    logprob.map { String(format: "%.1f %%", 100 * exp($0)) } ?? ""
  }

  /// Values as bars of eight heights, from zero to the largest; the largest of each group where
  /// there are more values than columns.
  static func sparkline(_ values: [Int], columns: Int) -> String {
    let bars = Array("▁▂▃▄▅▆▇█")
    let highest = Double(max(values.max() ?? 1, 1))
    let count = min(columns, values.count)
    return String(
      (0..<count).map { column -> Character in
        let group = values[column * values.count / count..<(column + 1) * values.count / count]
        let height = Double(group.max() ?? 0) / highest * Double(bars.count)
        return bars[min(max(Int(height.rounded(.up)) - 1, 0), bars.count - 1)]
      })
  }

  /// A text in quotes in which nothing invisible hides, on one line.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\"": result += "\\\""
      case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": result += "\\x" + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
