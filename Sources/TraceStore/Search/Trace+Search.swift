import Basics
import Foundation

/// A search for a step: where to look, and for what.
public struct TraceSearch: Sendable {
  public var scope: SearchScope
  /// What is true where the search stops; `nil` stops at the first step of each operation, or
  /// range, of the scope.
  public var condition: SearchExpression?

  public init(scope: SearchScope, condition: SearchExpression? = nil) {
    self.scope = scope
    self.condition = condition
  }
}

extension SearchExpression {
  /// True of an operation at its end if its result holds an infinity or a NaN. The statistics of
  /// such a result are in every trace; SQLite stores NaN as NULL, and the root mean square of finite
  /// floats is one.
  public static let resultIsNotFinite =
    "op.min IS NOT NULL AND (op.rms IS NULL OR op.rms > 3.5e38)"
}

/// An operation as the model has it, whatever the pass: a row of `_node`.
public struct TraceNode: Sendable, Equatable {
  public let id: Int
  public let layer: Int?
  public let name: String
  public let kind: String
  /// The weight tensor that it multiplies or reads rows of.
  public let tensor: Int?
}

extension Trace {
  /// The operations of the model, in order of appearance.
  public func nodes() throws(TraceError) -> [TraceNode] {
    // Those that were read stay as they are; a live run may add more.
    let query = "SELECT id, layer, name, kind, tensor FROM _node WHERE id > ? ORDER BY id"
    knownNodes += try all(query, [knownNodes.last?.id ?? 0]) { row in
      try TraceNode(
        id: row["id"], layer: row["layer"], name: row["name"], kind: row["kind"],
        tensor: row["tensor"])
    }
    return knownNodes
  }

  /// The first steps of the passes that a position's token went into.
  public func passes(ofPosition position: Int) throws(TraceError) -> [ClosedRange<Int>] {
    try all(
      "SELECT DISTINCT p.first_step, p.last_step FROM token AS c JOIN pass AS p ON p.id = c.pass"
        + " WHERE c.position = ? ORDER BY p.first_step", [position]
    ) { try self.range($0[0], $0[1]) }
  }

  /// The value of an expression at a step: of the last thing that it speaks of, up to there.
  public func value(of expression: SearchExpression, at step: Int) throws -> SQLValue {
    try lastRow(of: expression, through: step)?.value ?? .null
  }

  private func lastRow(
    of expression: SearchExpression, through step: Int
  ) throws -> (step: Int, value: SQLValue)? {
    guard step > 0 else { return nil }
    let query = SearchQuery(expression, scope: .everywhere)
    var ranges = try history(at: step).ranges(before: step + 1, downTo: 1)
    if query.grain == .append {
      ranges = try lastKVAppend(atOrBefore: step).map { [$0.step...$0.step] } ?? []
    }
    for range in ranges {
      let found = try firstRow(
        query, selectingValue: true, where: .none, steps: range, backwards: true)
      if let found { return found }
    }
    return nil
  }

  /// The step nearest to the beginning of a range, or to its end, at which a search stops.
  public func firstStep(
    of search: TraceSearch, in steps: ClosedRange<Int>, backwards: Bool
  ) throws -> Int? {
    let query = SearchQuery(search.condition, scope: search.scope)
    let filter: SearchQuery.Filter = search.condition == nil ? .none : .holds
    guard case .ranges(let ranges) = search.scope else {
      return try firstRow(query, where: filter, steps: steps, backwards: backwards)?.step
    }
    for range in backwards ? ranges.reversed() : ranges {
      if search.condition == nil {
        if steps.contains(range.lowerBound) { return range.lowerBound }
        continue
      }
      guard range.overlaps(steps) else { continue }
      let found = try firstRow(
        query, where: filter, steps: range.clamped(to: steps), backwards: backwards)
      if let found { return found.step }
    }
    return nil
  }

  /// The step nearest to the beginning of a range, or to its end, at which the value of an
  /// expression is another than at the step before it in the history of its branch. Before there is
  /// anything that it speaks of, it counts as 0.
  public func firstChange(
    of expression: SearchExpression, in steps: ClosedRange<Int>, backwards: Bool
  ) throws -> Int? {
    guard expression.objects.contains(.kv) else {
      return try firstRise(of: expression, in: steps, backwards: backwards)
    }
    // After a pass that was given up, the KV cache is what it was before it.
    let ends = try passesGivenUp().map(\.upperBound).filter { steps.contains($0 + 1) }
    let starts = [steps.lowerBound] + ends.map { $0 + 1 }.filter { $0 > steps.lowerBound }
    let parts = zip(starts, starts.dropFirst().map { $0 - 1 } + [steps.upperBound])
      .map { (steps: $0...$1, followsOne: ends.contains($0 - 1)) }
    for part in backwards ? parts.reversed() : parts {
      func fallsBack() throws -> Bool {
        let first = part.steps.lowerBound
        guard part.followsOne, try step(before: first) == first - 1 else { return false }
        return try counted(expression, first - 1) != counted(expression, first)
      }
      if !backwards, try fallsBack() { return part.steps.lowerBound }
      let found = try firstRise(of: expression, in: part.steps, backwards: backwards)
      if let found { return found }
      if backwards, try fallsBack() { return part.steps.lowerBound }
    }
    return nil
  }

