import TraceStore

/// The facts and values of a lesson: values are measured from the learner's recordings when they
/// are first needed.
final class Values {
  let facts: [String: Lesson.Fact]
  let queries: [String: ValueQuery]
  let recordings: Recordings
  private var measured: [String: SQLValue] = [:]
  /// Values that are being measured, to notice one that needs itself.
  private var open: [String] = []

  init(
    facts: [String: Lesson.Fact], queries: [String: ValueQuery], recordings: Recordings
  ) {
    self.facts = facts
    self.queries = queries
    self.recordings = recordings
  }

  var names: [String] { (Array(facts.keys) + Array(queries.keys)).sorted() }

  /// Whether a fact or a value has this name.
  func knows(_ name: String) -> Bool { facts[name] != nil || query(of: name) != nil }

  /// - Throws: ``LessonError/unknownValue(name:known:)``, ``LessonError/notRecorded(trace:)``,
  ///   ``LessonError/badValue(name:problem:)`` or ``LessonError/query(of:problem:)``.
  func value(_ name: String) throws -> SQLValue {
    if let fact = facts[name] {
      return Int(fact.value).map { .integer($0) } ?? Double(fact.value).map { .real($0) }
        ?? .text(fact.value)
    }
    if let value = measured[name] { return value }
    guard let (owner, query) = query(of: name) else {
      throw LessonError.unknownValue(name: name, known: names)
    }
    guard !open.contains(name) else {
      throw LessonError.badValue(name: name, problem: "needs itself")
    }
    open.append(name)
    defer { open.removeLast() }
    if owner == name {
      measured[name] = try single(query, of: name)
    } else {
      try measureColumns(query, of: owner)
    }
    guard let value = measured[name] else {
      throw LessonError.unknownValue(name: name, known: names + measured.keys.sorted())
    }
    return value
  }

  /// The query that gives a value: its own, or one with several columns whose name it begins with.
  private func query(of name: String) -> (owner: String, query: ValueQuery)? {
    if let query = queries[name] { return (name, query) }
    return queries.filter { name.hasPrefix($0.key + "_") }.max { $0.key.count < $1.key.count }
      .map { ($0.key, $0.value) }
  }

  /// A value for each column of a query with one row: `peaks_tiled` of `peaks`.
  private func measureColumns(_ query: ValueQuery, of owner: String) throws {
    let result = try run(query, of: owner)
    guard result.rows.count == 1, let row = result.rows.first else {
      throw LessonError.badValue(
        name: owner, problem: "needs a query with one row; it gives \(result.rows.count)")
    }
    for (column, value) in zip(result.columns, row) { measured[owner + "_" + column] = value }
  }

  /// Measures a value, or all that a query with several columns gives.
  ///
  /// - Returns: what was measured.
  func measure(_ name: String) throws -> [SQLValue] {
    guard let query = queries[name] else { return [try value(name)] }
    let result = try run(query, of: name)
    if result.columns.count == 1 { return [try value(name)] }
    try measureColumns(query, of: name)
    return result.rows[0]
  }

  /// A number that can be shown and compared.
  func number(_ name: String) throws -> Double {
    let value = try value(name)
    guard let number = value.number, number.isFinite else {
      throw LessonError.badValue(name: name, problem: "is no number (\(value.text ?? "NULL"))")
    }
    return number
  }

  /// Forgets what was measured, as a recording has changed.
  func forget() {
    measured = [:]
    recordings.forget()
  }

  /// The one value of a query.
  ///
  /// - Parameter more: further names, beside the facts and values.
  func single(
    _ query: ValueQuery, of name: String, more: [String: SQLValue] = [:]
  ) throws -> SQLValue {
    let result = try run(query, of: name, more: more)
    guard result.rows.count == 1, let row = result.rows.first, row.count == 1 else {
      throw LessonError.badValue(
        name: name,
        problem: "needs a query with one row of one column; it gives \(result.rows.count) × "
          + "\(result.columns.count)")
    }
    return row[0]
  }

  /// The result of a query; of several statements, that of the last with a result.
  ///
  /// - Parameter name: what it is for, for messages.
  /// - Throws: as ``value(_:)``, or what the query throws.
  func run(
    _ query: ValueQuery, of name: String, more: [String: SQLValue] = [:]
  ) throws -> QueryResult {
    do {
      return try recordings.run(query) { try more[$0] ?? value($0) }
    } catch let error as TraceError {
      throw LessonError.query(of: name, problem: "\(error)")
    }
  }
}
