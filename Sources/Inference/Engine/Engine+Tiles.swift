import CKernels
import Events
import Foundation
import Quantization

/// Rows of a weight matrix as floating-point values: `(rows, cols)` of f16 or f32.
struct Tile {
  let description: TileDescription
  let values: UnsafeMutableRawPointer

  /// Where a row of a matrix, or of one of its experts, lies.
  func values(of weight: Weight, row: Int) -> UnsafeMutableRawPointer {
    let row = weight.firstRow + row - description.firstRow
    return values + row * description.cols * description.type.size
  }

  /// Whether it is the whole of a matrix.
  func holds(_ weight: Weight) -> Bool {
    description.tensor == weight.index && description.firstRow == weight.firstRow
      && description.rows == weight.rows
  }

  /// The type of its values, as a tensor has it.
  var tensorType: TensorType { description.type == .f16 ? .f16 : .f32 }
}

extension Engine {
  /// Returns the pages of some rows of a matrix, by default all, to the system.
  func releasePages(of weight: Weight, rows: Range<Int>? = nil) {
    if backend.computes { model.releasePages(of: weight, rows: rows) }
  }

  /// Calls `body` with ranges of at most `size` rows that cover `weight` once, on all threads.
  ///
  /// - Throws: the first error of `body`; ranges that were not begun by then are left out.
  func forEachRows(
    of weight: Weight, by size: Int, _ body: (Range<Int>, _ thread: Int) throws -> Void
  ) throws {
    let lock = NSLock()
    var failure: (any Error)?
    backend.forEach(weight.rows, by: size) { rows, thread in
      do {
        if lock.withLock({ failure != nil }) { return }
        try body(rows, thread)
      } catch {
        lock.withLock { failure = failure ?? error }
      }
    }
    if let failure { throw failure }
  }

  /// Takes a tile of `rows`, one step, `dequantize`, and fills it.
  ///
  /// - Parameter buffer: where it lies; by default in memory of its own.
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func dequantize(
    _ weight: Weight, rows: Range<Int>, in buffer: Buffer? = nil, thread: Int
  ) throws -> Tile {
    let tile = try takeTile(weight, rows: rows, in: buffer, thread: thread)
    fill(tile) { decode(weight, rows: rows, into: tile) }
    return tile
  }

  /// The same of a whole matrix, filled by all threads.
  func dequantize(_ weight: Weight) throws -> Tile {
    let tile = try takeTile(weight, rows: 0..<weight.rows, in: nil, thread: 0)
    fill(tile) {
      backend.forEach(weight.rows, by: 64) { rows, _ in decode(weight, rows: rows, into: tile) }
    }
    return tile
  }

  private func takeTile(
    _ weight: Weight, rows: Range<Int>, in buffer: Buffer?, thread: Int
  ) throws -> Tile {
    func describe(id: Int) -> TileDescription {
      TileDescription(
        id: id, tensor: weight.index, firstRow: weight.absolute(rows).lowerBound, rows: rows.count,
        cols: weight.cols, type: weight.tileType, thread: thread,
        buffer: buffer?.description.id)
    }
    guard let buffer else {
      return try ledger.allocateTile(
        weight.tileBytes(rows: rows.count), "\(weight.name) rows \(weight.absolute(rows))",
        thread: thread,
        describe)
    }
    let description = describe(id: ledger.nextID())
    precondition(description.bytes <= buffer.description.bytes, "the buffer holds the largest tile")
    ledger.step(.weightsDequantized, 0) { $0.dequantizing(description, live: $1) }
    return Tile(description: description, values: buffer.base)
  }

  /// Tells the observer what `body` filled the tile with.
  private func fill(_ tile: Tile, _ body: () -> Void) {
    let start = Observer.isWatching ? nibble_nanoseconds() : 0
    body()
    guard Observer.isWatching, backend.computes else { return }
    let end = nibble_nanoseconds()
    ledger.report(now: end) {
      $0.dequantized(tile.description, values: tile.values, nanoseconds: Int(end - start))
    }
  }

  /// Writes `rows` of `weight` to their place in a tile.
  private func decode(_ weight: Weight, rows: Range<Int>, into tile: Tile) {
    backend.dequantize(
      weight.type, weight.packed(row: rows.lowerBound), count: rows.count * weight.cols,
      into: tile.values(of: weight, row: rows.lowerBound), as: weight.tileType)
  }

  /// Multiplies by `rows` of a tile of `weight`: one step, `multiply`.
  ///
  /// x `(nTokens, weight.cols)`; fills the columns `rows` of y `(nTokens, weight.rows)`.
  func multiply(
    _ tile: Tile, _ weight: Weight, rows: Range<Int>, _ x: Activation, into y: Activation,
    thread: Int
  ) {
    multiply(weight, tile: tile.description.id, rows: rows, tokens: x.rows, thread: thread) {
      backend.multiply(
        tile.values(of: weight, row: rows.lowerBound), tile.tensorType, rows: rows, x, into: y)
    }
  }

  /// Multiplies by a tile of the whole of `weight`, on all threads: a step each, `multiply`.
  func multiply(_ tile: Tile, _ weight: Weight, _ x: Activation, into y: Activation) {
    backend.forEach(weight.rows, by: (weight.rows + threads - 1) / threads) { rows, thread in
      multiply(tile, weight, rows: rows, x, into: y, thread: thread)
    }
  }

  /// Multiplies by rows of a matrix where they lie, packed or not: one step, `multiply`.
  func multiplyInPlace(
    _ weight: Weight, rows: Range<Int>, _ x: Activation, into y: Activation, thread: Int
  ) {
    multiply(weight, rows: rows, tokens: x.rows, thread: thread) {
      backend.multiply(
        weight.packed(row: rows.lowerBound), weight.type, rows: rows, x, into: y)
    }
  }

  /// Records one product of `tokens` tokens with `rows` of `weight`, which `product` computes: one
  /// step, `multiply`.
  func multiply(
    _ weight: Weight, tile: Int? = nil, rows: Range<Int>, tokens: Int, thread: Int,
    _ product: () -> Void
  ) {
    let start = Observer.isWatching ? nibble_nanoseconds() : 0
    product()
    let end = Observer.isWatching ? nibble_nanoseconds() : 0
    let description = MatmulDescription(
      tensor: weight.index, tile: tile, firstRow: weight.absolute(rows).lowerBound, m: tokens,
      k: weight.cols,
      n: rows.count, thread: thread)
    ledger.step(.weightsDequantized, 0, now: end) {
      $0.multiplied(description, nanoseconds: Int(end - start), live: $1)
    }
  }

  /// Returns a tile to the ledger, or what holds it to the next tile: one step, `free`.
  func free(_ tile: Tile) {
    let isOwner = tile.description.buffer == nil
    if isOwner { backend.deallocate(tile.values) }
    ledger.step(.weightsDequantized, isOwner ? -tile.description.bytes : 0) {
      $0.freedTile(tile.description, live: $1)
    }
  }
}
