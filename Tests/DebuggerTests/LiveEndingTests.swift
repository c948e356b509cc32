import Basics
import Foundation
import Recording
import Testing
import TraceStore

@testable import Debugger

/// How a live run ends, and what keeps it from going on.
struct LiveEndingTests {
  @Test func generateSaysThatTheTextEnded() throws {
    let live = try LiveSessionTests.Live {
      $0.prompts = ["Anna felt happy and slept well that night. The"]
    }
    live.type("generate 50")
    let text = live.output.text
    let took = try #require(text.range(of: " took in \""))
    let ended = try #require(text.range(of: "The text ended by itself, with "))
    #expect(took.lowerBound < ended.lowerBound)
    #expect(try live.passes() < 30)
  }

  @Test func aBudgetCanBeSetAndLifted() throws {
    let live = try LiveSessionTests.Live()
    live.type("set memory-budget 1 MiB", "generate 1")
    #expect(live.output.text.contains("next pass\n") && live.output.text.contains("1 MiB\n"))
    #expect(live.output.text.contains("more than the budget of 1,048,576 (1 MiB) allows"))
    let failed = try live.passes()
    live.type("set memory-budget none", "generate 1")
    #expect(try live.passes() == failed + 1)
    #expect(try live.session.trace.pass(failed + 1)?.isFinished == true)
    live.type("set memory-budget little")
    #expect(live.output.messages.last?.contains("a size such as 96MiB") == true)
  }

  @Test(arguments: [true, false]) func anotherProgramTakesTheFile(replaces: Bool) throws {
    let live = try LiveSessionTests.Live()
    try FileManager.default.removeItem(atPath: live.run.trace)
    if replaces { try Data("other".utf8).write(to: URL(filePath: live.run.trace)) }
    live.type("generate 1")
    let message = try #require(live.output.messages.last)
    #expect(message.contains("another program replaced, removed or cut it"))
    #expect(throws: TraceError.replaced(path: live.run.trace)) { try live.run.finish() }
  }

  /// Nothing that a model or a prompt says acts on the terminal.
  @Test func controlCharactersAreShown() throws {
    let live = try LiveSessionTests.Live { $0.prompts = ["Once\u{1B}[2J upon\u{9B}a \u{7}time"] }
    live.type("info tokens", "where", "info model", "generate 1", "top", "why 1 kq-0[1]", "info kv")
    try live.session.welcome()
    let acting = live.output.text.unicodeScalars.filter {
      $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value)
    }
    #expect(acting.isEmpty)
    #expect(live.output.text.contains("\\x1b[2J"))
  }

  @Test func visibleKeepsWhatItIsToldTo() {
    #expect(visible("a\u{1B}[1m\n\tb\r\u{7F}\u{9B}é") == "a\\x1b[1m\\x0a\\x09b\\x0d\\x7f\\x9bé")
    #expect(visible("a\n\tb\u{0}", keeping: ["\n", "\t"]) == "a\n\tb\\x00")
  }
}
