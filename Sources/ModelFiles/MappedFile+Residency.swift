#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension MappedFile {
  /// Bytes of the pages of `range` that are in this process's memory now; `nil` where the system
  /// does not tell, as Linux does.
  ///
  /// Not from `mincore`, which tells what the page cache has of a file, whoever read it.
  func residentBytes(in range: Range<Int>) -> Int? {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    guard !range.isEmpty, let base = bytes.baseAddress else { return 0 }
    // One 64-bit word a page; its highest bit says that the page is present.
    // https://www.kernel.org/doc/html/latest/admin-guide/mm/pagemap.html
    let descriptor = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let first = (Int(bitPattern: base) + range.lowerBound) / page
    let end = (Int(bitPattern: base) + range.upperBound + page - 1) / page
    var resident = 0
    var words = [UInt64](repeating: 0, count: 4096)
    for start in stride(from: first, to: end, by: words.count) {
      let count = min(words.count, end - start)
      let size = MemoryLayout<UInt64>.stride
      guard pread(descriptor, &words, count * size, off_t(start * size)) == count * size else {
        return nil
      }
      resident += words[..<count].count { $0 >> 63 == 1 }
    }
    return resident * page
  }
}
