import Basics
import TraceStore

/// What `info` can tell about.
struct InfoTopic: Sendable {
  let name: String
  let summary: String
  let show: @Sendable (_ session: DebuggerSession, _ pattern: String) throws -> Void
  /// Whether something may follow its name.
  var takesPattern: Bool { ["tensors", "buffers", "ops", "error"].contains(name) }

  static let all: [InfoTopic] = [
    InfoTopic(name: "memory", summary: "bytes alive by category, here and at the peak") { s, _ in
      try s.infoMemory()
    },
    InfoTopic(name: "kv", summary: "the KV cache: positions, bytes, what one position takes") {
      s, _ in try s.infoKV()
    },
    InfoTopic(name: "tensors", summary: "weight tensors: shape, type, bytes packed and as f16") {
      s, pattern in try s.infoTensors(pattern)
    },
    InfoTopic(name: "layers", summary: "layers: bytes of their weights, time in this pass") {
      s, _ in try s.infoLayers()
    },
    InfoTopic(name: "buffers", summary: "every buffer alive at this step") { s, pattern in
      try s.infoBuffers(pattern)
    },
    InfoTopic(
      name: "ops",
      summary: "operations of this layer; \"info ops all\" of the pass, or those that match"
    ) { s, pattern in try s.infoOps(pattern) },
    InfoTopic(name: "tokens", summary: "the text: tokens, and how likely the model found them") {
      s, _ in try s.infoTokens()
    },
    InfoTopic(name: "breakpoints", summary: "breakpoints and watchpoints, and how often hit") {
      s, _ in s.infoBreakpoints()
    },
    InfoTopic(name: "display", summary: "what is printed at every stop") { s, _ in
      s.infoDisplay()
    },
    InfoTopic(name: "tile", summary: "the whole life of the tile here") { s, _ in
      try s.infoTile()
    },
    InfoTopic(
      name: "experts",
      summary: "the experts that tokens of this pass went to, and how often each was chosen so far"
    ) { s, _ in try s.infoExperts() },
    InfoTopic(
      name: "error",
      summary: "how far an operation's output is from the exact one; \"info error OP\" of another"
    ) { s, name in try s.infoError(name) },
    InfoTopic(name: "pass", summary: "this pass") { s, _ in try s.printExpression("pass") },
    InfoTopic(name: "passes", summary: "all passes") { s, _ in try s.infoPasses() },
    InfoTopic(name: "settings", summary: "how passes are run") { s, _ in try s.showSettings() },
    InfoTopic(name: "checkpoints", summary: "places to come back to") { s, _ in
      s.infoCheckpoints()
    },
    InfoTopic(name: "model", summary: "what was run, and how") { s, _ in s.infoModel() },
    InfoTopic(name: "tables", summary: "what can be asked in SQL") { s, _ in
      try s.infoTables()
    },
  ]

  /// For the manual of `info`.
  static let manual =
    "Topics:\n\n"
    + all.map { "  \(padded($0.name, to: 13))\($0.summary)" }.joined(separator: "\n")
    + "\n\nA topic can be shortened as long as no other begins the same. After tensors, buffers and "
    + "ops, a pattern leaves those whose name contains it."
}

extension DebuggerSession {
  /// Does `info`.
  func info(_ arguments: String) throws {
    let (word, pattern) = Self.split(arguments)
    let names = InfoTopic.all.map(\.name)
    guard !word.isEmpty else {
      throw DebuggerError.missingArgument(
        command: "info", expected: "a topic: \(names.joined(separator: ", "))")
    }
    // As gdb's users type it; "buffers" begins the same.
    let matches = InfoTopic.all.filter { $0.name.hasPrefix(word == "b" ? "breakpoints" : word) }
    guard let topic = matches.first(where: { $0.name == word }) ?? matches.first else {
      throw DebuggerError.badArgument(
        command: "info", found: word, expected: "one of \(names.joined(separator: ", "))")
    }
    guard matches.count == 1 || topic.name == word else {
      throw DebuggerError.ambiguousCommand(name: "info \(word)", matches: matches.map(\.name))
    }
    guard pattern.isEmpty || topic.takesPattern else {
      throw DebuggerError.badArgument(
        command: "info", found: arguments, expected: "\"\(topic.name)\" alone")
    }
    try topic.show(self, pattern)
  }

