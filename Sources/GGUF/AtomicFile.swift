#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that appears whole or not at all: written beside its place under another name, then
/// renamed. Whatever fails before, nothing is left behind and an older file stays as it was.
public final class AtomicFile {
  /// As the caller named it, for errors.
  let path: String
  /// Where it goes: `path` with symbolic links followed.
  private let target: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false
  /// Bytes written so far.
  private(set) var offset = 0

  /// Begins a file that will be at `path`.
  ///
  /// - Throws: `GGUFError.cannotWrite`.
  public convenience init(path: String) throws(GGUFError) {
    try self.init(path: path) { temporary in
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
  }

  /// - Parameter opening: opens the temporary file; tests put a full device here.
  init(path: String, opening: (String) -> Int32) throws(GGUFError) {
    self.path = path
    let target = Self.resolved(path)
    var status = stat()
    if stat(target, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      let isDirectory = status.st_mode & S_IFMT == S_IFDIR
      throw .cannotWrite(path: path, reason: isDirectory ? "it is a directory" : "it is no file")
    }
    let directory = target.lastIndex(of: "/").map { target[...$0] } ?? ""
    temporary = "\(directory)\(Self.prefix)\(UInt32.random(in: 0 ... .max)).tmp"
    self.target = target
    descriptor = opening(temporary)
    guard descriptor >= 0 else {
      throw .cannotWrite(path: path, reason: systemMessage(errno))
    }
  }

  /// How the names of this process's unfinished files begin.
  fileprivate static var prefix: String { ".nibble.\(getpid())." }

  deinit {
    guard !isCommitted, descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  /// Adds bytes at the end.
  ///
  /// - Throws: `GGUFError.cannotWrite`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(GGUFError) {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Darwin)
        let written = Darwin.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
      #elseif canImport(Musl)
        let written = Musl.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
      #else
        let written = Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
      #endif
      if written < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path: path, reason: systemMessage(errno))
      }
      offset += written
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  func write(_ bytes: [UInt8]) throws(GGUFError) {
    var failure: GGUFError?
    bytes.withUnsafeBytes { buffer in
      do throws(GGUFError) {
        try write(buffer)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Zeros up to the next multiple of `alignment`.
  func pad(to alignment: Int) throws(GGUFError) {
    let rest = offset % alignment
    guard rest > 0 else { return }
    try write([UInt8](repeating: 0, count: alignment - rest))
  }

  /// Waits until the bytes are stored, and puts the file in its place.
  ///
  /// - Throws: `GGUFError.cannotWrite`.
  public func commit() throws(GGUFError) {
    guard fsync(descriptor) == 0 else {
      throw .cannotWrite(path: path, reason: systemMessage(errno))
    }
    guard rename(temporary, target) == 0 else {
      throw .cannotWrite(path: path, reason: systemMessage(errno))
    }
    isCommitted = true
    guard close(descriptor) == 0 else {
      throw .cannotWrite(path: path, reason: systemMessage(errno))
    }
  }

  fileprivate static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

extension GGUFWriter {
  /// Removes what this process has begun to write beside `path` and not finished: for a signal
  /// that ends it.
  public static func removeUnfinished(beside path: String) {
    let directory = AtomicFile.resolved(path).lastIndex(of: "/").map {
      String(AtomicFile.resolved(path)[...$0])
    }
    guard let folder = opendir(directory ?? ".") else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(AtomicFile.prefix) { unlink((directory ?? "") + name) }
    }
  }
}
