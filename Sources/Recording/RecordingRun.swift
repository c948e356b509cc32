import CKernels
import Foundation
import Inference
import TraceStore

/// What is to be recorded.
public struct RecordingOptions: Sendable {
  /// A name of the catalogue or a path; `nil` means the built-in model.
  public var model: String?
  public var prompt = "Once upon a time"
  /// Tokens to generate after the prompt.
  public var count = 16
  public var engine = EngineOptions()
  /// The most tokens of a prefill pass; `nil` runs the prompt in one.
  public var ubatch: Int?
  public var capture = Capture.stats
  /// Where the trace goes.
  public var output: String

  public init(output: String) { self.output = output }
}

/// How far a recording is.
public struct RecordingProgress: Sendable {
  public let tokens: Int
  public let ofTokens: Int
  public let tokensPerSecond: Double
  public let traceBytes: Int
}

/// What a recording came to.
public struct RecordingReport: Sendable {
  public let model: String
  public let trace: String
  public let summary: TraceSummary
  /// The most bytes alive in each category, each at its own moment.
  public var peaks: MemoryUse { summary.peaks }
  public let generation: Generation
  public let text: String
  public let packedBytes: Int
  /// What the whole model would take with its quantized matrices as f16.
  public let float16Bytes: Int
  public let isInterrupted: Bool
  /// The allocation that would have passed the memory budget and ended the run.
  public let failure: AllocationFailure?
  /// What the shapes say that the run takes at most; `nil` where it did not go to its end.
  public let planned: MemoryUse?
  /// What the whole run would take at most with each strategy, where the budget ended it.
  public let needs: [(strategy: StrategyName, bytes: Int)]
}

/// Runs a model into a trace.
///
/// A pass is in the trace when it is finished; what ends the run earlier (an error, a signal, a
/// full disk) leaves those before it. Where the memory budget ends it, the trace holds everything up
/// to the allocation that would have passed it, and the report says which that was.
///
/// - Parameters:
///   - isCancelled: asked often; `true` ends the recording with the passes that are finished.
///   - progress: called after each pass.
/// - Throws: `RecordingError`, `GGUFError`, `InferenceError`, `TokenizerError`, `TraceError`.
public func record(
  _ options: RecordingOptions, isCancelled: @escaping () -> Bool = { false },
  progress: (RecordingProgress) -> Void = { _ in }
) throws -> RecordingReport {
  let loaded = try LoadedModel(options.model)
  let prompt = try loaded.encode(options.prompt)
  try options.engine.check(for: loaded.model)  // before an older trace is replaced
  let room = loaded.model.config.contextLength - prompt.count
  let ofTokens = prompt.count + min(max(options.count - 1, 0), room)
  let recorder = try TraceRecorder(
    path: options.output, header: try header(loaded, options), capture: options.capture)
  var generation = Generation(promptTokens: prompt)
  var decoder = loaded.tokenizer.makeStreamDecoder()
  let texts = loaded.texts(of: prompt, &decoder)
  recorder.addTokens(
    prompt.indices.map {
      TraceToken(position: $0, id: prompt[$0], text: texts[$0], isPrompt: true)
    })
  do {
    let engine = try Engine(model: loaded.model, options: options.engine, observer: recorder)
    engine.isCancelled = isCancelled
    let start = ContinuousClock.now
    generation = try engine.generate(
      prompt: prompt, count: options.count, ubatch: options.ubatch,
      isEnd: loaded.tokenizer.isEndOfGeneration
    ) { pass, soFar in
      generation = soFar
      if engine.position >= prompt.count {
        let text = loaded.texts(of: [pass.next], &decoder).joined()
        recorder.addTokens([chosenToken(pass, text, at: engine.position, loaded)])
      }
      try recorder.check()
      progress(
        RecordingProgress(
          tokens: engine.position, ofTokens: ofTokens,
          tokensPerSecond: Double(engine.position) / ((ContinuousClock.now - start) / .seconds(1)),
          traceBytes: recorder.progress.fileBytes))
    }
  } catch InferenceError.interrupted {
    let summary = try recorder.finish(status: "interrupted")
    if summary.passes == 0 { try? FileManager.default.removeItem(atPath: options.output) }
    return try report(loaded, options, summary, generation, isInterrupted: true)
  } catch InferenceError.overBudget(let failure) {
    let summary = try recorder.finish(status: "failed")
    return try report(loaded, options, summary, generation, failure: failure)
  } catch {
    _ = try? recorder.finish(status: "interrupted")
    if recorder.progress.passes == 0 { try? FileManager.default.removeItem(atPath: options.output) }
    throw error
  }
  let summary = try recorder.finish(status: "complete")
  return try report(loaded, options, summary, generation)
}

