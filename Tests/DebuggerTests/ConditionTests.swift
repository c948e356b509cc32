import Foundation
import Inference
import TestSupport
import Testing

@testable import Debugger
@testable import TraceStore

/// Conditions and `print` against ``PlainFields``, for every object and field, in a trace of every
/// strategy and in one that the memory budget ended.
@Suite struct ConditionTests {
  private static let traces = StrategyName.allCases.map(\.rawValue) + ["budget"]

  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func record(_ name: String) throws -> (trace: Trace, plain: PlainFields) {
    if let strategy = StrategyName(rawValue: name) {
      try Tiny.record(to: folder.file(), count: 2) { $0.engine.strategy = strategy }
    } else {
      try Rehearsal(path: folder.file(), budget: Rehearsal.budgets.first).perform()
    }
    return (
      try Trace(path: folder.file()), try PlainFields(of: folder.file(), in: folder)
    )
  }

  @Test(arguments: traces) func fieldsAreWhatTheViewsSay(name: String) throws {
    let (trace, plain) = try record(name)
    let last = try trace.eventCount()
    for object in TraceObject.allCases {
      let columns = try object.fields.map { try plain.values(of: object, $0.name) }
      for step in [1, 2] + Array(stride(from: 3, through: last, by: max(1, last / 40))) + [last] {
        let wanted = columns.map { $0[step - 1] }
        let found = try trace.values(of: object, at: step)
        #expect(found ?? wanted == wanted, "\(object) at step \(step)")
        let key = try #require(object.fields.firstIndex { $0.name == (object.key ?? $0).name })
        #expect((found == nil) == (object.key != nil && wanted[key] == .null))
      }
    }
  }

  /// One condition for each field that finds a value of it, and one that finds where it is missing.
  @Test(arguments: traces) func eachFieldIsSearchedFor(name: String) throws {
    let (trace, plain) = try record(name)
    for object in TraceObject.allCases {
      for field in object.fields {
        let values = try plain.values(of: object, field.name).filter { $0 != .null }
        let path = "\(object.rawValue).\(field.name)"
        if let value = values.dropFirst(values.count / 2).first {
          try expectStops(of: "\(path) = \(value.literal)", trace, plain)
        }
        try expectStops(of: "\(path) IS NULL AND event.step % 3 = 0", trace, plain)
      }
    }
  }

  private static let conditions = [
    "event.bytes > 3000", "event.category = 'weights_dequantized'",
    "event.buffer LIKE '%ffn_down%'", "event.buffer IS NULL AND event.step % 3 = 0",
    "tile.value_max > 0.4 AND event.step % 2 = 0", "tile.rows IS NULL OR event.step % 2 = 0",
    "event.kind = 'free' AND tile.tensor LIKE '%attn%'",
    "NOT (tile.rows > 7) AND event.kind = 'free'",
    "event.kind = 'multiply' AND tile.first_row > 7", "event.step > 5 AND matmul.flops > 50000",
    "matmul.m IS NULL AND event.step % 5 = 0", "event.kind != 'alloc' AND tile.in_buffer > 0",
    "tile.freed_step - tile.id > 5 AND event.thread = 0",
    "event.live > 1 OR event.category = 'kv_cache'",
    "event.bytes * 50 > mem.live", "event.bytes > tile.bytes OR event.bytes = kv.bytes",
    "tile.used_step > event.step", "tile.freed_step = event.step AND event.bytes IS NULL",
    "tile.tensor LIKE '%down%' AND tile.bytes < mem.live - mem.weights",
    "tensor.bytes * 9 > mem.live - mem.weights", "tensor.rows + event.step > 500",
    "mem.activations > token.position * 1000", "token.text IS NULL OR event.step % 4 = 0",
    "pass.id = 2 AND event.kind = 'alloc'", "pass.last_step = event.step",
    "pass.first_step = event.step", "kv.position * 100 > tile.first_row + event.thread",
    "matmul.flops < event.step * 100", "mem.live - mem.kv_cache < peak - 1000",
    "kv.reserved > kv.bytes AND event.kind = 'free'", "mem.live = mem.peak", "step % 100 = 7",
    "op.rows > 1 AND tile.rows > 1", "op.layer = 1 AND tensor.cols > 64", "peak < mem.peak",
    "CASE WHEN tile.rows > 1 AND step > 9 THEN 1 END", "pass.kind = 'decode' OR op.rows > 2",
    "step BETWEEN 100 AND 900 AND tile.rows BETWEEN 1 AND 99",
  ]

  @Test(arguments: traces) func mixedConditionsStopWhereTheViewsSay(name: String) throws {
    let (trace, plain) = try record(name)
    for condition in Self.conditions { try expectStops(of: condition, trace, plain) }
  }

