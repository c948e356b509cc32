/// What is known about a run before its first pass.
public struct TraceHeader: Sendable {
  /// Rows of the table `meta`: nibble_version, model, prompt, strategy, … as text.
  public var meta: [String: String]
  /// The weight tensors of the model, in the order of ``Model/tensors``.
  public var tensors: [TraceTensor]

  public init(meta: [String: String], tensors: [TraceTensor]) {
    self.meta = meta
    self.tensors = tensors
  }
}

/// A weight tensor: a row of `tensor`.
public struct TraceTensor: Equatable, Sendable {
  /// Index in ``Model/tensors``.
  public var id: Int
  public var name: String
  /// The transformer layer, or `nil` outside the layers.
  public var layer: Int?
  /// What it is for: `attn_q`, `ffn_gate`, `token_embd`, …
  public var role: String
  /// The format its values are packed in: `q4_1`, `f32`, …
  public var type: String
  /// Shape, row-major: `(rows, cols)` = (outputs, inputs).
  public var rows: Int
  public var cols: Int
  /// Bytes, packed.
  public var bytes: Int
  /// Where its first byte lies in the model file.
  public var fileOffset: Int
  /// Bits per weight.
  public var bpw: Double

  public init(
    id: Int, name: String, layer: Int?, role: String, type: String, rows: Int, cols: Int,
    bytes: Int, fileOffset: Int, bpw: Double
  ) {
    self.id = id
    self.name = name
    self.layer = layer
    self.role = role
    self.type = type
    self.rows = rows
    self.cols = cols
    self.bytes = bytes
    self.fileOffset = fileOffset
    self.bpw = bpw
  }
}

/// Where the run went on from after it was taken back: a row of `branch`.
public struct TraceBranch: Equatable, Sendable {
  /// Counting from 0, which is the run from its beginning.
  public var id: Int
  /// The branch whose beginning it shares; `nil` for branch 0.
  public var parent: Int?
  /// How many positions it shares with that.
  public var position: Int
  /// The step that was the last when the run was taken back; 0 for branch 0.
  public var step: Int

  public init(id: Int, parent: Int?, position: Int, step: Int) {
    self.id = id
    self.parent = parent
    self.position = position
    self.step = step
  }
}

/// A position of the text: a row of `token`.
public struct TraceToken: Equatable, Sendable {
  public var branch: Int
  public var sequence: Int
  /// Counting from 0.
  public var position: Int
  /// In the vocabulary.
  public var id: Int
  public var text: String
  /// Whether it came from the prompt; otherwise the model chose it, or a person.
  public var isPrompt: Bool
  /// Whether a person put it in the place of the one that the model chose.
  public var isForced: Bool
  /// Natural logarithm of the probability that the model gave it, from the logits of the position
  /// before; `nil` where those were not computed.
  public var logprob: Double?
  /// The likeliest tokens for this position, from the same logits, likeliest first.
  public var topK: [Candidate]
  /// The pass that it went into, or `nil` for one that never went in. Set by the recorder.
  public var pass: Int?

  /// One of the likeliest tokens for a position.
  public struct Candidate: Equatable, Sendable, Codable {
    public var id: Int
    public var text: String
    public var logprob: Double

    public init(id: Int, text: String, logprob: Double) {
      self.id = id
      self.text = text
      self.logprob = logprob
    }
  }

  public init(
    branch: Int = 0, sequence: Int = 0, position: Int, id: Int, text: String, isPrompt: Bool,
    isForced: Bool = false, logprob: Double? = nil, topK: [Candidate] = [], pass: Int? = nil
  ) {
    self.branch = branch
    self.sequence = sequence
    self.position = position
    self.id = id
    self.text = text
    self.isPrompt = isPrompt
    self.isForced = isForced
    self.logprob = logprob
    self.topK = topK
    self.pass = pass
  }
}
