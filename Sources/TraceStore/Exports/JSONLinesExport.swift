import Basics
import GRDB
import GRDBSQLite

/// Lines of JSON: `{"table":"pass","id":1,…}`, each a row of a table, table after table. Captured
/// values are left out but for their size; the format npy has them.
struct JSONLinesExport: FileExport {
  static let name = "json"
  static let summary = "a script: a line for each row of its tables"
  static let suffix = ".jsonl"

  static func write(
    _ source: ExportSource, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let trace = source.trace
    let relations = try trace.relations().filter(\.isTable)
    progress.total = relations.count
    try trace.snapshot { db in
      for (index, relation) in relations.enumerated() {
        try progress.reached(index)
        try write(relation, db, to: output, progress)
      }
    }
  }

  private static func write(
    _ relation: TraceRelation, _ db: Database, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let rows = try RowCursor(db, relation.query)
    let names = (0..<rows.columnCount).map { ",\(jsonString(rows.columnName($0))):" }
    let start = "{\"table\":\"\(relation.name)\""
    var count = 0
    while try rows.next() {
      output.write(start)
      for (column, name) in zip(Int32(0)..., names) {
        output.write(name)
        switch rows.type(column) {
        case SQLITE_NULL: output.write("null")
        case SQLITE_INTEGER: output.write(rows.integer(column))
        case SQLITE_FLOAT: output.write(json: rows.real(column))
        default: output.write(json: rows.text(column))
        }
      }
      output.write("}\n")
      try output.rowEnded()
      count += 1
      if count % 65536 == 0 { try progress.isWanted() }
    }
  }
}

extension ExportFormat {
  /// Lines of JSON.
  public static let json = ExportFormat(JSONLinesExport.self)
}
