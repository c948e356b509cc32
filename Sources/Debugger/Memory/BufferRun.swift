import Basics
import Events
import TraceStore

/// Buffers of one size that hold consecutive ranges of one thing, as the pages of a layer's KV
/// cache do: `blk.0 kv 0..<16`, `blk.0 kv 16..<32` and so on.
struct BufferRun {
  /// The first of them.
  let first: TraceBuffer
  private(set) var count = 1
  /// What the first's name says before its range, the whole range, and what follows that.
  private var parts: (before: Substring, start: Substring, end: Substring, after: Substring)?

  private init(_ buffer: TraceBuffer) {
    first = buffer
    parts = Self.parts(of: buffer.name)
  }

  /// Of all together.
  var bytes: Int { clampedProduct(first.bytes, count) }

  /// `blk.0 kv 0..<1328, 83 of 12 KiB`; of one buffer, its name.
  var name: String {
    guard count > 1, let parts else { return first.name }
    return "\(parts.before)\(parts.start)..<\(parts.end)\(parts.after), "
      + "\(count) of \(formatBytes(first.bytes))"
  }

  /// What a buffer that goes on where this run ends would have in common with it.
  private struct Key: Hashable {
    let category: MemoryCategory
    let bytes: Int
    let before: Substring
    let after: Substring
    let boundary: Substring
  }

  /// - Parameter buffers: in the order in which they were made.
  static func joining(_ buffers: [TraceBuffer]) -> [BufferRun] {
    var runs: [BufferRun] = []
    var open: [Key: Int] = [:]
    for buffer in buffers {
      var place = runs.count
      if let parts = parts(of: buffer.name) {
        func key(_ boundary: Substring) -> Key {
          Key(
            category: buffer.category, bytes: buffer.bytes, before: parts.before,
            after: parts.after, boundary: boundary)
        }
        place = open.removeValue(forKey: key(parts.start)) ?? place
        open[key(parts.end)] = place
        if place < runs.count { runs[place].parts?.end = parts.end }
      }
      if place < runs.count { runs[place].count += 1 } else { runs.append(BufferRun(buffer)) }
    }
    return runs
  }

  /// `blk.0 kv 16..<32` as `blk.0 kv `, `16`, `32` and nothing; `nil` for a name without a range.
  private static func parts(
    of name: String
  ) -> (before: Substring, start: Substring, end: Substring, after: Substring)? {
    let bytes = name.utf8
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard let less = bytes.lastIndex(of: UInt8(ascii: "<")), less != bytes.startIndex,
      let dots = bytes.index(less, offsetBy: -2, limitedBy: bytes.startIndex),
      name[dots..<less] == ".."
    else { return nil }
    let next = bytes.index(after: less)
    let end = bytes[next...].firstIndex { !isDigit($0) } ?? bytes.endIndex
    var start = dots
    while start > bytes.startIndex, isDigit(bytes[bytes.index(before: start)]) {
      start = bytes.index(before: start)
    }
    guard start < dots, next < end else { return nil }
    return (name[..<start], name[start..<dots], name[next..<end], name[end...])
  }
}
