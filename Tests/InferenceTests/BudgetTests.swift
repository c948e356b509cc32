import Events
import Foundation
import Testing

@testable import Inference

/// What passes the memory budget is not allocated, and the pass that asked for it leaves nothing.
@Suite struct BudgetTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let fixture: String
    var strategy = StrategyName.tiled
    var tileRows = 7
    var kvType = KVType.f16
    var testDescription: String { "\(fixture), \(strategy.rawValue), \(tileRows) rows, \(kvType)" }

    func options(budget: Int? = nil, threads: Int = 1) -> EngineOptions {
      var options = EngineOptions(strategy, tileRows: tileRows, kv: kvType, threads: threads)
      options.memoryBudget = budget
      return options
    }
  }

  static let cases =
    StrategyName.allCases.map { Case(fixture: "llama", strategy: $0) } + [
      Case(fixture: "qwen3", tileRows: 1, kvType: .q8), Case(fixture: "llama-biases", tileRows: 64),
      Case(fixture: "qwen2", strategy: .perLayer),
    ]

  /// Runs passes of so many tokens until one fails.
  static func run(
    _ fixture: Fixture, _ options: EngineOptions, passes: [Int] = [20, 1, 12, 1]
  ) -> (watcher: Watcher, error: InferenceError?) {
    let watcher = Watcher()
    do {
      let engine = try Engine(model: fixture.model, options: options, observer: watcher)
      var tokens = fixture.expected.tokens[...]
      for count in passes {
        let before = engine.ledger.live
        let position = engine.position
        do {
          _ = try engine.forward(Array(tokens.prefix(count)))
        } catch {
          #expect(engine.ledger.live == before && engine.position == position)
          throw error
        }
        tokens = tokens.dropFirst(count)
      }
      return (watcher, nil)
    } catch {
      return (watcher, error as? InferenceError)
    }
  }

  /// With one byte too little for any of the allocations that raise the highest total, the run
  /// fails at that one, and is the same up to it; with exactly as many as it needs, it does not
  /// fail.
  @Test(arguments: cases)
  func failsAtTheFirstAllocationThatWouldPassIt(test: Case) throws {
    let fixture = try Fixture(test.fixture)
    let steps = Self.run(fixture, test.options()).watcher.steps
    var highest = 0
    var categories: Set<MemoryCategory> = []
    for (index, step) in steps.enumerated() where step.live.total > highest {
      highest = step.live.total
      let (watcher, error) = Self.run(fixture, test.options(budget: highest - 1))
      guard case .overBudget(let failure)? = error else {
        Issue.record("\(step.event) did not fail: \(String(describing: error))")
        continue
      }
      let found = watcher.steps
      #expect(found.prefix(index).map(\.event) == steps.prefix(index).map(\.event))
      #expect(found.count > index && found[index].event == .allocationFailed(failure))
      let before = index == 0 ? MemoryUse() : steps[index - 1].live
      #expect(failure.live == before && failure.budget == highest - 1)
      #expect(before.total + failure.bytes == highest)
      switch step.event {
      case .allocated(_, let category, let name, let bytes):
        #expect(failure.category == category && failure.name == name && failure.bytes == bytes)
      case .dequantized(let tile):
        let tensor = fixture.model.tensors[tile.tensor].name
        #expect(failure.category == .weightsDequantized && failure.bytes == tile.bytes)
        #expect(failure.name == "\(tensor) rows \(tile.rows)")
      default: Issue.record("\(step.event) takes no memory")
      }
      #expect("\(InferenceError.overBudget(failure))".contains("'\(failure.name)'"))
      categories.insert(failure.category)
    }
    #expect(categories.isSuperset(of: [.weights, .activations]))
    let isLarge = [.matrix, .layer, .model].contains(test.strategy.tiles)
    #expect(categories.contains(isLarge ? .weightsDequantized : .kvCache))
    #expect(Self.run(fixture, test.options(budget: highest)).error == nil)
  }

  /// Logits are the highest moment of a model with many entries and no tiles.
  @Test func logitsCountToo() throws {
    var small = try SmallModel(type: .f32)
    try small.set(
      "token_embd.weight", .f32, [4000, 32], [Float](repeating: 0.1, count: 4000 * 32))
    let model = try small.load()
    let plain = try Engine(model: model, observer: NoObserver())
    _ = try plain.forward([1, 2])
    #expect(plain.ledger.peak.logits == 16_000)
    var options = EngineOptions()
    options.memoryBudget = plain.ledger.peak.total - 1
    let engine = try Engine(model: model, options: options, observer: NoObserver())
    #expect(EngineErrorTests.failure(of: engine, [1, 2]).hasPrefix("'logits' asks for 15.6 KiB"))
  }

  /// After a pass that failed, a smaller one gives what it would have given without it.
  @Test(arguments: StrategyName.allCases)
  func aSmallerPassGoesOn(strategy: StrategyName) throws {
    let fixture = try Fixture("llama")
    let test = Case(fixture: "llama", strategy: strategy)
    let expected = try Engine(
      model: fixture.model, options: test.options(), observer: NoObserver())
    let logits = try expected.forward([1, 2])
    let engine = try Engine(
      model: fixture.model, options: test.options(budget: expected.ledger.peak.total),
      observer: NoObserver())
    #expect(EngineErrorTests.failure(of: engine, [Int](1...20)).contains("budget"))
    #expect(haveSameBits([try engine.forward([1, 2])], [logits]))
  }

  @Test(arguments: [0, -1, Int.min])
  func aBudgetOfNothingIsNone(budget: Int) throws {
    let model = try SmallModel().load()
    var options = EngineOptions()
    options.memoryBudget = budget
    let error = #expect(throws: InferenceError.self) {
      try Engine(model: model, options: options, observer: NoObserver())
    }
    #expect(error?.description.contains("--memory-budget") == true)
  }

  /// Room for two tiles of three threads: whoever comes third fails, and what is alive never passes
  /// the budget, however they meet.
  @Test func threadsDoNotPassItTogether() throws {
    let fixture = try Fixture("llama")
    let test = Case(fixture: "llama", tileRows: 4)
    let single = Self.run(fixture, test.options(), passes: [20]).watcher
    let peak = try #require(single.steps.map(\.live).max { $0.total < $1.total })
    let budget = peak.total + peak.weightsDequantized
    for _ in 0..<20 {
      let (watcher, error) = Self.run(
        fixture, test.options(budget: budget, threads: 3), passes: [20])
      #expect(watcher.steps.allSatisfy { $0.live.total <= budget })
      #expect(watcher.steps.last?.live.weightsDequantized == 0)
      for case .allocationFailed(let failure) in watcher.steps.map(\.event) {
        #expect(failure.live.total + failure.bytes > budget)
        #expect((0..<3).contains(failure.thread))
        #expect(error != nil)
      }
      let three = Self.run(
        fixture, test.options(budget: budget + peak.weightsDequantized, threads: 3), passes: [20])
      #expect(three.error == nil)
    }
  }

  /// Four threads that take and return as fast as they can share a budget for three.
  @Test func aLedgerHoldsThreadsToItsBudget() throws {
    let watcher = Watcher()
    let ledger = MemoryLedger(observer: watcher, budget: 300)
    let refused = NSLock()
    nonisolated(unsafe) var refusals = 0
    nonisolated(unsafe) let shared = ledger
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<500 {
        do {
          let buffer = try shared.allocate(100, .workspace, "b")
          shared.free(buffer)
        } catch {
          refused.withLock { refusals += 1 }
        }
      }
    }
    #expect(ledger.live.total == 0)
    #expect(ledger.peak.total <= 300)
    let failures = watcher.steps.count {
      if case .allocationFailed = $0.event { true } else { false }
    }
    #expect(failures == refusals)
    #expect(watcher.steps.count == 2 * 2000 - refusals)
  }
}
