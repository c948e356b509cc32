/// What the page holds of one trace. A property is a key of its JSON; ``PageColumn``s of one part
/// have one entry a row each.
struct PageTrace: Encodable {
  /// The name of the file.
  var name: String
  /// Rows of the table `meta`.
  var meta: [String: String]
  /// How it was run, in words: names with what they are.
  var settings: [[String]]
  /// How many there are.
  var steps: Int
  var figures: Figures
  /// The first moment of the highest total, or `nil` for an empty trace.
  var peak: Moment?
  /// The most bytes of each category, in the order of ``MemoryCategory``.
  var peaks: [Int]
  var passes: [Pass]
  var branches: [Branch]
  var tokens: [Token]
  var failure: Failure?
  var nodes: [Node]
  var tensors: [Tensor]
  /// Bytes of each category in each state of memory that the page speaks of.
  var states: [PageColumn]
  var run: Run
  /// The pass that is shown step by step, or `nil` where there is none.
  var detail: Detail?

  struct Figures: Encodable {
    /// As ``TraceFigures`` has them.
    var packed, temporary, wholeModel: Int
    /// How many tiles were made, and their bytes added up.
    var tiles: Int
    var dequantized: Int
  }

  struct Moment: Encodable {
    var step: Int
    /// Bytes of each category, in the order of ``MemoryCategory``.
    var bytes: [Int]
  }

  struct Pass: Encodable {
    var id, branch: Int
    var kind: String
    var first, last, tokens: Int
    /// In ns; `nil` where nothing was timed.
    var duration: Int?
    var finished: Bool
    /// The state of memory at its highest total.
    var peak: Int
  }

  struct Branch: Encodable {
    var id: Int
    var parent: Int?
    var position: Int
  }

  struct Token: Encodable {
    var branch, sequence, position, id: Int
    var text: String
    var prompt, forced: Bool
    var logprob: Double?
    var pass: Int?
    var top: [Candidate]
  }

  struct Candidate: Encodable {
    var id: Int
    var text: String
    var logprob: Double?
  }

  struct Failure: Encodable {
    var step: Int
    var name: String
    /// What it asked for, and what was left.
    var shortfall: String
  }

  /// What is the same about an operation in every pass.
  struct Node: Encodable {
    var name, kind: String
    var layer, tensor: Int?
  }

  struct Tensor: Encodable {
    var name, type: String
    var rows, cols, bytes: Int
  }

  /// The whole run in columns of equally many steps: one each, where there are few.
  struct Run: Encodable {
    /// The first step; the last is the one before the next entry's.
    var first = PageColumn()
    /// The operation at its highest total: a place in ``PageTrace/nodes`` counting from 1, or 0.
    var node = PageColumn()
    /// How many steps after the first the highest total came first.
    var mostAfter = PageColumn()
    /// The states of memory then, and when the total was lowest.
    var most = PageColumn()
    var least = PageColumn()
    /// How many buffers were alive then, at the highest total.
    var buffers = PageColumn()
  }

  /// One pass, step by step.
  struct Detail: Encodable {
    var pass, first, last: Int
    /// Whether it has too many steps for the page; then only its operations are here.
    var isTooLong = false
    /// For each step eight times the state of memory after it, and what happened: a place in
    /// ``EventKind``.
    var steps = PageColumn()
    var ops = Ops()
    var tiles = Tiles()
    var products = Products()
    var buffers = Buffers()
  }

  struct Ops: Encodable {
    /// The first step and how many follow it.
    var first = PageColumn()
    var more = PageColumn()
    /// A place in ``PageTrace/nodes`` counting from 1.
    var node = PageColumn()
    var rows = PageColumn()
    var cols = PageColumn()
    /// In ns, plus 1; 0 where it was not timed.
    var duration = PageColumn()
    /// The state of memory at its highest total.
    var peak = PageColumn()
  }

  /// Those alive in the pass. Steps that are not there are 0.
  struct Tiles: Encodable {
    var made = PageColumn()
    var used = PageColumn()
    var freed = PageColumn()
    var tensor = PageColumn()
    var row = PageColumn()
    var rows = PageColumn()
    var packed = PageColumn()
    var bytes = PageColumn()
    /// 1 for one that lies in another buffer, which is counted in its place.
    var inside = PageColumn()
  }

  struct Products: Encodable {
    var step = PageColumn()
    /// The step at which the tile that it read was made, or 0.
    var tile = PageColumn()
    var tensor = PageColumn()
    var row = PageColumn()
    var rows = PageColumn()
  }

  /// The buffers alive in the pass that are no tiles.
  struct Buffers: Encodable {
    var made = PageColumn()
    /// 0 for one that is never freed.
    var freed = PageColumn()
    /// A place in ``MemoryCategory``.
    var category = PageColumn()
    var bytes = PageColumn()
    /// A place in ``names``.
    var label = PageColumn()
    var names: [String] = []
  }
}
