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

  /// What the cache holds of a key or a value: `(nKVHead * headSize)`, rounded as the type has it.
  ///
  /// - Throws: `QuantizationError` for values that it cannot hold, or no whole number of blocks.
  public func stored(_ row: [Float]) throws -> [Float] {
    try tensorType.encode(row).withUnsafeBytes { try tensorType.decode($0) }
  }
}

/// Keys and values of every position that one sequence has seen, in pages that are allocated as it
/// grows.
///
/// A page holds ``pageLength`` positions of one layer: first their keys, then their values. Values
/// are `(pageLength, nKVHead * headSize)`. Keys of f32 and f16 are `(nKVHead * headSize,
/// pageLength)`, so that one query is multiplied with all of them at once; quantized keys lie as
/// values do. A page is taken from the ledger when its first position is appended, so the bytes
/// that a trace shows are bytes that the machine gave.
final class KVCache {
  static var pageLength: Int { Int(NIBBLE_PAGE) }

  let type: KVType
  /// Bytes of one position's keys (or values) in one layer.
  let rowBytes: Int
  /// Bytes of one head of one position.
  let headBytes: Int
  private let cols: Int
  /// One position's keys or values, as they are stored.
  private let row: UnsafeMutableRawPointer
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
    row = .allocate(byteCount: rowBytes, alignment: 64)
    pages = Array(repeating: [], count: config.layerCount)
  }

  deinit { row.deallocate() }

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
  /// - Returns: what that changed, where `measures` asks for it.
  /// - Throws: `InferenceError.overflow` for a value that the cache's type cannot hold.
  @discardableResult
  func store(
    layer: Int, position: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>,
    measures: Bool = false
  ) throws -> (key: StorageError, value: StorageError)? {
    let page = pages[layer][position / Self.pageLength].base
    let slot = position % Self.pageLength
    let values = page + (Self.pageLength + slot) * rowBytes
    try encode(key, to: row, layer, position)
    switch type {
    case .f32:
      let keys = page.assumingMemoryBound(to: UInt32.self)
      let row = row.assumingMemoryBound(to: UInt32.self)
      for c in 0..<cols { keys[c * Self.pageLength + slot] = row[c] }
    case .f16:
      let keys = page.assumingMemoryBound(to: UInt16.self)
      let row = row.assumingMemoryBound(to: UInt16.self)
      for c in 0..<cols { keys[c * Self.pageLength + slot] = row[c] }
    case .q8, .q4: (page + slot * rowBytes).copyMemory(from: row, byteCount: rowBytes)
    }
    try encode(value, to: values, layer, position)
    appendedRows += 1
    return measures ? (error(of: key, as: row), error(of: value, as: values)) : nil
  }

  private func error(
    of values: UnsafePointer<Float>, as stored: UnsafeRawPointer
  ) -> StorageError {
    var error = 0.0
    var size = 0.0
    nibble_packing_error(type.tensorType.rawValue, values, stored, cols, &error, &size)
    return StorageError(error: error, size: size)
  }

  private func encode(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutableRawPointer, _ layer: Int,
    _ position: Int
  ) throws {
    guard nibble_encode(type.tensorType.rawValue, source, destination, cols) == cols else {
      throw InferenceError.overflow(layer: layer, position: position, type: type.rawValue)
    }
  }

  /// The page that holds `position`.
  func buffer(layer: Int, position: Int) -> BufferDescription {
    pages[layer][position / Self.pageLength].description
  }

  /// The page that begins with `position`, a multiple of ``pageLength``: the keys of one head, and
  /// its values.
  func page(
    _ layer: Int, from position: Int, head: Int
  ) -> (keys: UnsafeRawPointer, values: UnsafeRawPointer) {
    let page = UnsafeRawPointer(pages[layer][position / Self.pageLength].base)
    let isTransposed = type == .f32 || type == .f16
    return (
      page + head * headBytes * (isTransposed ? Self.pageLength : 1),
      page + Self.pageLength * rowBytes + head * headBytes
    )
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
