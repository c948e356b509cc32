import Events
import Quantization

/// Computes nothing and takes no memory: an engine on it takes and returns the same buffers in the
/// same order as on the ``CPU``, and the ledger counts them.
///
/// With several threads it is as if all of them came to their product at once, so that what they
/// have taken for it is alive together.
final class Ghost: Backend {
  let threads: Int
  var computes: Bool { false }
  /// Begins the next thread's share; called by the product of the one before.
  private var beginNext: (() -> Void)?

  init(threads: Int) { self.threads = threads }

  /// An address that nobody reads.
  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: 1 << 32)
  }
  func deallocate(_ base: UnsafeMutableRawPointer) {}

  func forEach(_ total: Int, by size: Int, _ body: (Range<Int>, _ thread: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var start = 0
      func begin(_ thread: Int) {
        guard start < total else { return }
        let range = start..<min(start + size, total)
        start = range.upperBound
        beginNext = thread + 1 < threads ? { begin(thread + 1) } : nil
        body(range, thread)
        beginNext = nil
      }
      while start < total { begin(0) }
    }
  }

  private func reachProduct() {
    let next = beginNext
    beginNext = nil
    next?()
  }

  func read(_ x: Activation) -> [Float] { [] }
  func withValues(_ x: Activation, _ body: (UnsafeBufferPointer<Float>) -> Void) {}
  func firstNotFinite(_ x: Activation) -> (index: Int, value: Float)? { nil }

  func dequantize(
    _ type: TensorType, _ packed: UnsafeRawPointer, count: Int,
    into values: UnsafeMutableRawPointer, as valueType: TileDescription.ValueType
  ) {}
  func multiply(
    _ w: UnsafeRawPointer, _ type: TensorType, rows: Range<Int>, _ x: Activation,
    into y: Activation
  ) { reachProduct() }
  func int8Bytes(tokens: Int, cols: Int) -> Int { CPU.int8Bytes(tokens: tokens, cols: cols) }
  func round(_ x: Activation, into blocks: UnsafeMutableRawPointer) {}
  func interleave(
    _ type: TensorType, _ packed: UnsafeRawPointer, rows: Int, cols: Int,
    into panels: UnsafeMutableRawPointer
  ) {}
  func multiplyIntegers(
    _ panels: UnsafeRawPointer, _ weight: Weight, rows: Range<Int>,
    _ x: UnsafeMutableRawPointer, into y: Activation
  ) {}
  func dequantizeInterleaved(
    _ panels: UnsafeRawPointer, _ weight: Weight, row: Int,
    into values: UnsafeMutablePointer<Float>
  ) {}

  func rmsNorm(_ x: Activation, _ weight: Vector, into y: Activation, epsilon: Float) {}
  func add(_ a: Activation, to y: Activation) {}
  func add(_ bias: Vector, to y: Activation) {}
  func scale(_ x: Activation, by factor: Float) {}
  func softCap(_ x: Activation, scale: Float, cap: Float) {}
  func swiglu(_ gate: Activation, _ up: Activation) {}
  func geglu(_ gate: Activation, _ up: Activation) {}
  func copy(_ x: Activation, to y: UnsafeMutablePointer<Float>) {}
  func fill(_ table: UnsafeMutablePointer<Float>, _ rotary: Rotary, positions: [Int]) {}
  func rope(_ x: Activation, _ rotary: Rotary, _ table: UnsafePointer<Float>) {}

  /// As evenly as tokens can be sent to experts.
  func route(_ logits: Activation, into weights: Activation) -> [Int] {
    (0..<weights.count).map { $0 % logits.cols }
  }
  func sum(_ x: Activation, weights: Activation, into y: Activation) {}

  func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, in cache: KVCache, layer: Int,
    position: Int, measures: Bool
  ) throws -> (key: StorageError, value: StorageError)? { nil }
  func scores(
    _ q: Activation, _ attention: Attention, into y: Activation, clearing clears: Bool,
    noting notFinite: FirstNotFinite
  ) {}
  func softmax(
    _ x: Activation, _ attention: Attention, scale: Float, noting notFinite: FirstNotFinite
  ) {}
  func weightedSum(_ x: Activation, _ attention: Attention, into y: Activation) {}
}
