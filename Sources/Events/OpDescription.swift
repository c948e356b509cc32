/// One operation of a pass, named as llama.cpp names it without flash attention.
public struct OpDescription: Sendable {
  public enum Kind: Int, CaseIterable, Sendable {
    case getRows = 0
    case norm, matmul, rope, kvAppend, scores, softmax, weightedSum, add, silu
    case gelu, scale, softCap, route, expertMatmul, expertSum
    /// The name on screen, as ggml names its operations: `GET_ROWS`, `RMS_NORM`, `MUL_MAT`, …
    public var name: String {
      switch self {
      case .getRows: "get_rows"
      case .norm: "rms_norm"
      case .matmul: "mul_mat"
      case .rope: "rope"
      case .kvAppend: "kv_append"
      case .scores: "kq"
      case .softmax: "soft_max"
      case .weightedSum: "kqv"
      case .add: "add"
      case .silu: "swiglu"
      case .gelu: "geglu"
      case .scale: "scale"
      case .softCap: "soft_cap"
      case .route: "route"
      case .expertMatmul: "mul_mat_id"
      case .expertSum: "expert_sum"
      }
    }
  }
  /// Unique within its pass: `attn_norm-3`, `Qcur-3`, …
  public let name: String
  public let kind: Kind
  /// The transformer layer, or `nil` before the first and after the last.
  public let layer: Int?
  /// Names of the operations and weight tensors that it reads.
  public let inputs: [String]
  /// The weight tensor that it multiplies or reads rows of: index among the tensors of the model.
  public let tensor: Int?
  /// Output shape, row-major: `(rows, cols)`.
  public let rows: Int
  public let cols: Int
  /// What it is computed with besides its inputs.
  public let attributes: OpAttributes
  /// The line of the source of the forward pass that calls it.
  public let line: Int?

  public init(
    name: String, kind: Kind, layer: Int?, inputs: [String], tensor: Int?, rows: Int, cols: Int,
    attributes: OpAttributes = OpAttributes(), line: Int? = nil
  ) {
    self.name = name
    self.kind = kind
    self.layer = layer
    self.inputs = inputs
    self.tensor = tensor
    self.rows = rows
    self.cols = cols
    self.attributes = attributes
    self.line = line
  }
}
