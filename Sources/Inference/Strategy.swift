/// A way to get from packed weights to a product.
///
/// It is built from the steps of `Engine+Tiles.swift`: dequantize some rows to a tile, multiply
/// by a tile, free it.
protocol Strategy {
  /// What is done once, before the first pass.
  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws
  /// `y = x Wᵀ`: x `(nTokens, weight.cols)`, y `(nTokens, weight.rows)`.
  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>) throws
  /// The tile that holds the whole of `weight` all the time, if there is one.
  func residentTile(of weight: Weight) -> Tile?
  /// The tiles that `prepare` made.
  var residentTiles: [Tile] { get }
  /// The other buffers that `prepare` took.
  var residentBuffers: [Buffer] { get }
  /// Bytes of packed weights that `prepare` copies from the file to buffers of its own, and that
  /// therefore do not count where they are mapped.
  func copiedBytes(of model: Model) -> Int
}

extension Strategy {
  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {}
  func residentTile(of weight: Weight) -> Tile? { nil }
  var residentTiles: [Tile] { [] }
  var residentBuffers: [Buffer] { [] }
  func copiedBytes(of model: Model) -> Int { 0 }
}

/// The strategies by the names that `--strategy` and traces use.
public enum StrategyName: String, CaseIterable, Sendable {
  /// R rows of one matrix to a temporary f16 tile, multiplied, freed.
  case tiled
  /// Every weight to f16 at load, kept: the misconception.
  case wholeModel = "whole-model"
  /// Activations become int8, products are of integers, scales are applied to whole blocks.
  case int4GEMM = "int4-gemm"
}