  /// The first and the last stop of the whole trace, and of ranges around some of the stops.
  private func expectStops(_ text: String, _ trace: Trace, _ wanted: [Int]) throws {
    let search = TraceSearch(scope: .everywhere, condition: try SearchExpression(text))
    let last = try trace.eventCount()
    for (from, to) in [(1, last), (last / 3, last / 2), (2 * last / 3, last)] {
      let inside = wanted.filter { (from...to).contains($0) }
      for backwards in [false, true] {
        #expect(
          try trace.firstStep(of: search, in: from...to, backwards: backwards)
            == (backwards ? inside.last : inside.first), "\(text), \(from)...\(to)")
      }
    }
  }

  private func expectStops(of text: String, _ trace: Trace, _ plain: PlainFields) throws {
    try trace.check(try SearchExpression(text))
    try expectStops(text, trace, try plain.steps(where: text))
  }

  /// What `print` says of a field is its value in a condition, at the last place where the object
  /// came into being.
  @Test func printAndConditionsSayTheSame() throws {
    try Tiny.record(to: folder.file(), count: 2)
    let session = try Tiny.session(folder.file())
    for object in TraceObject.allCases {
      let key = "\(object.rawValue).\((object.key ?? object.fields[0]).name)"
      let search = TraceSearch(
        scope: .everywhere, condition: try SearchExpression("\(key) IS NOT NULL"))
      for first in [1, 500] {
        let place = try #require(
          try session.trace.firstStep(
            of: search, in: first...session.cursor.last, backwards: false))
        try session.execute("goto \(place)")
        #expect(try session.fields(of: object.rawValue)?.map(\.name) == object.fields.map(\.name))
        for field in object.fields {
          let path = "\(object.rawValue).\(field.name)"
          let value = try session.trace.value(of: try SearchExpression(path), at: place)
          guard case .figure(let printed) = try session.evaluate(path) else {
            Issue.record("\(path) is not a figure")
            continue
          }
          #expect(printed == FieldValue(value, of: field), "\(path) at step \(place)")
        }
      }
    }
    for (_, field) in TraceObject.words {
      let value = try session.trace.value(
        of: try SearchExpression(field.name), at: session.cursor.step)
      #expect(try session.evaluate(field.name).number() == FieldValue(value, of: field))
    }
  }

  /// Tab offers every field and word, for `print` and for conditions.
  @Test func everyFieldIsCompleted() throws {
    try Tiny.record(to: folder.file(), count: 1)
    let session = try Tiny.session(folder.file())
    for path in TraceObject.fieldNames + TraceObject.words.map(\.field.name) {
      for line in ["print ", "break any if "] {
        let completion = session.complete(line + path.dropLast())
        #expect(
          completion.candidates.contains(path)
            || path.hasSuffix(completion.insert.trimmingCharacters(in: .whitespaces)),
          "\(line)\(path)")
      }
    }
  }

  /// What searches ask at every step, of steps that a trace has not, and of a damaged one.
  @Test func stepsThatAreNotThere() throws {
    try Tiny.record(to: folder.file(), count: 1)
    func answers() throws -> String {
      let output = CollectedOutput()
      let session = try DebuggerSession(
        trace: Trace(path: folder.file()), output: output, style: TextStyle())
      for step in ["0", "-1", "\(Int.max)", "-9223372036854775807 - 1", "1000000000000"] {
        for function in ["_append", "_pass"] {
          try session.execute("sql SELECT \(function)(\(step)) IS NULL AS missing")
        }
        try session.execute("sql SELECT _peak(\(step))")
      }
      for condition in ["event.bytes > 1e11 AND event.step + tile.rows > 1", "kv.bytes + 1 < peak"]
      {
        try session.execute("break any if \(condition)")
        try session.execute("continue")
      }
      return output.text
    }
    #expect(try answers().matches(of: /missing/).count == 10)
    #expect(try !answers().contains(/missing\s+\W*0/))
    for damage in [
      "UPDATE pass SET first_step = 3000000000000 WHERE id = 2",
      "UPDATE pass SET first_step = -9223372036854775807 WHERE id = 1",
      "UPDATE _event SET buffer = -9223372036854775807 WHERE step % 2",
      "UPDATE _event SET step = 9223372036854775807 WHERE step = (SELECT max(step) FROM _event)",
    ] {
      let shell = try FinishedProgram(
        URL(fileURLWithPath: "/usr/bin/env"), ["sqlite3", folder.file(), damage], in: folder)
      #expect(shell.code == 0, "\(shell.errors)")
      do { _ = try answers() } catch let error as TraceError { #expect(!"\(error)".isEmpty) }
    }
  }
}
