import Basics
import Inference
import TraceStore

/// A run that is recorded as it goes, one pass at a time: what the debugger does over a model.
///
/// It can be taken back to the end of any pass and go on differently, which is another branch of
/// the same trace. Passes that were given up stay in the trace too. It has one sequence. How it can
/// be changed between passes is in `LiveRun+Changes.swift`.
public final class LiveRun {
  /// The trace; every pass is in it when ``runNextPass(isCancelled:)`` returns or throws.
  public let trace: String
  /// With what the next pass is run.
  public internal(set) var settings: LiveSettings
  /// The model that is run, with its tokenizer.
  public let loaded: LoadedModel
  let options: RecordingOptions
  let recorder: TraceRecorder
  let engine: Engine<TraceRecorder>
  /// The text that the KV cache belongs to.
  var line: LiveLine
  /// The others, as they were left, by branch.
  var lines: [Int: LiveLine] = [:]
  /// By pass: its branch, the positions after it, and the token that it chose.
  var results: [Int: (branch: Int, end: Int, choice: TraceToken?)] = [:]
  /// The last pass's logits, while nothing was taken back since.
  var logits: [Float] = []
  var branchCount = 1
  /// The memory budgets so far, each with the last step before it.
  var budgets: [(after: Int, bytes: Int?)]
  /// What ended the last pass, where the trace says more of it.
  private var failure: InferenceError?

  /// Opens the model and the trace; the passes of the prompt are yet to be run.
  ///
  /// - Throws: `RecordingError`, `GGUFError`, `InferenceError`, `TokenizerError`, `TraceError`.
  public init(_ options: RecordingOptions) throws {
    loaded = try LoadedModel(options.model)
    self.options = options
    trace = options.output
    settings = LiveSettings(
      strategy: options.engine.strategy, tileRows: options.engine.tileRows,
      kvType: options.engine.kvType)
    if let ubatch = options.ubatch, ubatch < 1 {
      throw RecordingError.badOption("A prefill pass needs at least one token (--ubatch).")
    }
    let prompt = try loaded.encode(options.prompts.first ?? "")
    try options.engine.check(for: loaded.model)  // before an older trace is replaced
    budgets = [(0, options.engine.memoryBudget)]
    recorder = try TraceRecorder(
      path: options.output, header: try TraceHeader(loaded, options), capture: options.capture,
      goesOn: true)
    var decoder = loaded.tokenizer.makeStreamDecoder()
    line = LiveLine(prompt: loaded.promptTokens(prompt, &decoder))
    recorder.addTokens(line.tokens)
    do {
      engine = try Engine(
        model: loaded.model, options: options.engine, observer: recorder, prepares: false)
      try recorder.settle()
    } catch {
      // Not even the packed weights were within the budget, perhaps.
      _ = try? recorder.finish(after: error)
      throw error
    }
  }

  /// Positions in the KV cache.
  public var position: Int { engine.position }
  /// The type of KV cache that they are kept in.
  public var cacheType: KVType { engine.options.kvType }
  /// Whether tokens that are known beforehand are yet to be run: those of the prompt, or those that
  /// a changed KV cache has to be filled with again.
  public var isPrefilling: Bool { engine.position < line.given }
  /// Tokens that the next pass takes in.
  public var nextCount: Int {
    isPrefilling ? min(line.given - engine.position, options.ubatch ?? line.given) : 1
  }
  /// The number of the last pass that began.
  public var lastPass: Int { recorder.lastPass }
  /// Whether the trace took the place of an older one.
  public var hasReplaced: Bool { recorder.hasReplaced }
  public var layerCount: Int { loaded.model.config.layerCount }
  /// Told of every operation of a pass before it is done: its name, without the number of its
  /// layer, and its layer.
  public var operationBegins: (_ name: String, _ layer: Int?) -> Void {
    get { engine.operationBegins }
    set { engine.operationBegins = newValue }
  }
  /// The token that goes in next, where it is known.
  public var next: TraceToken? { isPrefilling ? line.tokens[engine.position] : line.next }

