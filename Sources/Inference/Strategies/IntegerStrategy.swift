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

  /// Those of nf4 and fp4, which are resolved from the file, are in memory twice.
  static func packedBytes(of model: Model) -> Int {
    matrices(of: model).filter { !model.isMapped($0) }.reduce(model.residentBytes) {
      $0 + $1.rows * $1.rowBytes
    }
  }

  /// The activations of the widest matrix, as int8.
  static func workspace(of model: Model, tokens: Int) -> (name: String, bytes: Int)? {
    let cols = matrices(of: model).map(\.cols).max() ?? 0
    return ("int8 activations", nibble_int8_bytes(tokens, cols))
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
      let panel = Int(NIBBLE_PANEL)
      let mebibyte = max((1 << 20) / (weight.rowBytes * panel), 1) * panel  // in whole panels
      let share = min(Self.share(of: weight, threads: engine.threads), mebibyte)
      engine.workers.forEach(weight.rows, by: share) { rows, _ in
        nibble_interleave(
          weight.type.rawValue, weight.packed(row: rows.lowerBound),
          buffer.base + rows.lowerBound * weight.rowBytes, rows.count, weight.cols)
        engine.model.releasePages(of: weight, rows: rows)
      }
      engine.model.releasePages(of: weight)  // with those that two ranges of rows share
    }
  }

  mutating func release<Observer>(on engine: Engine<Observer>) {
    panels.values.sorted { $0.description.id < $1.description.id }.forEach(engine.ledger.free)
    panels = [:]
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    guard let panel = panels[weight.index], let workspace = engine.strategyWorkspace else {
      preconditionFailure("prepare interleaved every matrix, and a pass has room for int8")
    }
    let rounded = workspace.assumingMemoryBound(to: nibble_int8_block.self)
    engine.round(x, to: rounded)
    let product = nibble_integer_product(
      type: weight.type.rawValue, w: panel.base, rows: weight.rows, cols: weight.cols, x: rounded,
      tokens: x.rows, y: y.values, y_stride: y.cols)
    let share = Self.share(of: weight, threads: engine.threads)
    try engine.forEachRows(of: weight, by: share) { rows, thread in
      engine.multiply(weight, rows: rows, tokens: x.rows, thread: thread) {
        withUnsafePointer(to: product) {
          nibble_integer_matmul($0, rows.lowerBound, rows.count)
        }
      }
    }
  }

  func decode(_ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>) {
    guard let panel = panels[weight.index] else {  // not quantized
      return weight.decode(rows: row..<row + 1, into: values)
    }
    nibble_dequantize_interleaved(
      weight.type.rawValue, panel.base, weight.rows, weight.cols, row, values)
  }

  /// Rows for one thread: whole panels.
  private static func share(of weight: Weight, threads: Int) -> Int {
    let panel = Int(NIBBLE_PANEL)
    return (weight.rows + threads * panel - 1) / (threads * panel) * panel
  }

  var resident: [UnsafeMutableRawPointer] { panels.values.map(\.base) }
}

extension Engine {
  /// Rounds activations to int8: x `(nTokens, cols)`. One step, `compute`.
  func round(_ x: Activation, to blocks: UnsafeMutablePointer<nibble_int8_block>) {
    let tokensAtOnce = 48  // whole groups of nibble_int8_group
    workers.forEach(x.rows, by: tokensAtOnce) { rows, _ in
      nibble_int8_quantize(
        x.row(rows.lowerBound), x.cols, rows.count, x.cols,
        blocks + rows.lowerBound * x.cols / 32)
    }
    computed()
  }
}

extension StrategyName {
  /// Activations become int8, products are of integers, scales are applied to whole blocks.
  public static let int4GEMM = StrategyName(IntegerStrategy.self)
}
