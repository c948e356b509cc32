import Tokenization
import TraceStore

extension LoadedModel {
  /// The rows of a prompt.
  func promptTokens(
    _ ids: [Int], sequence: Int = 0, _ decoder: inout StreamDecoder
  ) -> [TraceToken] {
    let texts = texts(of: ids, &decoder)
    return ids.indices.map {
      TraceToken(
        sequence: sequence, position: $0, id: ids[$0], text: texts[$0], isPrompt: true)
    }
  }

  /// The ids that a text is made of, as it follows other text; one where a token is just that.
  ///
  /// - Complexity: O(vocabulary).
  public func tokens(of text: String) -> [Int] {
    let bytes = Array(text.utf8)
    if let id = (0..<tokenizer.vocabularyCount).first(where: { tokenizer.piece($0) == bytes }) {
      return [id]
    }
    return tokenizer.encode(text, addSpecial: false)
  }

  /// The token that a pass chose, with the likeliest others.
  func chosenToken(_ choice: PassResult.Choice, _ text: String) -> TraceToken {
    let best = choice.logits.indicesOfLargest(10)
    let logprobs = choice.logits.logProbabilities(of: best)
    return TraceToken(
      sequence: choice.sequence, position: choice.position, id: choice.next, text: text,
      isPrompt: false, logprob: logprobs.first,
      topK: zip(best, logprobs).map {
        TraceToken.Candidate(id: $0, text: self.text(of: $0), logprob: $1)
      })
  }
}
