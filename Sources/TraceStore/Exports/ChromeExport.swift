import Events

/// Chrome's JSON, which the Perfetto UI opens: the run is a process, each of its threads a track.
///
/// - Slices: pass, layer and operation on the first thread, as `B` and `E`; in an operation the
///   steps of each thread, as `X`. They nest strictly. An operation that is one `compute` step has no
///   slice of its own for that.
/// - Buffers: their lifetimes overlap, so each is an async pair `b` and `e` in its category's name.
/// - Counters: one track a category, a value where it changes.
/// - Flows: from the dequantization of a tile to the products that read it and to its free.
///
/// Times are microseconds with three decimals, so that nothing of a nanosecond is lost;
/// ``StepClock`` says where those of steps come from.
struct ChromeExport: FileExport {
  static let name = "chrome"
  static let summary =
    "https://ui.perfetto.dev: passes, layers, operations and tile steps as "
    + "slices, a counter for each category, buffers as async lifetimes, flows "
    + "from dequantize to multiply to free"
  static let suffix = ".trace.json"

  private let trace: Trace
  private let output: ExportOutput
  private var clock = StepClock()
  private var pass: (pass: ExportedPass, start: Int)?
  private var layer: Int?
  private var op: (op: ExportedOp, start: Int)?
  private var live: MemoryUse?
  private var threads: Set<Int> = []

  static func write(
    _ source: ExportSource, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let trace = source.trace
    progress.total = try trace.eventCount()
    let meta = try trace.meta()
    var export = ChromeExport(trace: trace, output: output)
    export.begin(name: "nibble: \(meta["model"] ?? "a model"), \(meta["strategy"] ?? "")")
    try trace.snapshot { db in
      let reader = try StepReader(db, path: trace.path)
      while let step = try reader.next() {
        try progress.reached(step.number)
        export.write(step)
        try output.rowEnded()
      }
    }
    export.end()
  }

  private init(trace: Trace, output: ExportOutput) {
    self.trace = trace
    self.output = output
  }

  private func begin(name: String) {
    output.write(
      "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
        + "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":1,\"args\":{\"name\":")
    output.write(json: name)
    output.write("}}")
  }

  private mutating func end() {
    leavePass()
    output.write("\n]}\n")
  }

  // MARK: - Slices

  private mutating func write(_ step: StepReader.Step) {
    if pass?.pass != step.pass { enter(step.pass) }
    if op?.op.id != step.op?.id { enter(step.op) }
    name(step.thread)
    let time = clock.step(
      thread: step.thread, duration: step.kind == .compute ? 0 : step.duration ?? 0)
    writeSlice(of: step, at: time)
    if let made = step.made, made.isCounted { writeLife(made, begins: true, at: time) }
    if let freed = step.freed, freed.isCounted { writeLife(freed, begins: false, at: time) }
    writeCounters(step.live, at: time)
  }

  private mutating func enter(_ next: ExportedPass?) {
    leavePass()
    guard let next else { return }
    let start = clock.begin(at: next.start)
    pass = (next, start)
    name(0)
    beginSlice("pass \(next.id), \(next.kind)", category: "pass", at: start)
    output.write(",\"args\":{\"pass\":")
    output.write(next.id)
    output.write("}}")
  }

  private mutating func leavePass() {
    leaveOp()
    leaveLayer()
    guard let (left, start) = pass else { return }
    pass = nil
    endSlice(at: clock.end(of: start, duration: left.duration))
  }

  private mutating func enter(_ next: ExportedOp?) {
    leaveOp()
    if layer != next?.node.layer { leaveLayer() }
    guard let next else { return }
    let start = clock.begin(at: next.start)
    name(0)
    if layer == nil, let entered = next.node.layer {
      layer = entered
      beginSlice("layer \(entered)", category: "layer", at: start)
      output.write("}")
    }
    op = (next, start)
    beginSlice(next.node.name, category: next.node.kind, at: start)
    output.write(",\"args\":{\"op\":")
    output.write(next.id)
    output.write("}}")
  }

