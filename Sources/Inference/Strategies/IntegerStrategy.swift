import CKernels
import Quantization

/// Nothing becomes a float but the sums: activations are rounded to int8, 32 at a time, and
/// multiplied with the packed integers of the weights; scales are applied to whole blocks. As in
/// llama.cpp's CPU kernels and in libraries of integer GEMM.
///
/// Before the first pass the rows of every matrix are interleaved in panels of 16, so that one
/// vector works on 16 rows. That moves bytes and adds none: what was int4 stays int4, and counts
/// once. The pages of the file that they came from are given back as they are read, and nobody
/// reads them again: embeddings come from the panels too.
struct IntegerStrategy: Strategy {
  static let name = "int4-gemm"
  static let summary = "nothing: activations become int8, products are of integers"
  static let usedBy = "llama.cpp's CPU kernels"
  static let tiles = TileScope.nothing
  static let roundsActivations = true

  static func rounding(of type: TensorType) -> WeightRounding {
    type == .nf4 || type == .fp4 ? .steps : .none
  }

  /// Interleaved matrices, by ``Weight/index``.
  private var panels: [Int: Buffer] = [:]

  init(options: EngineOptions) {}

  func copiedBytes(of model: Model) -> Int {
    Self.matrices(of: model).filter(model.isMapped).reduce(0) { $0 + $1.rows * $1.rowBytes }
  }

  private static func matrices(of model: Model) -> [Weight] {
    model.matrices.filter(\.type.isQuantized)
  }

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {
    for weight in Self.matrices(of: engine.model) {
      let buffer = try engine.ledger.allocate(
        weight.rows * weight.rowBytes, .weights, "\(weight.name), rows interleaved")
      panels[weight.index] = buffer
      for slice in weight.slices { interleave(slice, into: panel(of: slice, in: buffer), engine) }
      engine.releasePages(of: weight)  // with those that two ranges of rows share
    }
  }

  private func interleave<Observer>(
    _ weight: Weight, into target: UnsafeMutableRawPointer, _ engine: Engine<Observer>
  ) {
    // A mebibyte, in whole panels.
    let mebibyte = max((1 << 20) / (weight.rowBytes * Self.panel), 1) * Self.panel
    let share = min(Self.share(of: weight, threads: engine.threads), mebibyte)
    engine.backend.forEach(weight.rows, by: share) { rows, _ in
      engine.backend.interleave(
        weight.type, weight.packed(row: rows.lowerBound), rows: rows.count, cols: weight.cols,
        into: target + rows.lowerBound * weight.rowBytes)
      engine.releasePages(of: weight, rows: rows)
    }
  }

  /// Where the panels of a matrix, or of one of its experts, begin.
  private func panel(of weight: Weight, in buffer: Buffer) -> UnsafeMutableRawPointer {
    buffer.base + weight.firstRow * weight.rowBytes
  }

  mutating func release<Observer>(on engine: Engine<Observer>) {
    panels.values.sorted { $0.description.id < $1.description.id }.forEach(engine.ledger.free)
    panels = [:]
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    guard let buffer = panels[weight.index], let pass = engine.pass else {
      preconditionFailure("prepare interleaved every matrix, and a pass multiplies")
    }
    let widest = engine.model.matrices.filter(\.type.isQuantized).map(\.cols).max() ?? 0
    let rounded = try pass.take(
      Slot("int8 activations", .workspace),
      bytes: engine.backend.int8Bytes(tokens: pass.tokens.count, cols: widest)
    ).base
    engine.backend.round(x, into: rounded)
    engine.computed()
    let panel = panel(of: weight, in: buffer)
    let share = Self.share(of: weight, threads: engine.threads)
    try engine.forEachRows(of: weight, by: share) { rows, thread in
      engine.multiply(weight, rows: rows, tokens: x.rows, thread: thread) {
        engine.backend.multiplyIntegers(panel, weight, rows: rows, rounded, into: y)
      }
    }
  }

  func decode<Observer>(
    _ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>,
    on engine: Engine<Observer>
  ) {
    guard let panel = panels[weight.index] else {  // not quantized
      return engine.backend.dequantize(
        weight.type, weight.packed(row: row), count: weight.cols, into: values, as: .f32)
    }
    engine.backend.dequantizeInterleaved(panel.base, weight, row: row, into: values)
  }

  /// Rows for one thread: whole panels.
  private static func share(of weight: Weight, threads: Int) -> Int {
    (weight.rows + threads * panel - 1) / (threads * panel) * panel
  }

  /// Rows that are interleaved with each other.
  private static let panel = Int(NIBBLE_PANEL)

  var resident: [UnsafeMutableRawPointer] { panels.values.map(\.base) }
}

extension StrategyName {
  /// Activations become int8, products are of integers, scales are applied to whole blocks.
  public static let int4GEMM = StrategyName(IntegerStrategy.self)
}
