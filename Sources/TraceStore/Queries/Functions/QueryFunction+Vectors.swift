import Foundation

extension QueryFunction {
  static let sizes = [
    QueryFunction(
      name: "mib", arguments: "bytes",
      help: "Bytes in MiB: divided by 1048576, as a real number. NULL for NULL.", counts: 1...1
    ) { call in
      call.isNull(0) ? .null : .real(try call.number(0, "bytes") / 1_048_576)
    }
  ]

  /// Of one vector or two. NULL where an argument is.
  static let vectors = [
    vector("vec_length", "How many elements it has.") { .integer($0.count) },
    vector("vec_sum", "Sum of its elements.") { .real($0.reduce(0, +)) },
    vector("vec_mean", "Mean of its elements; NULL where there is none.") {
      $0.count == 0 ? .null : .real($0.reduce(0, +) / Double($0.count))
    },
    vector("vec_min", "Its least element; NULL where there is none.") {
      $0.count == 0 ? .null : .real($0.reduce(.infinity) { min($0, $1) })
    },
    vector("vec_max", "Its greatest element; NULL where there is none.") {
      $0.greatest.map { .real($0.value) } ?? .null
    },
    vector(
      "vec_argmax", "The place of its greatest element, counting from 0; the first of several."
    ) { $0.greatest.map { .integer($0.index) } ?? .null },
    vector("vec_norm", "Its length in space: the square root of the sum of squares.") {
      .real($0.reduce(0) { $0 + $1 * $1 }.squareRoot())
    },
    QueryFunction(
      name: "vec_element", arguments: "blob, i [, dtype]",
      help: "Its element number i, counting from 0. Of a matrix in row-major order, the element at "
        + "(row, col) is number row × cols + col.",
      counts: 2...3
    ) { call in
      if call.hasNull { return .null }
      let vector = try call.vector(0, of: 2)
      let index = try call.integer(1, "i")
      guard (0..<vector.count).contains(index) else {
        throw FunctionCall.Failure(
          "there is no element \(index) among \(vector.count), which count from 0")
      }
      return .real(vector[index])
    },
    QueryFunction(
      name: "vec_slice", arguments: "blob, first, count [, dtype]",
      help:
        "`count` elements from number `first` on, counting from 0, as a blob: of a matrix, row r "
        + "is vec_slice(data, r × cols, cols).",
      counts: 3...4
    ) { call in
      if call.hasNull { return .null }
      let vector = try call.vector(0, of: 3)
      let first = try call.integer(1, "first")
      let count = try call.integer(2, "count")
      guard first >= 0, count >= 0, first <= vector.count, count <= vector.count - first else {
        throw FunctionCall.Failure(
          "there are no \(count) elements from \(first) on among \(vector.count)")
      }
      return .blob(vector.slice(first..<first + count))
    },
    pair("vec_dot", "Sum of the products of their elements.") { a, b in
      .real(products(a, b))
    },
    pair("vec_cosine", "Cosine of the angle between them; NULL where one is zero.") { a, b in
      let lengths = (products(a, a) * products(b, b)).squareRoot()
      return lengths > 0 ? .real(products(a, b) / lengths) : .null
    },
    pair(
      "vec_max_abs_diff", "The largest difference of two elements at the same place, without sign."
    ) { a, b in
      var largest = 0.0
      for index in 0..<a.count {
        let difference = abs(a[index] - b[index])
        // Two infinities are the same; what is no number differs from everything.
        if difference.isNaN && a[index] != b[index] { return .real(.infinity) }
        if difference > largest { largest = difference }
      }
      return .real(largest)
    },
  ]

  /// Of logits.
  static let distributions = [
    vector(
      "softmax_entropy", "Entropy, in nats, of the distribution that these logits give."
    ) { logits in
      guard let total = logits.logSumExp else { return .null }
      return .real(
        logits.reduce(0) { sum, logit in
          logit == -.infinity ? sum : sum - exp(logit - total) * (logit - total)
        })
    },
    QueryFunction(
      name: "softmax_probability", arguments: "logits, i [, dtype]",
      help: "Probability of element number i, counting from 0, under the softmax of logits.",
      counts: 2...3
    ) { call in
      if call.hasNull { return .null }
      let logits = try call.vector(0, of: 2)
      let index = try call.integer(1, "i")
      guard (0..<logits.count).contains(index) else {
        throw FunctionCall.Failure(
          "there is no element \(index) among \(logits.count), which count from 0")
      }
      return logits.logSumExp.map { .real(exp(logits[index] - $0)) } ?? .null
    },
    pair(
      "kl_divergence",
      "Kullback-Leibler divergence, in nats, of the distribution that logits b give from that of a: "
        + "what b costs where a is right."
    ) { a, b in
      guard let totalA = a.logSumExp, let totalB = b.logSumExp else { return .null }
      var sum = 0.0
      for index in 0..<a.count where a[index] > -.infinity {
        let (p, q) = (a[index] - totalA, b[index] - totalB)
        sum += exp(p) * (p - q)
      }
      return .real(sum)
    },
  ]

  private static func vector(
    _ name: String, _ help: String, _ body: @escaping @Sendable (VectorArgument) -> SQLValue
  ) -> QueryFunction {
    QueryFunction(name: name, arguments: "blob [, dtype]", help: help, counts: 1...2) { call in
      call.hasNull ? .null : body(try call.vector(0, of: 1))
    }
  }

  private static func pair(
    _ name: String, _ help: String,
    _ body: @escaping @Sendable (VectorArgument, VectorArgument) -> SQLValue
  ) -> QueryFunction {
    QueryFunction(name: name, arguments: "a, b [, dtype]", help: help, counts: 2...3) { call in
      if call.hasNull { return .null }
      let (a, b) = try call.vectors()
      return body(a, b)
    }
  }

  private static func products(_ a: VectorArgument, _ b: VectorArgument) -> Double {
    var sum = 0.0
    for index in 0..<a.count { sum += a[index] * b[index] }
    return sum
  }
}

extension FunctionCall {
  /// Whether an argument is NULL.
  var hasNull: Bool { (0..<count).contains(where: isNull) }
}
