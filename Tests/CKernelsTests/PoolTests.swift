import CKernels
import Foundation
import Synchronization
import Testing

@Suite struct PoolTests {
  /// What the workers of a round share.
  final class Round {
    var counter = nibble_counter(value: 0)
    var total: Int64 = 0
    /// How often each piece was done, and by how many calls on each worker.
    let done: UnsafeMutablePointer<UInt8>
    let calls: UnsafeMutablePointer<Int>
    /// Turns of an empty loop that a piece takes.
    var work = 0

    init(pieces: Int, workers: Int) {
      done = .allocate(capacity: pieces)
      done.initialize(repeating: 0, count: pieces)
      calls = .allocate(capacity: workers)
      calls.initialize(repeating: 0, count: workers)
    }

    deinit {
      done.deallocate()
      calls.deallocate()
    }
  }

  static func run(_ pool: OpaquePointer, _ round: Round) {
    nibble_pool_run(
      pool,
      { context, worker in
        guard let context else { return }
        let round = Unmanaged<Round>.fromOpaque(context).takeUnretainedValue()
        round.calls[Int(worker)] += 1
        while true {
          let piece = nibble_counter_next(&round.counter, 1)
          if piece >= round.total { return }
          round.done[Int(piece)] += 1
          for _ in 0..<round.work { _ = nibble_nanoseconds() }
        }
      }, Unmanaged.passUnretained(round).toOpaque())
  }

  /// 100 000 rounds of one to eight workers, also of more workers than processors: every piece is
  /// done once, and is done when the round is over.
  @Test(arguments: 1...8)
  func everyPieceIsDoneOnce(workers: Int) throws {
    let pool = try #require(nibble_pool_create(Int32(workers)))
    defer { nibble_pool_destroy(pool) }
    let round = Round(pieces: 40, workers: workers)
    var wrong = 0
    for index in 0..<100_000 {
      round.total = Int64(1 + index % 37)
      round.counter.value = 0
      round.work = index % 100 == 0 ? 100 : 0  // some that are long enough to be shared
      Self.run(pool, round)
      for piece in 0..<40 {
        if round.done[piece] != (piece < round.total ? 1 : 0) { wrong += 1 }
        round.done[piece] = 0
      }
    }
    #expect(wrong == 0)
    #expect(round.calls[0] == 100_000, "the caller works in every round")
    #expect((0..<workers).allSatisfy { round.calls[$0] <= 100_000 }, "once a round at most")
  }

  /// Workers do come: a round whose caller waits for them ends.
  @Test func workersHelp() throws {
    final class Arrivals: Sendable { let count = Atomic(0) }
    let pool = try #require(nibble_pool_create(3))
    defer { nibble_pool_destroy(pool) }
    let arrivals = Arrivals()
    nibble_pool_run(
      pool,
      { context, _ in
        guard let context else { return }
        let arrivals = Unmanaged<Arrivals>.fromOpaque(context).takeUnretainedValue()
        arrivals.count.add(1, ordering: .relaxed)
        // At most two minutes, for a machine that is busy with others.
        let deadline = nibble_nanoseconds() + 120_000_000_000
        while arrivals.count.load(ordering: .relaxed) < 3, nibble_nanoseconds() < deadline {
          sched_yield()
        }
      }, Unmanaged.passUnretained(arrivals).toOpaque())
    #expect(arrivals.count.load(ordering: .relaxed) == 3)
  }

  /// Pools that are made and destroyed, with their workers at any point of their lives.
  @Test func poolsComeAndGo() throws {
    for index in 0..<500 {
      let workers = 1 + index % 6
      let pool = try #require(nibble_pool_create(Int32(workers)))
      let round = Round(pieces: 8, workers: workers)
      round.total = 8
      if index % 3 > 0 { Self.run(pool, round) }
      nibble_pool_destroy(pool)
      #expect((0..<8).allSatisfy { round.done[$0] == (index % 3 > 0 ? 1 : 0) })
    }
  }
}
