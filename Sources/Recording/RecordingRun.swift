import Events
import Foundation
import Inference
import TraceStore

/// What is to be recorded.
public struct RecordingOptions: Sendable {
  /// A name of the catalogue or a path; `nil` means the built-in model.
  public var model: String?
  /// One for all sequences, or one for each.
  public var prompts = ["Once upon a time"]
  /// Tokens to generate after the prompt.
  public var count = 16
  public var engine = EngineOptions()
  /// The most tokens of a prefill pass; `nil` runs the prompts in one.
  public var ubatch: Int?
  public var capture = Capture.stats
  /// The same model with unquantized weights, a name of the catalogue or a path: the trace tells
  /// what packing changed in the rows of each tile.
  public var original: String?
  /// Where the trace goes.
  public var output: String

  public init(output: String) { self.output = output }

  /// The prompt of each sequence.
  ///
  /// - Throws: `RecordingError.badOption` where there are neither one nor as many as sequences.
  func promptOfEach() throws -> [String] {
    let sequences = engine.sequences
    if prompts.count == 1 { return Array(repeating: prompts[0], count: sequences) }
    guard prompts.count == sequences else {
      throw RecordingError.badOption(
        "\(prompts.count) prompts cannot be dealt out to \(sequences) sequences; give -p once, or "
          + "as often as --parallel says.")
    }
    return prompts
  }
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
  /// What each sequence became, with its prompt.
  public let texts: [String]
  public let packedBytes: Int
  /// What the whole model would take with its quantized matrices as f16.
  public let float16Bytes: Int
  public let isInterrupted: Bool
  /// Whether the trace took the place of an older one.
  public let hasReplaced: Bool
  /// What ended the run, where the trace holds what led to it.
  public let error: InferenceError?
  /// The allocation that would have passed the memory budget and ended the run.
  public var failure: AllocationFailure? {
    if case .overBudget(let failure)? = error { failure } else { nil }
  }
  /// What the shapes say that the run takes at most; `nil` where it did not go to its end.
  public let planned: MemoryUse?
  /// What the whole run would take at most with each strategy, where the budget ended it.
  public let needs: [(strategy: StrategyName, bytes: Int)]
  /// Whether the routers of the model have a say in what it takes.
  public let hasExperts: Bool
}

/// Runs a model into a trace.
///
/// A pass is in the trace when it is finished; what ends the run earlier (an error, a signal, a
/// full disk) leaves those before it. Where the memory budget ends it, the trace holds everything
/// up to the allocation that would have passed it, and where a result is not finite, everything up
/// to that operation; the report says which that was. An older trace stays what it was until there
/// is a pass or one of these.
///
/// - Parameters:
///   - forced: what follows the prompt of the first sequence, whatever is likeliest; no text ends then.
///   - isCancelled: asked often; `true` ends the recording with the passes that are finished.
///   - afterPass: called after each pass with what it gave.
///   - progress: called after each pass.
/// - Throws: `RecordingError`, `GGUFError`, `InferenceError`, `TokenizerError`, `TraceError`.
public func record(
  _ options: RecordingOptions, forced: [Int] = [],
  isCancelled: @escaping () -> Bool = { false },
  progress: (RecordingProgress) -> Void = { _ in },
  afterPass: (PassResult) -> Void = { _ in }
) throws -> RecordingReport {
  let loaded = try LoadedModel(options.model)
  let prompts = try options.promptOfEach().map(loaded.encode)
  try options.engine.check(for: loaded.model)  // before an older trace is replaced
  let ofTokens = prompts.reduce(0) { $0 + $1.count + decodes(after: $1.count, options, loaded) }
  let original = try options.original.map { try OriginalWeights($0, of: loaded) }
  let recorder = try TraceRecorder(
    path: options.output, header: try TraceHeader(loaded, options), capture: options.capture)
  if let original {
    recorder.packingError = { tensor, rows in
      // What can be wrong with the file was found when it was opened.
      guard let error = try? original.error(of: loaded.model.tensors[tensor].name, rows: rows)
      else { return nil }
      return (error.rmse, Double(error.maximumError))
    }
  }
  var generation = Generation(prompts: prompts)
  var decoders = prompts.map { _ in loaded.tokenizer.makeStreamDecoder() }
  for (sequence, prompt) in prompts.enumerated() {
    recorder.addTokens(
      loaded.promptTokens(prompt, sequence: sequence, &decoders[sequence]))
  }
  do {
    let engine = try Engine(model: loaded.model, options: options.engine, observer: recorder)
    engine.isCancelled = isCancelled
    let start = ContinuousClock.now
    // A text that is forced does not end.
    let isEnd = forced.isEmpty ? loaded.tokenizer.isEndOfGeneration : { _ in false }
    generation = try engine.generate(
      prompts: prompts, count: options.count, ubatch: options.ubatch, forced: forced, isEnd: isEnd
    ) { pass, soFar in
      generation = soFar
      afterPass(pass)
      for choice in pass.choices {
        let text = loaded.texts(of: [choice.next], &decoders[choice.sequence]).joined()
        recorder.addTokens([loaded.chosenToken(choice, text)])
      }
      try recorder.check()
      let tokens = engine.positions.reduce(0, +)
      progress(
        RecordingProgress(
          tokens: tokens, ofTokens: ofTokens,
          tokensPerSecond: Double(tokens) / ((ContinuousClock.now - start) / .seconds(1)),
          traceBytes: recorder.progress.fileBytes))
    }
  } catch InferenceError.interrupted {
    let summary = try recorder.finish(after: InferenceError.interrupted)
    recorder.removeIfEmpty()
    return try report(loaded, options, recorder, summary, generation, isInterrupted: true)
  } catch let error as InferenceError where error.leavesItsPass {
    let summary = try recorder.finish(after: error)
    return try report(loaded, options, recorder, summary, generation, error: error)
  } catch {
    _ = try? recorder.finish(after: error)
    recorder.removeIfEmpty()
    throw error
  }
  let summary = try recorder.finish(status: "complete")
  return try report(loaded, options, recorder, summary, generation)
}

