import Events

// MARK: - Steps

extension TraceRecorder {
  /// Whether calls still count.
  @inline(__always) private var isRecording: Bool { failure == nil && !isFinished && end == nil }

  public func allocated(_ buffer: BufferDescription, live use: MemoryUse) {
    guard isRecording else { return }
    let label = label(of: buffer)
    let step = step(.alloc, thread: 0, buffer: nextStep, live: use)
    live.add(
      LiveBuffers.Buffer(
        key: buffer.id, id: step, isTile: false, row: batch.allocations.id.count))
    batch.allocations.append(id: step, label: label, bytes: buffer.bytes)
    writeIfFull()
  }

  public func freed(_ buffer: BufferDescription, live use: MemoryUse) {
    guard isRecording else { return }
    free(buffer.id, thread: 0, live: use)
  }

  public func dequantizing(_ tile: TileDescription, live use: MemoryUse) {
    guard isRecording else { return }
    let step = step(.dequantize, thread: tile.thread, buffer: nextStep, live: use)
    let (weightTile, isNew) = weightTiles.id(of: tile)
    let holder = tile.buffer.flatMap(oldBuffer) ?? 0
    live.add(
      LiveBuffers.Buffer(
        key: tile.id, id: step, isTile: true, firstRow: tile.firstRow,
        row: batch.tiles.id.count,
        newWeightTile: isNew ? weightTile : 0))
    batch.tiles.append(id: step, weightTile: weightTile, tile: tile, inBuffer: holder)
    summary.tiles += 1
    summary.bytesDequantized += tile.bytes
    writeIfFull()
  }

  public func dequantized(
    _ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int
  ) {
    // Also where another thread's allocation has ended the run by now.
    guard failure == nil, !isFinished, let index = live.index(of: tile.id) else { return }
    let buffer = live[index]
    if buffer.row >= 0 {
      batch.tiles.nanoseconds[buffer.row] = nanoseconds
    } else {
      batch.updates.append(
        RecorderBatch.Update(id: buffer.id, change: .tileFilled, value: nanoseconds))
    }
    guard buffer.newWeightTile != 0 else { return }
    let tensor = tensors[tile.tensor]
    let rowBytes = tensor.bytes / max(1, tensor.rows)
    batch.weightTiles.append(
      RecorderBatch.WeightTile(
        id: buffer.newWeightTile, tensor: tile.tensor, firstRow: tile.firstRow, rows: tile.rows,
        packedBytes: rowBytes * tile.rows,
        statistics: capture == .none ? nil : ValueStatistics(tile: tile, values: values),
        packingError: packingError?(tile.tensor, tile.firstRow..<tile.firstRow + tile.rows)))
  }

