import Foundation
import TestSupport
import Testing

@testable import TraceStore

@Suite struct TableWriterTests {
  @Test func everyKindOfValueIsKept() throws {
    let folder = try ScratchFolder()
    let writer = try TableWriter(path: folder.file(), schema: "CREATE TABLE t (a, b, c, d, e, f)")
    try writer.insert(
      into: "t", [.null, .integer(7), .real(0.5), .text("x"), .blob([0, 255]), .blob([])])
    try writer.finish()
    let kinds = "abcdef".map { "typeof(\($0))" }.joined(separator: ", ")
    let rows = try sqlite3(folder.file(), "SELECT \(kinds), b, c, d, hex(e), length(f) FROM t")
    #expect(rows == "null|integer|real|text|blob|blob|7|0.5|x|00FF|0\n")
  }
}
