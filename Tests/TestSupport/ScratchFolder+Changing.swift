import Foundation

extension ScratchFolder {
  /// Copies a file into it, with other numbers as float32 at an offset, and returns its path.
  public func copy(
    of source: String, with values: [Float], at offset: Int, _ name: String = "changed.gguf"
  ) throws -> String {
    guard var bytes = FileManager.default.contents(atPath: source) else {
      throw CocoaError(.fileReadUnknown)
    }
    let new = values.withUnsafeBytes { Data($0) }
    bytes.replaceSubrange(offset..<offset + new.count, with: new)
    return try write([UInt8](bytes), name)
  }
}
