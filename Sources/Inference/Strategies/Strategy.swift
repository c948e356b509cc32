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
  /// What ``decode(_:row:into:)`` makes of them.
  static func rowRounding(of type: TensorType) -> WeightRounding
  /// True if activations become ``Int8Activations`` before they are multiplied.
  static var roundsActivations: Bool { get }

  // MARK: What it takes, from shapes alone

  /// Bytes of packed weights in memory during a pass.
  static func packedBytes(of model: Model) -> Int
  /// Bytes of dequantized weights, or of room for them, from before the first pass on.
  static func residentBytes(of model: Model, _ options: EngineOptions) -> Int
  /// Bytes of dequantized weights from the first operation of a layer to the last.
  static func layerBytes(of layer: Layer) -> Int
  /// The most bytes of dequantized weights during a product, beside those of its layer.
  static func productBytes(of weight: Weight, _ options: EngineOptions) -> Int
  /// A buffer that it needs during a pass of so many tokens: ``Engine/strategyWorkspace``.
  static func workspace(of model: Model, tokens: Int) -> (name: String, bytes: Int)?

  // MARK: What it does

  init(options: EngineOptions)
  /// What is done once, before the first pass.
  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws
  /// Returns what `prepare` took, also where that failed midway.
  mutating func release<Observer>(on engine: Engine<Observer>)
  /// What is done before the first operation of a layer.
  mutating func layerBegan<Observer>(_ layer: Layer, on engine: Engine<Observer>) throws
  /// What is done after the last operation of a layer, or once more where a pass failed.
  mutating func layerEnded<Observer>(on engine: Engine<Observer>)
  /// `y = x Wᵀ`: x `(nTokens, weight.cols)`, y `(nTokens, weight.rows)`.
  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>) throws
  /// One row of `weight` as f32 values, `(weight.cols)`, from where the strategy keeps it.
  func decode(_ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>)
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

  static func packedBytes(of model: Model) -> Int { model.residentBytes }
  static func residentBytes(of model: Model, _ options: EngineOptions) -> Int { 0 }
  static func layerBytes(of layer: Layer) -> Int { 0 }
  static func productBytes(of weight: Weight, _ options: EngineOptions) -> Int { 0 }
  static func workspace(of model: Model, tokens: Int) -> (name: String, bytes: Int)? { nil }

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {}
  mutating func release<Observer>(on engine: Engine<Observer>) {}
  mutating func layerBegan<Observer>(_ layer: Layer, on engine: Engine<Observer>) throws {}
  mutating func layerEnded<Observer>(on engine: Engine<Observer>) {}
  func decode(_ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>) {
    weight.decode(rows: row..<row + 1, into: values)
  }
  var resident: [UnsafeMutableRawPointer] { [] }
  func copiedBytes(of model: Model) -> Int { 0 }
}
