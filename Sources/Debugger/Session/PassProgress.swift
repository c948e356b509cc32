/// How far a pass is: the operation that begins.
struct PassProgress: CustomStringConvertible {
  /// As llama.cpp names it, without the number of its layer.
  let operation: String
  let layer: Int?
  let layers: Int

  /// `12 of 30 layers done, at ffn_gate`.
  var description: String {
    (layer.map { "\($0) of \(layers) layers done, at " } ?? "at ") + operation
  }
}
