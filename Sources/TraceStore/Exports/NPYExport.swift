import Basics
import Foundation
import GRDB

/// A folder with a NumPy array for each captured value: `000012-pass1-attn_out-0.npy` is that of
/// operation 12, which is the first pass's `attn_out-0`.
///
/// A file of NumPy's format 1.0: `\x93NUMPY`, the version, the length of the header as two bytes,
/// little-endian; the header, a Python dictionary padded with spaces so that the values begin at a
/// multiple of 64; the values, row after row.
struct NPYExport: FolderExport {
  static let name = "npy"
  static let summary = "numpy.load: the values that a recording with --capture values holds"
  static let suffix = "-npy"

  static func write(
    _ source: ExportSource, to folder: ExportFolder, _ progress: ExportMeter
  ) throws {
    let trace = source.trace
    progress.total = try trace.count("SELECT count(*) FROM value")
    guard progress.total > 0 else {
      throw TraceError.cannotExport(
        path: trace.path,
        reason: "holds no captured values; `nibble record --capture values` keeps them")
    }
    try trace.snapshot { db in
      let rows = try RowReader(
        db,
        """
        SELECT o.id, o.pass, n.name, o.rows, o.cols, v.dtype, v.data FROM value AS v
        JOIN _op AS o ON o.id = v.op JOIN _node AS n ON n.id = o.node ORDER BY o.id
        """)
      var done = 0
      while try rows.next() {
        try progress.reached(done)
        done += 1
        try folder.write(name(rows)) { try write(rows, trace, to: $0) }
      }
    }
  }

  private static func write(_ rows: RowReader, _ trace: Trace, to output: ExportOutput) throws {
    let (height, width) = (rows.integer(3), rows.integer(4))
    let data = Data.fromDatabaseValue(rows.value(6)) ?? Data()
    guard rows.text(5) == "f32", height >= 0, width >= 0, data.count % 4 == 0,
      try trace.product(height, width) == data.count / 4
    else {
      throw TraceError.corrupt(
        path: trace.path, reason: "the value of operation \(rows.integer(0))")
    }
    let fields = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(height), \(width)), }"
    let padding = (64 - (10 + fields.utf8.count + 1) % 64) % 64
    let length = fields.utf8.count + padding + 1
    output.write(bytes: [0x93] + "NUMPY".utf8 + [1, 0, UInt8(length & 255), UInt8(length >> 8)])
    output.write(fields + String(repeating: " ", count: padding) + "\n")
    data.withUnsafeBytes { output.write(bytes: $0) }
    try output.rowEnded()
  }

  /// A name that is one wherever a file can be: letters, digits, `.`, `_` and `-` alone.
  private static func name(_ rows: RowReader) -> String {
    let name = rows.text(2).utf8.prefix(80).map { byte -> Character in
      let character = Character(UnicodeScalar(byte))
      let isPlain = character.isASCII && (character.isLetter || character.isNumber)
      return isPlain || "._-".contains(character) ? character : "_"
    }
    let number = digits(rows.integer(0), radix: 10, count: 6)
    return "\(number)-pass\(rows.integer(1))-\(String(name)).npy"
  }
}

extension ExportFormat {
  /// A folder of NumPy arrays.
  public static let npy = ExportFormat(NPYExport.self)
}
