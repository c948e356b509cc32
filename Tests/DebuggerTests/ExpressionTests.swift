import TestSupport
import Testing
import TraceStore

@testable import Debugger

@Suite struct ExpressionTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func value(_ text: String) throws -> FieldValue {
    try Rehearsal(path: folder.file(), capture: .values).perform()
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
    try session.execute("goto ffn_gate-0")
    guard case .figure(let value) = try session.evaluate(text) else {
      throw DebuggerError.notANumber(name: text, reason: "the test takes it for one")
    }
    return value
  }

  @Test(arguments: [
    ("1 + 2 * 3", FieldValue.integer(7)), ("(1 + 2) * 3", .integer(9)), ("-2 - -3", .integer(1)),
    ("7 / 2", .real(3.5)), ("2 * 1.5", .real(3)), ("1e3 - 1", .real(999)),
    ("10 - 3 - 2", .integer(5)), ("16 / 4 / 2", .real(2)),
    ("tile.bytes / tile.packed_bytes", .real(3.2)),
    ("tile.bytes - tile.packed_bytes", .bytes(2048 - 640)), ("tile.bytes * 2", .bytes(4096)),
    ("tile.rows-3", .integer(13)), ("step - step", .integer(0)), ("-step + step + 1", .integer(1)),
  ])
  func calculates(text: String, expected: FieldValue) throws {
    #expect(try value(text) == expected)
  }

  private static let ofValues: [(text: String, expected: @Sendable ([Double]) -> Double)] = [
    ("Kcur-0[1, 2] + 0", { $0[34] }), ("Kcur-0[0, 0] * 4", { 4 * $0[0] }),
    ("sum(Kcur-0[0, 0..17])", { $0[..<17].reduce(0, +) }), ("max(Kcur-0)", { $0.max() ?? 0 }),
    ("min(Kcur-0[0, 5]@3)", { min($0[5], $0[6], $0[7]) }),
    ("mean(Kcur-0[0, 0..2])", { ($0[0] + $0[1]) / 2 }),
    ("norm(Kcur-0[0, 0..2])", { ($0[0] * $0[0] + $0[1] * $0[1]).squareRoot() }),
    ("rms(Kcur-0[0, 0..2])", { (($0[0] * $0[0] + $0[1] * $0[1]) / 2).squareRoot() }),
    ("dot(Kcur-0[0, 0..2], Kcur-0[1, 0..2])", { $0[0] * $0[32] + $0[1] * $0[33] }),
    (
      "cosine(Kcur-0[0, 0..2], Kcur-0[1, 0..2])",
      {
        ($0[0] * $0[32] + $0[1] * $0[33]) / ($0[0] * $0[0] + $0[1] * $0[1]).squareRoot()
          / ($0[32] * $0[32] + $0[33] * $0[33]).squareRoot()
      }
    ),
    (
      "maxdiff(Kcur-0[0, 0..2], Kcur-0[0, 15..17])",
      { max(abs($0[0] - $0[15]), abs($0[1] - $0[16])) }
    ),
  ]

  /// Against the values that SQLite's own shell reads, `(2, 32)`.
  @Test(arguments: ofValues)
  func calculatesWithValues(text: String, expected: @Sendable ([Double]) -> Double) throws {
    let found = try value(text)
    let blob = try PeakTests.sqlite3(
      folder.file(),
      "SELECT hex(data) FROM value JOIN op ON op.id = value.op WHERE name = 'Kcur-0' AND pass = 1")
    var digits = Substring(blob[0][0])
    var values: [Double] = []
    while !digits.isEmpty {
      let bits = try #require(UInt32(digits.prefix(8), radix: 16))
      values.append(Double(Float(bitPattern: bits.byteSwapped)))
      digits.removeFirst(8)
    }
    try #require(values.count == 64)
    guard case .real(let number) = found else {
      Issue.record("\(text) is \(found)")
      return
    }
    #expect(abs(number - expected(values)) < 1e-12)
  }

  /// What a result is counted in follows from what it was computed of.
  @Test(arguments: [
    ("tile.bytes - 1KiB", "1024 bytes (1 KiB)"), ("tile.bytes / 4", "512 bytes"),
    ("tile.bytes / 3", "682.666667 bytes"), ("2MiB / tile.bytes", "1024"),
    ("tile.bytes * 1.5", "3072 bytes"), ("2 / 4KiB", "0.00048828125 1 / bytes"),
    ("1KiB * 1KiB", "1048576 bytes × bytes"), ("1KiB * 1KiB / 1KiB", "1024 bytes"),
    ("1KiB * 1KiB / 1KiB / 1KiB", "1"), ("2 / 4KiB * 8KiB", "4"),
    ("1KiB * 1KiB / (2KiB * 4)", "128 bytes"),
    ("1KiB * op.duration_ns - op.duration_ns * 1KiB", "0 bytes × ns"),
    ("1 / (1KiB * 2KiB) * 4KiB", "0.001953125 1 / bytes"),
    ("1KiB / 3 + 1", "342.333333 bytes"),
  ])
  func resultsHaveUnits(text: String, expected: String) throws {
    #expect(try value(text).text == expected)
  }

  @Test(arguments: [
    ("1 +", 4, "missing"), ("1 + )", 5, "begins no number"), ("(1", 3, "\")\" is missing"),
    ("1 2", 3, "not expected"), ("3x", 1, "no number"), ("a[1..x]", 2, "no slice"),
    ("sum(", 5, "missing"), ("sum(1", 6, "\")\" is missing"), ("§", 1, "begins no"),
  ])
  func saysWhereItIsWrong(text: String, character: Int, reason: String) throws {
    #expect {
      try Expression(text)
    } throws: { error in
      guard case DebuggerError.badExpression(text, character, let found) = error else {
        return false
      }
      return found.contains(reason)
    }
  }

  @Test func depthHasAnEnd() {
    let deep = String(repeating: "(", count: 100_000)
    #expect(throws: DebuggerError.self) { try Expression(deep) }
    #expect(throws: DebuggerError.self) {
      try Expression(String(repeating: "-", count: 100_000) + "1")
    }
    #expect(throws: DebuggerError.self) {
      try Expression(String(repeating: "sum(", count: 100_000))
    }
  }

  @Test(arguments: [
    "1 / 0", "tile + 1", "op.name + 1", "sum(1)", "sum(tile)", "dot(Kcur-0)", "average(Kcur-0)",
    "dot(Kcur-0, ffn_gate-0)", "sum(Kcur-0[0, 5..5])", "Kcur-0[0..2] + 1", "tile.color",
    "nothing-0", "Kcur-0[head=1]", "Kcur-0[7, 0]",
  ])
  func refuses(text: String) {
    #expect(throws: DebuggerError.self) { try value(text) }
  }

  @Test(arguments: [
    (Selection.Heads.inColumns(size: 4), "[head=2]", 2..<3, 8..<12),
    (.inColumns(size: 4), "[head=2, 1..3]", 2..<3, 9..<11),
    (.inColumns(size: 4), "[head=0, token=1]", 1..<2, 0..<4),
    (.inColumns(size: 4), "[1, 2]", 1..<2, 2..<3),
    (.inColumns(size: 4), "[5]@4", 2..<3, 5..<9),
    (.inRows(tokens: 1), "[head=1]", 1..<2, 0..<12),
    (.inRows(tokens: 3), "[head=0, token=1, 4]", 1..<2, 4..<5),
    (.none, "[row=1]", 1..<2, 0..<12), (.none, "[0.., 3]", 0..<3, 3..<4),
  ])
  func selects(heads: Selection.Heads, slice: String, rows: Range<Int>, columns: Range<Int>)
    throws
  {
    let selection = try Selection(
      Slice(slice), of: "a", rows: 3, cols: 12, heads: heads, defaultRow: 2)
    #expect(selection.rows == rows && selection.columns == columns)
    // What it is called means the same.
    let again = try Selection(
      Slice("[\(selection.label(row: rows.lowerBound, ofRows: 3))]"), of: "a", rows: 3, cols: 12,
      heads: heads, defaultRow: 2)
    #expect(again.columns == columns && again.rows.lowerBound == rows.lowerBound)
  }

  @Test(arguments: ["[head=3]", "[head=-1]", "[row=3]", "[12]", "[3, 0]", "[head=2, 4]"])
  func selectsNothingOutside(slice: String) throws {
    let parsed = try #require(Slice(slice))
    #expect(throws: DebuggerError.self) {
      try Selection(
        parsed, of: "a", rows: 3, cols: 12, heads: .inColumns(size: 4), defaultRow: 2)
    }
  }
}
