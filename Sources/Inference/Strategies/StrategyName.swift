import Quantization

/// Every strategy, in the order in which people are shown them and `compare` runs them.
let strategies: [any Strategy.Type] = [
  WholeModelStrategy.self, PerLayerStrategy.self, PerTensorStrategy.self, TiledStrategy.self,
  ScratchStrategy.self, FusedStrategy.self, IntegerStrategy.self,
]

/// One of the strategies, by the name that `--strategy` and traces use.
public struct StrategyName: RawRepresentable, CaseIterable, Hashable, Sendable,
  CustomStringConvertible
{
  let type: any Strategy.Type

  init(_ type: any Strategy.Type) { self.type = type }

  public init?(rawValue: String) {
    guard let type = strategies.first(where: { $0.name == rawValue }) else { return nil }
    self.type = type
  }

  /// All of them, in the order in which people are shown them.
  public static let allCases = strategies.map { StrategyName($0) }
  /// The one of a run that does not name any.
  public static let `default` = StrategyName.tiled
  /// One that multiplies by exactly what the blocks say, in f32: what others are compared with.
  public static let exact = StrategyName.fused

  /// `tiled`, `int4-gemm`, …
  public var rawValue: String { type.name }
  public var description: String { rawValue }
  /// What is dequantized, and when: a line without a full stop.
  public var summary: String { type.summary }
  /// Systems that do so: a line without a full stop.
  public var usedBy: String { type.usedBy }
  /// How much of the model it dequantizes at a time.
  public var tiles: TileScope { type.tiles }
  /// What it makes of quantized weights before it multiplies by them.
  public func rounding(of weights: TensorType) -> WeightRounding { type.rounding(of: weights) }
  /// What it makes of a row of quantized weights that is fetched, not multiplied by.
  public func rowRounding(of weights: TensorType) -> WeightRounding {
    type.rowRounding(of: weights)
  }
  /// True if activations become ``Int8Activations`` before they are multiplied.
  public var roundsActivations: Bool { type.roundsActivations }
}

/// How much of a model a strategy dequantizes at a time.
public enum TileScope: Sendable {
  /// Nothing: packed weights are multiplied where they lie.
  case nothing
  /// ``EngineOptions/tileRows`` rows of one matrix.
  case rows
  /// One matrix.
  case matrix
  /// The matrices of one layer, when it begins.
  case layer
  /// Every matrix, at load.
  case model
}

/// What becomes of a quantized weight before it is multiplied.
public enum WeightRounding: Sendable {
  /// f32, exactly what the block says.
  case none
  /// Rounded to the float16 of a tile; f32 in a tile of a matrix that passes float16's range.
  case half
  /// A value of the tables of nf4 and fp4 in steps of absmax / 127, as integers multiply it.
  case steps
}
