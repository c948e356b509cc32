import Basics
import Foundation

/// The SHA-256 of model files, remembered beside inode, size and modification time, so that a
/// file is read for it once and not at every recording.
public enum ModelDigest {
  /// The digest of the file at `path`, as hexadecimal digits.
  ///
  /// - Throws: `RecordingError.unreadable`.
  public static func sha256(of path: String) throws -> String {
    guard let status = try? FileStatus(path: path) else { throw unreadable(path) }
    let (file, modified) = (status.identity, status.modified)
    let key =
      "\(file.device):\(file.inode):\(status.size):\(modified.seconds).\(modified.nanoseconds)"
    var known = cache()
    if let digest = known[key] { return digest }
    let digest = try compute(path)
    known[key] = digest
    save(known)
    return digest
  }

  private static func compute(_ path: String) throws -> String {
    guard let file = fopen(path, "rb") else { throw unreadable(path) }
    defer { fclose(file) }
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
    }
    guard ferror(file) == 0 else { throw unreadable(path) }
    return hash.finish()
  }

  private static func unreadable(_ path: String) -> RecordingError {
    .unreadable(path: path, problem: "\(SystemError.last)")
  }

  private static var cacheFile: URL {
    ModelCatalogue.userCache.appendingPathComponent("sha256.json")
  }

  private static func cache() -> [String: String] {
    guard let data = try? Data(contentsOf: cacheFile) else { return [:] }
    return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
  }

  /// A digest that cannot be remembered is computed again next time.
  private static func save(_ digests: [String: String]) {
    let folder = cacheFile.deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    if let data = try? encoder.encode(digests) { try? data.write(to: cacheFile, options: .atomic) }
  }
}
