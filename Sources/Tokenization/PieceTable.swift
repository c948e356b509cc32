/// Finds the id of a piece by its bytes: a hash table with open addressing over the pieces' bytes.
struct PieceTable: Sendable {
  let pieces: ByteStrings
  /// Bytes of the longest piece.
  let maxLength: Int
  private var slots: [Slot]
  private let shift: UInt64

  private struct Slot {
    /// Part of the hash, so that few other pieces are ever looked at.
    var tag: UInt32
    /// -1 where the slot is free.
    var id: Int32
  }

  /// Two ids with the same bytes.
  struct Duplicate: Error {
    let first: Int
    let second: Int
  }

  /// - Precondition: there are fewer than 2³⁰ pieces.
  init(_ pieces: ByteStrings) throws(Duplicate) {
    precondition(pieces.count < 1 << 30)
    self.pieces = pieces
    let bits = Int.bitWidth - max(pieces.count * 2, 16).leadingZeroBitCount
    shift = UInt64(64 - bits)
    slots = Array(repeating: Slot(tag: 0, id: -1), count: 1 << bits)
    var maxLength = 0
    for id in 0..<pieces.count { maxLength = max(maxLength, pieces.range(id).count) }
    self.maxLength = maxLength
    for id in 0..<pieces.count {
      let (slot, tag) = pieces.withBytes(of: id) { find($0) }
      guard slots[slot].id < 0 else {
        throw Duplicate(first: Int(slots[slot].id), second: id)
      }
      slots[slot] = Slot(tag: tag, id: Int32(id))
    }
  }

  /// The id of the piece with exactly these bytes.
  ///
  /// - Complexity: O(`piece.count`); O(1) for one longer than every piece.
  func id(of piece: UnsafeBufferPointer<UInt8>) -> Int32? {
    guard piece.count <= maxLength else { return nil }
    let id = slots[find(piece).slot].id
    return id < 0 ? nil : id
  }

  func id(of piece: [UInt8]) -> Int32? { piece.withUnsafeBufferPointer { id(of: $0) } }

  func id(of piece: ArraySlice<UInt8>) -> Int32? { piece.withUnsafeBufferPointer { id(of: $0) } }

  func id(of piece: String) -> Int? { id(of: Array(piece.utf8)).map(Int.init) }

  /// The slot that holds the piece, or the free one where it would go.
  private func find(_ piece: UnsafeBufferPointer<UInt8>) -> (slot: Int, tag: UInt32) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in piece { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }  // FNV-1a
    hash = (hash ^ (hash >> 32)) &* 0x9e37_79b9_7f4a_7c15
    let tag = UInt32(truncatingIfNeeded: hash)
    var slot = Int(hash >> shift)
    while slots[slot].id >= 0 {
      if slots[slot].tag == tag
        && pieces.withBytes(of: Int(slots[slot].id), { $0.elementsEqual(piece) })
      {
        break
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return (slot, tag)
  }
}
