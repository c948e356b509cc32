/// Cuts text into words, within which byte-pair encoding merges.
///
/// A model file names its pre-tokenizer (`tokenizer.ggml.pre`). Many names stand for few patterns;
/// the names, and what else each one switches on, are llama.cpp's (`src/llama-vocab.cpp`).
struct PreTokenizer: Sendable {
  /// The regular expressions, each scanned by hand in a file of its own.
  enum Pattern: Sendable {
    case standard, gpt2, smollm
    /// Llama 3's, with numbers cut into groups of so many digits at most.
    case llama3(digits: Int)
  }

  let pattern: Pattern
  /// Whether a word that is itself a piece is taken whole, without merging.
  let ignoresMerges: Bool
  /// Whether the begin-of-sequence token goes first where the file does not say.
  let addsBOS: Bool
  /// The begin-of-sequence token where the file does not say.
  let defaultBOS: Int?

  /// The pre-tokenizer of that name, or `nil` if nibble has none.
  init?(named name: String?) {
    var (ignoresMerges, addsBOS) = (false, false)
    var defaultBOS: Int? = 11
    switch name ?? "" {
    case "", "default":
      pattern = .standard
    case "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de",
      "jina-v2-code", "roberta-bpe", "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4",
      "mpt", "olmo", "jais", "trillion", "granite-docling":
      pattern = .gpt2
    case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
      "mellum2":
      pattern = .smollm
    case "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano":
      pattern = .llama3(digits: 3)
      (ignoresMerges, addsBOS) = (true, true)
    case "dbrx", "smaug-bpe":
      pattern = .llama3(digits: 3)
    case "chatglm-bpe":
      pattern = .llama3(digits: 3)
      defaultBOS = nil
    case "glm4", "glm5":
      pattern = .llama3(digits: 3)
      ignoresMerges = true
      defaultBOS = nil
    case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan",
      "solar-open", "grok-2":
      pattern = .llama3(digits: 1)
    default:
      return nil
    }
    self.ignoresMerges = ignoresMerges
    self.addsBOS = addsBOS
    self.defaultBOS = defaultBOS
  }

  /// The names to mention when another one is asked for: one or two for each pattern.
  static let wellKnownNames = [
    "default", "gpt-2", "smollm", "starcoder", "llama-bpe", "llama3", "qwen2", "deepseek-r1-qwen",
  ]

  /// Calls `body` with each word, as a range of scalars, in order; together they are the text.
  func forEachWord(in text: ScannedText, _ body: (Range<Int>) -> Void) {
    text.scalars.withUnsafeBufferPointer { scalars in
      let scanner = PatternScanner(scalars: scalars)
      switch pattern {
      case .standard: scanner.standardWords(body)
      case .gpt2: scanner.gpt2Words(in: 0..<scalars.count, body)
      case .smollm: scanner.smollmWords(body)
      case .llama3(let digits): scanner.llama3Words(digits: digits, body)
      }
    }
  }
}

/// The scalars of a text, and the steps that the patterns share.
struct PatternScanner {
  let scalars: UnsafeBufferPointer<ScannedScalar>

  /// The end of the run of scalars from `start` that satisfy the condition.
  func run(
    from start: Int, to end: Int, while condition: (ScannedScalar) -> Bool
  ) -> Int {
    var index = start
    while index < end && condition(scalars[index]) { index += 1 }
    return index
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d` at `start`: its end, or `nil` if there is none.
  func contraction(at start: Int, to end: Int, ignoringCase: Bool) -> Int? {
    guard scalars[start].is("'"), start + 1 < end else { return nil }
    func letter(_ index: Int) -> UInt8 {
      let ascii = scalars[index].ascii
      return ignoringCase && (0x41...0x5a).contains(ascii) ? ascii + 0x20 : ascii
    }
    let first = letter(start + 1)
    if "stmd".utf8.contains(first) { return start + 2 }
    guard start + 2 < end else { return nil }
    switch (Unicode.Scalar(first), Unicode.Scalar(letter(start + 2))) {
    case ("r", "e"), ("v", "e"), ("l", "l"): return start + 3
    default: return nil
    }
  }

  /// `\s+(?!\S)|\s+` at the whitespace at `start`: all of it at the end of the text, else all but
  /// the last scalar, which belongs to the next word; a single one stands alone.
  func whitespace(at start: Int, to end: Int) -> Int {
    let runEnd = run(from: start, to: end) { $0.kind == .whitespace }
    return runEnd < end && runEnd - start > 1 ? runEnd - 1 : runEnd
  }
}
