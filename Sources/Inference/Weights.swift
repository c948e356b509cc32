import CKernels
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
    var parts = name.split(separator: ".")
    if parts.count > 2, parts[0] == "blk", let number = Int(parts[1]) {
      layer = number
      parts.removeFirst(2)
    } else {
      layer = nil
    }
    if parts.last == "weight" { parts.removeLast() }
    role = parts.joined(separator: ".")
  }
}

/// A weight matrix, where it lies in the mapped file: `(rows, cols)` = (outputs, inputs).
public struct Weight: Sendable {
  /// Index in ``Model/tensors``.
  public let index: Int
  public let name: String
  public let type: TensorType
  public let rows: Int
  public let cols: Int
  /// Bytes of one packed row.
  public let rowBytes: Int
  /// What its tiles are made of: f16, or f32 where a value may pass 65504.
  public let tileType: TileDescription.ValueType
  nonisolated(unsafe) let packed: UnsafeRawPointer

  /// Bytes of `rows` of its rows as a tile.
  func tileBytes(rows: Int) -> Int { rows * cols * tileType.size }

  /// Bytes of all its rows as a tile; 0 if it is not quantized, and is multiplied where it lies.
  var wholeTileBytes: Int { type.isQuantized ? tileBytes(rows: rows) : 0 }

  /// Packed bytes from `row` on.
  func packed(row: Int) -> UnsafeRawPointer { packed + row * rowBytes }

  /// Writes `rows` as f32 values, `(rows.count, cols)`.
  func decode(rows: Range<Int>, into values: UnsafeMutablePointer<Float>) {
    nibble_dequantize_f32(
      type.rawValue, packed(row: rows.lowerBound), values, rows.count * cols)
  }
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

  init(name: String, type: TensorType, count: Int, bytes: UnsafeRawBufferPointer) {
    self.name = name
    self.count = count
    if type == .f32, let base = bytes.baseAddress, Int(bitPattern: base) % 4 == 0 {
      values = base.assumingMemoryBound(to: Float.self)
      ownedBytes = 0
    } else {
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: count)
      nibble_dequantize_f32(type.rawValue, bytes.baseAddress, copy, count)
      values = UnsafePointer(copy)
      ownedBytes = count * MemoryLayout<Float>.stride
    }
  }

  deinit {
    if ownedBytes > 0 { values.deallocate() }
  }
}

/// `y = W x`, plus a bias in some models.
public struct Linear: Sendable {
  public let weight: Weight
  public let bias: Vector?
}

/// One transformer block; beside each field, its name in the file and its shape.
public struct Layer: Sendable {
  let attnNorm: Vector  // blk.N.attn_norm    (nEmbd)
  let query: Linear  // blk.N.attn_q       (nHead * headSize, nEmbd)
  let key: Linear  // blk.N.attn_k       (nKVHead * headSize, nEmbd)
  let value: Linear  // blk.N.attn_v       (nKVHead * headSize, nEmbd)
  let queryNorm: Vector?  // blk.N.attn_q_norm  (headSize), qwen3
  let keyNorm: Vector?  // blk.N.attn_k_norm  (headSize), qwen3
  let attnOutput: Linear  // blk.N.attn_output  (nEmbd, nHead * headSize)
  let ffnNorm: Vector  // blk.N.ffn_norm     (nEmbd)
  let ffnGate: Linear  // blk.N.ffn_gate     (nFF, nEmbd)
  let ffnUp: Linear  // blk.N.ffn_up       (nFF, nEmbd)
  let ffnDown: Linear  // blk.N.ffn_down     (nEmbd, nFF)

  /// In the order in which a pass comes to them.
  var linears: [Linear] { [query, key, value, attnOutput, ffnGate, ffnUp, ffnDown] }
}
