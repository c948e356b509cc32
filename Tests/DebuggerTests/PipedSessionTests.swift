import Foundation
import TestSupport
import Testing

/// The real program where nobody sits at a terminal.
@Suite struct PipedSessionTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
  }

  private func run(_ arguments: [String], input: String = "") throws -> FinishedProgram {
    try FinishedProgram(
      DebuggerTerminal.program, ["step", folder.file()] + arguments, input: input, in: folder)
  }

  @Test func standardInputIsReadWithoutPrompt() throws {
    let result = try run([], input: "goto 9\nprint step\nbogus\nprint tile.rows\n")
    #expect(result.code == 0)
    #expect(result.output.contains("step = 9\n"))
    #expect(!result.output.contains("(nibble)") && !result.output.contains("\u{1B}"))
    #expect(result.errors == "Undefined command: \"bogus\". Try \"help\".\n")
  }

  @Test func batchEndsWithWhatItsCommandsCameTo() throws {
    let good = try run(["--batch", "-ex", "goto 9", "-ex", "print step"])
    #expect(good.code == 0)
    #expect(good.output.hasSuffix("step = 9\n"))
    let bad = try run(["--batch", "-ex", "bogus", "-ex", "print step"])
    #expect(bad.code == 1)
    #expect(bad.output.isEmpty)
    let piped = try run(["--batch"], input: "print step\nbogus\nprint step\n")
    #expect(piped.code == 1)
    #expect(piped.output == "step = 2\n")
  }

  @Test func aFullOutputIsAnError() throws {
    let result = try FinishedProgram(
      URL(filePath: "/bin/sh"),
      [
        "-c",
        "exec \"$0\" step trace.sqlite --batch -ex 'info tensors' >/dev/full",
        DebuggerTerminal.program.path,
      ],
      in: folder)
    #expect(result.code == 1)
    #expect(result.errors.contains("standard output: No space left"))
  }

  @Test func whatIsNoTraceIsOneSentence() throws {
    try "not a database, but long enough to be taken for one".write(
      toFile: folder.file(), atomically: true, encoding: .utf8)
    let result = try run(["--batch", "-ex", "step"])
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains(folder.file()))
    #expect(result.errors.split(separator: "\n").count == 1)
  }
}
