import TraceStore

/// How two results are compared.
struct SQLComparison {
  var ordersRows = false
  var ordersColumns = false
  /// Of REAL values, relative.
  var tolerance = 1e-6

  /// Whether `found` says the same as `expected`; names of columns never matter.
  func agrees(_ found: QueryResult, _ expected: QueryResult) -> Bool {
    let columns = expected.columns.count
    guard found.columns.count == columns, found.rows.count == expected.rows.count else {
      return false
    }
    // So many columns have too many orders.
    if ordersColumns || columns > 7 { return rowsAgree(found.rows, expected.rows) }
    return hasOrder(of: found, like: expected, chosen: [])
  }

  /// Tries the orders of columns, leaving out those whose values cannot fit.
  private func hasOrder(of found: QueryResult, like expected: QueryResult, chosen: [Int]) -> Bool {
    let next = chosen.count
    if next == expected.columns.count {
      return rowsAgree(found.rows.map { row in chosen.map { row[$0] } }, expected.rows)
    }
    let wanted = expected.rows.map { [$0[next]] }
    for column in found.columns.indices where !chosen.contains(column) {
      guard rowsAgree(found.rows.map { [$0[column]] }, wanted) else { continue }
      if hasOrder(of: found, like: expected, chosen: chosen + [column]) { return true }
    }
    return false
  }

  private func rowsAgree(_ found: [[SQLValue]], _ expected: [[SQLValue]]) -> Bool {
    if ordersRows { return zip(found, expected).allSatisfy(rowAgrees) }
    let sorted = [found, expected].map { $0.sorted { Self.key($0) < Self.key($1) } }
    if zip(sorted[0], sorted[1]).allSatisfy(rowAgrees) { return true }
    // Values that differ within the tolerance may be sorted differently.
    guard found.count <= 1000 else { return false }
    var left = found
    for row in expected {
      guard let match = left.firstIndex(where: { rowAgrees($0, row) }) else { return false }
      left.remove(at: match)
    }
    return true
  }

  private func rowAgrees(_ found: [SQLValue], _ expected: [SQLValue]) -> Bool {
    zip(found, expected).allSatisfy(agrees)
  }

  private func agrees(_ found: SQLValue, _ expected: SQLValue) -> Bool {
    if case .integer(let one) = found, case .integer(let other) = expected { return one == other }
    guard let one = found.number, let other = expected.number else { return found == expected }
    return one == other || abs(one - other) <= tolerance * max(abs(one), abs(other))
  }

  private static func key(_ row: [SQLValue]) -> String {
    row.map { value in
      guard let number = value.number else { return value.text ?? "" }
      return SQLValue.real(number).text ?? ""
    }.joined(separator: "\u{1F}")
  }
}
