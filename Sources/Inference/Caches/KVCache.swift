import CKernels
import Events
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

  var isQuantized: Bool { tensorType.isQuantized }

  /// What the cache holds of a key or a value: `(nKVHead * headSize)`, rounded as the type has it.
  ///
  /// - Throws: `QuantizationError` for values that it cannot hold, or not a whole number of blocks.
  public func stored(_ row: [Float]) throws -> [Float] {
    try tensorType.encode(row).withUnsafeBytes { try tensorType.decode($0) }
  }
}

/// What a layer keeps of each position: a key and a value of `heads * headSize` values.
struct KVShape: Sendable {
  let heads: Int
  let headSize: Int
  /// Positions that a token sees, itself among them; `nil` for all up to its own.
  var window: Int?

  var cols: Int { heads * headSize }

  /// The first position that a token at `position` sees.
  func first(seenFrom position: Int) -> Int {
    window.map { max(position - $0 + 1, 0) } ?? 0
  }
}

/// Keys and values of the positions that one sequence has seen and layers still look at, in pages
/// that are allocated as it grows.
///
/// A page holds ``pageLength`` positions of one layer: first their keys, then their values. Values
/// are `(pageLength, nKVHead * headSize)`. Keys of f32 and f16 are `(nKVHead * headSize,
/// pageLength)`, so that one query is multiplied with all of them at once; quantized keys lie as
/// values do. A page is taken from the ledger when its first position is appended, and returned
/// when its last leaves the window of its layer, so the bytes that a trace shows are bytes that the
/// machine gave.
final class KVCache {
  static var pageLength: Int { Int(NIBBLE_PAGE) }

  let type: KVType
  /// Bytes of the positions that are held, all layers together.
  private(set) var usedBytes = 0
  private var layers: [Layer]

  private struct Layer {
    let shape: KVShape
    /// Bytes of one position's keys (or values).
    let rowBytes: Int
    /// Bytes of one head of one position.
    let headBytes: Int
    /// From the page that begins at ``first`` on.
    var pages: [Buffer] = []
    /// The first position that is held, and the one after the last.
    var first = 0
    var end = 0
    var usedBytes: Int { (end - first) * 2 * rowBytes }
  }

  /// - Parameter shapes: of each layer.
  /// - Throws: `InferenceError.unusableKVType` where a head is not a whole number of blocks.
  init(shapes: [KVShape], type: KVType) throws {
    self.type = type
    layers = try shapes.map { shape in
      guard let rowBytes = type.tensorType.byteCount(of: shape.cols),
        let headBytes = type.tensorType.byteCount(of: shape.headSize)
      else {
        throw InferenceError.unusableKVType(type.rawValue, headSize: shape.headSize)
      }
      return Layer(shape: shape, rowBytes: rowBytes, headBytes: headBytes)
    }
  }

  /// Bytes of one position's keys (or values) in a layer.
  func rowBytes(layer: Int) -> Int { layers[layer].rowBytes }

  /// Values of one position's keys (or values) in a layer.
  func cols(layer: Int) -> Int { layers[layer].shape.cols }

  /// Makes room for positions below `end` in `layer`.
  func reserve(
    layer il: Int, end: Int,
    allocate: (_ bytes: Int, _ name: @autoclosure () -> String) throws -> Buffer
  ) rethrows {
    let bytes = 2 * Self.pageLength * layers[il].rowBytes
    while layers[il].first + layers[il].pages.count * Self.pageLength < end {
      let first = layers[il].first + layers[il].pages.count * Self.pageLength
      layers[il].pages.append(
        try allocate(bytes, "blk.\(il) kv \(first)..<\(first + Self.pageLength)"))
    }
  }

  /// Counts a position whose key and value were stored.
  func appended(layer: Int, position: Int) {
    change(layer) { $0.end = position + 1 }
  }

  /// Returns the pages that no token from `position` on sees, in every layer.
  func forget(before position: Int, free: (Buffer) -> Void) {
    for layer in layers.indices where layers[layer].shape.window != nil {
      let seen = layers[layer].shape.first(seenFrom: position) / Self.pageLength * Self.pageLength
      while layers[layer].first < seen, !layers[layer].pages.isEmpty {
        change(layer) {
          free($0.pages.removeFirst())
          $0.first += Self.pageLength
        }
      }
    }
  }

  /// True if everything that a token at `position` sees before itself is held.
  func holds(whatIsSeenFrom position: Int) -> Bool {
    layers.allSatisfy { $0.first <= $0.shape.first(seenFrom: position) }
  }

  /// Forgets the positions from `count` on, in every layer.
  func truncate(to count: Int, free: (Buffer) -> Void) {
    for layer in layers.indices {
      change(layer) {
        let kept = max(count - $0.first + Self.pageLength - 1, 0) / Self.pageLength
        while $0.pages.count > kept { free($0.pages.removeLast()) }
        if $0.pages.isEmpty { $0.first = count / Self.pageLength * Self.pageLength }
        $0.end = max(min($0.end, count), $0.first)
      }
    }
  }

  private func change(_ layer: Int, _ body: (inout Layer) -> Void) {
    usedBytes -= layers[layer].usedBytes
    body(&layers[layer])
    usedBytes += layers[layer].usedBytes
  }

  // MARK: - Pages

  /// The page that holds `position`.
  func buffer(layer: Int, position: Int) -> BufferDescription {
    page(layer, position).description
  }

  /// Where the key of a position goes, and its value: the key's columns lie ``pageLength`` apart,
  /// but for quantized types.
  func slot(
    layer: Int, position: Int
  ) -> (key: UnsafeMutableRawPointer, value: UnsafeMutableRawPointer) {
    let base = page(layer, position).base
    let rowBytes = layers[layer].rowBytes
    let slot = position % Self.pageLength
    return (
      base + slot * (type.isQuantized ? rowBytes : type.tensorType.blockBytes),
      base + (Self.pageLength + slot) * rowBytes
    )
  }

  /// The page that begins with `position`, a multiple of ``pageLength``: the keys of one head, and
  /// its values.
  func page(
    _ layer: Int, from position: Int, head: Int
  ) -> (keys: UnsafeRawPointer, values: UnsafeRawPointer) {
    let base = UnsafeRawPointer(page(layer, position).base)
    let offset = head * layers[layer].headBytes
    return (
      base + offset * (type.isQuantized ? 1 : Self.pageLength),
      base + Self.pageLength * layers[layer].rowBytes + offset
    )
  }

  private func page(_ layer: Int, _ position: Int) -> Buffer {
    layers[layer].pages[(position - layers[layer].first) / Self.pageLength]
  }
}
