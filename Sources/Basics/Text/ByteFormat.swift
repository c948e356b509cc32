/// Bytes in binary units, to three or four digits: `0 B`, `640 B`, `1.5 KiB`, `93.8 MiB`.
///
/// - Parameter bytes: a size or a difference of sizes; a negative one keeps its sign.
public func formatBytes(_ bytes: Int) -> String {
  formatBytes(bytes, rounded: .toNearestOrAwayFromZero)
}

/// The same, rounded up for a size that is to be enough when it is typed as it stands.
public func formatBytes(_ bytes: Int, rounded rule: FloatingPointRoundingRule) -> String {
  let sign = bytes < 0 ? "-" : ""
  let size = bytes.magnitude
  guard size >= 1024 else { return "\(sign)\(size) B" }
  var unit = 0
  var value = Double(size) / 1024
  while value >= 1023.95 && unit < byteUnits.count - 1 {
    value /= 1024
    unit += 1
  }
  // One decimal, in integers: `Double` prints no fixed number of them without Foundation.
  let tenths = Int((value * 10).rounded(rule))
  let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
  return "\(sign)\(tenths / 10)\(fraction) \(byteUnits[unit])"
}

private let byteUnits = ["KiB", "MiB", "GiB", "TiB", "PiB"]

/// Bytes of a size as people write it: `96MiB` and `1.5 GiB` in binary units, `8GB` in decimal
/// ones, a plain number in bytes; `nil` for anything else, or nothing, or more than there can be.
public func parseBytes(_ text: String) -> Int? {
  let digits = text.prefix { "0123456789.".contains($0) }
  let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
  guard let last = digits.last, last != ".", digits.first != "." else { return nil }
  let size: Double
  if unit.isEmpty || unit == "b" {
    return Int(digits).flatMap { $0 > 0 ? $0 : nil }
  } else if let power = byteUnits.firstIndex(where: { $0.lowercased() == unit }) {
    size = Double(1 << (10 * (power + 1)))
  } else if let power = ["kb", "mb", "gb", "tb", "pb"].firstIndex(of: unit) {
    size = (0...power).reduce(1) { product, _ in product * 1000 }
  } else {
    return nil
  }
  guard let count = Double(digits), count * size >= 1 else { return nil }
  return Int(exactly: (count * size).rounded(.down))
}

/// A count with a comma between thousands: `1,204,512`.
public func formatCount(_ count: Int) -> String {
  let digits = Array(String(count.magnitude))
  var text = count < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return text
}

/// A duration in the unit that reads best: `640 ns`, `12.4 µs`, `3.1 ms`, `2.5 s`.
public func formatNanoseconds(_ nanoseconds: Int) -> String {
  let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")]
  for (size, name) in units where nanoseconds.magnitude >= size.magnitude {
    let tenths = Int((Double(nanoseconds) / Double(size) * 10).rounded())
    let fraction = tenths % 10 == 0 ? "" : ".\(abs(tenths % 10))"
    return "\(tenths / 10)\(fraction) \(name)"
  }
  return "\(nanoseconds) ns"
}
