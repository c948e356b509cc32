/// A query over one recording of a lesson, or over none.
struct ValueQuery: Equatable {
  /// The name of the recording.
  let trace: String?
  /// Further recordings, by the names under which the query knows them.
  let attach: [String: String]
  let sql: String

  init(trace: String?, attach: [String: String] = [:], sql: String) {
    self.trace = trace
    self.attach = attach
    self.sql = sql
  }

  init(_ mapping: YAMLMapping, what: String) throws {
    try mapping.allow(["trace", "attach", "sql"], of: what)
    trace = try mapping.string("trace")
    attach = Dictionary(try mapping.texts("attach"), uniquingKeysWith: { $1 })
    sql = try mapping.required("sql", of: what)
  }

  /// The recordings that it reads.
  var traces: [String] { (trace.map { [$0] } ?? []) + attach.values.sorted() }
}
