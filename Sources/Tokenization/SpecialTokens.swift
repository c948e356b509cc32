/// Finds special tokens in a text before it is encoded.
struct SpecialTokens: Sendable {
  /// A stretch of the text, as UTF-8 offsets, or a special token that stood there.
  enum Fragment: Equatable {
    case text(Range<Int>)
    case token(Int)
  }

  private struct Special: Sendable {
    let id: Int
    let bytes: [UInt8]
    let attributes: TokenAttributes
  }

  /// The longest first, of equals the lowest id: the order in which they are cut out.
  private let specials: [Special]
  private let trie: ByteTrie

  init(_ pieces: ByteStrings, attributes: [TokenAttributes]) {
    var specials: [Special] = []
    for id in 0..<pieces.count where !attributes[id].isDisjoint(with: .special) {
      specials.append(Special(id: id, bytes: Array(pieces[id]), attributes: attributes[id]))
    }
    specials.sort { ($0.bytes.count, $1.id) > ($1.bytes.count, $0.id) }
    self.specials = specials
    trie = ByteTrie(specials.map(\.bytes))
  }

  /// Cuts a text at its special tokens, which are user-defined ones alone unless `parseSpecial`.
  ///
  /// One token after the other is cut out of all the text that is left, from left to right; so a
  /// long one wins over a short one that starts before it.
  func fragments(
    of text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool
  ) -> [Fragment] {
    guard !text.isEmpty else { return [] }
    var fragments: [Fragment] = [.text(0..<text.count)]
    for index in trie.entries(occurringIn: text) {
      let special = specials[index]
      if !parseSpecial && !special.attributes.isDisjoint(with: .hidden) { continue }
      fragments = fragments.flatMap { fragment -> [Fragment] in
        guard case .text(let range) = fragment else { return [fragment] }
        return cut(special, out: range, of: text)
      }
    }
    return fragments
  }

  private func cut(
    _ special: Special, out range: Range<Int>, of text: UnsafeBufferPointer<UInt8>
  ) -> [Fragment] {
    var fragments: [Fragment] = []
    var rest = range
    while let match = firstMatch(of: special.bytes, in: rest, of: text) {
      var left = rest.lowerBound..<match
      if special.attributes.contains(.stripsLeft) {
        while let last = left.last, isSpace(text[last]) { left = left.dropLast() }
      }
      if !left.isEmpty { fragments.append(.text(left)) }
      fragments.append(.token(special.id))
      rest = match + special.bytes.count..<rest.upperBound
      if special.attributes.contains(.stripsRight) {
        while let first = rest.first, isSpace(text[first]) { rest = rest.dropFirst() }
      }
    }
    if !rest.isEmpty { fragments.append(.text(rest)) }
    return fragments
  }

  private func firstMatch(
    of bytes: [UInt8], in range: Range<Int>, of text: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    guard range.count >= bytes.count else { return nil }
    for start in range.lowerBound...range.upperBound - bytes.count where text[start] == bytes[0] {
      if text[start..<start + bytes.count].elementsEqual(bytes) { return start }
    }
    return nil
  }

  /// C's `isspace`.
  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}

/// A set of byte strings, to see in one pass over a text which of them occur in it.
private struct ByteTrie: Sendable {
  /// The node under another one's byte, by `node << 8 | byte`. The root is 0.
  private var children: [UInt64: UInt32] = [:]
  private var entryAtNode: [UInt32: Int] = [:]
  private var startsEntry = [Bool](repeating: false, count: 256)
  private let count: Int

  init(_ strings: [[UInt8]]) {
    count = strings.count
    var nodes: UInt32 = 1
    for (entry, string) in strings.enumerated() {
      guard let first = string.first else { continue }
      startsEntry[Int(first)] = true
      var node: UInt32 = 0
      for byte in string {
        let key = UInt64(node) << 8 | UInt64(byte)
        if let child = children[key] {
          node = child
        } else {
          node = nodes
          children[key] = nodes
          nodes += 1
        }
      }
      entryAtNode[node] = entry
    }
  }

  /// The indices of the strings that occur, ascending.
  func entries(occurringIn text: UnsafeBufferPointer<UInt8>) -> [Int] {
    var occurs = [Bool](repeating: false, count: count)
    for start in text.indices where startsEntry[Int(text[start])] {
      var node: UInt32 = 0
      for byte in text[start...] {
        guard let child = children[UInt64(node) << 8 | UInt64(byte)] else { break }
        node = child
        if let entry = entryAtNode[node] { occurs[entry] = true }
      }
    }
    return occurs.indices.filter { occurs[$0] }
  }
}
