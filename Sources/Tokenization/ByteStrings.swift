/// A list of byte strings in one block of memory.
///
/// Pieces are bytes and not `String`: Swift compares strings by canonical equivalence, where "é" as
/// one scalar and as two are the same, and a vocabulary has both with ids of their own.
struct ByteStrings: Sendable {
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  init() {}

  init(_ strings: some Sequence<String>) {
    for string in strings { append(string.utf8) }
  }

  var count: Int { ends.count }

  /// Where a string lies in `bytes`.
  func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

  /// Calls `body` with a string's bytes where they lie.
  func withBytes<Result>(of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range(index)])) }
  }

  /// A string for messages; bytes that are no UTF-8 become U+FFFD.
  func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

  mutating func append(_ string: some Sequence<UInt8>) {
    bytes.append(contentsOf: string)
    ends.append(bytes.count)
  }
}