  public func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live use: MemoryUse) {
    guard isRecording else { return }
    let index = matmul.tile.flatMap { live.index(of: $0) }
    let tile = index.map { live[$0].id }
    let step = step(.multiply, thread: matmul.thread, buffer: tile, live: use)
    let isAtTile = index.map { live[$0].firstRow == matmul.firstRow } ?? false
    if let index, !live[index].isUsed { markUsed(index, at: step) }
    batch.matmuls.append(
      step: step, isAtTile: isAtTile, matmul: matmul, nanoseconds: nanoseconds)
    writeIfFull()
  }

  public func freedTile(_ tile: TileDescription, live use: MemoryUse) {
    guard isRecording else { return }
    free(tile.id, thread: tile.thread, live: use)
  }

  public func allocationFailed(_ failure: AllocationFailure) {
    guard isRecording else { return }
    let step = step(.fail, thread: failure.thread, buffer: nil, live: failure.live)
    batch.failures.append((step, failure))
    guard !goesOn else { return }
    let time = now()
    if let op { append(op, output: nil, nanoseconds: time - op.start) }
    end = End(step: step, time: time)
  }

  public func computed(thread: Int, live use: MemoryUse) {
    guard isRecording else { return }
    _ = step(.compute, thread: thread, buffer: nil, live: use)
    writeIfFull()
  }

  public func appended(_ append: KVAppendDescription, live use: MemoryUse) {
    guard isRecording else { return }
    let step = step(.append, thread: 0, buffer: oldBuffer(append.buffer), live: use)
    batch.kvAppends.append((step, append))
    writeIfFull()
  }

  /// Takes the next step's number and adds its event.
  ///
  /// - Parameter buffer: the step that made the buffer that this one makes, reads, writes or frees.
  @inline(__always)
  private func step(
    _ kind: EventKind, thread: Int, buffer: Int?, live use: MemoryUse
  ) -> Int {
    let step = nextStep
    nextStep = step + 1
    let memory = memoryStates.id(of: use, step: step)
    if memory == step { addState(use, step: step) }
    batch.events.append(
      op: op == nil ? 0 : ops, thread: thread, kind: kind, memory: memory,
      buffer: buffer.map { step - $0 } ?? -1)
    let total = use.total
    if total > peak.total { peak = (memory, total) }
    return step
  }

  /// Adds a state of memory that no step led to before. A highest total is always one.
  private func addState(_ use: MemoryUse, step: Int) {
    batch.states.append((step, use))
    summary.peaks.formMaximum(use)
    if use.total > summary.peak.total || summary.peakStep == 0 {
      summary.peak = use
      summary.peakStep = step
    }
  }

  private func markUsed(_ index: Int, at step: Int) {
    let buffer = live[index]
    if buffer.row >= 0 {
      batch.tiles.used[buffer.row] = step
    } else {
      batch.updates.append(RecorderBatch.Update(id: buffer.id, change: .tileUsed, value: step))
    }
    live[index].isUsed = true
  }

  private func free(_ key: Int, thread: Int, live use: MemoryUse) {
    let buffer = live.remove(key)
    let step = step(.free, thread: thread, buffer: buffer?.id, live: use)
    if let buffer {
      if buffer.row < 0 {
        batch.updates.append(
          RecorderBatch.Update(
            id: buffer.id, change: buffer.isTile ? .tileFreed : .allocationFreed, value: step))
      } else if buffer.isTile {
        batch.tiles.freed[buffer.row] = step
      } else {
        batch.allocations.freed[buffer.row] = step
      }
    }
    writeIfFull()
  }

  /// The step at which the buffer with this number was made. Such a buffer is old, so it is
  /// searched for once.
  private func oldBuffer(_ key: Int) -> Int? {
    if let id = oldBuffers[key] { return id }
    let id = live.index(of: key).map { live[$0].id }
    oldBuffers[key] = id
    return id
  }

  private func label(of buffer: BufferDescription) -> Int {
    let label = Label(category: buffer.category, name: buffer.name)
    if let id = labels[label] { return id }
    let id = labels.count + 1
    labels[label] = id
    batch.labels.append((id, buffer.category, buffer.name))
    return id
  }

}

// MARK: - Passes and operations

extension TraceRecorder {
  public func passBegan(_ pass: PassDescription) {
    guard isRecording, !stopIfUnfinished(self.pass != nil) else { return }
    commitBetweenPasses()
    nodes.rewind()
    passes += 1
    self.pass = Pass(
      description: pass, firstStep: nextStep, firstOp: ops + 1, start: now())
  }

  /// Stops the recording where the engine went on after a pass or an operation that it did not
  /// finish. What such a pass took or returned may be alive or gone after it, which no trace that
  /// leaves the pass out could explain.
  private func stopIfUnfinished(_ isUnfinished: Bool) -> Bool {
    guard isUnfinished else { return false }
    failure = .unfinishedPass(path: path, pass: passes)
    return true
  }

  public func passEnded(nanoseconds: Int) {
    guard isRecording, let pass, !stopIfUnfinished(op != nil) else { return }
    summary.passes += 1
    end(pass, nanoseconds: nanoseconds, isFinished: true)
  }

  public func passFailed(nanoseconds: Int) {
    guard isRecording, goesOn, let pass else { return }
    if nextStep > pass.firstStep {
      end(pass, nanoseconds: nanoseconds, isFinished: false)
    } else {
      self.pass = nil  // nothing happened in it
      passes -= 1
    }
  }

  private func end(_ pass: Pass, nanoseconds: Int, isFinished: Bool) {
    batch.kept += live.keepAll()
    batch.pass = batchPass(
      pass, lastStep: nextStep - 1, duration: nanoseconds, isFinished: isFinished)
    self.pass = nil
    commit()
  }

