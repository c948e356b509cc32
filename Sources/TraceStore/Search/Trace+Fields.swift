extension Trace {
  /// The values of an object's fields at a step, in their order, or `nil` where there is no such
  /// object.
  public func values(of object: TraceObject, at step: Int) throws -> [SQLValue]? {
    let key = object.key.map { [$0] } ?? []
    guard let row = try values(of: key + object.fields, at: step), key.isEmpty || row[0] != .null
    else { return nil }
    return Self.withNaN(object.fields, Array(row.dropFirst(key.count)))
  }

  /// The values of some fields at a step; `nil` for a step that there is not.
  public func values(of fields: [TraceField], at step: Int) throws -> [SQLValue]? {
    let joins = SearchJoins(.event)
    let needed = fields.flatMap { SearchTable.named(in: $0.sql) }
    let tables = [joins.table] + joins.joins(to: needed, having: [joins.alias])
    let session = try queries()
    if needed.contains(.append) { try session.lookups?.kept = kept(in: step...step) }
    return try row(
      "\(joins.definitions(of: needed, in: step...step))"
        + " SELECT \(fields.map(\.sql).joined(separator: ", ")) FROM"
        + " \(tables.joined(separator: " ")) WHERE e.step = \(step)")
  }

  /// The values of a tensor's fields, in their order.
  public func values(ofTensor id: Int) throws -> [SQLValue]? {
    let fields = TraceObject.tensor.fields.map(\.sql).joined(separator: ", ")
    return try row("SELECT \(fields) FROM tensor AS s WHERE s.id = \(id)")
  }

  private func row(_ sql: String) throws -> [SQLValue]? {
    do {
      return try queries().result(of: sql, limit: 1).rows.first
    } catch TraceError.sql(let message, _, _) {
      throw TraceError.corrupt(path: path, reason: message)
    }
  }

  /// Of what was measured, NULL stands for a NaN.
  private static func withNaN(_ fields: [TraceField], _ values: [SQLValue]) -> [SQLValue] {
    let isMeasured = zip(fields, values).contains { $0.kind == .statistic && $1 != .null }
    return zip(fields, values).map { field, value in
      isMeasured && field.kind == .statistic && value == .null ? .real(.nan) : value
    }
  }
}
