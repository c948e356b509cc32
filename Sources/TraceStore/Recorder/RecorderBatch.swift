import Events

/// What is on its way to the file, rows in columns; a batch is written and emptied as a whole.
///
/// 0 stands for NULL where a column holds a step, and -1 where it holds a row of a tensor or a
/// time.
struct RecorderBatch {
  var events = Events()
  var tiles = Tiles()
  var matmuls = Matmuls()
  var allocations = Allocations()
  var kvAppends: [(step: Int, append: KVAppendDescription)] = []
  var ops: [Op] = []
  var nodes: [(id: Int, op: OpDescription)] = []
  var labels: [(id: Int, category: MemoryCategory, name: String)] = []
  var weightTiles: [WeightTile] = []
  /// States of memory that steps of the batch were the first to lead to.
  var states: [(id: Int, state: MemoryUse)] = []
  /// Whole outputs of operations, and how many numbers they have together.
  var values: [Value] = []
  var valueCount = 0
  /// Buffers that turned out to outlive their pass.
  var kept: [Int] = []
  /// What is now known about tiles and allocations that were written before.
  var updates: [Update] = []
  /// The pass that ended with the batch.
  var pass: Pass?
  /// Allocations that would have passed the memory budget.
  var failures: [(step: Int, allocation: AllocationFailure)] = []
  var routes: [Route] = []
  var branches: [TraceBranch] = []
  var tokens: [TraceToken] = []
  /// What the recording has come to, where the batch is the last of a transaction.
  var committed: TraceSummary?

  /// Where a router sent the rows of a pass: `(rows, experts.count / rows)`.
  struct Route {
    let pass: Int
    let op: Int
    let rows: Int
    let experts: [Int]
    let weights: [Float]
  }

  struct Events {
    var firstStep = 1
    var op: [Int] = []
    var thread: [UInt16] = []
    var kind: [EventKind] = []
    var memory: [Int] = []
    /// Steps back to the one that made the buffer, or -1 for none.
    var buffer: [Int] = []
    var count: Int { op.count }

    @inline(__always)
    mutating func append(op: Int, thread: Int, kind: EventKind, memory: Int, buffer: Int) {
      self.op.append(op)
      self.thread.append(UInt16(truncatingIfNeeded: thread))
      self.kind.append(kind)
      self.memory.append(memory)
      self.buffer.append(buffer)
    }

    mutating func removeAll() {
      op.removeAll(keepingCapacity: true)
      thread.removeAll(keepingCapacity: true)
      kind.removeAll(keepingCapacity: true)
      memory.removeAll(keepingCapacity: true)
      buffer.removeAll(keepingCapacity: true)
    }
  }

  struct Tiles {
    var id: [Int] = []
    var weightTile: [Int] = []
    var type: [UInt8] = []
    var bytes: [Int] = []
    var used: [Int] = []
    var freed: [Int] = []
    var nanoseconds: [Int] = []
    var inBuffer: [Int] = []

    mutating func append(id: Int, weightTile: Int, tile: TileDescription, inBuffer: Int) {
      self.id.append(id)
      self.weightTile.append(weightTile)
      type.append(UInt8(truncatingIfNeeded: tile.type.rawValue))
      bytes.append(tile.bytes)
      used.append(0)
      freed.append(0)
      nanoseconds.append(-1)
      self.inBuffer.append(inBuffer)
    }

    mutating func removeAll() {
      id.removeAll(keepingCapacity: true)
      weightTile.removeAll(keepingCapacity: true)
      type.removeAll(keepingCapacity: true)
      bytes.removeAll(keepingCapacity: true)
      used.removeAll(keepingCapacity: true)
      freed.removeAll(keepingCapacity: true)
      nanoseconds.removeAll(keepingCapacity: true)
      inBuffer.removeAll(keepingCapacity: true)
    }
  }

