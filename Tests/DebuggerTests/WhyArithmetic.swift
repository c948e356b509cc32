import Foundation

/// Does again, by hand as it were, every calculation that `why` prints: from the printed numbers
/// alone.
struct WhyArithmetic {
  /// Calculations that were done again, by their kind.
  private(set) var checked: [String: Int] = [:]
  /// What came to something else.
  private(set) var wrong: [String] = []
  private var names: [String: Double] = [:]
  private var value = 0.0
  /// The last of the terms, and what its weight was multiplied by.
  private var term = (value: 0.0, factor: "", block: 0)
  private var shown: [Double] = []
  private var blocks: (first: Int, bytes: Int)?
  private var made: (formula: String, hand: String, type: String, used: String)?
  private var totals: [String: Double] = [:]
  /// What the formula or the sum came to last.
  private var result = 0.0

  init(_ text: String) {
    for line in text.split(separator: "\n").map(String.init) {
      read(line.trimmingCharacters(in: .whitespaces))
    }
  }

  private mutating func read(_ line: String) {
    if let found = line.wholeMatch(of: /(\S+\[.*\]) = (\S+)/) {
      value = Self.number(found.2)
      result = value
    } else if let found = line.wholeMatch(of: /.*begins at byte (\d+) \+ (\d+) × N of the file\./) {
      blocks = (Int(found.1) ?? 0, Int(found.2) ?? 0)
    } else if let found = line.wholeMatch(of: /(.*) = (\S+), f = .*/) {
      check("formula", line, found.1, found.2, digits: 17)
    } else if let found = line.wholeMatch(of: /\[\S+\]  (.+) = (\S+?)(?:   (block .*))?/) {
      check("term", line, found.1, found.2)
      let factors = found.1.split(separator: " × ", maxSplits: 1).map(String.init)
      term = (Self.number(found.2), factors.last ?? "", 0)
      shown.append(term.value)
      if let place = found.3 { readPlace(line, place) }
    } else if let found = line.wholeMatch(of: /(block \d+ at byte \d+)/) {
      readPlace(line, found.1)
    } else if let found = line.wholeMatch(of: /(d × .+) = (\S+) → (f16|f32) (\S+)/) {
      made = (String(found.1), String(found.2), String(found.3), String(found.4))
    } else if let found = line.wholeMatch(
      of: /(\S+) × 127 ≈ (-?\d+), d \/ 127 → f32 (\S+), (.+) = (\S+) → f32 (\S+)/)
    {
      count("steps", line, Self.number(found.2) == (Self.number(found.1) * 127).rounded())
      names["step"] = Self.number(found.3)
      check("steps", line, found.4, found.5, digits: 17)
      count("f32", line, Float(found.5) == Float(found.6))
    } else if let found = line.wholeMatch(of: /q = (\d+): (.*)/) {
      readBits(line, found.1, found.2)
    } else if let found = line.wholeMatch(of: /d = ([^,]+)(?:, m = (.+))?/) {
      readScales(line, found.1, found.2)
    } else if let found = line.wholeMatch(of: /input (\S+) ≈ \((\S+) × (\S+)\), in int8/) {
      let steps = Self.number(found.1) / Self.number(found.3)
      count("int8", line, abs(steps - Self.number(found.2)) < 0.5 + 1e-5)
    } else if let found = line.wholeMatch(
      of: /unquantized (\S+): the term would be (\S+), int4 changed it by (\S+)/)
    {
      check("unquantized", line, "\(found.1) × \(term.factor)", found.2)
      check("unquantized", line, "\(term.value) - (\(found.2))", found.3)
    } else if let found = line.wholeMatch(of: /(the|sum|what) (.+?) += (\S+)/) {
      readTotal(line, "\(found.1) \(found.2)", found.3)
    } else if let found = line.wholeMatch(of: /mean\(x²\) = (\S+), ε = (\S+), (.*) = (\S+)/) {
      count("total", line, Self.number(found.1) == totals["sum"])
      (names["x"], names["ε"]) = (Self.number(found.1).squareRoot(), Self.number(found.2))
      check("formula", line, "√(\(found.1) + ε)", found.4, digits: 10)
    } else if let found = line.wholeMatch(of: /f = (.*), of pair .*/) {
      if let f = names["f"] { check("formula", line, found.1, "\(f)", digits: 15) }
    } else if let found = line.wholeMatch(of: /cos\(t\) → f32 (\S+), sin\(t\) → f32 (\S+)/) {
      let t = names["t"] ?? .nan
      count("f32", line, Float(found.1) == Float(cos(t)) && Float(found.2) == Float(sin(t)))
    } else if let found = line.wholeMatch(of: /t = position × f = (\d+) × (\S+) = (\S+)/) {
      (names["f"], names["t"]) = (Self.number(found.2), Self.number(found.3))
      check("formula", line, "\(found.1) × \(found.2)", found.3, digits: 17)
    } else if let found = line.wholeMatch(of: /scale = (\S+), max = .*/) {
      names["scale"] = Self.number(found.1)
    } else if let found = line.wholeMatch(of: /scale = (.*) (=|→ f32) (\S+), max = .*/) {
      names["scale"] = Self.number(found.3)
      check("formula", line, found.1, found.3, digits: found.2 == "=" ? 10 : 7)
    } else if let found = line.wholeMatch(of: /(?:si|ge)lu\(g\) = .* = (\S+ \/ .*) = (\S+)/)
      ?? line.wholeMatch(of: /t = √\(8 \/ π\) .* = (\S+ × .*) = (\S+)/)
    {
      check("formula", line, found.1, found.2, digits: 10)
    } else if let found = line.wholeMatch(of: /unquantized: (\S+); int4 changed it by (\S+)/) {
      check("unquantized", line, "\(result) - (\(found.1))", found.2, digits: 4)
    } else if let found = line.wholeMatch(of: /The run computed (\S+) in float32, a .* of (\S+)\./)
    {
      count("run", line, Self.number(found.1) == value)
      check("run", line, "\(value) - (\(result))", found.2.description, digits: 2)
    } else if line == "That is the value of the run." {
      count("run", line, value == result)
    } else if let found = line.wholeMatch(of: /(?:= )?(-?[\d(e].*|exp.*) = (\S+)/) {
      check("formula", line, found.1, found.2, digits: 10)
      result = Self.number(found.2)
    }
  }

  // MARK: - Lines

  private mutating func readPlace(_ line: String, _ place: Substring) {
    guard let found = place.wholeMatch(of: /block (\d+) at byte (\d+)/), let blocks else { return }
    term.block = Int(found.2) ?? 0
    count("place", line, term.block == blocks.first + blocks.bytes * (Int(found.1) ?? 0))
  }

  private mutating func readBits(_ line: String, _ quant: Substring, _ bits: Substring) {
    guard let found = bits.wholeMatch(of: /(?:(low|high) nibble of )?0x(..) at (\d+)/),
      let byte = Int(found.2, radix: 16), let place = Int(found.3)
    else { return }
    let stored = found.1 == nil ? byte : found.1 == "low" ? byte & 15 : byte >> 4
    count("bits", line, Int(quant) == stored)
    let bytes = blocks?.bytes ?? 0
    count("place", line, (term.block..<term.block + bytes).contains(place))
  }

  private mutating func readScales(_ line: String, _ scale: Substring, _ minimum: Substring?) {
    names["d"] = Self.calculate(String(scale), names)
    names["m"] = minimum.map { Self.calculate(String($0), names) }
    guard let made else { return }
    check("weight", line, made.formula, made.hand, digits: 17)
    let hand = Self.number(made.hand)
    let rounded = made.type == "f16" ? Double(Float16(hand)) : Double(Float(hand))
    count("rounding", line, Self.isClose(made.used, rounded, digits: 9))
    if term.factor.isEmpty { result = Self.number(made.used) }
    self.made = nil
  }

  private mutating func readTotal(_ line: String, _ what: String, _ text: Substring) {
    let number = Self.number(text)
    let top = shown.reduce(0, +)
    if what.contains("largest") {
      totals["top"] = number
      count("total", line, Self.isClose(String(text), top, digits: nil))
    } else if what.hasSuffix("others") {
      totals["rest"] = number
    } else if what.hasPrefix("sum of all") {
      totals["sum"] = number
      result = number
      let whole = (totals["top"] ?? top) + (totals["rest"] ?? 0)
      count("total", line, Self.isClose(String(text), whole, digits: nil))
    } else if what.hasPrefix("the sum with") {
      totals["original"] = number
    } else {
      let changed = (totals["sum"] ?? .nan) - (totals["original"] ?? .nan)
      count("total", line, Self.isClose(String(text), changed, digits: nil))
    }
  }

  // MARK: - Arithmetic

  private mutating func count(_ kind: String, _ line: String, _ isRight: Bool) {
    checked[kind, default: 0] += 1
    if !isRight { wrong.append("\(kind): \(line)") }
  }

  private mutating func check(
    _ kind: String, _ line: String, _ formula: some StringProtocol, _ text: some StringProtocol,
    digits: Int? = nil
  ) {
    let value = Self.calculate(String(formula), names)
    count(kind, line, Self.isClose(String(text), value, digits: digits))
  }

  /// Whether a printed number is a value, rounded to its last digit.
  ///
  /// - Parameter digits: significant ones, where zeros at the end are left out; `nil` where all are
  ///   printed.
  private static func isClose(_ text: String, _ value: Double, digits: Int?) -> Bool {
    let printed = number(text)
    if printed == value { return true }
    let unit: Double
    if let digits {
      unit = pow(10, log10(abs(value)).rounded(.down) - Double(digits - 1))
    } else {
      unit = pow(10, -Double(text.split(separator: ".").dropFirst().first?.count ?? 0))
    }
    return abs(printed - value) <= 0.500001 * unit + 4e-16 * abs(value)
  }

  private static func number(_ text: some StringProtocol) -> Double { Double(text) ?? .nan }

  private static func calculate(_ formula: String, _ names: [String: Double]) -> Double {
    var reader = Reader(Array(formula.filter { $0 != " " }), names)
    return reader.sum()
  }

  /// Reads sums of products of numbers, names, powers, roots and exp.
  private struct Reader {
    private var rest: ArraySlice<Character>
    private let names: [String: Double]

    init(_ characters: [Character], _ names: [String: Double]) {
      rest = characters[...]
      self.names = names
    }

    mutating func sum() -> Double {
      var value = product()
      while let sign = rest.first, "+-".contains(sign) {
        rest.removeFirst()
        value += (sign == "+" ? 1 : -1) * product()
      }
      return value
    }

    private mutating func product() -> Double {
      var value = power()
      while let sign = rest.first, "×/".contains(sign) {
        rest.removeFirst()
        let next = power()
        value = sign == "×" ? value * next : value / next
      }
      return value
    }

    private mutating func power() -> Double {
      let value = factor()
      if rest.first == "²" {
        rest.removeFirst()
        return value * value
      }
      guard rest.first == "^" else { return value }
      rest.removeFirst()
      return pow(value, factor())
    }

    private mutating func factor() -> Double {
      guard let first = rest.first else { return .nan }
      if first == "(" { return bracket() }
      if "√-".contains(first) {
        rest.removeFirst()
        let value = factor()
        return first == "-" ? -value : value.squareRoot()
      }
      if "0123456789".contains(first) { return number() }
      let name = String(take(while: \.isLetter))
      switch name {
      case "exp": return exp(bracket())
      case "tanh": return tanh(bracket())
      default: return names[name] ?? .nan
      }
    }

    private mutating func bracket() -> Double {
      rest.removeFirst()
      let value = sum()
      if rest.first == ")" { rest.removeFirst() }
      return value
    }

    private mutating func number() -> Double {
      var text = String(take { "0123456789.".contains($0) })
      if rest.first == "e", rest.count > 1, "+-".contains(rest[rest.startIndex + 1]) {
        text += String(rest.removeFirst()) + String(rest.removeFirst())
        text += String(take { "0123456789".contains($0) })
      }
      return Double(text) ?? .nan
    }

    private mutating func take(while isPart: (Character) -> Bool) -> ArraySlice<Character> {
      let part = rest.prefix(while: isPart)
      rest = rest.dropFirst(part.count)
      return part
    }
  }
}
