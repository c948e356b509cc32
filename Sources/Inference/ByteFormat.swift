/// Bytes in binary units, to three or four digits: `0 B`, `640 B`, `1.5 KiB`, `93.8 MiB`.
///
/// - Parameter bytes: a size or a difference of sizes; a negative one keeps its sign.
public func formatBytes(_ bytes: Int) -> String {
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
  let tenths = Int((value * 10).rounded())
  let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
  return "\(sign)\(tenths / 10)\(fraction) \(byteUnits[unit])"
}

private let byteUnits = ["KiB", "MiB", "GiB", "TiB", "PiB"]

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
