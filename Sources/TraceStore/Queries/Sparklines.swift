import Basics

/// A curve for each column of numbers: the largest value of each stretch of rows, from the least to
/// the greatest of the column.
struct Sparklines {
  private let width: Int
  private var curves: [Curve]

  /// However many rows there are, it keeps a few thousand numbers.
  private struct Curve {
    let name: String
    var stretches: [Double] = []
    /// Rows of a stretch, and of the last.
    var length = 1
    var rows = 0
    var least = Double.infinity
    var greatest = -Double.infinity
    var isNumbers = true

    static let mostStretches = 4096

    mutating func add(_ value: SQLValue) {
      guard let number = value.number else {
        if value != .null { isNumbers = false }
        return
      }
      least = min(least, number)
      greatest = max(greatest, number)
      if rows % length == 0 {
        if stretches.count == Self.mostStretches {
          stretches = stride(from: 0, to: stretches.count, by: 2).map {
            max(stretches[$0], stretches[$0 + 1])
          }
          length *= 2
        }
        stretches.append(number)
      } else {
        stretches[stretches.count - 1] = max(stretches[stretches.count - 1], number)
      }
      rows += 1
    }
  }

  init(columns: [String], width: Int) {
    self.width = width
    curves = columns.map { Curve(name: Table.title($0)) }
  }

  mutating func add(_ row: [SQLValue]) {
    for index in curves.indices { curves[index].add(row[index]) }
  }

  var text: String {
    let drawn = curves.filter { $0.isNumbers && $0.rows > 0 }
    if drawn.isEmpty { return "No column of numbers to draw.\n" }
    return drawn.map { curve in
      let range = [curve.least, curve.greatest].map {
        // Whole numbers without the point that SQLite gives them.
        Int(exactly: $0).map(String.init) ?? SQLValue.format($0, digits: 7)
      }
      return "\(curve.name): \(range[0]) to \(range[1]), \(curve.rows) rows\n"
        + line(curve) + "\n"
    }.joined()
  }

  private func line(_ curve: Curve) -> String {
    sparkline(curve.stretches, from: curve.least, to: curve.greatest, width: width)
  }
}

/// A curve of a line: bars of eight heights between two values, each the largest of its stretch
/// where there are more values than columns.
func sparkline(_ values: [Double], from least: Double, to greatest: Double, width: Int) -> String {
  let levels = Array("▁▂▃▄▅▆▇█")
  let count = min(width, values.count)
  let span = greatest - least
  return String(
    (0..<count).map { column in
      let first = column * values.count / count
      let last = (column + 1) * values.count / count
      let value = values[first..<last].max() ?? least
      guard span > 0, span.isFinite else { return levels[3] }
      return levels[min(7, Int((value - least) / span * 8))]
    })
}
