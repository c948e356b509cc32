import Events
import Foundation
import Inference
import TestSupport
import Testing

/// What `compare` says of each run is what `record` says of it, under the same words.
@Suite struct CompareTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  @Test func figuresAreThoseOfTheTraces() throws {
    let result = try nibble("compare", "-n", "3", "--kv-types", "f16,q8_0", "--format", "json")
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    #expect(rows.count == 2 * StrategyName.allCases.count)
    for row in rows {
      let trace = try #require(row["trace"] as? String)
      let peak = try #require(row["peak"] as? [String: Int])
      let stored = try nibble.shell(
        "sqlite3 \(trace) 'SELECT category, bytes FROM peak_by_category'"
      ).output.split(separator: "\n").map { $0.split(separator: "|") }
      #expect(peak.count == stored.count)
      for line in stored { #expect(peak[String(line[0])] == Int(line[1]), "\(trace): \(line)") }
    }
  }

  /// By the columns of the table, the lines of `record`.
  @Test func wordsAndFiguresAreThoseOfRecord() throws {
    let result = try nibble("compare", "-n", "3")
    let lines = result.output.split(separator: "\n").map {
      $0.replacing(#/ {2,}/#, with: "\t").split(separator: "\t").map(String.init)
    }
    let head = lines[0]
    #expect(head.prefix(3) == ["strategy", "kv", "peak"])
    #expect(head.contains("kv_cache") && !head.contains("recurrent_state"))
    for strategy in StrategyName.allCases {
      let row = try #require(lines.first { $0[0] == strategy.rawValue })
      let record = try nibble(
        "record", "-n", "3", "--strategy", strategy.rawValue, "-o", "t.sqlite"
      ).output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      for category in MemoryCategory.allCases {
        let said = record.first { $0.count == 3 && $0[0] == category.name }
        guard let column = head.firstIndex(of: category.name) else {
          #expect(said == nil, "\(strategy) \(category)")
          continue
        }
        #expect(row[column] == said.map { "\($0[1]) \($0[2])" } ?? "0 B", "\(strategy) \(category)")
      }
      let peak = try #require(record.first { $0[0] == "peak" })
      #expect(row[2] == "\(peak[1]) \(peak[2])")
    }
  }

  /// Sliding windows and experts, each strategy with each type of cache: `record` takes the peak that
  /// `compare` says, and not a byte less.
  @Test(arguments: ["gemma3", "qwen3moe"])
  func thePeakIsTheLeastBudget(_ family: String) throws {
    let model = randomModel(family)
    let result = try nibble(
      "compare", "-m", model, "-n", "3", "--kv-types", "f32,f16,q8_0,q4_0", "--format", "json")
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    #expect(rows.count == 4 * StrategyName.allCases.count)
    for row in rows {
      let strategy = try #require(row["strategy"] as? String)
      let kvType = try #require(row["kv_type"] as? String)
      let peak = try #require(row["peak"] as? [String: Int])
      let total = try #require(peak["total"])
      func record(budget: Int) throws -> FinishedProgram {
        try nibble(
          "record", "-m", model, "-n", "3", "--strategy", strategy, "--kv-type", kvType,
          "--memory-budget", "\(budget)", "-o", "t.sqlite")
      }
      let fits = try record(budget: total)
      #expect(fits.code == 0, "\(strategy) \(kvType): \(fits.errors)")
      let stored = try nibble.shell(
        "sqlite3 t.sqlite 'SELECT category, bytes FROM peak_by_category'"
      ).output.split(separator: "\n").map { $0.split(separator: "|") }
      #expect(stored.count == peak.count)
      for line in stored { #expect(peak[String(line[0])] == Int(line[1]), "\(strategy): \(line)") }
      let fails = try record(budget: total - 1)
      #expect(fails.code == 1)
      #expect(
        fails.errors.contains(
          #/^nibble: '.+' asks for .+, 1 more than the budget of .+ allows; .+\./#),
        "\(strategy) \(kvType): \(fails.errors)")
    }
  }

  /// On a terminal of 80 columns the table becomes several, which lack nothing.
  @Test func theTableFitsATerminal() throws {
    let terminal = try PseudoTerminal(
      URL(fileURLWithPath: Nibble.binary),
      [
        "compare", "-m", "tiny", "-n", "2", "-o", nibble.path("c"), "--strategies",
        "whole-model,tiled",
      ],
      home: nibble.folder.path)
    #expect(terminal.wait() == 0)
    let output = terminal.output.replacing("\u{1B}[K", with: "").split(separator: "Traces:")[0]
    let lines = output.split(whereSeparator: \.isNewline).map {
      $0.split(separator: "\r").last.map(String.init) ?? ""
    }
    let tables = lines.drop { !$0.hasPrefix("strategy") }
    #expect(tables.allSatisfy { $0.count <= 80 }, "\(tables)")
    let words = Set(tables.flatMap { $0.split(separator: " ").map(String.init) })
    let categories = MemoryCategory.allCases.filter { $0 != .recurrentState }
    for column in categories.map(\.name) + ["peak", "made", "moved", "KL"] {
      #expect(words.contains(column))
    }
    #expect(tables.count { $0.hasPrefix("tiled ") } == tables.count { $0.hasPrefix("strategy ") })
  }
}
