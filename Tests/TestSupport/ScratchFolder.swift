import Foundation

/// A folder of a test's own, which goes when the test no longer holds it.
public final class ScratchFolder: Sendable {
  public let path: String

  public init() throws {
    path = NSTemporaryDirectory() + "nibble-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  public var url: URL { URL(fileURLWithPath: path, isDirectory: true) }

  /// The path of a file in it, which need not be there.
  public func file(_ name: String = "trace.sqlite") -> String { path + "/" + name }

  /// The names of what is in it.
  public var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  /// Writes a file in it and returns its path.
  public func write(_ bytes: [UInt8], _ name: String = "model.gguf") throws -> String {
    // Not Data.write, nor over an older file: both wait for the disk.
    let path = file(name)
    unlink(path)
    guard let stream = fopen(path, "w") else { throw CocoaError(.fileWriteUnknown) }
    defer { fclose(stream) }
    guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
      throw CocoaError(.fileWriteUnknown)
    }
    return path
  }
}
