import Events

extension PassPart {
  /// Positions of the pages of which a token, counted from the first of the part, sees one.
  func pages(seenBy token: Int, _ shape: KVShape) -> Range<Int> {
    let page = KVCache.pageLength
    let first = shape.first(seenFrom: position + token)
    return first / page * page..<min((position + token + page) / page * page, end)
  }
}

/// Deals the tokens of prompts out to prefill passes of at most `size` tokens: prompt after prompt,
/// as many as fit.
///
/// - Parameters:
///   - prompts: how many tokens each has.
///   - size: at least 1; `nil` for one pass.
/// - Returns: for each pass, the prompts in it and the ranges of their tokens.
public func ubatches(of prompts: [Int], size: Int?) -> [[(index: Int, range: Range<Int>)]] {
  var passes: [[(index: Int, range: Range<Int>)]] = []
  var room = 0
  for (index, count) in prompts.enumerated() {
    var start = 0
    while start < count {
      if room == 0 {
        passes.append([])
        room = size ?? Int.max
      }
      let range = start..<min(start + room, count)
      passes[passes.count - 1].append((index, range))
      start = range.upperBound
      room -= range.count
    }
  }
  return passes
}
