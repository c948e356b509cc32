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
}
