import Foundation

/// The blocks of pieces whose scales are nested, made when they are first asked for. The pages of
/// the file that they came from are released then.
final class ResolvedBlocks: @unchecked Sendable {  // guarded by the lock
  private let lock = NSLock()
  private var blocks: [StoredTensor.Piece: UnsafeMutableRawBufferPointer] = [:]

  func bytes(
    of piece: StoredTensor.Piece, _ nested: NestedBlocks, in file: MappedFile
  ) -> UnsafeRawBufferPointer {
    lock.withLock {
      if let known = blocks[piece] { return UnsafeRawBufferPointer(known) }
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: nested.blockBytes, alignment: 64)
      nested.resolve(file.bytes, into: buffer)
      for part in [nested.nibbles, nested.codes, nested.nested] { file.release(part) }
      blocks[piece] = buffer
      return UnsafeRawBufferPointer(buffer)
    }
  }

  func forget(_ piece: StoredTensor.Piece) {
    lock.withLock { blocks.removeValue(forKey: piece)?.deallocate() }
  }

  deinit { for block in blocks.values { block.deallocate() } }
}
