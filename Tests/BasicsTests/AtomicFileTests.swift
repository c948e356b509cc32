import Foundation
import TestSupport
import Testing

@testable import Basics

@Suite struct AtomicFileTests {
  private let directory: ScratchFolder

  init() throws { directory = try ScratchFolder() }

  @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
    let path = try directory.write([1, 2, 3], "f")
    do {
      let file = try AtomicFile(path: path)
      try file.write([9, 9])
      #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
    }
    #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
    #expect(try directory.names == ["f"])
    let file = try AtomicFile(path: path)
    try file.write([9, 9])
    try file.pad(to: 4)
    try file.pad(to: 4)
    try file.commit()
    #expect(FileManager.default.contents(atPath: path) == Data([9, 9, 0, 0]))
    #expect(try directory.names == ["f"])
  }

  /// /dev/full takes nothing: the system's own words for it come out.
  @Test func fullDisks() throws {
    let path = directory.file("f")
    #expect(throws: FileWriteError(path: path, reason: "No space left on device")) {
      let file = try AtomicFile(path: path) { _ in open("/dev/full", O_WRONLY) }
      try file.write([1])
    }
    #expect(try directory.names.isEmpty)
  }

  @Test func placesThatCannotBeWritten() {
    let nowhere = directory.file("no/such/f")
    #expect(throws: FileWriteError(path: nowhere, reason: "No such file or directory")) {
      try AtomicFile(path: nowhere)
    }
    #expect(throws: FileWriteError(path: directory.path, reason: "it is a directory")) {
      try AtomicFile(path: directory.path)
    }
    #expect(throws: FileWriteError(path: "/dev/full", reason: "it is not a regular file")) {
      try AtomicFile(path: "/dev/full")
    }
  }

  @Test func symbolicLinksAreFollowed() throws {
    let target = try directory.write([1], "target")
    let link = directory.file("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    let file = try AtomicFile(path: link)
    try file.write([2])
    try file.commit()
    #expect(FileManager.default.contents(atPath: target) == Data([2]))
    #expect(try directory.names == ["link", "target"])
  }

  /// Of an unfinished file, a signal handler removes what this process began, and nothing else.
  @Test func unfinishedFilesAreRemoved() throws {
    let others = try directory.write([1], ".nibble.1.2.tmp")
    let file = try AtomicFile(path: directory.file("f"))
    try file.write([1])
    let before = try directory.names
    AtomicFile.removeUnfinished(beside: directory.file("f"))
    withExtendedLifetime(file) {}
    #expect(before.count == 2)
    #expect(try directory.names == [(others as NSString).lastPathComponent])
  }
}
