import Quantization

/// Every quantized matrix becomes f16 before the first pass, and stays: what people fear that
/// int4 inference does. The packed weights stay as well, as the file they came from.
struct WholeModelStrategy: Strategy {
  static let name = "whole-model"
  static let summary = "every weight to float16 at load, kept"
  static let usedBy = "what people fear"
  static let tiles = TileScope.model

  static func rowRounding(of type: TensorType) -> WeightRounding { rounding(of: type) }

  /// By ``Weight/index``.
  private var tiles: [Int: Tile] = [:]

  init(options: EngineOptions) {}

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {
    for weight in engine.model.matrices where weight.type.isQuantized {
      tiles[weight.index] = try engine.dequantize(weight)
    }
  }

  mutating func release<Observer>(on engine: Engine<Observer>) {
    tiles.values.sorted { $0.description.id < $1.description.id }.forEach(engine.free)
    tiles = [:]
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    guard let tile = tiles[weight.index] else { preconditionFailure("prepare made every tile") }
    engine.multiply(tile, weight, x, into: y)
  }

  func decode<Observer>(
    _ weight: Weight, row: Int, into values: UnsafeMutablePointer<Float>,
    on engine: Engine<Observer>
  ) {
    let tile = tiles[weight.index]  // none if it is not quantized
    engine.backend.dequantize(
      tile?.tensorType ?? weight.type,
      tile.map { UnsafeRawPointer($0.values(of: weight, row: row)) } ?? weight.packed(row: row),
      count: weight.cols, into: values, as: .f32)
  }

  var resident: [UnsafeMutableRawPointer] { tiles.values.map(\.values) }
}

extension StrategyName {
  /// Every weight to f16 at load, kept: the misconception.
  public static let wholeModel = StrategyName(WholeModelStrategy.self)
}
