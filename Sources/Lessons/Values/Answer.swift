import Basics
import Foundation
import TraceStore

/// What is asked for: a size, a share, a count…
enum Unit: String, CaseIterable {
  case bytes, percent, count, times, bits, ns
  case none = ""

  /// What an answer means, in the unit of the value; `nil` where it is no number of this kind.
  ///
  /// A share is between 0 and 1 as a value, and a percentage as an answer.
  func parse(_ answer: String) -> Double? {
    let text = Self.narrow(answer).trimmingCharacters(in: .whitespaces).replacing(",", with: "")
    if self == .bytes {
      let size = parseBytes(text) ?? parseBytes(text + "b")
      return size.map(Double.init) ?? (Double(text) == 0 ? 0 : nil)
    }
    let digits = text.prefix { $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }
    var number = Double(digits)
    var word = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).lowercased()
    if number == nil, let last = digits.last, "eE".contains(last) { number = nil }
    guard let number, number.isFinite else { return nil }
    if word.hasSuffix(".") { word.removeLast() }
    guard let factor = factors[word], (number * factor).isFinite else { return nil }
    // Only a bare number can be below zero: no size, share, count or time is. No share is above
    // one.
    let isPossible = self == .none || number >= 0 && (self != .percent || number * factor <= 1)
    return isPossible ? number * factor : nil
  }

  /// Digits and signs as wide as Chinese characters, in their usual width.
  private static func narrow(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          (0xFF01...0xFF5E).contains(scalar.value)
            ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar
        }))
  }

  /// The sentence that says what can be answered.
  var howToAnswer: Phrase {
    switch self {
    case .bytes: .answerBytes
    case .percent: .answerPercent
    case .count: .answerCount
    case .times: .answerTimes
    case .bits: .answerBits
    case .ns: .answerTime
    case .none: .answerNumber
    }
  }

  /// What a word after the number multiplies it by.
  private var factors: [String: Double] {
    let large: [String: Double] = [
      "": 1, "k": 1e3, "thousand": 1e3, "千": 1e3, "万": 1e4, "m": 1e6, "million": 1e6, "亿": 1e8,
      "g": 1e9, "billion": 1e9,
    ]
    switch self {
    case .bytes: return [:]
    case .percent: return ["": 0.01, "%": 0.01, "percent": 0.01, "per cent": 0.01]
    case .count, .none: return large.merging(["个": 1], uniquingKeysWith: { $1 })
    case .times:
      return large.merging(["x": 1, "×": 1, "times": 1, "倍": 1], uniquingKeysWith: { $1 })
    case .bits: return ["": 1, "bit": 1, "bits": 1, "位": 1, "比特": 1]
    case .ns:
      return [
        "": 1, "ns": 1, "µs": 1e3, "μs": 1e3, "us": 1e3, "ms": 1e6, "s": 1e9, "纳秒": 1, "微秒": 1e3,
        "毫秒": 1e6, "秒": 1e9,
      ]
    }
  }

  /// A value as an answer that means exactly it.
  func written(_ value: Double) -> String {
    let value = self == .percent ? value * 100 : value
    return Int(exactly: value).map(String.init) ?? "\(value)"
  }

  var format: ValueFormat { ValueFormat(rawValue) ?? .plain }
}

/// How far from a value an answer may be.
struct Tolerance: Equatable {
  /// A share of the value, or a distance in its unit.
  let isRelative: Bool
  let size: Double

  static let exact = Tolerance(isRelative: true, size: 1e-9)

  /// `10%`, or a number in the unit.
  init?(_ text: String, unit: Unit) {
    if text.hasSuffix("%") {
      guard let share = Double(text.dropLast().trimmingCharacters(in: .whitespaces)) else {
        return nil
      }
      self.init(isRelative: true, size: share / 100)
    } else {
      guard let size = unit.parse(text) else { return nil }
      self.init(isRelative: false, size: size)
    }
    guard size >= 0, size.isFinite else { return nil }
  }

  init(isRelative: Bool, size: Double) {
    self.isRelative = isRelative
    self.size = size
  }

  func contains(_ answer: Double, of value: Double) -> Bool {
    abs(answer - value) <= (isRelative ? size * abs(value) : size) + 1e-12 * abs(value)
  }
}
