/// How the weights of a layer are held while it learns.
public enum TrainingMethod: String, CaseIterable, Sendable {
  /// Packed, and quantized again after each step.
  case int4
  /// Packed for the products, with a float32 master copy that the updates go to: quantization-aware
  /// training with a straight-through estimator (https://arxiv.org/abs/1308.3432).
  case master
  /// As float32 values, with no int4 at all.
  case float32
  /// Packed and left alone, with low-rank float32 adapters that learn: what QLoRA does
  /// (https://arxiv.org/abs/2305.14314).
  case lora
}

/// How a gradient becomes an update.
public enum OptimizerKind: String, CaseIterable, Sendable {
  /// Gradient descent.
  case sgd
  /// https://arxiv.org/abs/1412.6980, with the constants of its section 2.
  case adam
}

/// What is to be trained, and how.
public struct TrainingOptions: Sendable {
  /// The trace of a recording: its model and the inputs of the layer are taken from it.
  public var recording: String
  /// Where the database goes.
  public var output: String
  /// The weight matrix; `nil` for the attention output of the first layer.
  public var tensor: String?
  /// How the weights are held: a training for each.
  public var methods = TrainingMethod.allCases
  /// How they are updated: a training for each, with each of the methods.
  public var optimizers = OptimizerKind.allCases
  /// Updates of each training.
  public var steps = 60
  /// The most tokens of the recording's first pass whose inputs are used.
  public var tokens = 64
  /// `nil` for Adam's own 0.001, and for SGD half of what would make it diverge.
  public var learningRate: Float?
  /// Rank of the adapters.
  public var rank = 8
  /// Rows of a dequantized tile.
  public var tileRows = 64

  /// The defaults, for a recording's trace and the path of the database.
  public init(recording: String, output: String) {
    self.recording = recording
    self.output = output
  }

  /// Sets an option by the name it has in a lesson's `train` step.
  ///
  /// - Throws: ``TrainingError/badOption(_:)``.
  public mutating func set(_ name: String, to value: String) throws(TrainingError) {
    switch name {
    case "tensor": tensor = value
    case "methods": methods = try Self.list(value, name)
    case "optimizers": optimizers = try Self.list(value, name)
    case "steps": steps = try Self.count(value, name, upTo: 10_000)
    case "tokens": tokens = try Self.count(value, name, upTo: 4096)
    case "rank": rank = try Self.count(value, name, upTo: 4096)
    case "tile-rows": tileRows = try Self.count(value, name, upTo: 1 << 20)
    case "learning-rate":
      guard let rate = Float(value), rate > 0, rate.isFinite else {
        throw .badOption("learning-rate is a number above 0, and not '\(value)'.")
      }
      learningRate = rate
    default:
      throw .badOption(
        "There is no training option '\(name)'; there are \(Self.names.joined(separator: ", ")).")
    }
  }

  /// The names that ``set(_:to:)`` knows.
  public static let names = [
    "tensor", "methods", "optimizers", "steps", "tokens", "rank", "tile-rows", "learning-rate",
  ]

  private static func count(
    _ value: String, _ name: String, upTo limit: Int
  ) throws(TrainingError) -> Int {
    guard let number = Int(value), (1...limit).contains(number) else {
      throw .badOption("\(name) is a number from 1 to \(limit), and not '\(value)'.")
    }
    return number
  }

  private static func list<Item: RawRepresentable & CaseIterable>(
    _ value: String, _ name: String
  ) throws(TrainingError) -> [Item] where Item.RawValue == String {
    var items: [Item] = []
    for word in value.split(whereSeparator: { $0 == "," || $0 == " " }) {
      guard let item = Item(rawValue: String(word)) else {
        let known = Item.allCases.map(\.rawValue).joined(separator: ", ")
        throw .badOption("\(name) are some of \(known), and not '\(word)'.")
      }
      items.append(item)
    }
    guard !items.isEmpty else { throw .badOption("\(name) names none.") }
    return items
  }
}

/// What can go wrong with a training.
public enum TrainingError: Error, CustomStringConvertible {
  case badOption(String)
  case noTensor(String, trace: String)
  case unusableShape(tensor: String, rows: Int, cols: Int)
  case noInputs(tensor: String, trace: String)
  case interrupted

  public var description: String {
    switch self {
    case .badOption(let problem):
      problem
    case .noTensor(let name, let trace):
      "\(trace): the model has no weight matrix '\(name)'; `info tensors` in the debugger lists them."
    case .unusableShape(let tensor, let rows, let cols):
      "'\(tensor)' is (\(rows), \(cols)); int4 needs rows of a multiple of 32 values, so choose "
        + "another tensor."
    case .noInputs(let tensor, let trace):
      "\(trace): no finished pass multiplied '\(tensor)', so there is nothing to train it on; "
        + "record more, or choose another tensor."
    case .interrupted:
      "Interrupted."
    }
  }
}