  /// The same, where the value changes nowhere but at things that the expression speaks of.
  private func firstRise(
    of expression: SearchExpression, in steps: ClosedRange<Int>, backwards: Bool
  ) throws -> Int? {
    let query = SearchQuery(expression, scope: .everywhere)
    let first = steps.lowerBound
    let before = try step(before: first)
    func firstRow(
      _ steps: ClosedRange<Int>, otherThan value: SQLValue?, backwards: Bool
    ) throws -> Int? {
      try self.firstRow(
        query, where: value.map { .differs(from: $0) } ?? .none, steps: steps,
        backwards: backwards)?.step
    }
    if !backwards {
      return try firstRow(steps, otherThan: counted(expression, before), backwards: false)
    }
    // What stood last, and where it was another: the next thing after that made the change.
    let end = try counted(expression, steps.upperBound)
    var other = try firstRow(steps, otherThan: end, backwards: true)
    if other == nil, try counted(expression, before) != end { other = first - 1 }
    guard let other, other < steps.upperBound else { return nil }
    return try firstRow(other + 1...steps.upperBound, otherThan: nil, backwards: false)
  }

  /// The step before another in the history of its branch; 0 before the first.
  private func step(before step: Int) throws(TraceError) -> Int {
    try history(at: step).ranges(before: step, downTo: 1).first?.upperBound ?? 0
  }

  private func counted(_ expression: SearchExpression, _ step: Int) throws -> SQLValue {
    let value = try value(of: expression, at: step)
    return value == .null ? .integer(0) : value
  }

  /// The steps of the passes that were given up, in order.
  private func passesGivenUp() throws(TraceError) -> [ClosedRange<Int>] {
    try all(
      "SELECT first_step, last_step FROM pass WHERE NOT is_finished ORDER BY id", []
    ) { try self.range($0[0], $0[1]) }
  }

  /// SQL that is true of an append `a` that is in the KV cache at an event `e` of some steps, and
  /// the last steps of the passes that were given up.
  func kept(in steps: ClosedRange<Int>) throws -> (sql: String, ends: [Int]) {
    var conditions = ["a.step <= e.step"]
    let ranges = try history(at: steps.upperBound).ranges(after: 0, through: steps.upperBound)
    for (range, next) in zip(ranges, ranges.dropFirst()) {
      conditions.append(
        "a.step NOT BETWEEN \(range.upperBound + 1) AND \(next.lowerBound - 1)")
    }
    let givenUp = try passesGivenUp().filter { $0.lowerBound <= steps.upperBound }
    for pass in givenUp {
      conditions.append(
        "NOT (a.step BETWEEN \(pass.lowerBound) AND \(pass.upperBound)"
          + " AND e.step > \(pass.upperBound))")
    }
    return (conditions.joined(separator: " AND "), givenUp.map(\.upperBound))
  }

  func firstRow(
    _ query: SearchQuery, selectingValue selectsValue: Bool = false,
    where filter: SearchQuery.Filter, steps: ClosedRange<Int>, backwards: Bool
  ) throws -> FoundRow? {
    let parts = query.parts(of: steps, atMost: Self.searchers, backwards: backwards)
    let searches = try zip(parts, searchSessions(parts.count)).map { part, session in
      session.lookups?.forget()
      if query.readsKVAtEvents { try session.lookups?.kept = kept(in: part) }
      return SearchPart(
        session: session,
        sql: query.sql(
          selectingValue: selectsValue, where: filter, steps: part,
          ops: query.readsOps ? try ops(in: part) : nil, backwards: backwards))
    }
    do {
      return try SearchPart.firstRow(of: searches)
    } catch TraceError.sql(let message, let sql, let offset) {
      // A condition names no tables; those of a trace are there.
      guard let expression = query.expression, !message.hasPrefix("no such table:") else {
        throw TraceError.corrupt(path: path, reason: message)
      }
      throw expression.error(message, inSQL: sql, at: offset)
    }
  }

  /// The operations that lie in some steps, wholly or in part.
  private func ops(in steps: ClosedRange<Int>) throws(TraceError) -> ClosedRange<Int> {
    let first = try op(startingAtOrBefore: steps.lowerBound)?.id ?? 1
    return first...max(first, try op(startingAtOrBefore: steps.upperBound)?.id ?? first)
  }

  /// So many parts of a trace are searched at once.
  private static let searchers = min(ProcessInfo.processInfo.activeProcessorCount, 8)

  /// So many connections for a search, the first of which is that of ``queries()``.
  private func searchSessions(_ count: Int) throws -> [QuerySession] {
    while 1 + otherSearchSessions.count < count {
      otherSearchSessions.append(try openSession())
    }
    return [try queries()] + otherSearchSessions.prefix(count - 1)
  }
}

extension SQLValue {
  /// As SQL says it.
  var literal: String {
    switch self {
    case .null: "NULL"
    case .integer(let value): String(value)
    case .real(let value):
      value.isFinite ? "\(value)" : value.isNaN ? "NULL" : value < 0 ? "-9e999" : "9e999"
    case .text(let text): "'\(text.replacing("'", with: "''"))'"
    case .blob(let bytes):
      "x'\(bytes.map { digits($0, radix: 16, count: 2) }.joined())'"
    }
  }
}
