import Foundation
import ModelFiles
import TestSupport

/// The built-in model with the weights of one norm so large that its result is infinite.
public struct NotFiniteModel {
  /// The first operation whose result is not finite.
  public static let op = "ffn_norm-2"
  public let path: String

  /// Writes it into a folder.
  public init(in folder: ScratchFolder, _ name: String = "damaged.gguf") throws {
    let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Recording/Resources/tiny.gguf").path
    guard let norm = try ModelFile(path: tiny).tensor(named: "blk.2.ffn_norm.weight") else {
      throw CocoaError(.fileReadCorruptFile)
    }
    path = try folder.copy(
      of: tiny, with: [Float](repeating: 3e38, count: norm.byteCount / 4), at: norm.fileOffset,
      name)
  }
}
