import Basics
import Foundation
import TraceStore

/// A sum of terms. To be printed, all are rounded to the same place after the point: what is added
/// up of them is exact, in whatever order.
struct TermSum {
  /// One of the numbers that are added, as it is written.
  struct Term {
    /// Its index in the sum: a column, a position.
    let label: String
    /// The product with its numbers, `-0.04296875 × 1.82849121`.
    let product: String
    /// Where the weight lies, beside the term.
    var place = ""
    /// How its parts came to be.
    var details: [String] = []
    /// The weight as it was before it was quantized.
    var unquantized: Figure?
  }

  let count: Int
  let total: Figure
  /// `columns`, `positions`: what is summed over.
  let counted: String
  /// The terms, where they are to be printed.
  let values: [Double]
  /// The terms with the weights as they were before they were quantized.
  let originals: [Double]?
  /// Digits after the point: the largest term has ten significant ones.
  private let decimals: Int
  private let term: (Int) throws -> Term

  /// - Parameters:
  ///   - numbers: whether the sum is to be printed.
  ///   - originals: the terms with the weights as they were before they were quantized.
  ///   - term: how a term is written, by its index.
  init(
    _ terms: some Collection<Double>, in numbers: Numbers, originals: [Double]? = nil,
    counted: String, term: @escaping (Int) throws -> Term
  ) {
    count = terms.count
    self.counted = counted
    self.term = term
    guard numbers == .printed else {
      total = Figure(unrounded: terms.reduce(0, +))
      (values, self.originals, decimals) = ([], nil, 0)
      return
    }
    let largest = terms.lazy.map { abs($0) }.filter(\.isFinite).max() ?? 0
    let decimals = largest > 0 ? min(max(9 - Int(log10(largest).rounded(.down)), 0), 60) : 0
    values = terms.map { Figure($0, decimals: decimals).value }
    self.originals = originals?.map { Figure($0, decimals: decimals).value }
    total = Figure(values.reduce(0, +), decimals: decimals)
    self.decimals = decimals
  }

  /// A sum of products of two numbers each.
  init(
    _ indices: Range<Int>, in numbers: Numbers, counted: String,
    factors: @escaping (Int) -> (Float, Float)
  ) {
    let terms = indices.lazy.map { index in
      let (left, right) = factors(index)
      return numbers(left).value * numbers(right).value
    }
    self.init(terms, in: numbers, counted: counted) { count in
      let index = indices.lowerBound + count
      let (left, right) = factors(index)
      return Term(label: "\(index)", product: "\(numbers(left)) × \(numbers(right))")
    }
  }

  private func figure(_ value: Double) -> Figure { Figure(value, decimals: decimals) }

  /// The largest terms and what the others come to.
  ///
  /// - Parameters:
  ///   - count: terms to show.
  ///   - fitted: breaks a text with its indent, and a further indent of what is broken off.
  /// - Throws: what reading the weights of the terms throws.
  func lines(
    count: Int, width: Int,
    fitted: (_ text: String, _ indent: String, _ further: String) -> [String]
  ) throws -> [String] {
    let indices = values.indicesOfLargest(count) { abs($0) }
    let shown = try indices.map { (term: try term($0), index: $0) }
    let column = (shown.map(\.term.label.count).max() ?? 0) + 2
    let indent = String(repeating: " ", count: column + 4)
    var lines = [""]
    for (term, index) in shown {
      let label = padded("[\(term.label)]", to: column, .right)
      let text = "\(label)  \(term.product) = \(figure(values[index]))"
      // The place stands beside the term, or below it where there is no room.
      let isBeside = displayWidth("  \(text)   \(term.place)") <= width
      lines += fitted(
        isBeside && !term.place.isEmpty ? "\(text)   \(term.place)" : text, "  ", indent)
      let details = isBeside || term.place.isEmpty ? term.details : [term.place] + term.details
      lines += details.flatMap { fitted($0, indent, "  ") }
      if let weight = term.unquantized, let original = originals?[index] {
        lines += fitted(
          "unquantized \(weight): the term would be \(figure(original)), "
            + "int4 changed it by \(figure(values[index] - original))", indent, "  ")
      }
    }
    let rows = totals(shown: indices)
    let widest = rows.map { displayWidth($0.0) }.max() ?? 0
    return lines + [""] + rows.map { "  " + padded($0.0, to: widest) + "  = \(figure($0.1))" }
  }

  private func totals(shown: [Int]) -> [(String, Double)] {
    var rows: [(String, Double)] = []
    if shown.count < count {
      let top = shown.reduce(0) { $0 + values[$1] }
      rows.append(("the \(shown.count) largest of \(count) \(counted)", top))
      rows.append(("the \(count - shown.count) others", total.value - top))
    }
    rows.append(("sum of all \(count) \(counted)", total.value))
    if let original = originals?.reduce(0, +) {
      rows.append(("the sum with the unquantized weights", original))
      rows.append(("what int4 changed in the sum", total.value - original))
    }
    return rows
  }
}

/// The products of two vectors, element by element. Called for each of them, a closure would take
/// most of the time of a sum.
struct Products: RandomAccessCollection {
  let left: [Double]
  let right: [Double]

  var startIndex: Int { 0 }
  var endIndex: Int { left.count }
  subscript(index: Int) -> Double { left[index] * right[index] }
}
