import Foundation
import TestSupport
import Testing

@testable import TraceStore

@Suite struct QueryFunctionTests {
  let folder: ScratchFolder
  let session: QuerySession

  init() throws {
    folder = try ScratchFolder()
    try record(to: folder.file(), capture: .values)
    session = try QuerySession(path: folder.file())
  }

  private func value(_ expression: String, _ values: [String: SQLValue] = [:]) throws -> SQLValue {
    try #require(try session.result(of: "SELECT \(expression)", with: values).single)
  }

  private func f32(_ values: [Float]) -> SQLValue {
    .blob(
      values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) })
  }

  private func f16(_ bits: [UInt16]) -> SQLValue {
    .blob(bits.flatMap { value in withUnsafeBytes(of: value.littleEndian, Array.init) })
  }

  @Test func vectors() throws {
    let values: [String: SQLValue] = ["a": f32([3, -4, 0.5]), "b": f32([1, 2, 4])]
    #expect(try value("vec_length(:a)", values) == .integer(3))
    #expect(try value("vec_sum(:a)", values) == .real(-0.5))
    #expect(try value("vec_mean(:b)", values) == .real(7.0 / 3))
    #expect(try value("vec_min(:a)", values) == .real(-4))
    #expect(try value("vec_max(:a)", values) == .real(3))
    #expect(try value("vec_argmax(:b)", values) == .integer(2))
    #expect(try value("vec_norm(:a)", values) == .real(25.25.squareRoot()))
    #expect(try value("vec_dot(:a, :b)", values) == .real(-3))
    #expect(
      try value("vec_cosine(:a, :b)", values) == .real(-3 / (25.25 * 21.0).squareRoot()))
    #expect(try value("vec_max_abs_diff(:a, :b)", values) == .real(6))
    #expect(try value("vec_element(:a, 1)", values) == .real(-4))
    #expect(try value("vec_slice(:a, 1, 2) = vec_slice(:a, 1, 2, 'F32')", values) == .integer(1))
    #expect(try value("vec_sum(vec_slice(:a, 1, 2))", values) == .real(-3.5))
    #expect(try value("vec_length(vec_slice(:a, 3, 0))", values) == .integer(0))
    #expect(try value("mib(1572864)") == .real(1.5))
  }

  /// 1, -2, the smallest subnormal, the largest number, infinity.
  @Test func halves() throws {
    let values = ["a": f16([0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00])]
    for (index, expected) in [1, -2, 0x1p-24, 65504, Double.infinity].enumerated() {
      #expect(try value("vec_element(:a, \(index), 'f16')", values) == .real(expected))
    }
    #expect(try value("vec_length(:a, 'f16')", values) == .integer(5))
  }

  @Test func distributions() throws {
    // softmax of log 1, log 3 is 1/4, 3/4; of equal logits 1/2, 1/2.
    let values: [String: SQLValue] = [
      "a": f32([Float(log(1.0)), Float(log(3.0))]), "b": f32([100, 100]),
      "c": f32([0, -.infinity]),
    ]
    func number(_ expression: String) throws -> Double {
      try #require(try value(expression, values).number)
    }
    #expect(abs(try number("softmax_probability(:a, 1)") - 0.75) < 1e-7)
    #expect(abs(try number("softmax_entropy(:b)") - log(2)) < 1e-12)
    let divergence = 0.25 * log(0.25 / 0.5) + 0.75 * log(0.75 / 0.5)
    #expect(abs(try number("kl_divergence(:a, :b)") - divergence) < 1e-7)
    #expect(try number("kl_divergence(:a, :a)") == 0)
    #expect(abs(try number("kl_divergence(:c, :b)") - log(2)) < 1e-12)
    #expect(try number("kl_divergence(:b, :c)") == .infinity)
    #expect(try number("softmax_entropy(:c)") == 0)
  }

  @Test(arguments: [
    ("vec_sum(NULL)", SQLValue.null), ("vec_dot(NULL, x'00000000')", .null), ("mib(NULL)", .null),
    ("vec_mean(x'')", .null), ("vec_argmax(x'')", .null), ("vec_sum(x'')", .real(0)),
    ("vec_cosine(x'00000000', x'00000000')", .null), ("kl_divergence(x'', x'')", .null),
    ("vec_argmax(x'0000c07f0000803f')", .integer(1)), ("vec_max(x'0000c07f')", .null),
    ("vec_element(NULL, 1)", .null), ("tensor_value(NULL, 0, 0)", .null),
  ])
  func edges(expression: String, expected: SQLValue) throws {
    #expect(try value(expression) == expected)
  }

  @Test(arguments: [
    ("vec_sum('x')", "vec_sum: a vector has to be a blob, such as value.data, not a text"),
    ("vec_sum(1)", "vec_sum: a vector has to be a blob, such as value.data, not a whole number"),
    ("vec_sum(x'0011')", "vec_sum: 2 bytes are no whole number of f32 values"),
    ("vec_sum(x'00', 'f16')", "vec_sum: 1 bytes are no whole number of f16 values"),
    ("vec_sum(x'', 'q4_1')", "vec_sum: a vector's elements are f32 or f16, not 'q4_1'"),
    ("vec_sum(x'', 4)", "vec_sum: the type has to be a text, not a whole number"),
    (
      "vec_element(x'00000000', 1)",
      "vec_element: there is no element 1 among 1, which count from 0"
    ),
    (
      "vec_element(x'00000000', -1)",
      "vec_element: there is no element -1 among 1, which count from 0"
    ),
    ("vec_element(x'', 1.5)", "vec_element: i has to be a whole number, not a number"),
    ("vec_slice(x'', 0, 9223372036854775807)", "vec_slice: there are no 9223372036854775807"),
    ("vec_slice(x'', 1, -1)", "vec_slice: there are no -1 elements from 1 on among 0"),
    (
      "vec_dot(x'', x'00000000')",
      "vec_dot: the vectors have 0 and 1 elements, not the same number"
    ),
    ("mib('many')", "mib: bytes has to be a number, not a text"),
    ("vec_sum()", "wrong number of arguments to function vec_sum()"),
    ("vec_dot(x'')", "wrong number of arguments to function vec_dot()"),
    ("tensor_value('a', 0)", "wrong number of arguments to function tensor_value()"),
    ("tensor_value(1, 0, 0)", "tensor_value: the tensor's name has to be a text"),
    ("tensor_value('a', 0, 0)", "tensor_value: no model file is at hand"),
  ])
  func wrongArgumentsAreOneClearError(expression: String, message: String) throws {
    let error = #expect(throws: TraceError.self) { _ = try value(expression) }
    #expect(try #require(error).description.hasPrefix("SQL: \(message)"), "\(expression)")
  }

  /// Every function, with every kind of value in every place: a result or an error, and no crash.
  @Test func nothingCrashesAFunction() throws {
    let kinds = [
      "NULL", "0", "-1", "9223372036854775807", "-9223372036854775808", "1e308", "-9e999", "''",
      "'f16'", "'blk.0.attn_q.weight'", "x''", "x'00'", "x'0000c07f0000807f000080ff'",
      "zeroblob(4096)",
    ]
    var calls = 0
    for function in QueryFunction.all {
      for count in function.counts {
        for first in kinds {
          for second in count > 1 ? kinds : [""] {
            for third in count > 2 ? kinds : [""] {
              let arguments = [first, second, third].prefix(count).joined(separator: ", ")
              let rest = count > 3 ? ", 'f32'" : ""
              _ = try? session.result(of: "SELECT \(function.name)(\(arguments)\(rest))")
              calls += 1
            }
          }
        }
      }
    }
    #expect(calls > 10_000)
  }

  /// A captured output's elements give the statistics that were recorded of it.
  @Test func capturedValuesAgreeWithStatistics() throws {
    let rows = try session.result(
      of: """
        SELECT o.sum, vec_sum(v.data), o.min, vec_min(v.data), o.max, vec_max(v.data),
          o.rows * o.cols, vec_length(v.data)
        FROM value AS v JOIN op AS o ON o.id = v.op
        """
    ).rows
    #expect(rows.count > 20)
    for row in rows {
      let numbers = row.compactMap(\.number)
      try #require(numbers.count == 8)
      #expect(abs(numbers[0] - numbers[1]) <= 1e-5 * max(1, abs(numbers[0])))
      #expect(numbers[2] == numbers[3] && numbers[4] == numbers[5] && numbers[6] == numbers[7])
    }
  }

  /// What is stored in a trace has to work without nibble.
  @Test func storedViewsCannotCallThem() throws {
    let path = folder.file("changed.sqlite")
    try FileManager.default.copyItem(atPath: folder.file(), toPath: path)
    _ = try sqlite3(path, "CREATE VIEW sneaky AS SELECT mib(1) AS a")
    let session = try QuerySession(path: path)
    let error = #expect(throws: TraceError.self) {
      _ = try session.result(of: "SELECT * FROM sneaky")
    }
    #expect(try #require(error).description.contains("unsafe use of mib()"))
  }

  @Test func everyFunctionHasAManual() {
    for function in QueryFunction.all {
      #expect(function.help.count > 10 && !function.arguments.isEmpty)
    }
    #expect(Set(QueryFunction.all.map(\.name)).count == QueryFunction.all.count)
  }
}
