/// The merges of a byte-pair vocabulary: two pieces that may become one, and how early they do.
struct PairTable: Sendable {
  private struct Entry {
    var key: UInt64
    var merge: Merge
  }

  private var entries: [Entry]
  private let shift: UInt64
  private static let free = UInt64.max

  /// - Parameter capacity: the number of pairs that will be inserted at most.
  init(capacity: Int) {
    let bits = Int.bitWidth - max(capacity * 2, 16).leadingZeroBitCount
    shift = UInt64(64 - bits)
    entries = Array(
      repeating: Entry(key: Self.free, merge: Merge(order: 0, piece: 0)), count: 1 << bits)
  }

  /// Adds a pair; of equal pairs the first stays.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    guard entries[slot].key == Self.free else { return }
    entries[slot] = Entry(key: key, merge: merge)
  }

  func find(_ left: Int32, _ right: Int32) -> Merge? {
    let key = Self.key(left, right)
    let entry = entries[slot(of: key)]
    return entry.key == key ? entry.merge : nil
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(of key: UInt64) -> Int {
    let hash = (key ^ (key >> 32)) &* 0x9e37_79b9_7f4a_7c15
    var slot = Int(hash >> shift)
    while entries[slot].key != key && entries[slot].key != Self.free {
      slot = (slot + 1) & (entries.count - 1)
    }
    return slot
  }
}
