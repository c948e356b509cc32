/// What storing keys or values changed, over one position of one layer.
public struct StorageError: Sendable, Equatable {
  /// Root mean square of what was stored less what was computed.
  public let error: Double
  /// Root mean square of what was computed.
  public let size: Double

  public init(error: Double, size: Double) {
    self.error = error
    self.size = size
  }
}

/// One position appended to the KV cache in one layer.
public struct KVAppendDescription: Sendable {
  public let sequence: Int
  public let layer: Int
  public let position: Int
  public let keyBytes: Int
  public let valueBytes: Int
  /// Bytes of the whole cache in use after it, all layers and sequences together (not what is
  /// reserved).
  public let cacheBytes: Int
  /// ``BufferDescription/id`` of the page that it was written to.
  public let buffer: Int
  /// What the cache's type cost, where it was measured.
  public let errors: (key: StorageError, value: StorageError)?

  public init(
    sequence: Int, layer: Int, position: Int, keyBytes: Int, valueBytes: Int, cacheBytes: Int,
    buffer: Int, errors: (key: StorageError, value: StorageError)? = nil
  ) {
    self.sequence = sequence
    self.layer = layer
    self.position = position
    self.keyBytes = keyBytes
    self.valueBytes = valueBytes
    self.cacheBytes = cacheBytes
    self.buffer = buffer
    self.errors = errors
  }
}
