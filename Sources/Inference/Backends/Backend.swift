import Events
import Foundation
import Quantization

/// Where the buffers of an engine lie, and who computes on them.
///
/// Pointers are what ``allocate(_:)`` gave, or lie in the mapped model file; nobody but the backend
/// looks at what they point to.
protocol Backend: AnyObject, MemorySource {
  /// False if nothing is computed: no buffer holds anything.
  var computes: Bool { get }
  /// Threads that work side by side.
  var threads: Int { get }

  /// Calls `body` with ranges of at most `size` that together cover `0..<total`, on all threads;
  /// returns when all are done. The ranges do not depend on the number of threads.
  func forEach(_ total: Int, by size: Int, _ body: (Range<Int>, _ thread: Int) -> Void)
  /// The values of a result.
  func read(_ x: Activation) -> [Float]
  /// Calls `body` with the values of a result, where they are.
  func withValues(_ x: Activation, _ body: (UnsafeBufferPointer<Float>) -> Void)
  /// The first value that is an infinity or a NaN, and its index; `nil` if there is none.
  func firstNotFinite(_ x: Activation) -> (index: Int, value: Float)?

  // MARK: Weights

  /// `count` packed values as f16 or f32.
  func dequantize(
    _ type: TensorType, _ packed: UnsafeRawPointer, count: Int,
    into values: UnsafeMutableRawPointer, as valueType: TileDescription.ValueType)
  /// Columns `rows` of y = x Wᵀ, with rows of values or of packed blocks: w `(rows.count, cols)`, x
  /// `(nTokens, cols)`, y `(nTokens, rows of the matrix)`.
  func multiply(
    _ w: UnsafeRawPointer, _ type: TensorType, rows: Range<Int>, _ x: Activation,
    into y: Activation)
  /// Bytes of rows of int8 activations.
  func int8Bytes(tokens: Int, cols: Int) -> Int
  /// Rounds activations to int8 in blocks of 32.
  func round(_ x: Activation, into blocks: UnsafeMutableRawPointer)
  /// Interleaves rows of a matrix in panels: (rows, cols).
  func interleave(
    _ type: TensorType, _ packed: UnsafeRawPointer, rows: Int, cols: Int,
    into panels: UnsafeMutableRawPointer)
  /// Columns `rows` of y = x Wᵀ, with interleaved rows and int8 activations.
  func multiplyIntegers(
    _ panels: UnsafeRawPointer, _ weight: Weight, rows: Range<Int>,
    _ x: UnsafeMutableRawPointer, into y: Activation)
  /// One row of a matrix that is interleaved, as f32.
  func dequantizeInterleaved(
    _ panels: UnsafeRawPointer, _ weight: Weight, row: Int,
    into values: UnsafeMutablePointer<Float>)

  // MARK: Operations; shapes are in those of `Pass`.

  func rmsNorm(_ x: Activation, _ weight: Vector, into y: Activation, epsilon: Float)
  func add(_ a: Activation, to y: Activation)
  func add(_ bias: Vector, to y: Activation)
  func scale(_ x: Activation, by factor: Float)
  func softCap(_ x: Activation, scale: Float, cap: Float)
  func swiglu(_ gate: Activation, _ up: Activation)
  func geglu(_ gate: Activation, _ up: Activation)
  func copy(_ x: Activation, to y: UnsafeMutablePointer<Float>)
  /// Cosines and then sines, `(2, positions.count, dimensions / 2)`.
  func fill(_ table: UnsafeMutablePointer<Float>, _ rotary: Rotary, positions: [Int])
  func rope(_ x: Activation, _ rotary: Rotary, _ table: UnsafePointer<Float>)
  /// - Returns: the experts, `(nTokens, used)` row-major.
  func route(_ logits: Activation, into weights: Activation) -> [Int]
  func sum(_ x: Activation, weights: Activation, into y: Activation)

  // MARK: Attention

  /// Stores a key and a value, `(nKVHead * headSize)` each.
  ///
  /// - Returns: what that changed, where `measures` asks for it.
  /// - Throws: `InferenceError.overflow` for a value that the cache's type cannot hold.
  func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, in cache: KVCache, layer: Int,
    position: Int, measures: Bool
  ) throws -> (key: StorageError, value: StorageError)?
  /// - Parameters:
  ///   - clears: whether products that are left out become 0; nobody but an observer looks.
  ///   - notFinite: where the index of a product is noted that is an infinity or a NaN, of a token
  ///     with a position that it sees.
  func scores(
    _ q: Activation, _ attention: Attention, into y: Activation, clearing clears: Bool,
    noting notFinite: FirstNotFinite)
  func softmax(
    _ x: Activation, _ attention: Attention, scale: Float, noting notFinite: FirstNotFinite)
  func weightedSum(_ x: Activation, _ attention: Attention, into y: Activation)
}

/// The first value of a result that is an infinity or a NaN, of those that several threads find.
final class FirstNotFinite {
  private let lock = NSLock()
  private(set) var found: (index: Int, value: Float)?

  func note(_ index: Int, _ values: UnsafePointer<Float>) {
    lock.withLock {
      if index < found?.index ?? .max { found = (index, values[index]) }
    }
  }
}
