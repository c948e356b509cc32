import ModelFiles
import TraceStore

/// The model file that a trace was recorded from.
public enum RecordedModel {
  /// Finds the file and checks that it is the one that was recorded.
  ///
  /// - Parameters:
  ///   - meta: of the trace: `model_file` and `model_sha256`.
  ///   - named: the file or model that was named instead, or `nil`.
  /// - Returns: the path, and whether the trace says that it is the very file; a trace without a
  ///   digest does not.
  /// - Throws: `RecordingError` where there is no such file, or another.
  public static func find(
    meta: [String: String], named: String?
  ) throws -> (path: String, isChecked: Bool) {
    guard let name = named ?? meta["model_file"] else {
      throw RecordingError.unnamedModelFile
    }
    let path = try ModelCatalogue.path(of: name)
    guard let recorded = meta["model_sha256"], !recorded.isEmpty else { return (path, false) }
    guard try ModelDigest.sha256(of: path) == recorded else {
      throw RecordingError.otherModelFile(path: path)
    }
    return (path, true)
  }
}
