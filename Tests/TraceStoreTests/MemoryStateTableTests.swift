import Events
import TestSupport
import Testing

@testable import TraceStore

@Suite struct MemoryStateTableTests {
  @Test func aStateKeepsTheStepThatFirstLedToIt() {
    var table = MemoryStateTable()
    var first: [Int: Int] = [:]
    var random = SeededGenerator(seed: 3)
    for step in 1...50_000 {
      let kind = Int(random.next() % 20_000)
      var use = MemoryUse()
      use.weights = 100
      use.activations = kind % 173
      use.logits = kind
      let id = table.id(of: use, step: step)
      #expect(id == first[kind, default: step])
      first[kind] = id
    }
  }

  @Test func pastItsLimitItStartsAnew() {
    var table = MemoryStateTable(limit: 8)
    var new = 0
    for step in 1...1000 {
      var use = MemoryUse()
      use.kvCache = step % 30
      let id = table.id(of: use, step: step)
      #expect(id <= step && id % 30 == step % 30)
      if id == step { new += 1 }
    }
    #expect(new > 30)
  }
}
