import Foundation
import Quantization

/// Turns a GGUF file into one whose weight matrices are stored as another type.
///
/// Matrices are converted; norms, biases and other vectors, routers and position tables stay as
/// they are, as llama.cpp leaves them. A matrix whose rows are no whole number of the target's
/// blocks falls back as in llama.cpp: `q4_k` to `q5_0`, `q5_k` to `q5_1`, `q6_k` to `q8_0`, and
/// what does not fit into blocks of 32 to `f16`. `nf4` and `fp4`, with blocks of 64, fall back to
/// `q4_0`.
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

  /// What becomes of the matrices whose names match a pattern.
  public struct Rule: Sendable, Equatable {
    /// With `*`, `?` and `[…]`, as in a shell: `token_embd*`.
    public let pattern: String
    /// `nil` leaves them as they are.
    public let type: TensorType?

    public init(pattern: String, type: TensorType?) {
      self.pattern = pattern
      self.type = type
    }

    func matches(_ name: String) -> Bool { fnmatch(pattern, name, 0) == 0 }
  }

  /// What matrices become.
  public let target: TensorType
  /// What some of them become instead; the first rule that matches counts.
  public let rules: [Rule]
  public let threads: Int

  /// - Throws: ``QuantizationError/cannotEncode(type:)`` for a target that nibble cannot write.
  public init(
    target: TensorType, rules: [Rule] = [], threads: Int = 1
  ) throws(QuantizationError) {
    for type in [target] + rules.compactMap(\.type) where !type.canEncode {
      throw .cannotEncode(type: type)
    }
    self.target = target
    self.rules = rules
    self.threads = max(threads, 1)
  }

  /// Writes the converted file; the same file as the source may be given.
  ///
  /// - Parameters:
  ///   - isCancelled: asked before each part of a tensor that is converted; `true` ends it.
  ///   - progress: called after each tensor.
  /// - Throws: ``GGUFError`` or `FileWriteError`; nothing is left behind then.
  public func quantize(
    _ file: GGUF, to path: String, progress: @escaping (Report) -> Void = { _ in },
    isCancelled: @escaping () -> Bool = { false }
  ) throws {
    let source = file.model
    for rule in rules where !source.tensors.contains(where: { rule.matches($0.name) }) {
      throw GGUFError.noTensorMatches(path: source.path, pattern: rule.pattern)
    }
    var writer = GGUFWriter(version: 3)
    for (key, value) in source.metadata where !key.hasPrefix("quantize.imatrix.") {
      writer.set(key, value)
    }
    writer.set("general.quantization_version", .uint32(2))
    writer.set("general.file_type", .uint32(mostCommonType(in: source).fileType))
    for tensor in source.tensors {
      switch plan(tensor) {
      case .copy(let reason):
        addCopy(of: tensor, in: file, because: reason, to: &writer, progress)
      case .convert(let from, let to, let wanted):
        let conversion = TensorConversion(
          source: source, tensor: tensor, from: from, to: to, threads: threads)
        func report(_ bytesAfter: Int, _ statistics: QuantizationStatistics) {
          progress(
            Report(
              name: tensor.name, shape: tensor.shape, from: from.name, to: to.name,
              outcome: to == wanted ? .converted : .fellBack(blockSize: wanted.blockSize),
              bytesBefore: tensor.byteCount, bytesAfter: bytesAfter, statistics: statistics))
        }
        if GGUFCompanions.types.contains(to) {
          addCompanions(
            of: tensor, in: source, as: to, conversion, isCancelled: isCancelled, to: &writer,
            report)
        } else {
          let byteCount = try Self.byteCount(of: tensor, as: to, source)
          writer.addTensor(
            tensor.name, typeCode: to.rawValue, shape: tensor.shape, byteCount: byteCount
          ) { sink in
            report(byteCount, try conversion.run(isCancelled: isCancelled) { try sink.write($0) })
            source.forget(tensor)
          }
        }
      }
    }
    try writer.write(to: path)
  }

  /// Adds the four tensors that a matrix of nf4 or fp4 is in a file.
  private func addCompanions(
    of tensor: StoredTensor, in source: ModelFile, as type: TensorType,
    _ conversion: TensorConversion, isCancelled: @escaping () -> Bool,
    to writer: inout GGUFWriter, _ report: @escaping (Int, QuantizationStatistics) -> Void
  ) {
    let entries = GGUFCompanions.entries(of: tensor.shape)
    let names = GGUFCompanions.names(of: tensor.name, typeName: type.name)
    let total = entries.reduce(0) { $0 + $1.byteCount }
    // All four are known once the first is written.
    nonisolated(unsafe) var parts: [[UInt8]] = []
    for (index, entry) in entries.enumerated() {
      writer.addTensor(
        names[index], typeCode: entry.typeCode, shape: entry.shape, byteCount: entry.byteCount
      ) { sink in
        if index == 0 {
          var blocks: [UInt8] = []
          _ = try conversion.run(isCancelled: isCancelled) { blocks += $0 }
          parts = NestedBlocks.split(blocks)
          report(total, try conversion.statistics(of: NestedBlocks.joined(parts)))
          source.forget(tensor)
        }
        try sink.write(parts[index])
        if index + 1 == entries.count { parts = [] }  // no more than one matrix at a time
      }
    }
  }

  private func addCopy(
    of tensor: StoredTensor, in file: GGUF, because reason: String, to writer: inout GGUFWriter,
    _ progress: @escaping (Report) -> Void
  ) {
    let entries = file.entries(of: tensor)
    for entry in entries.dropLast() {
      writer.addTensor(
        entry.name, typeCode: entry.typeCode, shape: entry.shape, byteCount: entry.bytes.count
      ) { try $0.write(file.bytes(of: entry)) }
    }
    guard let last = entries.last else { return }
    writer.addTensor(
      last.name, typeCode: last.typeCode, shape: last.shape, byteCount: last.bytes.count
    ) { sink in
      try sink.write(file.bytes(of: last))
      progress(
        Report(
          name: tensor.name, shape: tensor.shape, from: tensor.typeName, to: tensor.typeName,
          outcome: .copied(reason: reason), bytesBefore: tensor.byteCount,
          bytesAfter: tensor.byteCount, statistics: nil))
    }
  }

  private static func byteCount(
    of tensor: StoredTensor, as type: TensorType, _ source: ModelFile
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
    /// `wanted` is what it would become if its rows allowed.
    case convert(from: TensorType, to: TensorType, wanted: TensorType)
  }

  private func plan(_ tensor: StoredTensor) -> Plan {
    let rule = rules.first { $0.matches(tensor.name) }
    if let rule, rule.type == nil { return .copy(reason: "kept as asked") }
    let wanted = rule?.type ?? target
    guard tensor.shape.count >= 2 else { return .copy(reason: "not a matrix") }
    guard tensor.name.hasSuffix(".weight") else { return .copy(reason: "not a weight") }
    if let kind = Self.neverConverted.first(where: { tensor.name.contains($0) }) {
      return .copy(reason: "\(kind) is never quantized")
    }
    guard let from = tensor.type else { return .copy(reason: "nibble cannot decode it") }
    var to = wanted
    while !tensor.cols.isMultiple(of: to.blockSize) { to = to.fallback }
    guard from == to else { return .convert(from: from, to: to, wanted: wanted) }
    let why = to == wanted ? "" : ", and its rows are no multiple of \(wanted.blockSize) values"
    return .copy(reason: "is \(to.name) already" + why)
  }

  /// Types of the source's matrices that are packed already and will be packed anew, which adds to
  /// what the first packing lost.
  public func repackedTypes(in source: ModelFile) -> [TensorType] {
    var types: Set<TensorType> = []
    for tensor in source.tensors {
      guard case .convert(let from, let to, _) = plan(tensor) else { continue }
      if from.isQuantized && to.isQuantized { types.insert(from) }
    }
    return TensorType.allCases.filter(types.contains)
  }

  /// The type that most values of matrices will have; the target, where several have as many.
  private func mostCommonType(in source: ModelFile) -> TensorType {
    var values: [TensorType: Int] = [:]
    for tensor in source.tensors where tensor.shape.count >= 2 {
      switch plan(tensor) {
      case .convert(_, let to, _): values[to, default: 0] += tensor.count
      case .copy: if let type = tensor.type { values[type, default: 0] += tensor.count }
      }
    }
    let most = values.values.max()
    return ([target] + TensorType.allCases).first { values[$0] == most } ?? target
  }

  /// Parts of names of matrices that are small, or looked up, or decide where a token goes.
  private static let neverConverted = [
    "_norm", "ffn_gate_inp", "position_embd", "token_types", "ssm_conv1d", "rope_freqs",
  ]
}

extension TensorType {
  /// What a matrix becomes whose rows are no whole number of the type's blocks.
  fileprivate var fallback: TensorType {
    switch self {
    case .q4_K: .q5_0
    case .q5_K: .q5_1
    case .q6_K: .q8_0
    case .nf4, .fp4: .q4_0
    default: .f16
    }
  }

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