  public func opBegan(_ op: OpDescription) {
    guard isRecording, !stopIfUnfinished(self.op != nil) else { return }
    let (node, isNew) = nodes.id(of: op)
    if isNew { batch.nodes.append((node, op)) }
    ops += 1
    peak = (0, -1)
    self.op = Op(description: op, node: node, firstStep: nextStep, start: now())
  }

  public func opEnded(output values: UnsafeBufferPointer<Float>?, nanoseconds: Int) {
    guard isRecording, let op else { return }
    precondition(nextStep > op.firstStep, "\(op.description.name) ended without a step")
    self.op = nil
    append(
      op, output: capture == .none && isOutputFinite ? nil : values, nanoseconds: nanoseconds)
    if capture == .values, let values {
      batch.append(
        RecorderBatch.Value(
          op: ops, rows: op.description.rows, cols: op.description.cols, values: Array(values)))
      if batch.valueCount >= Self.valueLimit { write() }
    }
    if !isOutputFinite, !goesOn { end = End(step: nextStep - 1, time: now()) }
    isOutputFinite = true
  }

  public func routed(experts: [Int], weights: [Float], tokens: Int) {
    guard isRecording else { return }
    batch.routes.append(
      RecorderBatch.Route(
        pass: passes, op: ops, rows: tokens, experts: experts, weights: weights))
  }

  public func outputNotFinite() {
    guard isRecording else { return }
    isOutputFinite = false
  }

  public func opFailed(nanoseconds: Int) {
    guard isRecording, goesOn, let op else { return }
    self.op = nil
    if nextStep > op.firstStep {
      append(op, output: nil, nanoseconds: nanoseconds)
    } else {
      ops -= 1  // nothing happened in it
    }
  }

  private func append(_ op: Op, output values: UnsafeBufferPointer<Float>?, nanoseconds: Int) {
    batch.ops.append(
      RecorderBatch.Op(
        id: ops, pass: passes, node: op.node, rows: op.description.rows,
        cols: op.description.cols, steps: op.firstStep...nextStep - 1, peak: peak.id,
        start: op.start, duration: nanoseconds,
        statistics: values.map { ValueStatistics($0) }))
  }
}

// MARK: - Writing

extension TraceRecorder {
  @inline(__always) private func writeIfFull() {
    if batch.events.count >= Self.batchLimit { write() }
  }

  /// Has the batch written into the open transaction.
  private func write() {
    summary.events += batch.events.count
    hasUncommitted = true
    writer.write(&batch)
    batch.events.firstStep = nextStep
    live.forgetRows()
    failure = failure ?? writer.failure
  }

  /// Has what happened since the last pass written and made to last.
  func commitBetweenPasses() {
    // Whatever is alive between passes is on the list of what outlives them, and what happened
    // before the next one stays if that does not finish.
    batch.kept += live.keepAll()
    if !batch.isEmpty || hasUncommitted || goesOn && !tokens.isEmpty { commit() }
  }

  /// Has what there is written and made to last.
  func commit() {
    batch.tokens = tokens
    tokens.removeAll()
    batch.committed = summary
    batch.committed?.events += batch.events.count
    write()
    hasUncommitted = false
  }

  /// Has what happened up to the step that ended the run written and made to last.
  func commit(_ end: End) {
    batch.pass = pass.map {
      batchPass($0, lastStep: end.step, duration: end.time - $0.start, isFinished: false)
    }
    commit()
  }

  private func batchPass(
    _ pass: Pass, lastStep: Int, duration: Int, isFinished: Bool
  ) -> RecorderBatch.Pass {
    RecorderBatch.Pass(
      id: passes, description: pass.description, steps: pass.firstStep...lastStep,
      ops: pass.firstOp..<ops + 1, start: pass.start, duration: duration, isFinished: isFinished)
  }
}

extension ValueStatistics {
  init(tile: TileDescription, values: UnsafeRawPointer) {
    let count = tile.rows * tile.cols
    switch tile.type {
    case .f16:
      self.init(
        halves: UnsafeBufferPointer(
          start: values.assumingMemoryBound(to: UInt16.self), count: count))
    case .f32:
      self.init(
        UnsafeBufferPointer(start: values.assumingMemoryBound(to: Float.self), count: count))
    }
  }
}
