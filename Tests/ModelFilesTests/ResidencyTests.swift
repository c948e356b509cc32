#if os(Linux)
  import Foundation
  import TestSupport
  import Testing

  @testable import ModelFiles

  @Suite struct ResidencyTests {
    /// Pages come when they are read and go when they are released; those at the ends may stay, and
    /// some come before they are read: as many around one as the kernel likes, 64 KiB mostly, and a
    /// quarter of the file with pages of any size that it has. None goes meanwhile, unless memory
    /// is at its end.
    @Test func residentBytesAreThoseThatWereRead() throws {
      let size = 4 << 20
      let folder = try ScratchFolder()
      let path = folder.file("ones")
      try Data(repeating: 1, count: size).write(to: URL(fileURLWithPath: path))
      let file = try MappedFile(path: path)
      #expect(file.residentBytes(in: 0..<size) == 0)
      #expect(file.residentBytes(in: 0..<0) == 0)
      #expect(file.bytes.reduce(0) { $0 + Int($1) } == size)
      #expect(file.residentBytes(in: 0..<size) == size)
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      #expect(file.residentBytes(in: 1000..<3000) == page)
      file.release(page - 1..<size - 1)
      #expect(try #require(file.residentBytes(in: 0..<size)) <= 2 * page)
      #expect(file.bytes[size / 2] == 1)
      let again = try #require(file.residentBytes(in: 0..<size))
      #expect(again >= page && again < size / 2)
    }
  }
#endif
