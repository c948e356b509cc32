import Basics
import GRDB

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
    let rows = try RowReader(db, relation.query)
    let names = rows.columnNames.map { ",\(jsonString($0)):" }
    let start = "{\"table\":\"\(relation.name)\""
    var count = 0
    while try rows.next() {
      output.write(start)
      for (column, name) in names.enumerated() {
        output.write(name)
        switch rows.value(column).storage {
        case .null: output.write("null")
        case .int64(let number): output.write(Int(number))
        case .double(let number): output.write(json: number)
        case .string(let text): output.write(json: text)
        case .blob(let data): output.write(json: String(decoding: data, as: UTF8.self))
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
