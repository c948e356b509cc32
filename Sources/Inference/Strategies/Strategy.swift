/// A way to get from packed weights to a product.
///
/// It is built from the steps of `Engine+Tiles.swift`: dequantize some rows to a tile, multiply
/// by a tile, free it.
protocol Strategy {
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

extension EngineOptions {
  func makeStrategy() -> any Strategy {
    switch strategy {
    case .wholeModel: WholeModelStrategy()
    case .perLayer: PerLayerStrategy()
    case .perTensor: PerTensorStrategy()
    case .tiled: TiledStrategy(tileRows: tileRows)
    case .scratch: ScratchStrategy(tileRows: tileRows)
    case .fused: FusedStrategy()
    case .int4GEMM: IntegerStrategy()
    }
  }
}

/// The strategies by the names that `--strategy` and traces use.
public enum StrategyName: String, CaseIterable, Sendable {
  /// Every weight to f16 at load, kept: the misconception.
  case wholeModel = "whole-model"
  /// One layer's matrices to f16 when the layer begins, freed when it ends.
  case perLayer = "per-layer"
  /// One matrix to a temporary, multiplied, freed.
  case perTensor = "per-tensor"
  /// R rows of one matrix to a temporary f16 tile, multiplied, freed.
  case tiled
  /// As tiled, into one buffer a thread that is allocated once and reused.
  case scratch
  /// Nibbles become floats in registers, inside the dot product.
  case fused
  /// Activations become int8, products are of integers, scales are applied to whole blocks.
  case int4GEMM = "int4-gemm"
}
