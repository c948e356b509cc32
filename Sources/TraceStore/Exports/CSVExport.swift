import GRDB

/// A folder with a CSV file for every table and every view that a trace documents, as RFC 4180 has
/// it: a header, commas, quotes around text that needs them, nothing for NULL. Captured values are
/// left out but for their size; the format npy has them.
struct CSVExport: FolderExport {
  static let name = "csv"
  static let summary = "a spreadsheet: a file for each table and view of the trace"
  static let suffix = "-csv"

  static func write(
    _ source: ExportSource, to folder: ExportFolder, _ progress: ExportMeter
  ) throws {
    let trace = source.trace
    let relations = try trace.relations()
    progress.total = relations.count
    try trace.snapshot { db in
      for (index, relation) in relations.enumerated() {
        try progress.reached(index)
        try folder.write("\(relation.name).csv") { try write(relation, db, to: $0, progress) }
      }
    }
  }

  private static func write(
    _ relation: TraceRelation, _ db: Database, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let rows = try RowReader(db, relation.query)
    for (column, name) in rows.columnNames.enumerated() {
      if column > 0 { output.write(",") }
      write(field: name, to: output)
    }
    output.write("\r\n")
    var count = 0
    let columns = rows.columnNames.indices
    while try rows.next() {
      for column in columns {
        if column > 0 { output.write(",") }
        switch rows.value(column).storage {
        case .null: break
        case .int64(let number): output.write(Int(number))
        case .double(let number): output.write("\(number)")
        case .string(let text): write(field: text, to: output)
        case .blob(let data): write(field: String(decoding: data, as: UTF8.self), to: output)
        }
      }
      output.write("\r\n")
      try output.rowEnded()
      count += 1
      if count % 65536 == 0 { try progress.isWanted() }
    }
  }

  /// Comma, quote, and the ends of a line.
  private static let quoted: [UInt8] = [0x2C, 0x22, 0x0A, 0x0D]

  /// Text in quotes where it is empty (which tells it from NULL) or holds a comma, a quote or the
  /// end of a line.
  private static func write(field text: String, to output: ExportOutput) {
    let needsQuotes = text.isEmpty || text.utf8.contains { quoted.contains($0) }
    guard needsQuotes else { return output.write(text) }
    output.write("\"")
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { output.write("\"") }
      output.write(byte: byte)
    }
    output.write("\"")
  }
}

extension ExportFormat {
  /// A folder of CSV files.
  public static let csv = ExportFormat(CSVExport.self)
}
