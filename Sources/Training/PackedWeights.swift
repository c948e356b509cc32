import CKernels
import Quantization

/// A weight matrix in int4, `(rows, cols)`: it is dequantized a tile at a time, for each product
/// anew.
final class PackedWeights {
  let type: TensorType
  let rows: Int
  let cols: Int
  let packed: UnsafeMutableRawPointer
  private let memory: TrainingMemory
  private let tileRows: Int
  /// Whether tiles are float16, as the engine's are where the values fit.
  private let isHalf: Bool
  private(set) var forwardTiles = 0
  private(set) var backwardTiles = 0

  /// - Throws: `InferenceError.outOfMemory`.
  init(_ task: TrainingTask, tileRows: Int, memory: TrainingMemory) throws {
    type = task.type
    rows = task.rows
    cols = task.cols
    self.memory = memory
    self.tileRows = tileRows
    packed = try memory.bytes(task.packed.count, .packedWeights)
    packed.copyMemory(from: task.packed, byteCount: task.packed.count)
    isHalf = nibble_magnitude_bound(type.rawValue, packed, rows * cols) <= 65504
  }

  /// `y = x Wᵀ`: `(tokens, rows)`.
  func forward(_ x: Matrix, into y: Matrix) throws {
    forwardTiles += try forEachTile { tile, first, count in
      var product = nibble_product(
        w: tile, w_stride: cols, rows: count, cols: cols, x: x.values, x_stride: cols,
        tokens: x.rows, y: y.values + first, y_stride: rows)
      isHalf ? nibble_matmul_f16(&product) : nibble_matmul_f32(&product)
    }
  }

  /// `dx += dy W`: what the layer below is told, `(tokens, cols)`.
  func backward(_ dy: Matrix, into dx: Matrix) throws {
    backwardTiles += try forEachTile { tile, first, count in
      var product = nibble_page_sums(
        values: tile, stride: cols, rows: count, cols: cols, weights: dy.values + first,
        weights_stride: rows, tokens: dy.rows, out: dx.values, out_stride: cols)
      isHalf ? nibble_page_sums_f16(&product) : nibble_page_sums_f32(&product)
    }
  }

  /// Makes each tile, hands it on, and frees it before the next.
  ///
  /// - Returns: how many there were.
  private func forEachTile(
    _ body: (_ tile: UnsafeMutableRawPointer, _ firstRow: Int, _ rows: Int) -> Void
  ) throws -> Int {
    let rowBytes = cols / type.blockSize * type.blockBytes
    let firstRows = stride(from: 0, to: rows, by: tileRows)
    for first in firstRows {
      let count = min(tileRows, rows - first)
      try memory.withTemporary(count * cols * (isHalf ? 2 : 4), .dequantizedTile) { tile in
        let source = packed + first * rowBytes
        if isHalf {
          let halves = tile.bindMemory(to: UInt16.self, capacity: count * cols)
          nibble_dequantize_f16(type.rawValue, source, halves, count * cols)
        } else {
          let floats = tile.bindMemory(to: Float.self, capacity: count * cols)
          nibble_dequantize_f32(type.rawValue, source, floats, count * cols)
        }
        body(tile, first, count)
      }
    }
    return firstRows.underestimatedCount
  }
}
