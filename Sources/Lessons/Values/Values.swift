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

  /// - Throws: ``LessonError/unknownValue(name:known:)``, ``LessonError/notRecorded(trace:)``,
  ///   ``LessonError/badValue(name:problem:)`` or ``LessonError/query(of:problem:)``.
  func value(_ name: String) throws -> SQLValue {
    if let fact = facts[name] {
      return Int(fact.value).map { .integer($0) } ?? Double(fact.value).map { .real($0) }
        ?? .text(fact.value)
    }
    if let value = measured[name] { return value }
    guard let query = queries[name] else {
      throw LessonError.unknownValue(name: name, known: names)
    }
    guard !open.contains(name) else {
      throw LessonError.badValue(name: name, problem: "needs itself")
    }
    open.append(name)
    defer { open.removeLast() }
    let value = try single(query, of: name)
    measured[name] = value
    return value
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
  func forget() { measured = [:] }

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
  ) throws -> SQLResult {
    do {
      return try recordings.run(query) { try more[$0] ?? value($0) }
    } catch let error as TraceError {
      if case .interrupted = error { throw error }
      throw LessonError.query(of: name, problem: "\(error)")
    }
  }
}