extension TraceRecorder {
  /// Ends the recording of a run that an error ended, with the status that tells of it.
  func finish(after error: any Error) throws(TraceError) -> TraceSummary {
    switch error {
    case InferenceError.interrupted: try finish(status: "interrupted")
    case InferenceError.overBudget: try finish(status: "failed")
    default: try finish(status: "error", error: "\(error)")
    }
  }
}

private func report(
  _ loaded: LoadedModel, _ options: RecordingOptions, _ recorder: TraceRecorder,
  _ summary: TraceSummary, _ generation: Generation, isInterrupted: Bool = false,
  error: InferenceError? = nil
) throws -> RecordingReport {
  var isOverBudget = false
  if case .overBudget? = error { isOverBudget = true }
  return RecordingReport(
    model: loaded.model.config.name, trace: options.output, summary: summary,
    generation: generation,
    texts: zip(try options.promptOfEach(), generation.sequences).map {
      $0 + loaded.tokenizer.decode($1.tokens)
    },
    packedBytes: loaded.model.packedBytes, float16Bytes: loaded.model.float16Bytes,
    isInterrupted: isInterrupted, hasReplaced: recorder.hasReplaced, error: error,
    planned: isInterrupted || error != nil
      ? nil
      : try MemoryPlan(
        model: loaded.model, options: options.engine,
        prompts: generation.sequences.map(\.promptTokens.count), ubatch: options.ubatch,
        decodePasses: generation.sequences.map(\.decodePasses)
      ).peak,
    needs: isOverBudget
      ? try needs(loaded, options, prompts: generation.sequences.map(\.promptTokens.count)) : [],
    hasExperts: loaded.model.hasExperts)
}

/// What the run would take at most with each strategy.
private func needs(
  _ loaded: LoadedModel, _ options: RecordingOptions, prompts: [Int]
) throws -> [(strategy: StrategyName, bytes: Int)] {
  try StrategyName.allCases.map { strategy in
    var engine = options.engine
    engine.strategy = strategy
    let plan = try MemoryPlan(
      model: loaded.model, options: engine, prompts: prompts, ubatch: options.ubatch,
      decodePasses: prompts.map { decodes(after: $0, options, loaded) })
    return (strategy, plan.peak.total)
  }
}

/// Decode passes that follow a prompt of so many tokens, where no text ends by itself.
private func decodes(
  after promptTokens: Int, _ options: RecordingOptions, _ loaded: LoadedModel
) -> Int {
  min(max(options.count - 1, 0), loaded.model.config.contextLength - promptTokens)
}
