import GRDB

/// A row of a look-up, whose values are what they should be or throw: a trace may be damaged.
///
/// Whole numbers count or place something: none is negative, and none is more than 2^53 (nine
/// petabytes, a hundred days in ns), so that several of them can be added up.
struct TraceRow {
  static let largest = 1 << 53

  let row: Row
  let path: String

  /// The value of a column; an optional for one that may be NULL.
  ///
  /// - Throws: ``TraceError/corrupt(path:reason:)``.
  subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(
    _ column: String
  ) -> Value {
    get throws {
      guard let value = try? row.decode(Value.self, forColumn: column), isSane(value) else {
        throw TraceError.corrupt(path: path, reason: "an unexpected value of \(column)")
      }
      return value
    }
  }

  /// The value of a column by its place, counting from 0.
  ///
  /// - Throws: ``TraceError/corrupt(path:reason:)``.
  subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(
    _ index: Int
  ) -> Value {
    get throws {
      guard let value = try? row.decode(Value.self, atIndex: index), isSane(value) else {
        throw TraceError.corrupt(path: path, reason: "an unexpected value in column \(index)")
      }
      return value
    }
  }

  private func isSane(_ value: some Any) -> Bool {
    guard let number = value as? Int else { return true }
    return (0...Self.largest).contains(number)
  }
}
