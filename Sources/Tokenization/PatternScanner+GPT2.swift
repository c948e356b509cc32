extension PatternScanner {
  /// GPT-2:
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  /// with nothing outside `range` seen.
  func gpt2Words(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = gpt2Word(at: start, to: range.upperBound)
      body(start..<end)
      start = end
    }
  }

  private func gpt2Word(at start: Int, to end: Int) -> Int {
    if let end = contraction(at: start, to: end, ignoringCase: false) { return end }
    let first = scalars[start].is(" ") && start + 1 < end ? start + 1 : start
    switch scalars[first].kind {
    case .letter: return run(from: first, to: end) { $0.kind == .letter }
    case .number: return run(from: first, to: end) { $0.kind == .number }
    case .punctuation, .other: return run(from: first, to: end) { $0.kind.isSymbol }
    case .whitespace: return whitespace(at: start, to: end)
    }
  }

  /// SmolLM and StarCoder: `\p{N}` cuts out every digit, then GPT-2's pattern cuts what lies
  /// between them.
  func smollmWords(_ body: (Range<Int>) -> Void) {
    var start = 0
    while start < scalars.count {
      let number = run(from: start, to: scalars.count) { $0.kind != .number }
      gpt2Words(in: start..<number, body)
      if number < scalars.count { body(number..<number + 1) }
      start = number + 1
    }
  }

  /// The pattern of files that name none: cut out runs of `[\p{P}\$\+<=>\^~\|]`, then GPT-2's
  /// pattern, then runs of `\p{N}`, then `[0-9][0-9][0-9]`.
  func standardWords(_ body: (Range<Int>) -> Void) {
    var start = 0
    while start < scalars.count {
      let isolated = run(from: start, to: scalars.count) { !isIsolatedPunctuation($0) }
      gpt2Words(in: start..<isolated) { standardNumbers(in: $0, body) }
      start = run(from: isolated, to: scalars.count, while: isIsolatedPunctuation)
      if start > isolated { body(isolated..<start) }
    }
  }

  private func isIsolatedPunctuation(_ scalar: ScannedScalar) -> Bool {
    scalar.kind == .punctuation || "$+<=>^~|".utf8.contains(scalar.ascii)
  }

  /// Cuts one of GPT-2's words, which is numbers to its end, after a space perhaps, or has none.
  private func standardNumbers(in word: Range<Int>, _ body: (Range<Int>) -> Void) {
    let end = word.upperBound
    guard scalars[end - 1].kind == .number else { return body(word) }
    var start = run(from: word.lowerBound, to: end) { $0.kind != .number }
    if start > word.lowerBound { body(word.lowerBound..<start) }
    var index = start
    while index + 3 <= end {
      guard scalars[index..<index + 3].allSatisfy(\.isASCIIDigit) else {
        index += 1
        continue
      }
      if index > start { body(start..<index) }
      body(index..<index + 3)
      index += 3
      start = index
    }
    if start < end { body(start..<end) }
  }
}
