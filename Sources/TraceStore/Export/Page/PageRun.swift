import GRDB
import Inference

/// What happened over a whole run, in at most ``capacity`` entries however long it is: one for each
/// operation and for what lies between two of them. Where they grow too many, two that follow each
/// other become one, and so on.
struct PageRun {
  static let capacity = 1 << 14

  struct Entry {
    var first: Int
    /// The operation at its highest total, or 0.
    var op: Int
    /// The step of its highest total and the state of memory then, and the state at its lowest.
    var mostStep, most, least: Int
    var mostTotal, leastTotal: Int
    /// Buffers alive at its highest total.
    var buffers: Int

    /// Takes in what follows.
    mutating func join(_ next: Entry) {
      if next.mostTotal > mostTotal {
        (op, mostStep, most, mostTotal, buffers) =
          (next.op, next.mostStep, next.most, next.mostTotal, next.buffers)
      }
      if next.leastTotal < leastTotal { (least, leastTotal) = (next.least, next.leastTotal) }
    }
  }

  private(set) var entries: [Entry] = []
  /// How many operations and gaps one entry stands for.
  private(set) var together = 1
  /// The last step that was read.
  private(set) var steps = 0
  /// The most bytes of each category.
  private(set) var peaks = MemoryUse()

  /// How many operations and gaps the last entry stands for so far.
  private var joined = 0
  private var latest = Entry(
    first: 0, op: -1, mostStep: 0, most: 0, least: 0, mostTotal: 0, leastTotal: 0, buffers: 0)
  private var buffers = 0
  private var total = 0

  /// Adds the step after the last.
  mutating func add(op: Int, kind: EventKind, state: Int, use: MemoryUse) {
    steps += 1
    // A tile that lies in another buffer changes no total.
    switch kind {
    case .alloc, .dequantize: if use.total > total { buffers += 1 }
    case .free: if use.total < total { buffers -= 1 }
    case .multiply, .compute, .append, .fail: break
    }
    total = use.total
    for category in MemoryCategory.allCases {
      peaks[category] = max(peaks[category], use[category])
    }
    let entry = Entry(
      first: steps, op: op, mostStep: steps, most: state, least: state, mostTotal: total,
      leastTotal: total, buffers: buffers)
    if op == latest.op, steps > 1 {
      latest.join(entry)
    } else {
      finish()
      latest = entry
    }
  }

  /// Keeps what was read last.
  mutating func finish() {
    guard latest.first > 0 else { return }
    if joined > 0, joined < together {
      entries[entries.count - 1].join(latest)
      joined += 1
    } else {
      if entries.count == Self.capacity { halve() }
      entries.append(latest)
      joined = 1
    }
    latest.first = 0
  }

  private mutating func halve() {
    for index in 0..<entries.count / 2 {
      entries[index] = entries[2 * index]
      entries[index].join(entries[2 * index + 1])
    }
    entries.removeLast(entries.count / 2)
    together *= 2
  }
}

extension Trace {
  /// Reads every step of the trace once.
  func pageRun(_ progress: (Int) throws -> Void) throws -> PageRun {
    let last = try eventCount()
    return try read { db in
      try self.memoryStates.load(db, path: self.path)
      var run = PageRun()
      let sql =
        "SELECT step, op, kind, memory FROM _event WHERE step BETWEEN ?1 AND ?2 ORDER BY step"
      try Statement.forEachRow(db, sql, 1, last) { row in
        let step = row.integer(0)
        guard step == run.steps + 1, let kind = EventKind(rawValue: row.integer(2)),
          (0...TraceRow.largest).contains(row.integer(1)),
          let use = self.memoryStates[row.integer(3)]
        else {
          throw TraceError.corrupt(path: self.path, reason: "step \(step)")
        }
        run.add(op: row.integer(1), kind: kind, state: row.integer(3), use: use)
        try progress(step)
      }
      run.finish()
      return run
    }
  }

  /// The run as it lies in the page.
  func pageColumns(of run: PageRun, _ states: inout PageStates) throws -> PageTrace.Run {
    var columns = PageTrace.Run(together: run.together)
    var nodes = PageNodes(self)
    for entry in run.entries {
      columns.first.append(entry.first)
      columns.node.append(try nodes[entry.op])
      columns.mostAfter.append(entry.mostStep - entry.first)
      columns.most.append(try states[entry.most])
      columns.least.append(try states[entry.least])
      columns.buffers.append(entry.buffers)
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
  private let trace: Trace
  private var places: [Int: Int] = [:]
  private(set) var columns = MemoryCategory.allCases.map { _ in PageColumn() }

  init(_ trace: Trace) { self.trace = trace }

  /// The place of a row of `_memory`.
  subscript(state: Int) -> Int {
    mutating get throws {
      if let place = places[state] { return place }
      guard let use = trace.memoryStates[state] else {
        throw TraceError.corrupt(path: trace.path, reason: "no state of memory \(state)")
      }
      let place = places.count
      places[state] = place
      for (index, bytes) in use.bytes.enumerated() { columns[index].append(bytes) }
      return place
    }
  }
}
