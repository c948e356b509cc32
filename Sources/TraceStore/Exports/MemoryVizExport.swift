import Events

/// The pickle of a memory snapshot that PyTorch's memory_viz page reads: what
/// `torch.cuda.memory._snapshot` returns, a dictionary of
///
/// - `device_traces`: a list a device, here one: events with `action`, `addr`, `size`, `stream`,
///   `time_us` and `frames`; an `alloc` has a `category` too.
/// - `segments`: the ranges of addresses as they are at the end, each with its blocks, which cover it.
///
/// Every event's frames, the innermost first, say in `filename:line:name` what the page shows: the
/// step and the buffer, the operation, the layer and the pass. Addresses are made up
/// (``AddressSpace``), sizes are exact. The page asks that a trace whose events have categories has
/// the category `unknown` too: segments are of that.
struct MemoryVizExport: FileExport {
  static let name = "memory-viz"
  static let summary =
    "https://pytorch.org/memory_viz: every allocation and free, by "
    + "category, with step, operation, layer and pass as its stack"
  static let suffix = ".memory.pickle"
  static let shape = ExportShape.binary

  /// A buffer that is alive.
  private struct Block {
    let life: StepReader.Life
    let address: Int
    let place: Place
  }

  /// What a step is part of.
  private struct Place {
    let step: Int
    let op: ExportedOp?
    let pass: ExportedPass?
  }

  private let output: ExportOutput
  private let path: String
  private var pickle: PickleWriter
  private var clock = StepClock()
  private var op: Int?
  private var pass: Int?
  private var spaces: [MemoryCategory: AddressSpace] = [:]
  private var alive: [Int: Block] = [:]

  static func write(
    _ source: ExportSource, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let trace = source.trace
    progress.total = try trace.eventCount()
    let failures = try trace.failures()
    var export = MemoryVizExport(output, path: trace.path)
    try trace.snapshot { db in
      let reader = try StepReader(db, path: trace.path)
      while let step = try reader.next() {
        try progress.reached(step.number)
        try export.write(step, failures)
        try output.rowEnded()
      }
    }
    export.endEvents()
    try export.writeSegments()
    export.pickle.end()
  }

  private init(_ output: ExportOutput, path: String) {
    self.output = output
    self.path = path
    pickle = PickleWriter(output)
    // 16 TiB for each category, all of them below 2^53, which is what the page can count to.
    for category in MemoryCategory.allCases {
      let first = (category.rawValue + 1) << 44
      spaces[category] = AddressSpace(first..<first + (1 << 44))
    }
    pickle.beginDictionary()
    pickle.write(known: "device_traces")
    pickle.beginList()
    pickle.beginList()
  }

  // MARK: - Events

  private mutating func write(_ step: StepReader.Step, _ failures: [Int: TraceFailure]) throws {
    // Passes and operations only set the time.
    if step.pass?.id != pass, let entered = step.pass { _ = clock.begin(at: entered.start) }
    if step.op?.id != op, let entered = step.op { _ = clock.begin(at: entered.start) }
    (pass, op) = (step.pass?.id, step.op?.id)
    let time =
      clock.step(
        thread: step.thread, duration: step.kind == .compute ? 0 : step.duration ?? 0) / 1000
    let place = Place(step: step.number, op: step.op, pass: step.pass)
    if let made = step.made, made.isCounted, made.bytes > 0 { try allocate(made, place, time) }
    if let freed = step.freed, let block = alive.removeValue(forKey: freed.id) {
      spaces[freed.category]?.free(block.address, freed.bytes)
      for action in ["free_requested", "free_completed"] {
        event(action, block.address, freed.bytes, freed.name, place, time)
        pickle.endElement()
      }
    }
    if step.kind == .fail, let failure = failures[step.number] {
      event("oom", 0, failure.bytes, failure.name, place, time)
      pickle.item("device_free", max(failure.budget - failure.live, 0))
      pickle.endElement()
    }
  }

