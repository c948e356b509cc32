import Quantization

/// One block of a tensor in its file, laid open.
public struct WeightBlock: Sendable {
  public let tensor: StoredTensor
  /// Counting from 0 over the tensor.
  public let number: Int
  public let anatomy: BlockAnatomy

  /// Where its bytes begin in the file (of nf4 and fp4, its nibbles).
  public var offset: Int { tensor.fileOffset(ofBlock: number) }
}

extension ModelFile {
  /// Lays one block of a tensor open.
  ///
  /// - Precondition: the tensor is one of this model's, of one piece, and has this block.
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func block(_ number: Int, of tensor: StoredTensor) throws(GGUFError) -> WeightBlock {
    let type = try type(of: tensor)
    let start = number * type.blockBytes
    let bytes = UnsafeRawBufferPointer(
      rebasing: bytes(of: tensor)[start..<start + type.blockBytes])
    do {
      return WeightBlock(tensor: tensor, number: number, anatomy: try type.anatomy(of: bytes))
    } catch {
      throw .quantization(path: path, tensor: tensor.name, error: error)
    }
  }
}
