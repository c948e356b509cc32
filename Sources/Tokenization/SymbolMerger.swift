/// Two neighbours that may become one piece.
struct Merge: Sendable {
  /// Lower goes first.
  let order: UInt32
  /// The id of the piece that they become.
  let piece: Int32
}

/// A stretch of the text that is a piece, or a character that is none.
struct Symbol {
  let start: Int32
  /// 0 once it was merged into the symbol before it.
  var length: Int32
  /// The id of the piece, or -1.
  var piece: Int32
  /// Index of the symbol before, or -1.
  var previous: Int32
  /// Index of the symbol after, or -1.
  var next: Int32
}

/// Which neighbours may merge: what tells byte-pair encoding from SentencePiece.
protocol MergeRule {
  func merge(_ left: Symbol, _ right: Symbol) -> Merge?
}

/// Merges neighbours, best pair first and the leftmost of equals, until no pair is left.
///
/// One value serves many words: its memory is kept from one to the next.
///
/// - Complexity: O(n log n) for n symbols.
struct SymbolMerger {
  private(set) var symbols: [Symbol] = []
  private var queue = MergeQueue()

  mutating func reset() {
    symbols.removeAll(keepingCapacity: true)
    queue.removeAll()
  }

  /// Adds a symbol after the last one, which it follows in the text.
  mutating func append(length: Int, piece: Int32) {
    let index = Int32(symbols.count)
    var start: Int32 = 0
    if let last = symbols.last {
      symbols[symbols.count - 1].next = index
      start = last.start + last.length
    }
    symbols.append(
      Symbol(start: start, length: Int32(length), piece: piece, previous: index - 1, next: -1))
  }

  mutating func mergeAll(_ rule: some MergeRule) {
    for index in symbols.indices.dropFirst() {
      offer(Int32(index - 1), Int32(index), rule)
    }
    while let best = queue.pop() {
      var left = symbols[Int(best.left)]
      let right = symbols[Int(best.right)]
      // Symbols only grow, so a pair of another size, or of a symbol that is gone, is an old one.
      guard left.length > 0, right.length > 0, left.length + right.length == best.length else {
        continue
      }
      left.length = best.length
      left.piece = best.piece
      left.next = right.next
      symbols[Int(best.left)] = left
      symbols[Int(best.right)].length = 0
      if right.next >= 0 { symbols[Int(right.next)].previous = best.left }
      if left.previous >= 0 { offer(left.previous, best.left, rule) }
      if left.next >= 0 { offer(best.left, left.next, rule) }
    }
  }

  private mutating func offer(_ left: Int32, _ right: Int32, _ rule: some MergeRule) {
    let (leftSymbol, rightSymbol) = (symbols[Int(left)], symbols[Int(right)])
    guard let merge = rule.merge(leftSymbol, rightSymbol) else { return }
    queue.push(
      MergeQueue.Entry(
        order: merge.order, left: left, right: right,
        length: leftSymbol.length + rightSymbol.length, piece: merge.piece))
  }
}

/// A binary heap of pairs waiting to be merged.
struct MergeQueue {
  struct Entry {
    let order: UInt32
    let left: Int32
    let right: Int32
    /// Bytes of the two together when they were offered.
    let length: Int32
    let piece: Int32

    func precedes(_ other: Entry) -> Bool {
      order == other.order ? left < other.left : order < other.order
    }
  }

  private var heap: [Entry] = []

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  mutating func push(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry.precedes(heap[parent]) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = entry
  }

  mutating func pop() -> Entry? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return first }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count && heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(last) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return first
  }
}
