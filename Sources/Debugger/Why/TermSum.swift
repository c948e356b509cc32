import Basics
import Foundation
import TraceStore

/// The terms of a sum, all rounded to the same place after the point: what is added up of them is
/// exact, in whatever order.
struct TermSum {
  /// One of the numbers that are added.
  struct Term {
    /// Its index in the sum: a column, a position.
    let label: String
    /// The product with its numbers, `-0.04296875 × 1.82849121`.
    let product: String
    var value: Double
    /// Where the weight lies, beside the term.
    var place = ""
    /// How its parts came to be.
    var details: [String] = []
    /// The term with the weight as it was before it was quantized.
    var unquantized: (weight: Figure, value: Double)?
  }

  let terms: [Term]
  /// `columns`, `positions`: what is summed over.
  let counted: String
  /// Digits after the point: the largest term has ten significant ones.
  private let decimals: Int
  let total: Figure

  init(_ exact: [Term], counted: String) {
    let largest = exact.map { abs($0.value) }.filter(\.isFinite).max() ?? 0
    let decimals = largest > 0 ? min(max(9 - Int(log10(largest).rounded(.down)), 0), 60) : 0
    terms = exact.map { exact in
      var term = exact
      term.value = Figure(exact.value, decimals: decimals).value
      term.unquantized = exact.unquantized.map {
        ($0.weight, Figure($0.value, decimals: decimals).value)
      }
      return term
    }
    total = Figure(terms.reduce(0) { $0 + $1.value }, decimals: decimals)
    self.decimals = decimals
    self.counted = counted
  }

  private func figure(_ value: Double) -> Figure { Figure(value, decimals: decimals) }

  /// The largest terms and what the others come to.
  ///
  /// - Parameters:
  ///   - count: terms to show.
  ///   - fitted: breaks a text with its indent, and a further indent of what is broken off.
  func lines(
    count: Int, width: Int,
    fitted: (_ text: String, _ indent: String, _ further: String) -> [String]
  ) -> [String] {
    let shown = terms.indicesOfLargest(count) { abs($0.value) }.map { terms[$0] }
    let column = (shown.map(\.label.count).max() ?? 0) + 2
    let indent = String(repeating: " ", count: column + 4)
    var lines = [""]
    for term in shown {
      let label = padded("[\(term.label)]", to: column, .right)
      let text = "\(label)  \(term.product) = \(figure(term.value))"
      // The place stands beside the term, or below it where there is no room.
      let isBeside = displayWidth("  \(text)   \(term.place)") <= width
      lines += fitted(
        isBeside && !term.place.isEmpty ? "\(text)   \(term.place)" : text, "  ", indent)
      let details = isBeside || term.place.isEmpty ? term.details : [term.place] + term.details
      lines += details.flatMap { fitted($0, indent, "  ") }
      if let unquantized = term.unquantized {
        lines += fitted(
          "unquantized \(unquantized.weight): the term would be \(figure(unquantized.value)), "
            + "int4 changed it by \(figure(term.value - unquantized.value))", indent, "  ")
      }
    }
    let rows = totals(shown: shown)
    let widest = rows.map { displayWidth($0.0) }.max() ?? 0
    return lines + [""] + rows.map { "  " + padded($0.0, to: widest) + "  = \(figure($0.1))" }
  }

  private func totals(shown: [Term]) -> [(String, Double)] {
    var rows: [(String, Double)] = []
    if shown.count < terms.count {
      let top = shown.reduce(0) { $0 + $1.value }
      rows.append(("the \(shown.count) largest of \(terms.count) \(counted)", top))
      rows.append(("the \(terms.count - shown.count) others", total.value - top))
    }
    rows.append(("sum of all \(terms.count) \(counted)", total.value))
    let originals = terms.compactMap { $0.unquantized?.value }
    if originals.count == terms.count {
      let original = originals.reduce(0, +)
      rows.append(("the sum with the unquantized weights", original))
      rows.append(("what int4 changed in the sum", total.value - original))
    }
    return rows
  }
}

extension TermSum.Term {
  /// A product of two numbers.
  init(label: String, _ left: Figure, _ right: Figure) {
    self.init(label: label, product: "\(left) × \(right)", value: left.value * right.value)
  }
}
