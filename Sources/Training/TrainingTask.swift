import ModelFiles
import Quantization
import Recording
import TraceStore

/// What a layer is to learn: its weights, what it is given, and what it should make of that.
///
/// The inputs are those of a recorded pass. The targets are what the layer would give if its
/// weights were other ones: changed by about one step of the int4 grid each, in a pattern of rank
/// 4.
struct TrainingTask {
  let tensor: String
  let type: TensorType
  let rows: Int
  let cols: Int
  let packed: [UInt8]
  let grid: Int4Grid
  let tokens: Int
  let inputs: [Float]  // (tokens, cols)
  let targets: [Float]  // (tokens, rows)

  static let changeRank = 4

  /// - Throws: `TrainingError`, `TraceError`, `RecordingError`, `GGUFError`, `InferenceError`.
  init(_ options: TrainingOptions) throws {
    let trace = try Trace(path: options.recording)
    let (path, _) = try RecordedModel.find(meta: try trace.meta(), named: nil)
    let file = try ModelFile(path: path)
    let name = options.tensor ?? "blk.0.attn_output.weight"
    guard let weight = file.tensor(named: name) ?? file.tensor(named: name + ".weight"),
      weight.shape.count == 2
    else { throw TrainingError.noTensor(name, trace: trace.path) }
    guard weight.cols % Int4Grid.groupSize == 0 else {
      throw TrainingError.unusableShape(tensor: weight.name, rows: weight.rows, cols: weight.cols)
    }
    let inputs = try Self.inputs(of: weight, in: trace, model: path)
    let tokens = min(inputs.count / weight.cols, options.tokens)
    let fileType = try file.type(of: weight)
    // What is no int4 yet is made so.
    let type = Int4Grid.types.contains(fileType) ? fileType : .q4_0
    try self.init(
      tensor: weight.name, type: type, rows: weight.rows, cols: weight.cols,
      packed: type == fileType
        ? Array(file.bytes(of: weight)) : try type.encode(try file.values(of: weight)),
      inputs: Array(inputs.prefix(tokens * weight.cols)))
  }

  /// - Throws: `QuantizationError`, `InferenceError.outOfMemory`.
  init(
    tensor: String, type: TensorType, rows: Int, cols: Int, packed: [UInt8], inputs: [Float]
  ) throws {
    self.tensor = tensor
    self.type = type
    self.rows = rows
    self.cols = cols
    self.packed = packed
    self.inputs = inputs
    tokens = inputs.count / cols
    grid = try Int4Grid(type: type, packed: packed)
    let values = try packed.withUnsafeBytes { try type.decode($0) }
    targets = try Self.targets(
      inputs, tokens: tokens, weights: values, rows: rows, cols: cols,
      change: Float(2 * grid.halfStep))
  }

  /// The weights, dequantized: `(rows, cols)`.
  func values() throws -> [Float] { try packed.withUnsafeBytes { try type.decode($0) } }

  /// What the first finished pass multiplied the weight by: `(tokens, cols)`.
  private static func inputs(
    of weight: StoredTensor, in trace: Trace, model: String
  ) throws -> [Float] {
    guard let id = try trace.tensor(named: weight.name)?.id,
      let pass = try trace.passes().first(where: \.isFinished)
    else { throw TrainingError.noInputs(tensor: weight.name, trace: trace.path) }
    let ops = try trace.ops(inPass: pass.id)
    guard let product = ops.first(where: { $0.tensor == id && $0.kind == "mul_mat" }),
      let input = ops.first(where: { product.inputs.contains($0.name) }), input.cols == weight.cols
    else { throw TrainingError.noInputs(tensor: weight.name, trace: trace.path) }
    if let captured = try trace.value(ofOp: input.id) { return captured }
    let loaded = try LoadedModel(model)
    guard let values = try Recomputation(trace: trace, loaded: loaded).output(of: input),
      !values.isEmpty, values.count % weight.cols == 0
    else { throw TrainingError.noInputs(tensor: weight.name, trace: trace.path) }
    return values
  }

  private static func targets(
    _ inputs: [Float], tokens: Int, weights: [Float], rows: Int, cols: Int, change rms: Float
  ) throws -> [Float] {
    let memory = TrainingMemory()
    func matrix(_ values: [Float], _ rows: Int, _ cols: Int) throws -> Matrix {
      try memory.matrix(values, rows: rows, cols: cols, .workspace)
    }
    var random = SplitMix64(state: 0x9e55)
    let down = try matrix(random.values(changeRank * cols, rms: 1), changeRank, cols)
    let up = try matrix(random.values(changeRank * rows, rms: 1), changeRank, rows)
    let scale = rms / rootMeanSquare(ofChange: up.array, down.array, rows: rows, cols: cols)
    for index in 0..<up.count { up.values[index] *= scale }
    let x = try matrix(inputs, tokens, cols)
    let y = try memory.matrix(tokens, rows, .workspace)
    y.fill(x, timesTransposeOf: try matrix(weights, rows, cols))
    let hidden = try memory.matrix(tokens, changeRank, .workspace)
    hidden.fill(x, timesTransposeOf: down)
    y.add(hidden, times: up)
    return y.array
  }

  /// Of the entries of `upᵀ down`, from the products of their rows.
  private static func rootMeanSquare(
    ofChange up: [Float], _ down: [Float], rows: Int, cols: Int
  ) -> Float {
    func dot(_ values: [Float], _ a: Int, _ b: Int, _ count: Int) -> Double {
      (0..<count).reduce(0.0) {
        $0 + Double(values[a * count + $1]) * Double(values[b * count + $1])
      }
    }
    var sum = 0.0
    for a in 0..<changeRank {
      for b in 0..<changeRank { sum += dot(up, a, b, rows) * dot(down, a, b, cols) }
    }
    return Float((sum / Double(rows * cols)).squareRoot())
  }
}
