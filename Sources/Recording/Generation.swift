import Basics
import Foundation
import Inference

/// What one pass of a generation gave.
public struct PassResult: Sendable {
  /// A token that was chosen for a sequence.
  public struct Choice: Sendable {
    public let sequence: Int
    /// Where it stands in its sequence.
    public let position: Int
    /// The likeliest token after those that the sequence has.
    public let next: Int
    /// The logits that it was chosen by, `(nVocab)`.
    public let logits: [Float]
  }

  /// Counts from 1.
  public let pass: Int
  /// For the sequences whose last token was in the pass; none for one whose prompt goes on.
  public let choices: [Choice]
}

/// Tokens and times of a greedy generation.
public struct Generation: Sendable {
  /// A text that goes on.
  public struct Sequence: Sendable {
    public let promptTokens: [Int]
    public internal(set) var tokens: [Int] = []
    /// Passes of one token that followed the prompt.
    public internal(set) var decodePasses = 0
    /// Whether it ended by itself, at a token that ends a text.
    public internal(set) var reachedEnd = false
  }

  public internal(set) var sequences: [Sequence]
  public internal(set) var prefillSeconds = 0.0
  public internal(set) var decodeSeconds = 0.0
  /// Passes that followed the prompts.
  public internal(set) var decodePasses = 0

  public init(prompts: [[Int]]) { sequences = prompts.map { Sequence(promptTokens: $0) } }

  /// Tokens of all prompts.
  public var promptTokens: Int { sequences.reduce(0) { $0 + $1.promptTokens.count } }
  /// Whether every sequence ended by itself.
  public var reachedEnd: Bool { sequences.allSatisfy(\.reachedEnd) }

  /// Tokens of all sequences together.
  public var prefillTokensPerSecond: Double {
    prefillSeconds > 0 ? Double(promptTokens) / prefillSeconds : 0
  }
  /// Tokens of all sequences together; 0 where no pass followed the prompts.
  public var decodeTokensPerSecond: Double {
    let tokens = sequences.reduce(0) { $0 + $1.decodePasses }
    return decodeSeconds > 0 ? Double(tokens) / decodeSeconds : 0
  }
}

extension Engine {
  /// Runs prompts, each as a sequence of its own, and then `count` tokens more of each, always the
  /// likeliest one. Sequences share their passes until they end.
  ///
  /// The last token is chosen but not run, so `count` tokens take `count - 1` decode passes.
  ///
  /// - Parameters:
  ///   - prompts: at most as many as the engine has sequences.
  ///   - ubatch: the most tokens of a prefill pass; `nil` runs all prompts in one.
  ///   - forced: what follows the prompt of the first sequence, whatever is likeliest.
  ///   - isEnd: whether a token ends the text; it is not part of the result.
  ///   - afterPass: called after each pass; what it throws ends the generation.
  /// - Throws: `InferenceError`, and what `afterPass` throws.
  public func generate(
    prompts: [[Int]], count: Int, ubatch: Int? = nil, forced: [Int] = [], isEnd: (Int) -> Bool,
    afterPass: (PassResult, Generation) throws -> Void
  ) throws -> Generation {
    let context = model.config.contextLength
    for (sequence, prompt) in prompts.enumerated() {
      if prompt.isEmpty { throw InferenceError.emptyPrompt }
      guard positions[sequence] + prompt.count <= context else {
        throw InferenceError.contextFull(
          needed: positions[sequence] + prompt.count, context: context)
      }
    }
    if let ubatch, ubatch < 1 {
      throw InferenceError.badOption("A prefill pass needs at least one token (--ubatch).")
    }
    var generation = Generation(prompts: prompts)
    var pass = 0
    var next = prompts.map { _ in 0 }

    func run(_ batch: [(sequence: Int, tokens: [Int])], isPrompt: Bool) throws {
      pass += 1
      let start = ContinuousClock.now
      let logits = try forward(batch, kind: isPrompt ? .prefill : .decode)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if isPrompt {
        generation.prefillSeconds += seconds
      } else {
        generation.decodeSeconds += seconds
      }
      if !isPrompt { generation.decodePasses += 1 }
      let vocabulary = model.config.vocabularyCount
      var choices: [PassResult.Choice] = []
      for (index, (sequence, _)) in batch.enumerated() {
        if !isPrompt { generation.sequences[sequence].decodePasses += 1 }
        guard positions[sequence] >= prompts[sequence].count else { continue }
        let own = Array(logits[index * vocabulary..<(index + 1) * vocabulary])
        let place = generation.sequences[sequence].tokens.count
        next[sequence] =
          sequence == 0 && place < forced.count ? forced[place] : own.indexOfLargest
        if count > 0 {
          if isEnd(next[sequence]) {
            generation.sequences[sequence].reachedEnd = true
          } else {
            generation.sequences[sequence].tokens.append(next[sequence])
          }
        }
        choices.append(
          PassResult.Choice(
            sequence: sequence, position: positions[sequence], next: next[sequence], logits: own))
      }
      try afterPass(PassResult(pass: pass, choices: choices), generation)
    }

    for batch in ubatches(of: prompts.map(\.count), size: ubatch) {
      try run(batch.map { ($0.index, Array(prompts[$0.index][$0.range])) }, isPrompt: true)
    }
    while true {
      let batch = prompts.indices.filter { sequence in
        let own = generation.sequences[sequence]
        return !own.reachedEnd && own.tokens.count < count && positions[sequence] < context
      }
      if batch.isEmpty { return generation }
      try run(batch.map { ($0, [next[$0]]) }, isPrompt: false)
    }
  }
}

extension [Float] {
  /// The index of the first of the largest elements; 0 where there is none.
  var indexOfLargest: Int {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }

  /// `log(softmax(self))` at each of `ids`.
  func logProbabilities(of ids: [Int]) -> [Double] {
    let highest = Double(self.max() ?? 0)
    let sum = reduce(0.0) { $0 + exp(Double($1) - highest) }
    return ids.map { Double(self[$0]) - highest - log(sum) }
  }

  /// The indices of the `count` largest elements, largest first; ties by index.
  public func indicesOfLargest(_ count: Int) -> [Int] {
    indicesOfLargest(count) { $0 }
  }
}
