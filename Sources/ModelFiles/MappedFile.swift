import Basics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file's bytes as the page cache has them: mapped read-only, never copied, read when touched.
///
/// A file that another program cuts short while it is mapped kills the process at the next touch
/// of what is gone (`SIGBUS`); replacing a file, as this module's writer does, is harmless.
final class MappedFile: @unchecked Sendable {  // immutable after init
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws(GGUFError) {
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: "\(SystemError.last)")
    }
    defer { close(descriptor) }
    let status: FileStatus
    do {
      status = try FileStatus(descriptor: descriptor)
    } catch {
      throw .cannotOpen(path: path, reason: "\(error)")
    }
    switch status.kind {
    case .file: break
    case .directory: throw .notAFile(path: path, found: "a directory")
    case .pipe: throw .notAFile(path: path, found: "a pipe")
    default: throw .notAFile(path: path, found: "a device")
    }
    let size = status.size
    guard size > 0 else { throw .empty(path: path) }
    guard
      let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      start != MAP_FAILED
    else {
      throw .cannotOpen(path: path, reason: "\(SystemError.last)")
    }
    self.path = path
    bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  /// Lets the pages that lie within `range` leave memory, and not come back as part of a huge page
  /// when a neighbour is read.
  func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end, let base = bytes.baseAddress else { return }
    let pages = UnsafeMutableRawPointer(mutating: base + start)
    #if os(Linux)
      madvise(pages, end - start, MADV_NOHUGEPAGE)
    #endif
    madvise(pages, end - start, MADV_DONTNEED)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}
