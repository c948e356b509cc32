import Basics
import Foundation
import TestSupport
import Testing

@Suite struct WritingTests {
  @Test func whatCannotBeWrittenSaysWhy() throws {
    let full = open("/dev/full", O_WRONLY)
    try #require(full >= 0)
    defer { close(full) }
    #expect(writeAll("", to: full) == nil)
    #expect(writeAll("one line\n", to: full) == SystemError(ENOSPC))
    #expect(writeAll("one line\n", to: -1) == SystemError(EBADF))
  }

  @Test func whatIsWrittenArrivesWhole() throws {
    let folder = try ScratchFolder()
    let file = open(folder.file("out"), O_WRONLY | O_CREAT, 0o600)
    try #require(file >= 0)
    let text = String(repeating: "日本語 ", count: 10_000)
    #expect(writeAll(text, to: file) == nil)
    #expect(writeAll("end", to: file) == nil)
    close(file)
    #expect(try String(contentsOfFile: folder.file("out"), encoding: .utf8) == text + "end")
  }

  /// A pipe takes no more than 64 KiB at once.
  @Test func everythingIsWritten() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let text = String(repeating: "0123456789", count: 30_000)
    Thread.detachNewThread {
      _ = writeAll(text, to: writing)
      close(writing)
    }
    let read = try FileHandle(fileDescriptor: reading, closeOnDealloc: true).readToEnd()
    #expect(read == Data(text.utf8))
  }
}
