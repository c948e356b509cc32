import ModelFiles

/// The metadata whose keys begin with the value of `general.architecture`.
struct ArchitectureMetadata {
  let architecture: String
  private let metadata: GGUFMetadata
  private let path: String

  /// - Throws: `GGUFError` for a file without an architecture.
  init(_ file: ModelFile) throws {
    metadata = file.metadata
    path = file.path
    architecture = try metadata.string("general.architecture")
  }

  /// `general.name`, or the architecture.
  var title: String { (try? metadata.string("general.name")) ?? architecture }

  func has(_ suffix: String) -> Bool { metadata[key(suffix)] != nil }

  /// An integer, 1 to `highest`.
  func count(
    _ suffix: String, default fallback: Int? = nil, atMost highest: Int = 1 << 24
  ) throws -> Int {
    if let fallback, !has(suffix) { return fallback }
    let value = try metadata.int(key(suffix))
    guard (1...highest).contains(value) else { throw refusal(suffix, "is \(value)") }
    return value
  }

  /// An integer, 1 to 2^24; `nil` if it is 0 or missing.
  func optionalCount(_ suffix: String) throws -> Int? {
    guard has(suffix), try metadata.int(key(suffix)) != 0 else { return nil }
    return try count(suffix)
  }

  /// A number above 0.
  func number(_ suffix: String, default fallback: Double? = nil) throws -> Double {
    if let fallback, !has(suffix) { return fallback }
    let value = Double(try metadata.float(key(suffix)))
    guard value.isFinite, value > 0 else { throw refusal(suffix, "is \(value)") }
    return value
  }

  /// A number above 0; `nil` where it is 0 or missing.
  func optionalNumber(_ suffix: String) throws -> Double? {
    guard has(suffix), try metadata.float(key(suffix)) != 0 else { return nil }
    return try number(suffix)
  }

  /// A text, or `nil` if it is missing.
  func text(_ suffix: String) throws -> String? { try metadata.optionalString(key(suffix)) }

  /// An error about a value.
  func refusal(_ suffix: String, _ problem: String) -> InferenceError {
    .badMetadata(key: key(suffix), problem: problem, path: path)
  }

  private func key(_ suffix: String) -> String { "\(architecture).\(suffix)" }
}
