/// The merges of a byte-pair vocabulary: two pieces that may become one, and how early they do.
struct PairTable: Sendable {
  private var keys: [UInt64]
  private var merges: [Merge]
  private let mask: Int
  private static let free = UInt64.max

  /// - Parameter capacity: the number of pairs that will be inserted at most.
  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    mask = size - 1
    keys = Array(repeating: Self.free, count: size)
    merges = Array(repeating: Merge(order: 0, piece: 0), count: size)
  }

  /// Adds a pair; of equal pairs the first stays.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    guard keys[slot] == Self.free else { return }
    keys[slot] = key
    merges[slot] = merge
  }

  func find(_ left: Int32, _ right: Int32) -> Merge? {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    return keys[slot] == key ? merges[slot] : nil
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(of key: UInt64) -> Int {
    let hash = key &* 0x9e37_79b9_7f4a_7c15
    var slot = Int(truncatingIfNeeded: hash ^ (hash >> 29)) & mask
    while keys[slot] != key && keys[slot] != Self.free { slot = (slot + 1) & mask }
    return slot
  }
}
