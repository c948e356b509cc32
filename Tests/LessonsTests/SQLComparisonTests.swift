import Testing
import TraceStore

@testable import Lessons

@Suite struct SQLComparisonTests {
  static func result(_ rows: [SQLValue]..., columns: [String]? = nil) -> QueryResult {
    QueryResult(
      columns: columns ?? (rows.first ?? []).indices.map { "c\($0)" }, rows: rows)
  }

  @Test func orderMattersWhereItIsAsked() {
    let one = Self.result([.integer(1), .text("a")], [.integer(2), .text("b")])
    let rows = Self.result([.integer(2), .text("b")], [.integer(1), .text("a")])
    let columns = Self.result([.text("a"), .integer(1)], [.text("b"), .integer(2)])
    #expect(SQLComparison().agrees(rows, one))
    #expect(SQLComparison().agrees(columns, one))
    #expect(!SQLComparison(ordersRows: true).agrees(rows, one))
    #expect(SQLComparison(ordersRows: true).agrees(columns, one))
    #expect(!SQLComparison(ordersColumns: true).agrees(columns, one))
  }

  @Test func aRowIsNotTornApart() {
    let pairs = Self.result([.integer(1), .integer(2)], [.integer(2), .integer(1)])
    let others = Self.result([.integer(1), .integer(1)], [.integer(2), .integer(2)])
    #expect(!SQLComparison().agrees(others, pairs))
  }

  @Test func valuesAreComparedWithinTheTolerance() {
    let exact = Self.result([.real(100)], [.real(100.00001)])
    #expect(
      SQLComparison(tolerance: 1e-6).agrees(Self.result([.real(100.00002)], [.integer(100)]), exact)
    )
    #expect(
      !SQLComparison(tolerance: 1e-9).agrees(Self.result([.real(100.1)], [.integer(100)]), exact))
    #expect(
      !SQLComparison(tolerance: 0.5).agrees(Self.result([.integer(3)]), Self.result([.integer(4)])))
    #expect(SQLComparison().agrees(Self.result([.null]), Self.result([.null])))
    #expect(!SQLComparison().agrees(Self.result([.null]), Self.result([.integer(0)])))
    #expect(!SQLComparison().agrees(Self.result([.text("1")]), Self.result([.integer(1)])))
  }

  @Test func shapesHaveToAgree() {
    let one = Self.result([.integer(1)])
    #expect(!SQLComparison().agrees(Self.result([.integer(1)], [.integer(1)]), one))
    #expect(!SQLComparison().agrees(Self.result([.integer(1), .integer(1)]), one))
    #expect(!SQLComparison().agrees(QueryResult(columns: [], rows: []), one))
  }

  @Test func parametersAreFoundOutsideOfTexts() {
    let sql = """
      SELECT ':no', ":neither", [:nor], :a, /* :b */ :c -- :d
        , :a, x'00', 1 :2
      """
    #expect(SQLParameters.names(in: sql) == ["a", "c"])
  }
}