  private mutating func leaveOp() {
    guard let (left, start) = op else { return }
    op = nil
    endSlice(at: clock.end(of: start, duration: left.duration))
  }

  private mutating func leaveLayer() {
    guard layer != nil else { return }
    layer = nil
    endSlice(at: clock.end(of: clock.now, duration: 0))
  }

  private func beginSlice(_ name: String, category: String, at time: Int) {
    begin("B", thread: 0, at: time)
    output.write(",\"cat\":")
    output.write(json: category)
    output.write(",\"name\":")
    output.write(json: name)
  }

  private func endSlice(at time: Int) {
    begin("E", thread: 0, at: time)
    output.write("}")
  }

  /// A step, with the flow of its tile.
  private func writeSlice(of step: StepReader.Step, at time: Int) {
    if step.kind == .compute { return }
    begin("X", thread: step.thread, at: time)
    output.write(",\"dur\":")
    writeMicroseconds(step.duration ?? 0)
    output.write(",\"cat\":\"step\",\"name\":\"")
    output.write(step.kind.name)
    output.write("\"")
    let tile = step.usedTile ?? (step.made ?? step.freed).flatMap { $0.isTile ? $0.id : nil }
    if let tile {
      output.write(",\"bind_id\":\"")
      output.write(tile)
      output.write("\"")
      if step.kind != .free { output.write(",\"flow_out\":true") }
      if step.kind != .dequantize { output.write(",\"flow_in\":true") }
    }
    output.write(",\"args\":{\"step\":")
    output.write(step.number)
    if let life = step.made ?? step.freed {
      output.write(",\"buffer\":")
      output.write(json: life.name)
      output.write(",\"bytes\":")
      output.write(life.bytes)
    }
    output.write("}}")
  }

  // MARK: - Buffers and counters

  private func writeLife(_ life: StepReader.Life, begins: Bool, at time: Int) {
    begin(begins ? "b" : "e", thread: 0, at: time)
    output.write(",\"cat\":\"")
    output.write(life.category.name)
    output.write("\",\"id\":\"")
    output.write(life.id)
    output.write("\",\"name\":")
    output.write(json: life.name)
    if begins {
      output.write(",\"args\":{\"bytes\":")
      output.write(life.bytes)
      output.write("}")
    }
    output.write("}")
  }

  private mutating func writeCounters(_ use: MemoryUse, at time: Int) {
    if use == live { return }
    for category in MemoryCategory.allCases where use[category] != live?[category] {
      begin("C", thread: 0, at: time)
      output.write(",\"name\":\"")
      output.write(category.name)
      output.write("\",\"args\":{\"bytes\":")
      output.write(use[category])
      output.write("}}")
    }
    live = use
  }

  // MARK: - Fields

  /// The fields that every event has; what follows closes the brace. Thread 0 of the trace is 1
  /// here, since 0 stands for the processor's idle thread in some readers.
  private func begin(_ phase: String, thread: Int, at time: Int) {
    output.write(",\n{\"ph\":\"")
    output.write(phase)
    output.write("\",\"pid\":1,\"tid\":")
    output.write(thread + 1)
    output.write(",\"ts\":")
    writeMicroseconds(time)
  }

  private func writeMicroseconds(_ nanoseconds: Int) {
    output.write(nanoseconds / 1000)
    let rest = nanoseconds % 1000
    if rest == 0 { return }
    output.write(byte: UInt8(ascii: "."))
    for digit in [rest / 100, rest / 10 % 10, rest % 10] {
      output.write(byte: UInt8(truncatingIfNeeded: 48 + digit))
    }
  }

  /// Names a thread's track, the first time.
  private mutating func name(_ thread: Int) {
    guard threads.insert(thread).inserted else { return }
    output.write(",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":")
    output.write(thread + 1)
    output.write(",\"args\":{\"name\":\"thread ")
    output.write(thread)
    output.write("\"}}")
  }
}

extension ExportFormat {
  /// Chrome's JSON, for the Perfetto UI.
  public static let chrome = ExportFormat(ChromeExport.self)
}
