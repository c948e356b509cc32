extension PatternScanner {
  /// Llama 3, and with one digit instead of three Qwen 2:
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|`
  /// `\s*[\r\n]+|\s+(?!\S)|\s+`
  func llama3Words(digits: Int, _ body: (Range<Int>) -> Void) {
    var start = 0
    while start < scalars.count {
      let end = llama3Word(at: start, digits: digits)
      body(start..<end)
      start = end
    }
  }

  private func llama3Word(at start: Int, digits: Int) -> Int {
    let end = scalars.count
    if let end = contraction(at: start, to: end, ignoringCase: true) { return end }
    let first = scalars[start]
    if first.kind == .number {
      return run(from: start, to: min(start + digits, end)) { $0.kind == .number }
    }
    let lettersFollow = start + 1 < end && scalars[start + 1].kind == .letter
    if first.kind == .letter || (lettersFollow && !first.isNewline) {
      return run(from: start + 1, to: end) { $0.kind == .letter }
    }
    let symbols = first.is(" ") && start + 1 < end ? start + 1 : start
    if scalars[symbols].kind.isSymbol {
      let symbolsEnd = run(from: symbols, to: end) { $0.kind.isSymbol }
      return run(from: symbolsEnd, to: end, while: \.isNewline)
    }
    // Whitespace: up to its last line break if it has one.
    let runEnd = run(from: start, to: end) { $0.kind == .whitespace }
    if let newline = scalars[start..<runEnd].lastIndex(where: \.isNewline) { return newline + 1 }
    return whitespace(at: start, to: end)
  }
}
