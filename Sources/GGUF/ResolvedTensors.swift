import Foundation

/// The blocks of tensors whose scales were resolved, made when they are first asked for.
final class ResolvedTensors: @unchecked Sendable {  // guarded by the lock
  private let lock = NSLock()
  private var blocks: [String: UnsafeMutableRawBufferPointer] = [:]

  func bytes(
    of name: String, _ companions: GGUFCompanions, in file: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    lock.withLock {
      if let known = blocks[name] { return UnsafeRawBufferPointer(known) }
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: companions.blockBytes, alignment: 64)
      companions.resolve(file, into: buffer)
      blocks[name] = buffer
      return UnsafeRawBufferPointer(buffer)
    }
  }

  func forget(_ name: String) {
    lock.withLock { blocks.removeValue(forKey: name)?.deallocate() }
  }

  deinit { for block in blocks.values { block.deallocate() } }
}
