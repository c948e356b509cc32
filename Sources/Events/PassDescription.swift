/// One forward call; a prompt that is split by `--ubatch` is several.
public struct PassDescription: Sendable {
  public enum Kind: Int, Sendable {
    case prefill = 0
    case decode = 1
  }
  public let kind: Kind
  public let branch: Int
  /// The sequences, each with its positions and its tokens among ``tokens``.
  public let parts: [PassPart]
  /// The tokens that go in, `(nTokens)`, sequence after sequence.
  public let tokens: [Int]
  /// How it is run; `nil` for as the whole run is.
  public let settings: PassSettings?

  public init(
    kind: Kind, branch: Int, parts: [PassPart], tokens: [Int], settings: PassSettings? = nil
  ) {
    self.kind = kind
    self.branch = branch
    self.parts = parts
    self.tokens = tokens
    self.settings = settings
  }

  /// A pass of one sequence.
  public init(
    kind: Kind, branch: Int, sequence: Int, firstPosition: Int, tokens: [Int],
    settings: PassSettings? = nil
  ) {
    let part = PassPart(sequence: sequence, position: firstPosition, rows: 0..<tokens.count)
    self.init(kind: kind, branch: branch, parts: [part], tokens: tokens, settings: settings)
  }
}

/// The tokens of one sequence in a pass.
public struct PassPart: Sendable {
  /// The sequence, counting from 0.
  public let sequence: Int
  /// The position of the first token in its sequence, counting from 0.
  public let position: Int
  /// Rows of the pass's activations, one a token.
  public let rows: Range<Int>

  public init(sequence: Int, position: Int, rows: Range<Int>) {
    self.sequence = sequence
    self.position = position
    self.rows = rows
  }

  /// Positions of the sequence after the pass.
  @inlinable public var end: Int { position + rows.count }
}

/// How a pass is run, in the words of `--strategy` and `--kv-type`.
public struct PassSettings: Equatable, Sendable {
  /// `tiled`, `int4-gemm`, …
  public let strategy: String
  /// Rows of a tile; `nil` for a strategy that makes no tiles of rows.
  public let tileRows: Int?
  /// `f16`, `q8_0`, …
  public let kvType: String

  public init(strategy: String, tileRows: Int?, kvType: String) {
    self.strategy = strategy
    self.tileRows = tileRows
    self.kvType = kvType
  }
}
