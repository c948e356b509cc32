import Basics
import CKernels
import Foundation
import TraceStore

extension TraceHeader {
  /// What is known about a run of `loaded` before its first pass.
  ///
  /// - Throws: `RecordingError.unreadable` where the model file's digest cannot be computed.
  init(_ loaded: LoadedModel, _ options: RecordingOptions) throws {
    let config = loaded.model.config
    var facts: [(String, String)] = [
      ("nibble_version", nibbleVersion),
      ("recorded_at", Date.now.formatted(.iso8601)),
      ("host", host),
      ("model", config.name),
      ("model_file", ModelCatalogue.reference(to: options.model)),
      ("model_sha256", try ModelDigest.sha256(of: loaded.path)),
      ("original_file", options.original.map { ModelCatalogue.reference(to: $0) } ?? ""),
      ("architecture", config.architecture),
      ("layers", "\(config.layerCount)"),
      ("embedding_length", "\(config.embeddingLength)"),
      ("feed_forward_length", "\(config.feedForwardLength)"),
      ("heads", "\(config.headCount)"),
      ("kv_heads", "\(config.kvHeadCount)"),
      ("head_size", "\(config.headSize)"),
      ("vocabulary", "\(config.vocabularyCount)"),
      ("context_length", "\(config.contextLength)"),
      ("packed_bytes", "\(loaded.model.packedBytes)"),
      ("float16_bytes", "\(loaded.model.float16Bytes)"),
      ("prompt", options.prompts.joined(separator: "\n")),
      ("sequences", "\(options.engine.sequences)"),
      ("strategy", options.engine.strategy.rawValue),
      ("tile_rows", "\(options.engine.tileRows)"),
      ("kv_type", options.engine.kvType.rawValue),
      ("threads", "\(options.engine.threads)"),
      ("memory_budget", options.engine.memoryBudget.map(String.init) ?? ""),
      ("ubatch", options.ubatch.map(String.init) ?? ""),
      ("capture", options.capture.rawValue),
    ]
    let unused = loaded.model.unusedTensors
    if !unused.isEmpty {
      facts.append(("unused_tensors", "[\(unused.map { jsonString($0) }.joined(separator: ","))]"))
    }
    self.init(
      meta: Dictionary(uniqueKeysWithValues: facts),
      tensors: loaded.model.tensors.enumerated().map { index, tensor in
        TraceTensor(
          id: index, name: tensor.name, layer: tensor.layer, role: tensor.role, type: tensor.type,
          rows: tensor.rows, cols: tensor.cols, bytes: tensor.bytes, fileOffset: tensor.fileOffset,
          bpw: tensor.bitsPerWeight)
      })
  }
}

/// What kind of machine this is: `Linux x86_64, 2 processors, avx512`.
private var host: String {
  var name = utsname()
  uname(&name)
  func text<Tuple>(_ field: Tuple) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
  let processors = ProcessInfo.processInfo.processorCount
  return "\(text(name.sysname)) \(text(name.machine)), \(processors) processors, "
    + String(cString: nibble_cpu_features())
}
