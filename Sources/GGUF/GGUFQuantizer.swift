import Quantization

/// Turns a GGUF file into one whose weight matrices are stored as another type.
///
/// Matrices are converted; norms, biases and other vectors, routers and position tables stay as
/// they are, as llama.cpp leaves them. A matrix whose rows are no whole number of the target's
/// blocks becomes `q8_0`, or `f16` if that does not fit either.
public struct GGUFQuantizer {
  /// What became of one tensor.
  public struct Report: Sendable {
    public enum Outcome: Sendable, Equatable {
      /// Converted to the target type.
      case converted
      /// Converted to another type, since rows are no multiple of that many values.
      case fellBack(blockSize: Int)
      /// Copied as it was, and why.
      case copied(reason: String)
    }
    public let name: String
    /// Row-major.
    public let shape: [Int]
    public let from: String
    public let to: String
    public let outcome: Outcome
    public let bytesBefore: Int
    public let bytesAfter: Int
    /// What the conversion lost, measured against the source's values; `nil` for a copy.
    public let statistics: QuantizationStatistics?

    /// Bits that a value costs now, scales included.
    public var bitsPerWeight: Double { Double(bytesAfter) * 8 / Double(shape.reduce(1, *)) }
  }

  /// What matrices become.
  public let target: TensorType
  /// Names of tensors that stay as they are: `token_embd.weight`, …
  public let keep: Set<String>
  public let threads: Int

  /// - Throws: ``QuantizationError/cannotEncode(type:)`` for a target that nibble cannot write.
  public init(
    target: TensorType, keep: Set<String> = [], threads: Int = 1
  ) throws(QuantizationError) {
    guard target.canEncode else { throw .cannotEncode(type: target) }
    self.target = target
    self.keep = keep
    self.threads = max(threads, 1)
  }

  /// Writes the converted file; the same file as the source may be given.
  ///
  /// - Parameter progress: called after each tensor.
  /// - Throws: ``GGUFError``; nothing is left behind then.
  public func quantize(
    _ source: GGUFFile, to path: String, progress: @escaping (Report) -> Void = { _ in }
  ) throws(GGUFError) {
    for name in keep { _ = try source.requiredTensor(named: name) }
    var writer = GGUFWriter(version: 3)
    for (key, value) in source.metadata where !key.hasPrefix("quantize.imatrix.") {
      writer.set(key, value)
    }
    writer.set("general.quantization_version", .uint32(2))
    writer.set("general.file_type", .uint32(target.fileType))
    for tensor in source.tensors {
      switch plan(tensor) {
      case .copy(let reason):
        addCopy(of: tensor, in: source, because: reason, to: &writer, progress)
      case .convert(let from, let to):
        let byteCount = try Self.byteCount(of: tensor, as: to, source)
        writer.addTensor(
          tensor.name, typeCode: to.rawValue, shape: tensor.shape, byteCount: byteCount
        ) { (sink) throws(GGUFError) in
          let conversion = TensorConversion(
            source: source, tensor: tensor, from: from, to: to, threads: threads)
          let statistics = try conversion.run(sink)
          progress(
            Report(
              name: tensor.name, shape: tensor.shape, from: from.name, to: to.name,
              outcome: to == target ? .converted : .fellBack(blockSize: target.blockSize),
              bytesBefore: tensor.byteCount, bytesAfter: byteCount, statistics: statistics))
        }
      }
    }
    try writer.write(to: path)
  }

  private func addCopy(
    of tensor: GGUFTensor, in source: GGUFFile, because reason: String, to writer: inout GGUFWriter,
    _ progress: @escaping (Report) -> Void
  ) {
    writer.addTensor(
      tensor.name, typeCode: tensor.typeCode, shape: tensor.shape, byteCount: tensor.byteCount
    ) { (sink) throws(GGUFError) in
      try sink.write(source.bytes(of: tensor))
      progress(
        Report(
          name: tensor.name, shape: tensor.shape, from: tensor.typeName, to: tensor.typeName,
          outcome: .copied(reason: reason), bytesBefore: tensor.byteCount,
          bytesAfter: tensor.byteCount, statistics: nil))
    }
  }

  private static func byteCount(
    of tensor: GGUFTensor, as type: TensorType, _ source: GGUFFile
  ) throws(GGUFError) -> Int {
    guard let bytes = type.byteCount(of: tensor.count) else {
      throw .quantization(
        path: source.path, tensor: tensor.name,
        error: .notWholeBlocks(type: type, values: tensor.count))
    }
    return bytes
  }

  // MARK: What becomes of a tensor

  private enum Plan {
    case copy(reason: String)
    case convert(from: TensorType, to: TensorType)
  }

  private func plan(_ tensor: GGUFTensor) -> Plan {
    if keep.contains(tensor.name) { return .copy(reason: "kept as asked") }
    guard tensor.shape.count >= 2 else { return .copy(reason: "not a matrix") }
    guard tensor.name.hasSuffix(".weight") else { return .copy(reason: "not a weight") }
    if let kind = Self.neverConverted.first(where: { tensor.name.contains($0) }) {
      return .copy(reason: "\(kind) is never quantized")
    }
    guard let from = tensor.type else { return .copy(reason: "nibble cannot decode it") }
    let to = [target, .q8_0, .f16].first { tensor.cols.isMultiple(of: $0.blockSize) } ?? .f16
    guard from == to else { return .convert(from: from, to: to) }
    let why = to == target ? "" : ", and its rows are no multiple of \(target.blockSize) values"
    return .copy(reason: "is \(to.name) already" + why)
  }

  /// Parts of names of matrices that are small, or looked up, or decide where a token goes.
  private static let neverConverted = [
    "_norm", "ffn_gate_inp", "position_embd", "token_types", "ssm_conv1d", "rope_freqs",
  ]
}

extension TensorType {
  /// llama.cpp's number for a file of mostly this type, as `general.file_type` has it.
  var fileType: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .q5_0: 8
    case .q5_1: 9
    case .q4_K: 14
    case .q5_K: 16
    case .q6_K: 18
    case .bf16: 32
    case .q2_K: 10
    case .q3_K: 12
    case .iq4_NL: 25
    case .iq4_XS: 30
    case .mxfp4: 38
    case .nf4, .fp4: 1024  // llama.cpp's bit for "guessed": it has no number for these
    }
  }
}
