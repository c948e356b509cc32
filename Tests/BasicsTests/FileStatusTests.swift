import Basics
import Foundation
import TestSupport
import Testing

@Suite struct FileStatusTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test func kindsAndSizes() throws {
    let path = try folder.write([1, 2, 3], "f")
    let link = folder.file("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect(try FileStatus(path: path).kind == .file)
    #expect(try FileStatus(path: path).size == 3)
    #expect(try FileStatus(path: link).kind == .file)
    #expect(try FileStatus(path: link, followsLinks: false).kind == .symbolicLink)
    #expect(try FileStatus(path: folder.path).kind == .directory)
    #expect(try FileStatus(path: folder.file("pipe")).kind == .pipe)
    #expect(try FileStatus(path: "/dev/null").kind == .other)
    let file = try #require(FileHandle(forReadingAtPath: path))
    #expect(try FileStatus(descriptor: file.fileDescriptor).identity == FileIdentity(path: link))
  }

  @Test func anIdentityOutlivesNames() throws {
    let path = try folder.write([1], "f")
    let identity = try #require(FileIdentity(path: path))
    try FileManager.default.linkItem(atPath: path, toPath: folder.file("g"))
    #expect(FileIdentity(path: folder.file("g")) == identity)
    // Beside the old file, so that the new one cannot get its inode.
    #expect(FileIdentity(path: try folder.write([1], "f")) != identity)
    #expect(FileIdentity(path: folder.file("none")) == nil)
  }

  @Test func errorsAreTheSystems() throws {
    do {
      _ = try FileStatus(path: folder.file("none"))
      Issue.record("there is such a file")
    } catch {
      #expect(error.isMissingFile)
      #expect("\(error)" == "No such file or directory")
    }
    #expect(throws: SystemError(EBADF)) { try FileStatus(descriptor: -1) }
  }
}
