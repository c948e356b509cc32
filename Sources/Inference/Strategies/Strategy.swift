import Quantization

/// A way to get from packed weights to a product: what it says of itself, and what it does.
///
/// It is built from the steps of `Engine+Tiles.swift`: dequantize some rows to a tile, multiply
/// by a tile, free it. A new strategy is one file and one entry in ``strategies``.
protocol Strategy: SendableMetatype {
  // MARK: What it says of itself

  /// Its name after `--strategy` and in traces.
  static var name: String { get }
  /// What is dequantized, and when: a line without a full stop.
  static var summary: String { get }
  /// Systems that do so: a line without a full stop.
  static var usedBy: String { get }
  /// How much of the model it dequantizes at a time.
  static var tiles: TileScope { get }
  /// What it makes of quantized weights before it multiplies by them.
  static func rounding(of type: TensorType) -> WeightRounding
  /// What ``decode(_:row:into:on:)`` makes of them.
  static func rowRounding(of type: TensorType) -> WeightRounding
  /// True if activations become ``Int8Activations`` before they are multiplied.
  static var roundsActivations: Bool { get }

  // MARK: What it does

  init(options: EngineOptions)
  /// What is done once, before the first pass.
  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws
  /// Returns what `prepare` took, also where that failed midway.
  mutating func release<Observer>(on engine: Engine<Observer>)
  /// Given the matrices of a layer before its first operation, and those of experts once the router
  /// has chosen them.
  mutating func prefetch<Observer>(_ weights: [Weight], on engine: Engine<Observer>) throws
  /// Called after the last operation of a layer, and once more where a pass failed.
  mutating func layerEnded<Observer>(on engine: Engine<Observer>)
  /// `y = x Wᵀ`: x `(nTokens, weight.cols)`, y `(nTokens, weight.rows)`.
  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>) throws
  /// One row of `weight` as f32 values, `(weight.cols)`, from where the strategy keeps it.
  func decode<Observer>(
    _ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>,
    on engine: Engine<Observer>)
  /// What `prepare` took and keeps, for the engine to give back when it ends.
  var resident: [UnsafeMutableRawPointer] { get }
  /// Bytes of packed weights that `prepare` copies from the file to buffers of its own, and that
  /// therefore do not count where they are mapped.
  func copiedBytes(of model: Model) -> Int
}

extension Strategy {
  static func rounding(of type: TensorType) -> WeightRounding { tiles == .nothing ? .none : .half }
  static func rowRounding(of type: TensorType) -> WeightRounding { .none }
  static var roundsActivations: Bool { false }

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {}
  mutating func release<Observer>(on engine: Engine<Observer>) {}
  mutating func prefetch<Observer>(_ weights: [Weight], on engine: Engine<Observer>) throws {}
  mutating func layerEnded<Observer>(on engine: Engine<Observer>) {}
  func decode<Observer>(
    _ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>,
    on engine: Engine<Observer>
  ) {
    engine.backend.dequantize(
      weight.type, weight.packed(row: row), count: weight.cols, into: values, as: .f32)
  }
  var resident: [UnsafeMutableRawPointer] { [] }
  func copiedBytes(of model: Model) -> Int { 0 }
}
