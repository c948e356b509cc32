/// The keys and values of a GGUF file, in the file's order.
public struct GGUFMetadata: Sendable {
  /// The file, for errors.
  public let path: String
  /// Keys in the order of the file.
  public private(set) var keys: [String] = []
  private var values: [String: GGUFValue] = [:]

  init(path: String) { self.path = path }

  /// Adds a key at the end; returns false, and changes nothing, if it is there already.
  mutating func add(_ key: String, _ value: GGUFValue) -> Bool {
    guard values[key] == nil else { return false }
    values[key] = value
    keys.append(key)
    return true
  }

  public subscript(key: String) -> GGUFValue? { values[key] }

  // MARK: Typed access. Without a default, a missing key throws
  // ``GGUFError/missingKey(path:key:)``; a value of another type always throws
  // ``GGUFError/wrongValue(path:key:expected:found:)``.

  /// A string.
  public func string(_ key: String) throws(GGUFError) -> String {
    try required(key, optionalString(key))
  }

  /// A string, or `nil` if the key is missing.
  public func optionalString(_ key: String) throws(GGUFError) -> String? {
    try convert(key, "a string") { if case .string(let value) = $0 { value } else { nil } }
  }

  /// An integer of any width.
  public func int(_ key: String) throws(GGUFError) -> Int {
    try required(key, optionalInt(key))
  }

  /// An integer of any width, or `nil` if the key is missing.
  public func optionalInt(_ key: String) throws(GGUFError) -> Int? {
    try convert(key, "an integer of at most 63 bits") { $0.int }
  }

  /// An integer of any width, or `default` if the key is missing.
  public func int(_ key: String, default: Int) throws(GGUFError) -> Int {
    try optionalInt(key) ?? `default`
  }

  /// A number as float32.
  public func float(_ key: String) throws(GGUFError) -> Float {
    try required(key, optionalFloat(key))
  }

  /// A number as float32, or `nil` if the key is missing.
  public func optionalFloat(_ key: String) throws(GGUFError) -> Float? {
    try convert(key, "a number") { value in value.double.map { Float($0) } }
  }

  /// A number as float32, or `default` if the key is missing.
  public func float(_ key: String, default: Float) throws(GGUFError) -> Float {
    try optionalFloat(key) ?? `default`
  }

  /// A truth value.
  public func bool(_ key: String) throws(GGUFError) -> Bool {
    try required(key, optionalBool(key))
  }

  /// A truth value, or `nil` if the key is missing.
  public func optionalBool(_ key: String) throws(GGUFError) -> Bool? {
    try convert(key, "a bool") { if case .bool(let value) = $0 { value } else { nil } }
  }

  /// A truth value, or `default` if the key is missing.
  public func bool(_ key: String, default: Bool) throws(GGUFError) -> Bool {
    try optionalBool(key) ?? `default`
  }

  /// An array of strings.
  public func strings(_ key: String) throws(GGUFError) -> [String] {
    try required(key, optionalStrings(key))
  }

  /// An array of strings, or `nil` if the key is missing.
  public func optionalStrings(_ key: String) throws(GGUFError) -> [String]? {
    try convert(key, "an array of strings") { $0.arrayValue?.strings }
  }

  /// An array of integers of any width.
  public func ints(_ key: String) throws(GGUFError) -> [Int] {
    try required(key, optionalInts(key))
  }

  /// An array of integers of any width, or `nil` if the key is missing.
  public func optionalInts(_ key: String) throws(GGUFError) -> [Int]? {
    try convert(key, "an array of integers") { $0.arrayValue?.ints }
  }

  /// An array of floats as float32.
  public func floats(_ key: String) throws(GGUFError) -> [Float] {
    try required(key, optionalFloats(key))
  }

  /// An array of floats as float32, or `nil` if the key is missing.
  public func optionalFloats(_ key: String) throws(GGUFError) -> [Float]? {
    try convert(key, "an array of floats") { $0.arrayValue?.floats }
  }

  private func required<Value>(_ key: String, _ value: Value?) throws(GGUFError) -> Value {
    guard let value else { throw .missingKey(path: path, key: key) }
    return value
  }

  private func convert<Value>(
    _ key: String, _ expected: String, _ body: (GGUFValue) -> Value?
  ) throws(GGUFError) -> Value? {
    guard let value = values[key] else { return nil }
    guard let converted = body(value) else {
      throw .wrongValue(path: path, key: key, expected: expected, found: value.typeDescription)
    }
    return converted
  }
}

extension GGUFMetadata: Sequence {
  /// Keys with their values, in the order of the file.
  public func makeIterator() -> AnyIterator<(key: String, value: GGUFValue)> {
    var keys = keys.makeIterator()
    return AnyIterator {
      guard let key = keys.next(), let value = values[key] else { return nil }
      return (key, value)
    }
  }
}

extension GGUFValue {
  /// The array, or `nil` for a value of another type.
  public var arrayValue: GGUFArray? {
    if case .array(let array) = self { array } else { nil }
  }
}