  /// Why no pass can follow, or `nil`.
  public var ending: String? {
    if engine.position >= loaded.model.config.contextLength {
      return "The context of \(loaded.model.config.contextLength) tokens is full."
    }
    guard !isPrefilling, line.forced == nil, let choice = line.choice,
      loaded.tokenizer.isEndOfGeneration(choice.id)
    else { return nil }
    return "The text ended by itself, with \(visible(choice.text))."
  }

  // MARK: - Passes

  /// What a pass that was run came to.
  public struct Pass: Equatable, Sendable {
    /// Its number.
    public let id: Int
    /// The branch that it began, or `nil` where it went on in one.
    public let newBranch: Int?
    /// The positions that it filled anew because the KV cache had been given up, or `nil`.
    public let refilled: Range<Int>?
  }

  /// Runs the next pass: the next tokens of the prompt, or the token that the last pass chose, or
  /// the one that was forced.
  ///
  /// - Parameter isCancelled: asked before every operation; `true` gives the pass up.
  /// - Throws: `InferenceError`, `TraceError`. A pass that fails is in the trace as far as it went;
  ///   the KV cache is what it was before it, and the run can go on, with other settings too.
  /// - Precondition: ``ending`` is `nil`.
  public func runNextPass(isCancelled: @escaping () -> Bool = { false }) throws -> Pass {
    precondition(ending == nil, "a run that can go on")
    try recorder.check()  // the file may be gone since the last pass
    engine.isCancelled = isCancelled
    defer { engine.isCancelled = { false } }
    do {
      let pass = try run()
      failure = nil
      try recorder.settle()
      return pass
    } catch {
      if let error = error as? InferenceError, error.leavesItsPass { failure = error }
      try recorder.settle()
      throw error
    }
  }

  /// Runs the passes of the prompt.
  ///
  /// - Parameter progress: called before each with the tokens that are run, and how many there are.
  /// - Throws: as ``runNextPass(isCancelled:)``.
  public func runPrompt(
    isCancelled: @escaping () -> Bool = { false }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    while isPrefilling {
      progress(engine.position, line.given)
      _ = try runNextPass(isCancelled: isCancelled)
    }
  }

  private func run() throws -> Pass {
    try applySettings()
    let newBranch = beginBranch()
    let start = engine.position
    let isPrompt = isPrefilling
    let end = isPrompt ? min(line.given, start + (options.ubatch ?? line.given)) : start + 1
    if !isPrompt, let next = line.next { line.tokens.append(next) }
    line.attempted = max(line.attempted, end)
    do {
      logits = try engine.forward(
        line.tokens[start..<end].map(\.id), kind: isPrompt ? .prefill : .decode)
    } catch {
      if !isPrompt { line.tokens.removeLast() }
      throw error
    }
    let pass = recorder.lastPass
    line.passes += Array(repeating: pass, count: end - start)
    if !isPrompt { line.forced = nil }
    line.choice = isPrefilling ? nil : choose()
    if let next = line.next { recorder.addTokens([next]) }
    results[pass] = (engine.branch, end, line.choice)
    return Pass(
      id: pass, newBranch: newBranch,
      refilled: isPrompt && start < line.known ? start..<min(end, line.known) : nil)
  }

  /// The likeliest token after those that are in the cache.
  private func choose() -> TraceToken {
    let choice = PassResult.Choice(
      sequence: 0, position: engine.position, next: logits.indexOfLargest, logits: logits)
    var token = loaded.chosenToken(choice, text(of: choice.next))
    token.branch = engine.branch
    return token
  }

  /// The text that a token adds to those that are in the cache.
  func text(of id: Int) -> String {
    var decoder = loaded.tokenizer.makeStreamDecoder()
    _ = loaded.texts(of: line.tokens.prefix(engine.position).map(\.id), &decoder)
    return loaded.texts(of: [id], &decoder).joined()
  }

  /// Ends the recording: one file, which `nibble step` opens.
  ///
  /// - Throws: `TraceError`.
  public func finish() throws {
    if let failure {
      _ = try recorder.finish(after: failure)
    } else {
      try recorder.finish(status: "complete")
    }
  }
}
