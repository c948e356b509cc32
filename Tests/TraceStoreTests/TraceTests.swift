import Events
import Foundation
import TestSupport
import Testing

@testable import TraceStore

@Suite struct TraceTests {
  let folder: ScratchFolder
  let trace: Trace

  init() throws {
    folder = try ScratchFolder()
    try record(to: folder.file())
    trace = try Trace(path: folder.file())
  }

  @Test func countsAndMeta() throws {
    #expect(try trace.passCount() == 4)
    #expect(try trace.opCount() == 4 * (3 + 2 * 18))
    #expect(try trace.meta()["model"] == "small")
    #expect(try trace.meta()["status"] == "complete")
    #expect(try trace.tensors().count == 2 + 2 * 9)
    #expect(try trace.tensor(named: "blk.1.attn_q.weight")?.role == "attn_q")
    #expect(try trace.tensor(2)?.layer == 0)
    #expect(try trace.tensor(99) == nil)
  }

  @Test func everyStepIsFoundFromEverySide() throws {
    let last = try trace.eventCount()
    for step in 1...last {
      let event = try #require(try trace.event(at: step))
      let op = try trace.op(at: step)
      #expect(op?.id == event.op)
      if let op {
        #expect(op.steps.contains(step))
        let pass = try #require(try trace.pass(at: step))
        #expect(pass.id == op.pass && pass.ops.contains(op.id))
      }
      let tile = try trace.tile(at: step)
      let buffer = try trace.buffer(at: step)
      switch event.kind {
      case .dequantize:
        #expect(tile?.madeStep == step && buffer?.isTile == true && buffer?.id == step)
      case .multiply:
        let matmul = try #require(try trace.matmul(at: step))
        #expect(matmul.tile == tile?.id && matmul.tensor == tile?.tensor)
        #expect(matmul.firstRow == tile?.firstRow && matmul.n == tile?.rows)
        #expect(matmul.flops == 2 * matmul.m * matmul.k * matmul.n)
        #expect(buffer == nil)
      case .free: #expect(buffer?.freedStep == step && (tile == nil || tile?.id == buffer?.id))
      case .alloc: #expect(buffer?.allocatedStep == step && buffer?.isTile == false)
      case .append: #expect(try trace.kvAppend(at: step)?.layer == op?.layer)
      case .compute, .fail: #expect(tile == nil && buffer == nil)
      }
      let alive = try trace.buffers(aliveAt: step)
      for category in MemoryCategory.allCases {
        let bytes = alive.filter { $0.category == category }.reduce(0) { $0 + $1.bytes }
        #expect(bytes == event.live[category])
      }
    }
  }

  @Test func operationsByNameAndPlace() throws {
    let op = try #require(try trace.op(named: "Qcur-1", inPass: 2))
    #expect(op.kind == "mul_mat" && op.layer == 1 && op.rows == 1 && op.cols == 32)
    #expect(op.inputs == ["blk.1.attn_q.weight", "attn_norm-1"])
    #expect(try trace.tensor(op.tensor ?? -1)?.name == "blk.1.attn_q.weight")
    #expect(try trace.op(startingAtOrBefore: op.steps.upperBound)?.id == op.id)
    #expect(try trace.op(startingAtOrBefore: op.steps.lowerBound - 1)?.id == op.id - 1)
    #expect(try trace.op(startingAtOrAfter: op.steps.lowerBound)?.id == op.id)
    #expect(try trace.op(startingAtOrAfter: op.steps.lowerBound + 1)?.id == op.id + 1)
    #expect(try trace.op(startingAtOrBefore: 1) == nil)
    #expect(try trace.op(startingAtOrAfter: 1)?.id == 1)
    let last = try trace.opCount()
    #expect(try trace.op(startingAtOrAfter: trace.eventCount() + 1) == nil)
    #expect(try trace.op(startingAtOrBefore: .max)?.id == last)
    #expect(try trace.op(last + 1) == nil)
    #expect(try trace.pass(5) == nil)
    #expect(try trace.pass(at: 1) == nil)
    // The attention scores widen with the context; their static half is stored once.
    #expect(try trace.op(named: "kq-0", inPass: 1)?.cols == 5)
    #expect(try trace.op(named: "kq-0", inPass: 4)?.cols == 8)
    #expect(try trace.pairs("SELECT count(*), 1 FROM _node")[0].0 == "39")
  }

  @Test(arguments: [1, 7, 80, 100_000], [4, 200_000])
  func aProfileKeepsEveryPeak(buckets: Int, longRange: Int) throws {
    let last = try trace.eventCount()
    let live = try (1...last).compactMap { try trace.event(at: $0)?.live }
    for range in [1...last, 5...6, 100...300, last - 1...last + 50] {
      let profile = try trace.memoryProfile(range, buckets: buckets, longRange: longRange)
      let steps = range.lowerBound...min(last, range.upperBound)
      #expect(profile.count == min(buckets, steps.count))
      for (index, use) in profile.enumerated() {
        let own = steps.filter { ($0 - steps.lowerBound) * profile.count / steps.count == index }
        #expect(use.total == own.map { live[$0 - 1].total }.max())
        #expect(own.contains { live[$0 - 1] == use })
      }
    }
    #expect(try trace.memoryProfile(last + 1...last + 2, buckets: buckets).isEmpty)
  }

  @Test func lookUpsAreSearchesByKey() throws {
    // What the typed look-ups ask, on the tables that grow with the run.
    for query in [
      "SELECT * FROM op WHERE id = (SELECT op FROM _event WHERE step = 9)",
      "SELECT * FROM event WHERE step = 9",
      "SELECT * FROM pass WHERE first_step <= 9 ORDER BY first_step DESC LIMIT 1",
      "SELECT * FROM buffer WHERE id = 9",
      "SELECT * FROM buffer WHERE id BETWEEN 3 AND 9 AND (freed_step IS NULL OR freed_step > 9)",
      "SELECT * FROM _kept_buffer WHERE id < 3 AND (freed_step IS NULL OR freed_step > 9)",
      "SELECT * FROM event WHERE step = 9", "SELECT * FROM _tile_rows WHERE id = 9",
      "SELECT * FROM _matmul_rows WHERE step = 9", "SELECT * FROM tile WHERE id = 9",
      "SELECT * FROM matmul WHERE step = 9",
      "SELECT * FROM tile_lifetime WHERE tile = 9",
      "SELECT * FROM memory_timeline WHERE step BETWEEN 3 AND 9",
    ] {
      // The rows of a view of two halves pass through a routine of its name.
      let plan = try trace.rows("EXPLAIN QUERY PLAN " + query).map { $0[3].text ?? "" }
      #expect(!plan.isEmpty)
      #expect(!plan.contains { $0.hasPrefix("SCAN") && $0 != "SCAN buffer" }, "\(plan)")
    }
  }
}
