import Events
import Foundation
import Inference
import TraceStore

/// What is to be compared: the same tokens through every strategy and every type of KV cache.
public struct ComparisonOptions: Sendable {
  /// Model, prompt, count, capture and engine of every run; strategy and KV type are overwritten.
  public var run: RecordingOptions
  public var strategies = StrategyName.allCases
  public var kvTypes = [KVType.f16]
  /// Where the traces go.
  public var folder: String

  public init(folder: String) {
    self.folder = folder
    run = RecordingOptions(output: "")
  }
}

/// One run of a comparison.
public struct ComparedRun: Sendable {
  public let strategy: StrategyName
  public let kvType: KVType
  public let trace: String
  /// What the run came to, or why it did not.
  public let outcome: Result<Figures, any Error>

  public struct Figures: Sendable {
    /// Bytes alive by category at the moment of the highest total.
    public let peak: MemoryUse
    /// The most bytes alive in each category, each at its own moment, as ``RecordingReport/peaks``.
    public let peaks: MemoryUse
    /// What the shapes say of that.
    public let planned: MemoryUse?
    /// Bytes of all tiles that were made.
    public let dequantizedBytes: Int
    /// Bytes of weights that were read and written, as the view `bytes_moved` has them.
    public let bytesMoved: Int
    /// Tokens a second, while recording.
    public let prefillSpeed: Double
    public let decodeSpeed: Double
    /// The largest difference of a logit to the exact run's, over all passes.
    public let largestDifference: Float
    /// KL divergence of the exact run's next token to this run's, in nats: the mean over all
    /// passes.
    public let divergence: Double
  }
}

/// Records each strategy with each type of KV cache.
///
/// The exact run comes first and is not recorded: the exact strategy with an f32 cache, which is
/// f32 throughout. The others are fed the tokens that it chose, so that all see the same input and
/// their logits can be compared pass by pass.
///
/// - Parameter progress: called before each run with its name, and after it with the run.
/// - Throws: what the exact run throws, and `InferenceError.interrupted`. A run that fails is a run
///   with that outcome.
public func compare(
  _ options: ComparisonOptions, isCancelled: @escaping () -> Bool = { false },
  progress: (_ name: String, ComparedRun?) -> Void = { _, _ in }
) throws -> [ComparedRun] {
  progress("the exact run", nil)
  let exact = try ExactRun(options.run, isCancelled: isCancelled)
  try FileManager.default.createDirectory(
    atPath: options.folder, withIntermediateDirectories: true)
  var runs: [ComparedRun] = []
  for strategy in options.strategies {
    for kvType in options.kvTypes {
      let name = "\(strategy.rawValue)-\(kvType.rawValue)"
      progress(name, nil)
      var own = options.run
      own.engine.strategy = strategy
      own.engine.kvType = kvType
      own.output =
        URL(fileURLWithPath: options.folder)
        .appendingPathComponent("\(name).sqlite").relativePath
      let run = ComparedRun(
        strategy: strategy, kvType: kvType, trace: own.output,
        outcome: Result { try figures(own, exact, isCancelled: isCancelled) })
      if case .failure(InferenceError.interrupted) = run.outcome {
        throw InferenceError.interrupted
      }
      runs.append(run)
      progress(name, run)
    }
  }
  return runs
}

private func figures(
  _ options: RecordingOptions, _ exact: ExactRun, isCancelled: @escaping () -> Bool
) throws -> ComparedRun.Figures {
  var pass = 0
  var largest: Float = 0
  var divergence = 0.0
  let report = try record(
    options, forced: exact.tokens, isCancelled: isCancelled,
    afterPass: { result in
      guard let logits = result.choices.first?.logits, pass < exact.logits.count else { return }
      largest = max(largest, logits.largestDifference(to: exact.logits[pass]))
      divergence += exact.logits[pass].divergence(to: logits)
      pass += 1
    })
  if report.isInterrupted { throw InferenceError.interrupted }
  if let error = report.error { throw error }
  var moved = 0
  try Trace(path: options.output).run(
    "SELECT coalesce(sum(bytes), 0) FROM bytes_moved", columns: { _ in },
    row: { row in
      if case .integer(let bytes)? = row.first { moved = bytes }
      return true
    })
  return ComparedRun.Figures(
    peak: report.summary.peak, peaks: report.peaks, planned: report.planned,
    dequantizedBytes: report.summary.bytesDequantized, bytesMoved: moved,
    prefillSpeed: report.generation.prefillTokensPerSecond,
    decodeSpeed: report.generation.decodeTokensPerSecond, largestDifference: largest,
    divergence: divergence / Double(max(pass, 1)))
}

/// f32 throughout: tokens and logits to compare with.
private struct ExactRun {
  /// What followed the prompt.
  let tokens: [Int]
  /// After each pass that has any.
  let logits: [[Float]]

  init(_ options: RecordingOptions, isCancelled: @escaping () -> Bool) throws {
    let loaded = try LoadedModel(options.model)
    var exact = options.engine
    exact.strategy = .exact
    exact.kvType = .f32
    exact.memoryBudget = nil
    let engine = try Engine(model: loaded.model, options: exact, observer: NoObserver())
    engine.isCancelled = isCancelled
    var logits: [[Float]] = []
    let generation = try engine.generate(
      prompts: [loaded.encode(options.prompts[0])], count: options.count, ubatch: options.ubatch,
      isEnd: { _ in false }, afterPass: { pass, _ in logits += pass.choices.map(\.logits) })
    tokens = generation.sequences[0].tokens
    self.logits = logits
  }
}

extension [Float] {
  func largestDifference(to other: [Float]) -> Float {
    zip(self, other).reduce(0) { Swift.max($0, abs($1.0 - $1.1)) }
  }

  /// KL divergence of `softmax(self)` to `softmax(other)`, in nats.
  func divergence(to other: [Float]) -> Double {
    zip(logProbabilities(), other.logProbabilities()).reduce(0) {
      $0 + exp($1.0) * ($1.0 - $1.1)
    }
  }

  private func logProbabilities() -> [Double] { logProbabilities(of: [Int](indices)) }
}
