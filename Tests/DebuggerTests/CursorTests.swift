import TestSupport
import Testing
import TraceStore

@testable import Debugger

@Suite struct CursorTests {
  /// A rehearsal, a random one for a seed above 0, or one with branches and passes
  /// that were given up for a seed of 8 or more.
  static func trace(_ folder: ScratchFolder, seed: UInt64) throws -> Trace {
    let path = folder.file()
    if seed == 0 {
      try Rehearsal(path: path).perform()
    } else {
      try recordRandomRun(to: path, seed: seed, branches: seed < 8 ? 0 : 4)
    }
    return try Trace(path: path)
  }

  /// All boundaries of each grain, found by reading the whole trace.
  static func boundaries(_ trace: Trace) throws -> [Grain: [Int]] {
    var found: [Grain: [Int]] = [:]
    let ops = try trace.passes().flatMap { try trace.ops(inPass: $0.id) }
    found[.op] = ops.map(\.steps.upperBound)
    found[.layer] = ops.indices.filter { index in
      index == ops.count - 1 || ops[index].layer != ops[index + 1].layer
        || ops[index].pass != ops[index + 1].pass
    }.map { ops[$0].steps.upperBound }
    found[.pass] = try trace.passes().map(\.steps.upperBound)
    // Where there are tiles at all, each pass has some.
    let tiles = try (1...trace.eventCount()).compactMap { try trace.tile($0)?.freedStep }.sorted()
    if !tiles.isEmpty { found[.tile] = tiles }
    return found
  }

  /// The steps that a branch came through, found by reading all passes: those before the first,
  /// then pass by pass, each with what follows it, where no branch that is not in the line comes
  /// between.
  static func steps(of branch: Int, in trace: Trace) throws -> [Int] {
    let branches = try trace.branches()
    var steps: [Int] = []
    var upTo = Int.max  // positions
    var end = try trace.eventCount()
    var id: Int? = branch
    while let own = id {
      let next = own + 1 < branches.count ? branches[own + 1].step : end
      let first = branches[own].step + 1
      let last =
        own == branch
        ? next
        : try trace.passes().last {
          $0.isFinished && $0.branch == own && $0.firstPosition < upTo && $0.steps.upperBound <= end
        }?.steps.upperBound ?? (own == 0 ? (trace.pass(1)?.steps.lowerBound ?? 1) - 1 : 0)
      steps = (first...max(first, last)).filter { $0 <= last } + steps
      upTo = min(upTo, branches[own].position)
      end = branches[own].step
      id = branches[own].parent
    }
    return steps
  }

  @Test(arguments: UInt64(0)..<12)
  func boundariesAreThoseOfTheWholeTrace(seed: UInt64) throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder, seed: seed)
    var cursor = try Cursor(trace: trace)
    let boundaries = try Self.boundaries(trace)
    let branches = try trace.branches()
    for branch in branches {
      let history = try Self.steps(of: branch.id, in: trace)
      try cursor.stand(at: #require(history.last))
      #expect(cursor.history.ranges.flatMap(Array.init) == history)
      #expect(history.allSatisfy { cursor.history.step(at: cursor.history.index(of: $0)) == $0 })
      let own = Set(history)
      for (grain, all) in boundaries {
        let steps = all.filter(own.contains)
        for step in history where step % branches.count == branch.id {
          #expect(try cursor.boundary(of: grain, after: step) == steps.first { $0 > step })
          #expect(try cursor.boundary(of: grain, before: step) == steps.last { $0 < step })
        }
      }
    }
  }

  /// From anywhere `step N` and `reverse-step N` undo each other; where an end of the trace is in the
  /// way, N is what they say they made. The other pairs do from a boundary of their grain.
  @Test(arguments: UInt64(0)..<12)
  func reverseMovesUndoMoves(seed: UInt64) throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder, seed: seed)
    var cursor = try Cursor(trace: trace)
    let boundaries = try Self.boundaries(trace).mapValues(Set.init)
    var random = SeededGenerator(seed: seed)
    var undone = 0
    for _ in 0..<2000 {
      let start = cursor.step
      let count = Int.random(in: 1...4, using: &random)
      let forwards = Bool.random(using: &random)
      let grain = Grain.allCases.filter { boundaries[$0] != nil }.randomElement(using: &random)
      if let grain, Int.random(in: 0..<3, using: &random) > 0 {
        let there: Cursor.Ending
        do {
          there =
            try forwards ? cursor.advance(grain, count: count) : cursor.retreat(grain, count: count)
        } catch DebuggerError.nothingHere {
          #expect(grain == .tile)
          continue
        }
        if there == .arrived {
          #expect(boundaries[grain]?.contains(cursor.step) == true)
        } else {
          #expect(cursor.step == (forwards ? cursor.last : 1))
        }
        if there == .arrived, boundaries[grain]?.contains(start) == true {
          var back = cursor
          let ending =
            try forwards ? back.retreat(grain, count: count) : back.advance(grain, count: count)
          #expect(back.step == start && ending == .arrived)
          undone += 1
        }
      } else {
        // As many steps as were made lead back, also where an end cut the move short.
        let direction = forwards ? 1 : -1
        let ending = cursor.move(by: direction * count * count)
        if ending != .arrived { #expect(cursor.step == (forwards ? cursor.last : 1)) }
        let made = count * count - cursor.left
        #expect(made == count * count || ending != .arrived)
        var back = cursor
        #expect(back.move(by: -direction * made) == .arrived)
        #expect(back.step == start)
        undone += 1
      }
      #expect(cursor.history.contains(cursor.step))
      if Int.random(in: 0..<10, using: &random) == 0 {
        try cursor.stand(at: Int.random(in: 1...trace.eventCount(), using: &random))
      }
    }
    #expect(undone > 100)
  }

  @Test func movesBeyondAllNumbersStopAtTheEnds() throws {
    let folder = try ScratchFolder()
    var cursor = try Cursor(trace: Self.trace(folder, seed: 0))
    #expect(cursor.move(by: .max) == .end)
    #expect(cursor.step == cursor.last)
    for _ in 1...2 {
      #expect(cursor.move(by: .min) == .beginning)
      #expect(cursor.step == 1)
    }
    #expect(cursor.go(to: cursor.last) == .arrived)
  }

  @Test func beginsAtTheFirstPass() throws {
    let folder = try ScratchFolder()
    let trace = try Self.trace(folder, seed: 0)
    let cursor = try Cursor(trace: trace)
    #expect(try trace.pass(1)?.steps.lowerBound == cursor.step)
    #expect(cursor.step == 2)
  }

  @Test func beginsWhereTheBudgetEndedTheRun() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file(), budget: Rehearsal.budgets.middle).perform()
    let trace = try Trace(path: folder.file())
    let cursor = try Cursor(trace: trace)
    #expect(try trace.failure()?.step == cursor.step)
    #expect(cursor.step == cursor.last)
    #expect(try trace.event(at: cursor.step)?.kind == .fail)
    #expect(try trace.event(at: cursor.step)?.live == trace.event(at: cursor.step - 1)?.live)
    #expect(try trace.pass(at: cursor.step)?.isFinished == false)
  }

  @Test func aTraceWithoutStepsIsRefused() throws {
    let folder = try ScratchFolder()
    let recorder = try TraceRecorder(
      path: folder.file(), header: TraceHeader(meta: [:], tensors: []), capture: .none)
    try recorder.finish(status: "interrupted")
    let trace = try Trace(path: folder.file())
    #expect(throws: DebuggerError.emptyTrace(path: folder.file())) { try Cursor(trace: trace) }
  }
}