/// The token that a pass chose, with the likeliest others.
private func chosenToken(
  _ pass: PassResult, _ text: String, at position: Int, _ loaded: LoadedModel
) -> TraceToken {
  let best = pass.logits.indicesOfLargest(10)
  let logprobs = pass.logits.logProbabilities(of: best)
  return TraceToken(
    position: position, id: pass.next, text: text, isPrompt: false,
    logprob: logprobs.first,
    topK: zip(best, logprobs).map {
      TraceToken.Candidate(id: $0, text: loaded.text(of: $0), logprob: $1)
    })
}

private func report(
  _ loaded: LoadedModel, _ options: RecordingOptions, _ summary: TraceSummary,
  _ generation: Generation, isInterrupted: Bool = false, failure: AllocationFailure? = nil
) throws -> RecordingReport {
  RecordingReport(
    model: loaded.model.config.name, trace: options.output, summary: summary,
    generation: generation, text: loaded.tokenizer.decode(generation.tokens),
    packedBytes: loaded.model.packedBytes, float16Bytes: loaded.model.float16Bytes,
    isInterrupted: isInterrupted, failure: failure,
    planned: isInterrupted || failure != nil
      ? nil
      : try MemoryPlan(
        model: loaded.model, options: options.engine,
        promptTokens: generation.promptTokens.count, ubatch: options.ubatch,
        decodePasses: generation.decodePasses
      ).peak,
    needs: failure == nil
      ? [] : try needs(loaded, options, promptTokens: generation.promptTokens.count))
}

/// What the run would take at most with each strategy.
private func needs(
  _ loaded: LoadedModel, _ options: RecordingOptions, promptTokens: Int
) throws -> [(strategy: StrategyName, bytes: Int)] {
  let room = loaded.model.config.contextLength - promptTokens
  return try StrategyName.allCases.map { strategy in
    var engine = options.engine
    engine.strategy = strategy
    let plan = try MemoryPlan(
      model: loaded.model, options: engine, promptTokens: promptTokens, ubatch: options.ubatch,
      decodePasses: min(max(options.count - 1, 0), room))
    return (strategy, plan.peak.total)
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

private func header(_ loaded: LoadedModel, _ options: RecordingOptions) throws -> TraceHeader {
  let config = loaded.model.config
  let facts: [(String, String)] = [
    ("nibble_version", nibbleVersion),
    ("recorded_at", Date.now.formatted(.iso8601)),
    ("host", host),
    ("model", config.name),
    ("model_file", ModelCatalogue.reference(to: options.model)),
    ("model_sha256", try ModelDigest.sha256(of: loaded.path)),
    ("architecture", config.architecture.rawValue),
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
    ("prompt", options.prompt),
    ("strategy", options.engine.strategy.rawValue),
    ("tile_rows", "\(options.engine.tileRows)"),
    ("kv_type", options.engine.kvType.rawValue),
    ("threads", "\(options.engine.threads)"),
    ("memory_budget", options.engine.memoryBudget.map(String.init) ?? ""),
    ("ubatch", options.ubatch.map(String.init) ?? ""),
    ("capture", options.capture.rawValue),
  ]
  return TraceHeader(
    meta: Dictionary(uniqueKeysWithValues: facts),
    tensors: loaded.model.tensors.enumerated().map { index, tensor in
      TraceTensor(
        id: index, name: tensor.name, layer: tensor.layer, role: tensor.role, type: tensor.type,
        rows: tensor.rows, cols: tensor.cols, bytes: tensor.bytes, fileOffset: tensor.fileOffset,
        bpw: tensor.bitsPerWeight)
    })
}
