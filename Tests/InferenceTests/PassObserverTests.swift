import Events
import Testing

@testable import Inference

/// How a pass is told to an observer: its operations, their names and the steps in them.
@Suite struct PassObserverTests {
  typealias Case = MemoryLedgerTests.Case

  @Test(arguments: MemoryLedgerTests.cases)
  func operationsAreNamedOnceAndReadWhatExists(test: Case) throws {
    let (watcher, model, _) = try MemoryLedgerTests.watch(test)
    let tensors = Set(model.tensors.map(\.name))
    for pass in 1...test.passes.count {
      var names: Set<String> = []
      let operations = watcher.operations(ofPass: pass)
      #expect(operations.count > 10 * model.config.layerCount)
      for operation in operations {
        guard case .opBegan(let name, _, let layer, let inputs, let tensor, _, _) = operation.begin
        else { continue }
        #expect(!inputs.isEmpty)
        for input in inputs {
          #expect(tensors.contains(input) || names.contains(input), "\(name) reads \(input)")
        }
        #expect(names.insert(name).inserted, "\(name) is there twice")
        #expect(name.hasSuffix("-\(layer ?? -1)") == (layer != nil))
        if let tensor { #expect(inputs.contains(model.tensors[tensor].name)) }
      }
    }
  }

  @Test(arguments: MemoryLedgerTests.cases)
  func everyOperationHasTheStepsOfItsKind(test: Case) throws {
    let (watcher, model, _) = try MemoryLedgerTests.watch(test)
    for (pass, tokens) in test.passes.enumerated() {
      for operation in watcher.operations(ofPass: pass + 1) {
        guard case .opBegan(_, let kind, _, _, let tensor, let rows, _) = operation.begin
        else { continue }
        #expect(operation.steps.filter(\.isStep).count == operation.steps.count)
        // But for the buffers that the pass takes where it first needs them.
        let steps = operation.steps.filter {
          if case .allocated(_, let category, _, _) = $0 { category == .kvCache } else { true }
        }
        switch kind {
        case .matmul:
          let weight = model.tensors[try #require(tensor)]
          let isQuantized = !["f32", "f16", "bf16"].contains(weight.type)
          let tiles = (weight.rows + test.tileRows - 1) / test.tileRows
          switch test.strategy {
          case .tiled where isQuantized, .scratch where isQuantized:
            #expect(steps.count == 3 * tiles, "\(operation.name)")
          case .perTensor where isQuantized, .perLayer where isQuantized && weight.layer == nil:
            #expect((3...2 + test.threads).contains(steps.count), "\(operation.name)")
          default:
            #expect((1...test.threads).contains(steps.count), "\(operation.name)")
          }
        case .kvAppend:
          let appended = steps.filter { if case .appended = $0 { true } else { false } }
          #expect(appended.count == tokens && rows == tokens)
        default:
          #expect(steps == [.computed], "\(operation.name)")
        }
      }
    }
  }

  @Test func aPassBeginsAndEndsAroundEverythingInIt() throws {
    let test = Case(fixture: "qwen2")
    let (watcher, _, _) = try MemoryLedgerTests.watch(test)
    var isInPass = false
    var isInOperation = false
    var position = 0
    var kinds: [PassDescription.Kind] = []
    for (event, _) in watcher.events.dropFirst() {  // the first is the weights'
      switch event {
      case .passBegan(let kind, let first, let tokens):
        #expect(!isInPass && first == position)
        isInPass = true
        kinds.append(kind)
        position += tokens.count
      case .passEnded:
        #expect(isInPass && !isInOperation)
        isInPass = false
      case .opBegan:
        #expect(isInPass && !isInOperation)
        isInOperation = true
      case .opEnded:
        #expect(isInOperation)
        isInOperation = false
      case .allocated, .freed: #expect(isInPass)
      default: #expect(isInOperation, "\(event)")
      }
    }
    #expect(!isInPass)
    #expect(kinds == [.prefill, .decode, .decode, .prefill, .decode])
  }

  /// What llama.cpp calls them, one layer of qwen3.
  @Test func operationsHaveTheNamesThatPeopleKnow() throws {
    let (watcher, _, _) = try MemoryLedgerTests.watch(Case(fixture: "qwen3"))
    let operations = watcher.operations(ofPass: 1)
    #expect(
      operations.prefix(21).map(\.name) == [
        "embd", "attn_norm-0", "Qcur-0", "Kcur-0", "Vcur-0", "Qcur_normed-0", "Kcur_normed-0",
        "Qcur_rope-0", "Kcur_rope-0", "kv_append-0", "kq-0", "kq_soft_max-0", "kqv_out-0",
        "attn_out-0", "ffn_inp-0", "ffn_norm-0", "ffn_gate-0", "ffn_up-0", "ffn_swiglu-0",
        "ffn_out-0", "l_out-0",
      ])
    #expect(operations.suffix(3).map(\.name) == ["l_out-1", "result_norm", "result_output"])
  }

  @Test(arguments: MemoryLedgerTests.cases.filter { $0.threads == 1 })
  func twoRunsWithOneThreadAreTheSame(test: Case) throws {
    let (first, _, _) = try MemoryLedgerTests.watch(test)
    let (second, _, _) = try MemoryLedgerTests.watch(test)
    #expect(first.events.map(\.event) == second.events.map(\.event))
    #expect(first.events.map(\.live) == second.events.map(\.live))
  }

  /// Whether somebody watches changes no bit of the result.
  @Test func watchingChangesNothing() throws {
    let fixture = try Fixture("llama")
    let engine = try Engine(model: fixture.model, observer: Watcher())
    let watched = try engine.forward(fixture.expected.tokens, logitsForAll: true)
    let free = try fixture.model.logits(fixture.expected.tokens, EngineOptions())
    #expect(haveSameBits([watched], [Array(free.joined())]))
  }
}