  struct Matmuls {
    var step: [Int] = []
    var tensor: [Int] = []
    var firstRow: [Int] = []
    var m: [Int] = []
    var k: [Int] = []
    var n: [Int] = []
    var nanoseconds: [Int] = []

    mutating func append(step: Int, isAtTile: Bool, matmul: MatmulDescription, nanoseconds: Int) {
      self.step.append(step)
      tensor.append(matmul.tensor)
      firstRow.append(isAtTile ? -1 : matmul.firstRow)
      m.append(matmul.m)
      k.append(matmul.k)
      n.append(matmul.n)
      self.nanoseconds.append(nanoseconds)
    }

    mutating func removeAll() {
      step.removeAll(keepingCapacity: true)
      tensor.removeAll(keepingCapacity: true)
      firstRow.removeAll(keepingCapacity: true)
      m.removeAll(keepingCapacity: true)
      k.removeAll(keepingCapacity: true)
      n.removeAll(keepingCapacity: true)
      nanoseconds.removeAll(keepingCapacity: true)
    }
  }

  struct Allocations {
    var id: [Int] = []
    var label: [Int] = []
    var bytes: [Int] = []
    var freed: [Int] = []

    mutating func append(id: Int, label: Int, bytes: Int) {
      self.id.append(id)
      self.label.append(label)
      self.bytes.append(bytes)
      freed.append(0)
    }

    mutating func removeAll() {
      id.removeAll(keepingCapacity: true)
      label.removeAll(keepingCapacity: true)
      bytes.removeAll(keepingCapacity: true)
      freed.removeAll(keepingCapacity: true)
    }
  }

  struct Op {
    let id: Int
    let pass: Int
    let node: Int
    let rows: Int
    let cols: Int
    let steps: ClosedRange<Int>
    let peak: Int
    let start: Int
    let duration: Int
    let statistics: ValueStatistics?
  }

  struct Value {
    let op: Int
    let rows: Int
    let cols: Int
    let values: [Float]
  }

  struct Pass {
    let id: Int
    let description: PassDescription
    let steps: ClosedRange<Int>
    let ops: Range<Int>
    let start: Int
    let duration: Int
    let isFinished: Bool
  }

  struct WeightTile {
    let id: Int
    let tensor: Int
    let firstRow: Int
    let rows: Int
    let packedBytes: Int
    let statistics: ValueStatistics?
    /// What packing changed, where the unquantized tensor is known.
    let packingError: (rms: Double, max: Double)?
  }

  struct Update {
    enum Change { case tileFilled, tileUsed, tileFreed, allocationFreed }
    let id: Int
    let change: Change
    /// The step, or how long it took to fill a tile.
    let value: Int
  }

  /// Whether there is nothing to write. Tiles, products, allocations and what is appended come with
  /// an event each; the rest can come after the last event was written.
  var isEmpty: Bool {
    events.count == 0 && ops.isEmpty && nodes.isEmpty && labels.isEmpty && weightTiles.isEmpty
      && kept.isEmpty && updates.isEmpty && values.isEmpty && branches.isEmpty
  }

  mutating func append(_ value: Value) {
    values.append(value)
    valueCount += value.values.count
  }

  mutating func removeAll() {
    events.removeAll()
    tiles.removeAll()
    matmuls.removeAll()
    allocations.removeAll()
    kvAppends.removeAll(keepingCapacity: true)
    ops.removeAll(keepingCapacity: true)
    nodes.removeAll(keepingCapacity: true)
    labels.removeAll(keepingCapacity: true)
    weightTiles.removeAll(keepingCapacity: true)
    kept.removeAll(keepingCapacity: true)
    updates.removeAll(keepingCapacity: true)
    states.removeAll(keepingCapacity: true)
    values.removeAll()
    valueCount = 0
    pass = nil
    failures.removeAll()
    routes.removeAll(keepingCapacity: true)
    branches.removeAll()
    tokens.removeAll()
    committed = nil
  }
}
