import Foundation
import Testing

@testable import Lessons

/// `nibble lesson` and `nibble learn` as programs, with pipes.
@Suite struct LessonProgramTests {
  struct Result {
    let code: Int32
    let output: String
  }

  static func run(_ scratch: Scratch, _ arguments: [String], input: String = "") throws -> Result {
    try scratch.write(input, to: "input")
    let process = Process()
    process.executableURL = TerminalLessonTests.program
    process.arguments = arguments
    process.currentDirectoryURL = scratch.url
    process.environment = [
      "XDG_STATE_HOME": scratch.url.path, "HOME": scratch.url.path, "LC_ALL": "C.UTF-8",
      "PATH": "/usr/bin:/bin",
    ]
    let output = scratch.url.appendingPathComponent("output")
    try Data().write(to: output)
    let handle = try FileHandle(forWritingTo: output)
    process.standardInput = try FileHandle(
      forReadingFrom: scratch.url.appendingPathComponent("input"))
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    process.waitUntilExit()
    return Result(
      code: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8))
  }

  @Test func aNewLessonPassesAndABrokenOneDoesNot() throws {
    let scratch = try Scratch()
    let made = try Self.run(scratch, ["lesson", "new", "mine", "--lessons", "here"])
    #expect(made.code == 0)
    #expect(made.output.contains("here/01-mine"))
    let good = try Self.run(scratch, ["lesson", "check", "mine", "--lessons", "here"])
    #expect(good.code == 0)
    #expect(good.output == "ok    01-mine\n")
    let page = scratch.url.appendingPathComponent("here/01-mine/en.md")
    try Scratch.change(page, "{{tiles|count}}", to: "352")
    let bad = try Self.run(scratch, ["lesson", "check", "1", "--lessons", "here"])
    #expect(bad.code == 1)
    #expect(bad.output.contains("FAIL  01-mine"))
    #expect(bad.output.contains("01-mine/en.md:"))
    #expect(bad.output.contains("the number \"352\""))
    #expect(try Self.run(scratch, ["lesson", "new", "01-mine", "--lessons", "here"]).code == 1)
  }

  @Test func aLessonOfOnesOwnIsMadeCheckedAndPlayedAnywhere() throws {
    let scratch = try Scratch()
    let made = try Self.run(scratch, ["lesson", "new", "mine"])
    #expect(made.output.contains("nibble lesson check ./01-mine`"))
    let checked = try Self.run(scratch, ["lesson", "check", "./01-mine"])
    #expect(checked.code == 0, "\(checked.output)")
    #expect(checked.output == "ok    01-mine\n")
    let played = try Self.run(scratch, ["learn", "./01-mine", "--lang", "en"], input: "\n352\n")
    #expect(played.code == 0)
    #expect(played.output.contains("/01-mine goes on here"))
    // It is another lesson than the course's first, and another than one of its name elsewhere.
    let list = try Self.run(scratch, ["learn", "--lang", "en"])
    #expect(!list.output.contains("…"))
    _ = try NewLesson.make("mine", in: scratch.url.appendingPathComponent("elsewhere"))
    let other = try Self.run(scratch, ["learn", "elsewhere/01-mine", "--lang", "en"])
    #expect(!other.output.contains("You go on where you were"))
    let again = try Self.run(scratch, ["learn", "01-mine", "--lang", "en"])
    #expect(again.output.contains("You go on where you were, at step 3 of 5."))
    // A name that the course has as well is told.
    let twice = try NewLesson.make("02-a-tile-appears", in: scratch.url)
    let unclear = try Self.run(scratch, ["learn", twice.lastPathComponent])
    #expect(unclear.code == 1)
    #expect(unclear.output.contains("02-a-tile-appears, ./02-a-tile-appears; name one"))
    let nowhere = try Self.run(scratch, ["lesson", "check", "./nowhere"])
    #expect(nowhere.code == 1)
    #expect(nowhere.output.contains("./nowhere: holds no lesson"))
  }

  @Test func aLessonIsPlayedFromAPipeAndListed() throws {
    let scratch = try Scratch()
    _ = try NewLesson.make("mine", in: scratch.url.appendingPathComponent("here"))
    let arguments = ["learn", "1", "--lessons", "here", "--lang", "zh-Hans"]
    let first = try Self.run(scratch, arguments, input: "\n352\n")
    #expect(first.code == 0)
    #expect(first.output.contains("进度都已保存"))
    let rest = try Self.run(
      scratch, arguments, input: "\nSELECT sum(bytes) FROM tile;\nb\na\n")
    #expect(rest.code == 0)
    #expect(rest.output.contains("从上次停下的地方继续：第 3 步，共 5 步。"))
    #expect(!rest.output.contains("\u{1B}"), "no colour in a pipe")
    let list = try Self.run(scratch, ["learn", "--lessons", "here"])
    #expect(list.output.contains("✓  1  A new lesson  5 min  done"))
    #expect(try Self.run(scratch, ["learn", "9", "--lessons", "here"]).code == 1)
    #expect(try Self.run(scratch, ["learn", "-o", "x.md"]).code == 2)
  }

  @Test func theSummaryIsSaved() throws {
    let scratch = try Scratch()
    let saved = try Self.run(scratch, ["learn", "summary", "-o", "mine.md", "--lang", "en"])
    #expect(saved.code == 0)
    let text = try String(
      contentsOf: scratch.url.appendingPathComponent("mine.md"), encoding: .utf8)
    #expect(text.hasPrefix("# What you measured\n"))
    #expect(text.contains("nibble learn 03-the-misconception"))
    #expect(try Self.run(scratch, ["learn", "summary", "-o", "no/where.md"]).code == 1)
  }
}
