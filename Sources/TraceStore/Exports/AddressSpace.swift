import Basics

/// Where buffers lie: addresses for a reader that needs them, since a trace has none.
///
/// As in PyTorch's allocator a buffer lies in a segment, whose size is a multiple of 2 MiB; here it
/// takes the first gap that holds it, or a new segment after the last.
struct AddressSpace {
  struct Segment: Equatable {
    let address: Int
    let size: Int
  }

  private(set) var segments: [Segment] = []
  /// Gaps in the order of their addresses, none next to another of the same segment.
  private var gaps: [(start: Int, end: Int)] = []
  private var end: Int
  private let limit: Int
  private static let unit = 2 << 20

  init(_ addresses: Range<Int>) { (end, limit) = (addresses.lowerBound, addresses.upperBound) }

  /// Room for `bytes` (at least 1): its address, and the segment that had to be made for it; `nil`
  /// where there are no addresses left.
  mutating func take(_ bytes: Int) -> (address: Int, new: Segment?)? {
    guard bytes < limit - end - 2 * Self.unit else { return nil }
    var new: Segment?
    var place = gaps.firstIndex { $0.end - $0.start >= bytes }
    if place == nil {
      let segment = Segment(address: end, size: (bytes + Self.unit - 1) / Self.unit * Self.unit)
      new = segment
      segments.append(segment)
      end += segment.size + Self.unit  // segments do not touch, and so gaps of two do not either
      gaps.append((segment.address, segment.address + segment.size))
      place = gaps.count - 1
    }
    let index = place ?? 0
    let address = gaps[index].start
    gaps[index].start += bytes
    if gaps[index].start == gaps[index].end { gaps.remove(at: index) }
    return (address, new)
  }

  /// Gives room back.
  mutating func free(_ address: Int, _ bytes: Int) {
    var index = gaps.firstSortedIndex { $0.start > address }
    gaps.insert((address, address + bytes), at: index)
    if index + 1 < gaps.count, gaps[index].end == gaps[index + 1].start {
      gaps[index].end = gaps.remove(at: index + 1).end
    }
    if index > 0, gaps[index - 1].end == gaps[index].start {
      gaps[index - 1].end = gaps.remove(at: index).end
      index -= 1
    }
  }
}