  func infoMemory() throws {
    guard let event = try trace.event(at: cursor.step) else { return }
    let peak = try trace.peak()
    var table = Table([
      ("category", .left), ("here", .right), ("at the peak", .right), ("bytes here", .right),
    ])
    let peaks = try trace.peaks()
    for category in MemoryPlot.stack where peaks[category] > 0 {
      table.add(
        category.name, formatBytes(event.live[category]),
        formatBytes(peak?.live[category] ?? 0), String(event.live[category]))
    }
    table.add(
      "all", formatBytes(event.live.total), formatBytes(peak?.live.total ?? 0),
      String(event.live.total))
    show(table.lines(style: style))
    if let peak { show(["The peak is at step \(peak.step); \"goto peak\" goes there."]) }
    let whole = try trace.tensors().wholeModelBytes
    show(["The whole model as float16 would be \(formatBytes(whole))."])
  }

  func infoKV() throws {
    guard let event = try trace.event(at: cursor.step) else { return }
    guard let append = try trace.lastKVAppend(atOrBefore: cursor.step) else {
      return show([
        "Nothing is in the KV cache yet; \(formatBytes(event.live.kvCache)) are reserved for it."
      ])
    }
    let perLayer = append.keyBytes + append.valueBytes
    let layers = Set(try trace.tensors().compactMap(\.layer)).count
    let position = Place.position(of: append, in: try trace.pass(at: append.step))
    show([
      "In use:       \(formatBytes(append.cacheBytes)) of \(formatBytes(event.live.kvCache)) reserved",
      "A position:   \(formatBytes(append.keyBytes)) of K and \(formatBytes(append.valueBytes)) of V"
        + " in a layer, \(formatBytes(clampedProduct(perLayer, layers))) in all \(layers)",
      "Last append:  \(position), layer \(append.layer), step \(append.step)",
    ])
  }

  func infoPasses() throws {
    var columns: [Table.Column] = [
      ("", .left), ("pass", .right), ("kind", .left), ("tokens", .right), ("steps", .left),
      ("time", .right), ("text", .left),
    ]
    guard try trace.passCount() > 0 else { return show(["There are none; \(try passAdvice)."]) }
    let hasBranches = try trace.hasBranches()
    if hasBranches { columns.insert(("branch", .right), at: 2) }
    var table = Table(columns)
    for pass in try trace.passes() {
      let tokens = try trace.tokens(inPass: pass.id)
      var cells = [pass.steps.contains(cursor.step) ? "=>" : "", String(pass.id)]
      if hasBranches { cells.append(String(pass.branch)) }
      cells += [
        (pass.kind == .prefill ? "prefill" : "decode") + (pass.isFinished ? "" : ", unfinished"),
        String(pass.tokens) + (pass.sequences > 1 ? " of \(pass.sequences) sequences" : ""),
        "\(pass.steps.lowerBound) to \(pass.steps.upperBound)",
        pass.duration.map(formatNanoseconds) ?? "", quoted(Place.text(of: pass, tokens: tokens)),
      ]
      table.add(cells)
    }
    show(table.lines(style: style))
  }

  func infoModel() {
    let first = ["model", "architecture", "prompt", "strategy", "tile_rows"]
    let keys = first.filter { meta[$0] != nil } + meta.keys.filter { !first.contains($0) }.sorted()
    let column = keys.map(\.count).max() ?? 0
    for key in keys {
      let value = key == "prompt" ? quoted(meta[key] ?? "") : visible(meta[key] ?? "")
      show(
        wrapped(value, to: max(20, style.width - column - 2))
          .prefixed(first: padded(key, to: column + 2), others: padded("", to: column + 2)))
    }
  }
}
