/// The weights of the model that a trace was recorded from, as they lie in its file.
public protocol RecordedWeights: AnyObject {
  /// One weight and the block that holds it.
  ///
  /// - Throws: an error whose description is one sentence: the file is not there or another, or it
  ///   has no such weight.
  func weight(tensor: String, row: Int, col: Int) throws -> RecordedWeight
}

/// One weight, and the numbers that it is made of.
public struct RecordedWeight: Equatable, Sendable {
  /// What the block gives, in f32.
  public var value: Float
  /// The small integer that is stored for it; `nil` for plain floats.
  public var nibble: Int?
  /// What its group of weights shares as a scale; `nil` for plain floats.
  public var scale: Float?
  /// What is added to the scaled nibble; `nil` where the type has none.
  public var minimum: Float?
  /// The byte of the file at which the block begins.
  public var offset: Int

  public init(value: Float, nibble: Int?, scale: Float?, minimum: Float?, offset: Int) {
    self.value = value
    self.nibble = nibble
    self.scale = scale
    self.minimum = minimum
    self.offset = offset
  }
}

extension QueryFunction {
  static let weights = [
    weight("tensor_value", "The weight at (row, col), dequantized exactly.") {
      .real(Double($0.value))
    },
    weight(
      "tensor_nibble",
      "The small integer that is stored for the weight: 0 to 15 in the 4-bit types. NULL for plain "
        + "floats."
    ) { $0.nibble.map { .integer($0) } ?? .null },
    weight(
      "tensor_scale",
      "The scale that the weight shares with its block, of the K types with its sub-block. NULL for "
        + "plain floats."
    ) { $0.scale.map { .real(Double($0)) } ?? .null },
    weight(
      "tensor_minimum",
      "What is added to scale × nibble; of q2_k, q4_k and q5_k, which subtract it, with its sign "
        + "turned. NULL in types without a minimum, such as q4_0."
    ) { $0.minimum.map { .real(Double($0)) } ?? .null },
    weight(
      "tensor_offset",
      "The byte of the model file at which the weight's block begins; of nf4 and fp4, its nibbles."
    ) { .integer($0.offset) },
  ]

  private static func weight(
    _ name: String, _ help: String, _ field: @escaping @Sendable (RecordedWeight) -> SQLValue
  ) -> QueryFunction {
    QueryFunction(
      name: name, arguments: "tensor, row, col", help: help, counts: 3...3, isPure: false
    ) { call in
      if call.hasNull { return .null }
      let tensor = try call.text(0, "the tensor's name")
      let (row, col) = (try call.integer(1, "row"), try call.integer(2, "col"))
      guard let weights = call.session.weights else {
        throw FunctionCall.Failure("no model file is at hand")
      }
      return field(try weights.weight(tensor: tensor, row: row, col: col))
    }
  }
}
