import Foundation
import Inference

/// What one pass of a generation gave.
public struct PassResult: Sendable {
  /// Counts from 1.
  public let pass: Int
  /// The tokens that went in, from `firstPosition` on.
  public let tokens: [Int]
  public let firstPosition: Int
  /// Whether the tokens are the prompt's.
  public let isPrompt: Bool
  /// Logits after the last of them, `(nVocab)`.
  public let logits: [Float]
  /// The likeliest token after the last of them.
  public let next: Int
}

/// Tokens and times of a greedy generation.
public struct Generation: Sendable {
  public internal(set) var promptTokens: [Int]
  public internal(set) var tokens: [Int] = []
  public internal(set) var prefillSeconds = 0.0
  public internal(set) var decodeSeconds = 0.0
  /// Passes of one token that followed the prompt.
  public internal(set) var decodePasses = 0
  /// Whether it ended by itself, at a token that ends a text.
  public internal(set) var reachedEnd = false

  public init(promptTokens: [Int]) { self.promptTokens = promptTokens }

  public var prefillTokensPerSecond: Double {
    prefillSeconds > 0 ? Double(promptTokens.count) / prefillSeconds : 0
  }
  /// 0 where no pass followed the prompt.
  public var decodeTokensPerSecond: Double {
    decodeSeconds > 0 ? Double(decodePasses) / decodeSeconds : 0
  }
}

extension Engine {
  /// Runs the prompt and then `count` tokens more, always the likeliest one.
  ///
  /// The last token is chosen but not run, so `count` tokens take `count - 1` decode passes.
  ///
  /// - Parameters:
  ///   - ubatch: the most tokens of a prefill pass; `nil` runs the prompt in one.
  ///   - isEnd: whether a token ends the text; it is not part of the result.
  ///   - afterPass: called after each pass; what it throws ends the generation.
  /// - Throws: `InferenceError`, and what `afterPass` throws.
  public func generate(
    prompt: [Int], count: Int, ubatch: Int? = nil, isEnd: (Int) -> Bool,
    afterPass: (PassResult, Generation) throws -> Void
  ) throws -> Generation {
    if prompt.isEmpty { throw InferenceError.emptyPrompt }
    let context = model.config.contextLength
    guard position + prompt.count <= context else {
      throw InferenceError.contextFull(needed: position + prompt.count, context: context)
    }
    let size = ubatch ?? prompt.count
    guard size > 0 else {
      throw InferenceError.badOption("A prefill pass needs at least one token (--ubatch).")
    }
    var generation = Generation(promptTokens: prompt)
    var pass = 0
    var next = 0

    func run(_ tokens: [Int], isPrompt: Bool) throws {
      pass += 1
      let firstPosition = position
      let start = ContinuousClock.now
      let logits = try forward(tokens, kind: isPrompt ? .prefill : .decode)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if isPrompt {
        generation.prefillSeconds += seconds
      } else {
        generation.decodeSeconds += seconds
        generation.decodePasses += 1
      }
      next = logits.indexOfLargest
      let isLastOfPrompt = isPrompt && position >= prompt.count
      if count > 0, !isPrompt || isLastOfPrompt {
        if isEnd(next) { generation.reachedEnd = true } else { generation.tokens.append(next) }
      }
      try afterPass(
        PassResult(
          pass: pass, tokens: tokens, firstPosition: firstPosition, isPrompt: isPrompt,
          logits: logits, next: next), generation)
    }

    for start in stride(from: 0, to: prompt.count, by: size) {
      try run(Array(prompt[start..<min(start + size, prompt.count)]), isPrompt: true)
    }
    while !generation.reachedEnd, generation.tokens.count < count, position < context {
      try run([next], isPrompt: false)
    }
    return generation
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
    if count > 100 {
      let order = indices.sorted { (self[$0], -$0) > (self[$1], -$1) }
      return [Int](order.prefix(count))
    }
    var best: [Int] = []
    for index in indices {
      if best.count == count, let last = best.last, self[index] <= self[last] { continue }
      let place = best.firstIndex { self[$0] < self[index] } ?? best.count
      best.insert(index, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
