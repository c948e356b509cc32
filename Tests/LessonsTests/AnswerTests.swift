import Testing
import TraceStore

@testable import Lessons

@Suite struct AnswerTests {
  @Test(
    arguments: [
      ("12 MiB", .bytes, 12 * 1_048_576), ("1.5GiB", .bytes, 1.5 * 1_073_741_824),
      ("8GB", .bytes, 8e9), ("1,024", .bytes, 1024), ("0", .bytes, 0), ("96 kib", .bytes, 98_304),
      ("30 %", .percent, 0.3), ("30", .percent, 0.3), ("３０％", .percent, 0.3), ("100", .percent, 1),
      ("１２ ＭｉＢ", .bytes, 12 * 1_048_576),
      ("1,234,567", .count, 1_234_567), ("2 million", .count, 2e6), ("3万", .count, 30_000),
      ("12x", .times, 12), ("12 times", .times, 12), ("12倍", .times, 12), ("4.5 bits", .bits, 4.5),
      ("3 ms", .ns, 3e6), ("7 微秒", .ns, 7000), ("-0.25", .none, -0.25), ("1e-3", .none, 0.001),
    ] as [(String, Lessons.Unit, Double)])
  func isUnderstood(_ text: String, _ unit: Lessons.Unit, _ value: Double) throws {
    let parsed = try #require(unit.parse(text))
    #expect(abs(parsed - value) <= 1e-9 * abs(value))
  }

  @Test(
    arguments: [
      ("", .bytes), ("much", .bytes), ("12 apples", .bytes), ("", .percent), ("30 MiB", .percent),
      ("", .count), ("1.2.3", .count), ("nan", .none), ("inf", .none), ("12 %", .times),
      ("1e308万", .count), ("1e308 million", .none), ("-1", .count), ("-1e300", .ns),
      ("-3 %", .percent), ("101 %", .percent), ("1e30 GiB", .bytes),
      ("99999999999999999 PiB", .bytes),
    ] as [(String, Lessons.Unit)])
  func isNoAnswer(_ text: String, _ unit: Lessons.Unit) {
    #expect(unit.parse(text) == nil)
  }

  @Test(arguments: Lessons.Unit.allCases)
  func aValueIsItsOwnAnswer(_ unit: Lessons.Unit) {
    for value in [0.0, 0.25, 1, 4096, 8_829_184] {
      guard unit != .bytes || value == value.rounded(), unit != .percent || value <= 1 else {
        continue
      }
      #expect(unit.parse(unit.written(value)).map { abs($0 - value) <= 1e-9 * value } == true)
    }
  }

  @Test func tolerances() throws {
    let share = try #require(Tolerance("10%", unit: .bytes))
    #expect(share.contains(110, of: 100))
    #expect(!share.contains(111, of: 100))
    let distance = try #require(Tolerance("4 KiB", unit: .bytes))
    #expect(distance.contains(104_096, of: 100_000))
    #expect(!distance.contains(104_097, of: 100_000))
    #expect(Tolerance.exact.contains(7, of: 7))
    #expect(!Tolerance.exact.contains(7.001, of: 7))
    #expect(Tolerance("much", unit: .count) == nil)
  }

  @Test(
    arguments: [
      ("bytes", 98_304, "96 KiB"), ("percent", 0.0144, "1.44 %"), ("count", 1_234_567, "1,234,567"),
      ("times", 3.4, "3.4×"), ("bits", 4.5, "4.5"), ("ns", 3_100_000, "3.1 ms"),
      ("2", 1.005, "1.00"),
      ("", 0.25, "0.25"), ("bytes", 1e30, "1e+30"), ("times", .greatestFiniteMagnitude, "1.8e+308"),
      ("count", -1e19, "-1e+19"), ("ns", 9e18, "9e+18"),
    ] as [(String, Double, String)])
  func formats(_ name: String, _ value: Double, _ shown: String) throws {
    let format = try #require(ValueFormat(name))
    #expect(try format.text(.real(value), template: "x") == shown)
  }

  @Test func noFormatForWhatIsNoNumber() {
    #expect(throws: LessonError.self) { try ValueFormat.bytes.text(.null, template: "x|bytes") }
    #expect(throws: LessonError.self) { try ValueFormat.count.text(.text("q4_k"), template: "x") }
    #expect(ValueFormat("much") == nil)
  }
}
