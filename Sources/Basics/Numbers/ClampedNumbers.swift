/// A sum that stops at 2^59, where only damaged files get to, so that more can be added to it.
@inlinable public func clampedSum(_ values: some Sequence<Int>) -> Int {
  values.reduce(0) { sum, value in
    let (next, overflow) = sum.addingReportingOverflow(value)
    return overflow ? largestSum : min(next, largestSum)
  }
}

/// A product that stops at 2^59, of factors that are not negative.
@inlinable public func clampedProduct(_ left: Int, _ right: Int) -> Int {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? largestSum : min(product, largestSum)
}

@usableFromInline let largestSum = 1 << 59
