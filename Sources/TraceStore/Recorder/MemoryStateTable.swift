import Events

/// Numbers states of memory: the same state gets the number of the step that first led to it.
///
/// Open addressing over a table that doubles up to a limit; past that it starts anew, and a state
/// that comes back then has a second number, which costs a row and changes nothing else.
struct MemoryStateTable {
  private var states: [MemoryUse]
  private var ids: [Int]
  private var count = 0
  private let limit: Int

  private var last = MemoryUse()
  private var lastID = 0

  /// - Parameter limit: states to remember at most, a power of two.
  init(limit: Int = 1 << 18) {
    self.limit = limit
    let capacity = min(1 << 12, 2 * limit)
    states = Array(repeating: MemoryUse(), count: capacity)
    ids = Array(repeating: 0, count: capacity)
  }

  /// The number of `state`, which `step` led to: `step` itself where the state is new.
  @inline(__always) mutating func id(of state: MemoryUse, step: Int) -> Int {
    if lastID != 0, state == last { return lastID }
    last = state
    lastID = find(state, step: step)
    return lastID
  }

  private mutating func find(_ state: MemoryUse, step: Int) -> Int {
    if count == limit {
      count = 0
      for index in ids.indices { ids[index] = 0 }
    } else if 2 * count >= ids.count {
      grow()
    }
    let slot = slot(of: state)
    if ids[slot] != 0 { return ids[slot] }
    insert(state, id: step, at: slot)
    return step
  }

  private mutating func insert(_ state: MemoryUse, id: Int, at slot: Int) {
    states[slot] = state
    ids[slot] = id
    count += 1
  }

  private func slot(of state: MemoryUse) -> Int {
    let mask = UInt(ids.count - 1)
    var slot = state.digest & mask
    while ids[Int(slot)] != 0, states[Int(slot)] != state { slot = (slot + 1) & mask }
    return Int(slot)
  }

  private mutating func grow() {
    let old = (states, ids)
    states = Array(repeating: MemoryUse(), count: 2 * old.1.count)
    ids = Array(repeating: 0, count: 2 * old.1.count)
    count = 0
    for (state, id) in zip(old.0, old.1) where id != 0 {
      insert(state, id: id, at: slot(of: state))
    }
  }
}
