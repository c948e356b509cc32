import Foundation
import TestSupport
import Testing

@testable import Debugger

@Suite struct OutputTests {
  @Test func whatCannotBeWrittenSaysWhy() throws {
    let full = open("/dev/full", O_WRONLY)
    try #require(full >= 0)
    defer { close(full) }
    #expect(emit("", to: full) == 0)
    #expect(emit("one line\n", to: full) == ENOSPC)
    #expect(emit("one line\n", to: -1) == EBADF)
  }

  @Test func whatIsWrittenArrivesWhole() throws {
    let folder = try ScratchFolder()
    let file = open(folder.file("out"), O_WRONLY | O_CREAT, 0o600)
    try #require(file >= 0)
    let text = String(repeating: "日本語 ", count: 10_000)
    #expect(emit(text, to: file) == 0)
    #expect(emit("end", to: file) == 0)
    close(file)
    #expect(try String(contentsOfFile: folder.file("out"), encoding: .utf8) == text + "end")
  }
}
