import Events
import Quantization

/// A tensor of the model file, as the trace describes it.
public struct WeightTensor: Sendable {
  public let name: String
  /// The transformer layer it belongs to, from `blk.N.`.
  public let layer: Int?
  /// The part it plays, without layer and suffix: `attn_q`, `ffn_gate`, `token_embd`, …
  public let role: String
  /// `q4_1`, `f32`, …
  public let type: String
  public let rows: Int
  public let cols: Int
  /// Bytes as they lie in the file.
  public let bytes: Int
  public let fileOffset: Int

  /// Bits of the file for each weight.
  public var bitsPerWeight: Double { Double(bytes) * 8 / Double(max(rows * cols, 1)) }

  init(name: String, type: String, rows: Int, cols: Int, bytes: Int, fileOffset: Int) {
    self.name = name
    self.type = type
    self.rows = rows
    self.cols = cols
    self.bytes = bytes
    self.fileOffset = fileOffset
    layer = Self.layer(of: name)
    var parts = name.split(separator: ".")
    if layer != nil { parts.removeFirst(2) }
    if parts.last == "weight" { parts.removeLast() }
    role = parts.joined(separator: ".")
  }

  /// N of a name that begins with `blk.N.`.
  static func layer(of name: String) -> Int? {
    let parts = name.split(separator: ".")
    return parts.count > 2 && parts[0] == "blk" ? Int(parts[1]) : nil
  }
}

/// A weight matrix, where it lies in the mapped file: `(rows, cols)` = (outputs, inputs). Rows are
/// counted from its first, which for the matrix of one expert is not the first of its tensor.
public struct Weight: Sendable {
  /// Index in ``Model/tensors``.
  public let index: Int
  public let name: String
  /// The transformer layer that it belongs to.
  let layer: Int?
  public let type: TensorType
  /// The row of the tensor that is its first.
  private(set) var firstRow = 0
  public private(set) var rows: Int
  public let cols: Int
  /// Matrices that it is made of, an expert each; `nil` where it is one matrix.
  private(set) var experts: Int?
  /// Bytes of one packed row.
  public let rowBytes: Int
  /// What its tiles are made of: f16, or f32 where a value may pass 65504.
  public let tileType: TileDescription.ValueType
  nonisolated(unsafe) private(set) var packed: UnsafeRawPointer

  init(
    index: Int, name: String, layer: Int?, type: TensorType, rows: Int, cols: Int, experts: Int?,
    rowBytes: Int, tileType: TileDescription.ValueType, packed: UnsafeRawPointer
  ) {
    self.index = index
    self.name = name
    self.layer = layer
    self.type = type
    self.rows = rows
    self.cols = cols
    self.experts = experts
    self.rowBytes = rowBytes
    self.tileType = tileType
    self.packed = packed
  }

  /// The matrix of one expert.
  func slice(_ expert: Int) -> Weight {
    guard let experts else { preconditionFailure("\(name) is one matrix") }
    var slice = self
    slice.rows = rows / experts
    slice.firstRow = expert * slice.rows
    slice.packed = packed(row: slice.firstRow)
    slice.experts = nil
    return slice
  }

  /// The matrices that products are computed with, each by itself: itself, or those of its experts.
  var slices: [Weight] { experts.map { (0..<$0).map(slice) } ?? [self] }
  /// Rows of each of them.
  var sliceRows: Int { rows / (experts ?? 1) }

  /// Bytes of `rows` of its rows as a tile.
  func tileBytes(rows: Int) -> Int { rows * cols * tileType.size }

  /// Rows of it as rows of its tensor.
  func absolute(_ rows: Range<Int>) -> Range<Int> {
    firstRow + rows.lowerBound..<firstRow + rows.upperBound
  }

  /// Packed bytes from `row` on.
  func packed(row: Int) -> UnsafeRawPointer { packed + row * rowBytes }
}

/// A vector of the model as f32 values: a norm's weights, a bias, RoPE frequency factors.
public final class Vector: @unchecked Sendable {
  public let name: String
  public let count: Int
  /// `(count)`
  let values: UnsafePointer<Float>
  var buffer: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: values, count: count) }
  /// Bytes of its own; 0 where ``values`` points into the mapped file.
  let ownedBytes: Int

  /// - Throws: `QuantizationError` where `bytes` are not those of `count` values.
  init(name: String, type: TensorType, count: Int, bytes: UnsafeRawBufferPointer) throws {
    self.name = name
    self.count = count
    if type == .f32, let base = bytes.baseAddress, Int(bitPattern: base) % 4 == 0 {
      values = base.assumingMemoryBound(to: Float.self)
      ownedBytes = 0
    } else {
      let decoded = try type.decode(bytes)
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: decoded.count)
      copy.initialize(from: decoded, count: decoded.count)
      values = UnsafePointer(copy)
      ownedBytes = count * MemoryLayout<Float>.stride
    }
  }

  deinit {
    if ownedBytes > 0 { values.deallocate() }
  }
}

/// `y = W x`, plus a bias in some models.
struct Linear: Sendable {
  let weight: Weight
  var bias: Vector?
  /// Heads that lie side by side in y; `nil` if they are not told apart.
  var heads: Int?
}

/// A matrix an expert, one after the other in one tensor: `(count, rows, cols)`.
struct Experts: Sendable {
  let weight: Weight
  let count: Int

  /// The matrix of one expert, `(rows, cols)`.
  subscript(expert: Int) -> Weight { weight.slice(expert) }
}
