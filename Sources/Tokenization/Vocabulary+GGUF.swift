import ModelFiles

extension Vocabulary {
  /// Reads the `tokenizer.ggml.…` keys.
  ///
  /// - Throws: ``TokenizerError/metadata(_:)`` for a key that is missing or of another type,
  ///   ``TokenizerError/idOutOfRange(path:key:id:count:)`` for an id that is no token's.
  init(_ metadata: GGUFMetadata) throws(TokenizerError) {
    do throws(GGUFError) {
      model = try metadata.string("tokenizer.ggml.model")
      preTokenizer = try metadata.optionalString("tokenizer.ggml.pre")
      tokens = try metadata.byteStrings("tokenizer.ggml.tokens")
      scores = try metadata.numbers("tokenizer.ggml.scores")
      kinds = try metadata.optionalInts("tokenizer.ggml.token_type")
      merges =
        metadata["tokenizer.ggml.merges"] == nil
        ? nil : try metadata.byteStrings("tokenizer.ggml.merges")
      addsBOS = try metadata.optionalBool("tokenizer.ggml.add_bos_token")
      addsEOS = try metadata.optionalBool("tokenizer.ggml.add_eos_token")
      addsSpacePrefix = try metadata.optionalBool("tokenizer.ggml.add_space_prefix")
      modelName = try metadata.optionalString("general.name") ?? ""
      architecture = try metadata.optionalString("general.architecture") ?? ""
    } catch {
      throw .metadata(error)
    }
    path = metadata.path
    for special in SpecialID.allCases {
      for key in special.keys {
        let id: Int?
        do { id = try metadata.optionalInt(key) } catch { throw .metadata(error) }
        guard let id else { continue }
        guard (0..<tokens.count).contains(id) else {
          throw .idOutOfRange(path: path, key: key, id: id, count: tokens.count)
        }
        ids[special] = id
      }
    }
  }
}

extension GGUFMetadata {
  /// An array of strings, as bytes.
  fileprivate func byteStrings(_ key: String) throws(GGUFError) -> ByteStrings {
    guard let value = self[key] else { throw .missingKey(path: path, key: key) }
    var strings = ByteStrings()
    guard let array = value.arrayValue, array.elementType == .string else {
      throw .wrongValue(
        path: path, key: key, expected: "an array of strings", found: "\(value.type.name)")
    }
    array.forEachString { strings.append($0) }
    return strings
  }

  /// An array of floats, or of integers that stand for floats, or `nil` if the key is missing.
  fileprivate func numbers(_ key: String) throws(GGUFError) -> [Float]? {
    if let integers = self[key]?.arrayValue?.ints { return integers.map(Float.init) }
    return try optionalFloats(key)
  }
}
