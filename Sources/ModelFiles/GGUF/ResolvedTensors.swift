import Foundation

/// The blocks of tensors whose scales were resolved, made when they are first asked for. The pages
/// of the file that they came from are given back then.
final class ResolvedTensors: @unchecked Sendable {  // guarded by the lock
  private let lock = NSLock()
  private var blocks: [String: UnsafeMutableRawBufferPointer] = [:]

  func bytes(
    of name: String, _ companions: GGUFCompanions, in file: MappedFile
  ) -> UnsafeRawBufferPointer {
    lock.withLock {
      if let known = blocks[name] { return UnsafeRawBufferPointer(known) }
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: companions.blockBytes, alignment: 64)
      companions.resolve(file.bytes, into: buffer)
      for part in [companions.nibbles, companions.codes, companions.nested] { file.release(part) }
      blocks[name] = buffer
      return UnsafeRawBufferPointer(buffer)
    }
  }

  func forget(_ name: String) {
    lock.withLock { blocks.removeValue(forKey: name)?.deallocate() }
  }

  deinit { for block in blocks.values { block.deallocate() } }
}
