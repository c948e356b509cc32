import Foundation

/// A real number with up to `digits` significant digits, as short as it can be: `-0.0312`, `1.5e+20`.
func formatReal(_ value: Double, digits: Int = 5) -> String {
  String(format: "%.\(digits)g", value)
}

/// A sum that stops at 2^59, where only damaged files get to, so that more can be added to it.
func clampedSum(_ values: some Sequence<Int>) -> Int {
  values.reduce(0) { sum, value in
    let (next, overflow) = sum.addingReportingOverflow(value)
    return overflow ? largestSum : min(next, largestSum)
  }
}

/// A product that stops at 2^59, of factors that are not negative.
func clampedProduct(_ left: Int, _ right: Int) -> Int {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? largestSum : min(product, largestSum)
}

private let largestSum = 1 << 59
