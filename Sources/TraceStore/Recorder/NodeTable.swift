import Events

/// Numbers what is the same about an operation in every pass.
///
/// Passes repeat the same operations in the same order, so the one that followed last time is
/// tried first.
struct NodeTable {
  private var nodes: [OpDescription] = []
  private var byName: [String: [Int]] = [:]
  /// The node that followed each node last time; at 0, the first of a pass.
  private var following = [0]
  private var last = 0

  /// Begins a pass.
  mutating func rewind() { last = 0 }

  /// The number of `op`, counting from 1, and whether it is new.
  mutating func id(of op: OpDescription) -> (id: Int, isNew: Bool) {
    let guess = following[last]
    if guess != 0, isSame(nodes[guess - 1], op) {
      last = guess
      return (guess, false)
    }
    let known = byName[op.name]?.first { isSame(nodes[$0 - 1], op) }
    let id = known ?? nodes.count + 1
    if known == nil {
      nodes.append(op)
      following.append(0)
      byName[op.name, default: []].append(id)
    }
    following[last] = id
    last = id
    return (id, known == nil)
  }

  private func isSame(_ a: OpDescription, _ b: OpDescription) -> Bool {
    a.kind == b.kind && a.layer == b.layer && a.tensor == b.tensor && a.name == b.name
      && a.inputs == b.inputs && a.attributes == b.attributes && a.line == b.line
  }
}
