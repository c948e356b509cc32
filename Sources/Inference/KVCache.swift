import CKernels
import Quantization

/// How keys and values are kept.
public enum KVType: String, CaseIterable, Sendable {
  case f32, f16
  case q8 = "q8_0"
  case q4 = "q4_0"

  var tensorType: TensorType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .q8: .q8_0
    case .q4: .q4_0
    }
  }
}

/// Keys and values of every position seen so far, in pages that are allocated as it grows.
///
/// A page holds ``pageLength`` positions of one layer: first their keys, then their values, each
/// `(pageLength, nKVHead * headSize)`. A page is taken from the ledger when its first position is
/// appended, so the bytes that a trace shows are bytes that the machine gave.
final class KVCache {
  static var pageLength: Int { 16 }

  let type: KVType
  /// Bytes of one position's keys (or values) in one layer.
  let rowBytes: Int
  /// Bytes of one head of one position.
  let headBytes: Int
  private let cols: Int
  private var pages: [[Buffer]]
  private var appendedRows = 0

  /// - Throws: `InferenceError.unusableKVType` where a head is no whole number of blocks.
  init(config: ModelConfig, type: KVType) throws {
    guard let rowBytes = type.tensorType.byteCount(of: config.kvLength),
      let headBytes = type.tensorType.byteCount(of: config.headSize)
    else {
      throw InferenceError.unusableKVType(type.rawValue, headSize: config.headSize)
    }
    self.type = type
    self.rowBytes = rowBytes
    self.headBytes = headBytes
    cols = config.kvLength
    pages = Array(repeating: [], count: config.layerCount)
  }

  /// Bytes in use by the positions appended so far, all layers together.
  var usedBytes: Int { appendedRows * 2 * rowBytes }
  /// Bytes of one page.
  var pageBytes: Int { 2 * Self.pageLength * rowBytes }

  /// Makes room for positions below `end` in `layer`.
  func reserve(
    layer: Int, end: Int,
    allocate: (_ bytes: Int, _ name: @autoclosure () -> String) throws -> Buffer
  ) rethrows {
    while pages[layer].count * Self.pageLength < end {
      let first = pages[layer].count * Self.pageLength
      pages[layer].append(
        try allocate(pageBytes, "blk.\(layer) kv \(first)..<\(first + Self.pageLength)"))
    }
  }

  /// Stores one position's key and value, `(nKVHead * headSize)` each.
  ///
  /// - Throws: `InferenceError.overflow` for a value that the cache's type cannot hold.
  func store(
    layer: Int, position: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
  ) throws {
    for (source, destination) in [
      (key, keys(layer, position)), (value, values(layer, position)),
    ] {
      guard nibble_encode(type.tensorType.rawValue, source, destination, cols) == cols else {
        throw InferenceError.overflow(layer: layer, position: position, type: type.rawValue)
      }
    }
    appendedRows += 1
  }

  /// The first byte of the keys of `position`; those after it on the same page follow.
  func keys(_ layer: Int, _ position: Int) -> UnsafeMutableRawPointer {
    pages[layer][position / Self.pageLength].base + position % Self.pageLength * rowBytes
  }

  /// The first byte of the values of `position`; those after it on the same page follow.
  func values(_ layer: Int, _ position: Int) -> UnsafeMutableRawPointer {
    keys(layer, position) + Self.pageLength * rowBytes
  }

  /// Forgets the positions from `count` on, in every layer.
  func truncate(to count: Int, free: (Buffer) -> Void) {
    let kept = (count + Self.pageLength - 1) / Self.pageLength
    for layer in pages.indices {
      while pages[layer].count > kept { free(pages[layer].removeLast()) }
    }
    appendedRows = min(appendedRows, count * pages.count)
  }
}
