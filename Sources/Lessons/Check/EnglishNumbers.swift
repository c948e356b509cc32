/// Quantities in English words: numbers above ten, numbers with a unit, and shares.
enum EnglishNumbers {
  private static let small: Set = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
  ]
  private static let large: Set = [
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    "hundred", "hundreds", "thousand", "thousands", "million", "millions", "billion", "billions",
    "trillion", "trillions", "dozen", "dozens",
  ]
  /// Units in lower case, as they stand after digits, too.
  static let units: Set = [
    "bit", "bits", "byte", "bytes", "percent", "times", "fold", "x", "kb", "mb", "gb", "tb", "kib",
    "mib", "gib", "tib", "kilobyte", "kilobytes", "megabyte", "megabytes", "gigabyte", "gigabytes",
    "terabyte", "terabytes", "ns", "µs", "us", "ms", "nanoseconds", "microseconds", "milliseconds",
    "seconds", "minutes", "hours",
  ]
  /// Parts of a whole that are ordinals as well.
  private static let parts: Set = [
    "third", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "sixteenth", "hundredth",
    "thousandth",
  ]
  private static let changes: Set = [
    "doubles", "doubled", "doubling", "triples", "tripled", "tripling", "quadruples", "quadrupled",
    "halve", "halves", "halved", "halving", "quarter", "quarters",
  ]

  private struct Word {
    let text: String
    let range: Range<Int>
    /// What stands between it and the word before.
    let gap: String
    /// Whether a percent sign follows.
    let isPercent: Bool
  }

  static func ranges(in text: [Character]) -> [Range<Int>] {
    let words = words(in: text)
    var found: [Range<Int>] = []
    var index = 0
    while index < words.count {
      let end = quantity(words, from: index) ?? share(words, at: index)
      if let end { found.append(words[index].range.lowerBound..<words[end].range.upperBound) }
      // A small number that is none may still end in a longer one, but begins no second.
      index = (end ?? max(index, number(words, from: index) ?? index)) + 1
    }
    return found
  }

  private static func words(in text: [Character]) -> [Word] {
    func isPart(_ character: Character) -> Bool {
      character == "_" || WrittenNumbers.isLetter(character) || WrittenNumbers.isDigit(character)
    }
    var words: [Word] = []
    var index = 0
    while index < text.count {
      guard isPart(text[index]) else {
        index += 1
        continue
      }
      let end = text[index...].firstIndex { !isPart($0) } ?? text.count
      let before = words.last?.range.upperBound ?? index
      let after = text[end...].first { $0 != " " }
      words.append(
        Word(
          text: String(text[index..<end]).lowercased(), range: index..<end,
          gap: String(text[before..<index]), isPercent: after == "%" || after == "％"))
      index = end
    }
    return words
  }

  /// The words from one on, as far as only these follow each other.
  private static func follows(_ wanted: [String], _ words: [Word], at index: Int) -> Bool {
    index + wanted.count <= words.count
      && wanted.indices.allSatisfy {
        words[index + $0].text == wanted[$0] && words[index + $0].gap == " "
      }
  }

  private static func isJoined(_ words: [Word], at index: Int) -> Bool {
    index < words.count && [" ", "-"].contains(words[index].gap)
  }

  private static func isNumber(_ word: Word) -> Bool {
    small.contains(word.text) || large.contains(word.text)
  }

  /// The last word of the number that begins at a word: "two hundred and fifty-six", "two to three".
  private static func number(_ words: [Word], from index: Int) -> Int? {
    guard isNumber(words[index]) else { return nil }
    var end = index
    while isJoined(words, at: end + 1) {
      if isNumber(words[end + 1]) {
        end += 1
      } else if ["and", "to", "or"].contains(words[end + 1].text), isJoined(words, at: end + 2),
        isNumber(words[end + 2])
      {
        end += 2
      } else {
        break
      }
    }
    return end
  }

  /// The last word of a number that is a quantity: above ten, or with a unit or parts after it.
  private static func quantity(_ words: [Word], from index: Int) -> Int? {
    guard var end = number(words, from: index) else { return nil }
    var isQuantity =
      words[index...end].contains { large.contains($0.text) } || words[end].isPercent
    if follows(["and", "a", "half"], words, at: end + 1) {
      end += 3
      isQuantity = true
    }
    if follows(["out", "of"], words, at: end + 1), end + 3 < words.count,
      let last = number(words, from: end + 3)
    {
      return last
    }
    guard isJoined(words, at: end + 1) else { return isQuantity ? end : nil }
    let next = words[end + 1].text
    if follows(["per", "cent"], words, at: end + 1) { return end + 2 }
    let isOneOfThem = index == end && words[index].text == "one" && ["bit", "byte"].contains(next)
    let isPart =
      changes.contains(next) || next.hasSuffix("s") && parts.contains("\(next.dropLast())")
    return !isOneOfThem && (units.contains(next) || isPart) ? end + 1 : isQuantity ? end : nil
  }

  /// The last word of a share or a multiple that begins at a word: "a third of", "twice as".
  private static func share(_ words: [Word], at index: Int) -> Int? {
    func next(_ offset: Int) -> String? {
      guard isJoined(words, at: index + offset), words[index + offset].gap == " " else {
        return nil
      }
      return words[index + offset].text
    }
    let text = words[index].text
    let compared: Set = ["of", "as", "the", "that", "its", "what", "this", "less", "more"]
    if changes.contains(text) { return index }
    if text.hasSuffix("fold"), isNumberWord(text.dropLast(4)) { return index }
    if ["twice", "double", "triple", "half"].contains(text), let word = next(1) {
      if compared.contains(word) { return index + 1 }
      if text == "half", ["a", "an"].contains(word), let unit = next(2), units.contains(unit) {
        return index + 2
      }
    }
    let beforeHalf: Set = ["by", "a", "one", "than", "about", "nearly", "almost", "in"]
    if beforeHalf.contains(text), next(1) == "half" {
      let isHyphenated = index + 2 < words.count && words[index + 2].gap == "-"
      return isHyphenated || ["a", "an"].contains(next(2)) ? nil : index + 1
    }
    if ["a", "one"].contains(text), let part = next(1) {
      if part == "quarter" { return index + 1 }
      if parts.contains(part), let word = next(2), compared.contains(word) { return index + 1 }
    }
    return nil
  }

  private static func isNumberWord(_ text: Substring) -> Bool {
    small.contains(String(text)) || large.contains(String(text))
  }
}
