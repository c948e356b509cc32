import Events
import GRDB

/// What happened over a whole run, however long it is: the columns that every plot of memory is
/// drawn from, with what was under way at the worst moment of each.
struct PageRun {
  /// The most columns: each is one step in a run of no more steps than that.
  static let capacity = 1 << 14

  struct Moment: Equatable {
    var step: Int
    /// The operation, or 0 between two.
    var op: Int
    /// Buffers alive.
    var buffers: Int
  }

  private(set) var memory: MemoryColumns
  /// The first moment of the highest total of each column.
  private(set) var worst: [Moment] = []
  /// What was alive at the highest total of each pass.
  private(set) var passPeaks: [MemoryUse]
  /// How many steps were read.
  var steps: Int { memory.next - 1 }

  private let passes: [ClosedRange<Int>]
  private var pass = 0
  private var buffers = 0
  private var total = 0

  /// - Parameter passes: the steps of each pass, in order.
  init(steps count: Int, passes: [ClosedRange<Int>]) {
    memory = MemoryColumns(steps: 1...max(1, count), columns: Self.capacity / 2)
    self.passes = passes
    passPeaks = passes.map { _ in MemoryUse() }
  }

  /// Adds the step after the last.
  mutating func add(op: Int, kind: EventKind, use: MemoryUse) {
    // A tile that lies in another buffer changes no total.
    switch kind {
    case .alloc, .dequantize: if use.total > total { buffers += 1 }
    case .free: if use.total < total { buffers -= 1 }
    case .multiply, .compute, .append, .fail: break
    }
    total = use.total
    let step = memory.next
    let isHighest = memory.add(use)
    let moment = Moment(step: step, op: op, buffers: buffers)
    if worst.count < memory.columns.count {
      worst.append(moment)
    } else if isHighest {
      worst[worst.count - 1] = moment
    }
    while pass < passes.count, passes[pass].upperBound < step { pass += 1 }
    if pass < passes.count, passes[pass].contains(step), total > passPeaks[pass].total {
      passPeaks[pass] = use
    }
  }
}

extension Trace {
  /// Reads every step of the trace once.
  func pageRun(_ progress: (Int) throws -> Void) throws -> PageRun {
    let last = try eventCount()
    let passes = try passes().map(\.steps)
    return try read { db in
      try self.memoryStates.load(db, path: self.path)
      var run = PageRun(steps: last, passes: passes)
      let sql =
        "SELECT step, op, kind, memory FROM _event WHERE step BETWEEN ?1 AND ?2 ORDER BY step"
      try db.forEachRow(sql, 1, last) { row in
        let step = row.integer(0)
        guard step == run.steps + 1, let kind = EventKind(rawValue: row.integer(2)),
          (0...TraceRow.largest).contains(row.integer(1)),
          let use = self.memoryStates[row.integer(3)]
        else {
          throw TraceError.corrupt(path: self.path, reason: "step \(step)")
        }
        run.add(op: row.integer(1), kind: kind, use: use)
        try progress(step)
      }
      return run
    }
  }

  /// The run as it lies in the page.
  func pageColumns(of run: PageRun, _ states: inout PageStates) throws -> PageTrace.Run {
    var columns = PageTrace.Run()
    var nodes = PageNodes(self)
    for (column, worst) in zip(run.memory.columns, run.worst) {
      columns.first.append(column.firstStep)
      columns.node.append(try nodes[worst.op])
      columns.mostAfter.append(worst.step - column.firstStep)
      columns.most.append(states[column.most])
      columns.least.append(states[column.least])
      columns.buffers.append(worst.buffers)
    }
    return columns
  }
}

/// The nodes of operations that are asked for in the order of their numbers, read many at a time.
struct PageNodes {
  private let trace: Trace
  private static let count = 1000
  private var nodes: [Int] = []
  private var first = 0

  init(_ trace: Trace) { self.trace = trace }

  /// The node of an operation, counting from 1; 0 for operation 0, and for one that is not there.
  subscript(op: Int) -> Int {
    mutating get throws {
      guard op > 0 else { return 0 }
      if !(first..<first + nodes.count).contains(op) {
        first = op
        nodes = Array(repeating: 0, count: Self.count)
        for (id, node) in try trace.all(
          "SELECT id, node FROM _op WHERE id BETWEEN ? AND ?", [op, op + Self.count - 1],
          { (try $0[0] as Int, try $0[1] as Int) })
        {
          nodes[id - first] = node
        }
      }
      return nodes[op - first]
    }
  }
}

/// The states of memory that the page speaks of, numbered in the order in which it does.
struct PageStates {
  private var places: [MemoryUse: Int] = [:]
  private(set) var columns = MemoryCategory.allCases.map { _ in PageColumn() }

  /// The place of what was alive.
  subscript(use: MemoryUse) -> Int {
    mutating get {
      if let place = places[use] { return place }
      let place = places.count
      places[use] = place
      for (index, bytes) in use.bytes.enumerated() { columns[index].append(bytes) }
      return place
    }
  }
}