  private mutating func allocate(
    _ made: StepReader.Life, _ place: Place, _ time: Int
  ) throws {
    guard let (address, new) = spaces[made.category]?.take(made.bytes) else {
      throw TraceError.cannotExport(
        path: path, reason: "\(made.name) is too large to have an address")
    }
    if let new {
      event("segment_alloc", new.address, new.size, "segment of \(made.category.name)", place, time)
      pickle.item("category", known: "unknown")
      pickle.endElement()
    }
    event("alloc", address, made.bytes, made.name, place, time)
    pickle.item("category", known: made.category.name)
    pickle.endElement()
    alive[made.id] = Block(life: made, address: address, place: place)
  }

  /// Begins an event; `endElement` ends it.
  private mutating func event(
    _ action: String, _ address: Int, _ size: Int, _ name: String, _ place: Place, _ time: Int
  ) {
    pickle.beginDictionary()
    pickle.item("action", known: action)
    pickle.item("addr", address)
    pickle.item("size", size)
    pickle.item("stream", 0)
    pickle.item("time_us", time)
    frames(name, place)
  }

  private mutating func frames(_ name: String, _ place: Place) {
    pickle.write(known: "frames")
    pickle.beginList()
    frame("step", place.step, name)
    if let op = place.op {
      frame("op", op.id, op.node.name)
      if let layer = op.node.layer { frame("layer", layer, "layer \(layer)") }
    }
    if let pass = place.pass {
      frame("pass", pass.id, pass.kind)
    } else {
      frame("pass", 0, "outside the passes")
    }
    pickle.endItem()
  }

  private mutating func frame(_ file: String, _ line: Int, _ name: String) {
    pickle.beginDictionary()
    pickle.item("filename", known: file)
    pickle.item("line", line)
    pickle.item("name", known: name)
    pickle.endElement()
  }

  private func endEvents() {
    pickle.endElement()
    pickle.endItem()
  }

  // MARK: - Segments

  private mutating func writeSegments() throws {
    pickle.write(known: "segments")
    pickle.beginList()
    let blocks = alive.values.sorted { $0.address < $1.address }
    var next = 0
    for category in MemoryCategory.allCases {
      for segment in spaces[category]?.segments ?? [] {
        var own: [Block] = []
        while next < blocks.count, blocks[next].address < segment.address + segment.size {
          own.append(blocks[next])
          next += 1
        }
        write(segment, own)
        try output.rowEnded()
      }
    }
    pickle.endItem()
  }

  private mutating func write(_ segment: AddressSpace.Segment, _ blocks: [Block]) {
    let bytes = blocks.reduce(0) { $0 + $1.life.bytes }
    pickle.beginDictionary()
    pickle.item("device", 0)
    pickle.item("address", segment.address)
    pickle.item("total_size", segment.size)
    for key in ["allocated_size", "active_size", "requested_size"] { pickle.item(key, bytes) }
    pickle.item("stream", 0)
    pickle.item("segment_type", known: "large")
    pickle.write(known: "blocks")
    pickle.beginList()
    var address = segment.address
    for block in blocks {
      writeGap(from: address, to: block.address)
      writeBlock(block.life.bytes, at: block.address, "active_allocated") {
        $0.frames(block.life.name, block.place)
      }
      address = block.address + block.life.bytes
    }
    writeGap(from: address, to: segment.address + segment.size)
    pickle.endItem()
    pickle.endElement()
  }

  private mutating func writeGap(from start: Int, to end: Int) {
    guard start < end else { return }
    writeBlock(end - start, at: start, "inactive") { export in
      export.pickle.write(known: "frames")
      export.pickle.beginList()
      export.pickle.endItem()
    }
  }

  private mutating func writeBlock(
    _ size: Int, at address: Int, _ state: String, frames: (inout MemoryVizExport) -> Void
  ) {
    pickle.beginDictionary()
    pickle.item("address", address)
    pickle.item("size", size)
    pickle.item("requested_size", size)
    pickle.item("state", known: state)
    frames(&self)
    pickle.endElement()
  }
}

extension ExportFormat {
  /// The pickle that PyTorch's memory_viz page reads.
  public static let memoryViz = ExportFormat(MemoryVizExport.self)
}
